"""A list of groups with how many are in each, as bars: it is searched, and a click shows one group alone."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

_ASSETS = Path(__file__).parents[3] / "assets"
_mount = st.components.v2.component(
    "assay.tally", css=(_ASSETS / "tally.css").read_text(), js=(_ASSETS / "tally.js").read_text()
)


@dataclass(frozen=True)
class Row:
    """One group.

    Attributes:
        value: what tells it from the others.
        name: in words, of any length.
        count: how many are in it.
        shown: how many of these the page shows now.
        short: what stands for a name that is long; "" for the name.
        help: what hovering says.
        warn: whether it is something that is wrong.
    """

    value: str
    name: str
    count: int
    shown: int
    short: str = ""
    help: str = ""
    warn: bool = False


def tally(
    title: str, rows: Sequence[Row], *, key: str, chosen: str, then: Callable[[str], None], height: int = 220
) -> None:
    """Show the groups; `then` is called before the page is drawn, with the one that was chosen, "" for all.

    Args:
        title: above them.
        rows: the groups in their order.
        key: of this list, unique on the page.
        chosen: the value of the group that is shown alone; "" for all.
        then: called once for each click.
        height: in pixels, above which the list scrolls.
    """
    data = {"title": title, "rows": [asdict(row) for row in rows], "chosen": chosen, "height": height}
    _mount(key=key, data=data, default={"event": None}, on_event_change=partial(heard, key, then))


def heard(key: str, then: Callable[[str], None]) -> None:
    """Hand on what a component with this key was clicked for, unless that was done: a late request says it again."""
    event: Any = (st.session_state.get(key) or {}).get("event")
    if event and event["number"] > st.session_state.get(f"{key}-seen", 0):
        st.session_state[f"{key}-seen"] = event["number"]
        then(str(event["value"]))
