"""The map: all points drawn in the browser, a lasso sent back, membership decided here by id."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.analysis.brush import points_inside
from core.output.palette import INK
from pages.ui.widgets.ground import ground
from pages.ui.widgets.modifier import listen, shift_held
from pages.ui.widgets.scatter_option import (
    AXES,
    LARGE,
    Bar,
    Style,
    Window,
    hover_card,
    in_groups,
    map_option,
    window_around,
)

__all__ = ["Bar", "Style", "scatter_map"]

Ids = NDArray[np.int64]
NONE = np.empty(0, np.int64)


@dataclass
class _Chart:
    """What one map remembers between runs of the page: what was done in it and is answered already.

    Attributes:
        generation: part of the chart's key; a new one is a chart without a brush, in which nothing was clicked.
        areas: the brush that was answered last.
        inside: the ids in it.
        said: (series, place in it) of the points that the chart called selected last.
        clicked: the ids outside the brush that the chart itself marks.
        drawn: the ids of each series as they were drawn last, which places are about.
        ids_drawn, places: of all points that were drawn last, aligned.
        moment: of the points as they were drawn last.
        window: [[x0, x1], [y0, y1]] after "Zoom to selection", else None.
    """

    generation: int = 0
    areas: list[Any] = field(default_factory=list)
    inside: Ids = field(default_factory=lambda: NONE)
    said: frozenset[tuple[int, int]] = frozenset()
    clicked: Ids = field(default_factory=lambda: NONE)
    drawn: list[Ids] = field(default_factory=list)
    window: Window | None = None
    moment: int = 0

    @property
    def shows(self) -> bool:
        """Whether the chart itself shows what is selected."""
        return bool(self.areas) or len(self.clicked) > 0

    @property
    def ids(self) -> Ids:
        """What it shows, sorted."""
        return np.union1d(self.inside, self.clicked)


def scatter_map(
    points: pd.DataFrame,
    *,
    key: str,
    image_url: str,
    series: Mapping[str, Style],
    tooltip: Mapping[str, str],
    selected: Callable[[], Ids],
    choose: Callable[[Ids], None],
    total: int,
    bar: Bar | None = None,
    hover_images: bool = True,
    side: int = 96,
    window: Window | None = None,
    moment: int = 0,
    narrow: bool = False,
) -> None:
    """Draw the map. A brush selects what is inside it, and nothing once it is cleared; a click selects a point.

    With Shift a click adds the point, or takes it out. What is selected is known before the page is drawn again.

    Args:
        points: `id`, `row`, `x`, `y`, `group` and the columns named by `tooltip`; points with NaN are not drawn.
        key: of this map, unique on the page.
        image_url: relative address of a point's image, with column names in braces: "thumb/demo-ab12/{@row}.png".
        series: group → style, in drawing order, the last on top; points of other groups are not shown.
        tooltip: columns shown on hover → what stands before a value.
        selected: gives the ids selected now, wherever that was done. When they are no longer what the chart shows
            itself, it is replaced by one without a brush, and the selection is drawn as rings.
        choose: is told the sorted ids that were selected on the map.
        total: how many points there are, with those that were left out of `points`.
        bar: what the colours of a figure mean; None for groups.
        hover_images: whether hovering shows the image.
        side: of that image in pixels.
        window: what is in view; None for what is around the points.
        moment: another one for points that moved; they leave a brush behind, and stay selected.
        narrow: whether the map has half the usual width: the bar then stands below the tools.
    """
    chart: _Chart = st.session_state.setdefault(f"{key}-chart", _Chart())
    shown = points[np.isfinite(points["x"]) & np.isfinite(points["y"]) & points["group"].isin(list(series))]
    ids = shown["id"].to_numpy(np.int64)
    drawn = [ids[places] for places in in_groups(shown, list(series))]
    now = selected()
    # The chart marks places, which are those of other samples once the groups are others.
    regrouped = len(chart.clicked) > 0 and not all(map(np.array_equal, drawn, chart.drawn))
    # Without a word of it, the page was left meanwhile: the brush is gone, the selection is not.
    gone = st.session_state.get(_name(key, chart)) is None or not np.array_equal(np.sort(now), chart.ids)
    if chart.shows and (gone or regrouped or chart.moment != moment):  # points may move away from under the brush
        _take_off(chart)
    chart.drawn, chart.moment = drawn, moment
    chart.ids_drawn, chart.places = ids, shown[AXES].to_numpy(np.float32)
    # What the chart shows itself gets no rings: they would redraw the map and lose its zoom.
    rings = shown[:0] if chart.shows else shown[shown["id"].isin(now)]
    tip = hover_card(tooltip, image_url if hover_images else "", side)
    ink = INK[ground()]
    view = chart.window or window or window_around(shown)
    option = map_option(shown, rings, series, tip=tip, window=view, ink=ink, bar=bar, narrow=narrow)
    answer = partial(_answer, chart, key, selected, choose)
    with st.container(key=f"map-chart-{key}"):
        words = "Map of samples; draw a lasso or click to select."
        st.echarts_chart(option, key=_name(key, chart), height="stretch", on_select=answer, alt=words)
    _foot(shown, total, chart, chart.ids if chart.shows else now, key, narrow=narrow)


def _name(key: str, chart: _Chart) -> str:
    return f"{key}-{chart.generation}"


def _answer(chart: _Chart, key: str, selected: Callable[[], Ids], choose: Callable[[Ids], None]) -> None:
    """Select what the chart says, before the page is drawn: it would be drawn twice otherwise."""
    new = _new_selection(chart, key, selected())
    if new is not None:
        choose(new)


def _new_selection(chart: _Chart, key: str, selected: Ids) -> Ids | None:
    """The ids in a brush, or at a click, that was not answered yet, which it is now."""
    event = st.session_state[_name(key, chart)]
    areas = [dict(area) for area in event["selection"]["areas"]]
    before, chart.said = (
        chart.said,
        frozenset(
            (int(one["series_index"]), int(place))
            for one in event["selection"]["selected"]
            for place in one["data_indices"]
        ),
    )
    if areas != chart.areas:
        inside = points_inside(chart.places, areas)
        chart.areas, chart.inside = areas, np.sort(chart.ids_drawn[inside])
        return chart.inside
    # What the chart says of a brush comes late, and is wrong for many points; outside of it, only a click selects.
    at = np.setdiff1d(_ids_at(chart, before ^ chart.said), chart.inside)
    if not len(at):
        return None
    if len(chart.ids_drawn) <= LARGE:
        chart.clicked = np.setdiff1d(_ids_at(chart, chart.said), chart.inside)
    if shift_held(_listener(key)):
        return np.setxor1d(selected, at)
    return NONE if np.array_equal(at, np.sort(selected)) else at


def _ids_at(chart: _Chart, places: Iterable[tuple[int, int]]) -> Ids:
    """The ids that were drawn at these places of the series."""
    found = [chart.drawn[index][place : place + 1] for index, place in places if index < len(chart.drawn)]
    return np.concatenate([NONE, *found])


def _listener(key: str) -> str:
    return f"{key}-shift"


def _take_off(chart: _Chart) -> None:
    """A chart without a brush, next time it is drawn; ECharts offers no other way to clear one from here."""
    chart.generation, chart.areas, chart.said = chart.generation + 1, [], frozenset()
    chart.inside = chart.clicked = NONE


def _foot(shown: pd.DataFrame, total: int, chart: _Chart, selected: Ids, key: str, *, narrow: bool) -> None:
    """The line of words under the map, and the zoom that outlives a redraw."""
    words = f"{len(shown):,} of {total:,} drawn" + (f" · {len(selected):,} selected" if len(selected) else "")
    text, zoom = st.columns([3, 2], vertical_alignment="center")
    text.caption(words)
    with zoom.container(horizontal=True, horizontal_alignment="right"):
        listen(_listener(key))
        if chart.window:
            st.button(
                "Whole map",
                key=f"{key}-whole",
                icon=":material/zoom_out_map:",
                type="tertiary",
                on_click=_set_window,
                args=(chart, None),
            )
        inside = shown[shown["id"].isin(selected)] if len(selected) else shown[:0]
        st.button(
            "Zoom" if narrow else "Zoom to selection",
            key=f"{key}-zoom",
            icon=":material/center_focus_strong:",
            type="tertiary",
            disabled=inside.empty,
            help="Zoom to selection" if narrow else None,
            on_click=_set_window,
            args=(chart, window_around(inside)),
        )


def _set_window(chart: _Chart, window: Window | None) -> None:
    chart.window = window
