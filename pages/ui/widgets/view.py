"""What the pages show of a run: one state for all of them, kept in the session and said in the address."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import streamlit as st

from pages.ui.widgets import address

KEPT = "view-kept"  # where the session keeps the value of each name
AT = "view-at"  # where it keeps the page that was drawn last
ON = "view-on"  # and any other page since
CHOSEN = "view-chosen"  # where it keeps what a person chose since


@dataclass(frozen=True)
class Matching(Collection[str]):
    """All texts that a pattern matches wholly, as options that nobody could list; "" is the first.

    >>> "12" in Matching("[0-9]+"), "twelve" in Matching("[0-9]+"), "" in Matching("[0-9]+")
    (True, False, True)
    """

    pattern: str

    def __contains__(self, text: object) -> bool:
        return text == "" or bool(re.fullmatch(self.pattern, str(text)))

    def __iter__(self) -> Iterator[str]:
        yield ""

    def __len__(self) -> int:
        return 1


def shown(page: str, options: Mapping[str, Collection[str]], *, together: Collection[str] = ()) -> dict[str, str]:
    """The value of each name, which is one of its options; the first of them where nobody chose another.

    Going to another page takes all parameters out of the address. So on arrival, what was chosen elsewhere holds. A
    step back leads to an address that says something else, or nothing: then that holds.

    Args:
        page: that is drawn.
        options: of each name, the first one as the beginning.
        together: names of which an address that one arrives at says all or nothing. With a filter of before held as
            well, a link to some samples would lead to none of them.
    """
    kept: dict[str, str] = st.session_state.setdefault(KEPT, {})
    if st.session_state.get(AT) != page and any(map(address.get, together)):
        kept |= dict.fromkeys(together, "")
    values = {name: ahead(page, name, allowed) for name, allowed in options.items()}
    st.session_state[AT] = page
    st.session_state.pop(CHOSEN, None)
    kept |= values
    firsts = {name: next(iter(allowed)) for name, allowed in options.items()}
    address.put_all({name: "" if value == firsts[name] else value for name, value in values.items()})
    return values


def on(page: str) -> None:
    """Say which page is drawn, for what `shown` says of it; pages that show nothing of this count, too."""
    if st.session_state.get(ON) != page:
        st.session_state.pop(AT, None)
    st.session_state[ON] = page


def ahead(page: str, name: str, allowed: Collection[str]) -> str:
    """The value that `shown` will give for one name, where the options of others depend on it."""
    chosen, arrived = st.session_state.get(CHOSEN, {}), st.session_state.get(AT) != page
    kept = str(st.session_state.get(KEPT, {}).get(name, "")) if arrived and not address.stepping() else ""
    said = str(chosen[name]) if name in chosen else address.get(name) or kept
    return said if said in allowed else next(iter(allowed))


def get(name: str) -> str:
    """What was chosen last; "" where nothing was."""
    return str(st.session_state.get(KEPT, {}).get(name, ""))


def choose(name: str, value: str) -> None:
    """Have all pages show something else from now on; `shown` says it in the address."""
    st.session_state.setdefault(KEPT, {})[name] = st.session_state.setdefault(CHOSEN, {})[name] = value


def put(name: str, value: str) -> None:
    """The same at once, for a part of a page that is drawn by itself; "" stands for the first option."""
    st.session_state.setdefault(KEPT, {})[name] = value
    address.put(name, value)


def forget() -> None:
    """What was chosen of one data set says nothing of another."""
    for name in st.session_state.get(KEPT, {}):
        choose(name, "")
