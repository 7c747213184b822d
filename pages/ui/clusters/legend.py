"""The legend above a map: a click on a group hides or shows it, a double click shows it alone.

What is hidden is left out on the server, which decides what a lasso holds: no hidden point is ever selected. It is one
state for all maps, kept in the address. A map obeys what is said of its own groups, whatever colours another one.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

from pages.ui.clusters.colouring import Colouring
from pages.ui.widgets import view
from pages.ui.widgets.crowd import HIDDEN
from pages.ui.widgets.tally import heard

NAME = "hide"  # of the groups that are hidden, among what the pages show
BETWEEN = "|"
ALLOWED = view.Matching(r"[^|]+(\|[^|]+)*")
_ASSETS = Path(__file__).parents[3] / "assets"
_mount = st.components.v2.component(
    "assay.legend", css=(_ASSETS / "legend.css").read_text(), js=(_ASSETS / "legend.js").read_text()
)


def legend(found: Colouring, *, key: str) -> None:
    """The groups of a map with their counts, the hidden ones faint; as high where it has none."""
    groups = [
        {
            "at": at,
            "title": style.title or name,
            "colour": style.colour,
            "symbol": style.symbol,
            "hollow": style.hollow,
            "hidden": at in found.hidden,
        }
        for at, (name, style) in enumerate(found.styles.items())
        if style.legend
    ]
    then = partial(_hide, list(found.styles))
    with st.container(key=f"legend-{key}"):
        _mount(
            key=f"{key}-legend",
            data={"groups": groups},
            default={"event": None},
            on_event_change=partial(heard, f"{key}-legend", then),
        )


def without_hidden(found: Colouring) -> Colouring:
    """The same without the points of the groups that are hidden; the legend still counts them."""
    said = view.get(NAME).split(BETWEEN)
    hidden = [at for at, name in enumerate(found.styles) if _in_address(name) in said]
    if not hidden:
        return found
    groups = np.where(np.isin(found.groups, hidden), HIDDEN, found.groups).astype(np.uint8)
    return replace(found, groups=groups, hidden=frozenset(hidden))


def show_all(groups: Sequence[str]) -> None:
    """Hide none of these groups."""
    _hide(groups, "")


def _hide(groups: Sequence[str], value: str) -> None:
    """Hide these groups of a map, by their places; what is hidden of other colourings stays so."""
    names = [_in_address(name) for name in groups]
    others = [name for name in view.get(NAME).split(BETWEEN) if name and name not in names]
    view.choose(NAME, BETWEEN.join([*others, *(names[int(at)] for at in value.split(",") if at)]))


def _in_address(name: str) -> str:
    """A group's name as the address says it; "no tag" has none of its own."""
    return name.replace(BETWEEN, "¦") or "no tag"
