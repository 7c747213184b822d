"""Bars over an axis: a range is drawn on them, or a line is dragged, with the pointer or with the arrow keys."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import streamlit as st

_ASSETS = Path(__file__).parents[3] / "assets"
_mount = st.components.v2.component(
    "assay.histogram", css=(_ASSETS / "histogram.css").read_text(), js=(_ASSETS / "histogram.js").read_text()
)


@dataclass(frozen=True)
class Bars:
    """The bars of one group, the later groups before the earlier ones.

    Attributes:
        name: what the samples of the group are, in words.
        colour: hex.
        counts: one a bar.
        below: whether they hang below the others.
    """

    name: str
    colour: str
    counts: Sequence[int]
    below: bool = False


@dataclass(frozen=True)
class Axis:
    """What lies below the bars, which are equally wide.

    Attributes:
        values: of the edges of the bars, one more than these.
        ticks: where a number stands, as a fraction of the axis, and the number.
        unit: what follows a number.
    """

    values: Sequence[float]
    ticks: Sequence[tuple[float, str]]
    unit: str = ""

    def at(self, fraction: float) -> float:
        """The value at a fraction of the axis.

        >>> Axis((0.0, 1.0, 10.0), ()).at(0.75)
        5.5
        """
        place = min(max(fraction, 0.0), 1.0) * (len(self.values) - 1)
        index = min(int(place), len(self.values) - 2)
        return float(self.values[index] + (place - index) * (self.values[index + 1] - self.values[index]))

    def place(self, value: float) -> float:
        """The fraction of the axis at which a value lies, 0 or 1 beyond its ends.

        >>> Axis((0.0, 1.0, 10.0), ()).place(5.5)
        0.75
        """
        n = len(self.values) - 1
        for index in range(n):
            low, high = self.values[index], self.values[index + 1]
            if value <= high:
                return float((index + min(max((value - low) / max(high - low, 1e-30), 0.0), 1.0)) / n)
        return 1.0


@dataclass(frozen=True)
class Moved:
    """What a person did.

    Attributes:
        marks: fractions of the axis: where the line is, or the two ends of the range; none where it was taken away.
        step: how many steps the line was moved by keys, to the right; 0 where it was dragged.
    """

    marks: tuple[float, ...]
    step: int = 0


def histogram(
    title: str,
    axis: Axis,
    groups: Sequence[Bars],
    *,
    key: str,
    then: Callable[[Moved], None],
    kind: Literal["range", "line"] = "range",
    marks: Sequence[float] = (),
    words: str = "",
    tip: str = "",
    height: int = 64,
    log: bool = False,
    disabled: bool = False,
) -> None:
    """Show the bars, and hand what is done with them to `then`, before the page is drawn.

    Args:
        title: above it.
        axis: below it.
        groups: the bars.
        key: of this histogram, unique on the page.
        then: called with each thing that a person did, once.
        kind: whether two ends are drawn or one line is dragged.
        marks: where they are now, as fractions of the axis; none for no range.
        words: beside the title.
        tip: what hovering says.
        height: of the bars, in pixels.
        log: whether the bars grow with the logarithm of their counts.
        disabled: only to look at.
    """
    data = {
        "title": title,
        "values": list(axis.values),
        "ticks": [list(tick) for tick in axis.ticks],
        "unit": axis.unit,
        "groups": [asdict(group) | {"counts": list(group.counts)} for group in groups],
        "kind": kind,
        "marks": list(marks),
        "words": words,
        "help": tip,
        "height": height,
        "log": log,
        "disabled": disabled,
    }
    _mount(key=key, data=data, default={"event": None}, on_event_change=partial(_answer, key, then))


def _answer(key: str, then: Callable[[Moved], None]) -> None:
    """Hand on what was done and was not handed on yet; a request that comes late brings the same once more."""
    event: Any = (st.session_state.get(key) or {}).get("event")
    if event and event["number"] > st.session_state.get(f"{key}-seen", 0):
        st.session_state[f"{key}-seen"] = event["number"]
        then(Moved(tuple(float(mark) for mark in event["marks"]), int(event["step"])))
