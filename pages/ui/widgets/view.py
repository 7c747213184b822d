"""What the pages show of a run: one state for all of them, kept in the session and said in the address."""

from collections.abc import Collection, Mapping

import streamlit as st

from pages.ui.widgets import address

KEPT = "view-kept"  # where the session keeps the value of each name
AT = "view-at"  # where it keeps the page that was drawn last
CHOSEN = "view-chosen"  # where it keeps what a person chose since


def shown(page: str, options: Mapping[str, Collection[str]]) -> dict[str, str]:
    """The value of each name, which is one of its options; the first of them where nobody chose another.

    Going to another page takes all parameters out of the address. So on arrival, what was chosen elsewhere holds. A
    step back on the same page leads to an address that says something else, or nothing: then that holds.

    Args:
        page: that is drawn.
        options: of each name, the first one as the beginning.
    """
    kept: dict[str, str] = st.session_state.setdefault(KEPT, {})
    arrived, st.session_state[AT] = st.session_state.get(AT) != page, page
    chosen: dict[str, str] = st.session_state.pop(CHOSEN, {})
    values, firsts = {}, {name: next(iter(allowed)) for name, allowed in options.items()}
    for name, allowed in options.items():
        said = chosen[name] if name in chosen else address.get(name) or (kept.get(name, "") if arrived else "")
        values[name] = said if said in allowed else firsts[name]
    kept |= values
    address.put_all({name: "" if value == firsts[name] else value for name, value in values.items()})
    return values


def get(name: str) -> str:
    """What was chosen last; "" where nothing was."""
    return str(st.session_state.get(KEPT, {}).get(name, ""))


def choose(name: str, value: str) -> None:
    """Have all pages show something else from now on; `shown` says it in the address."""
    st.session_state.setdefault(KEPT, {})[name] = st.session_state.setdefault(CHOSEN, {})[name] = value
