"""The map: all points drawn in the browser, a lasso sent back, membership decided here by id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.analysis.brush import points_inside
from core.output.palette import INK
from pages.ui.widgets.scatter_option import AXES, Style, Window, hover_card, map_option, window_around

__all__ = ["Style", "scatter_map"]

Ids = NDArray[np.int64]


@dataclass
class _Brush:
    """What one map remembers between runs of the page: which brush it has answered already.

    Attributes:
        generation: part of the chart's key; a new one is a chart without a brush.
        areas: the brush that was answered last.
        ids: the answer.
        window: [[x0, x1], [y0, y1]] after "Zoom to selection", else None.
    """

    generation: int = 0
    areas: list[Any] = field(default_factory=list)
    ids: Ids = field(default_factory=lambda: np.empty(0, np.int64))
    window: Window | None = None


def scatter_map(
    points: pd.DataFrame,
    *,
    key: str,
    image_url: str,
    series: Mapping[str, Style],
    tooltip: Sequence[str],
    selected: Ids,
    height: int = 560,
    hover_images: bool = True,
) -> Ids | None:
    """Sorted ids inside a brush drawn since the last call; empty when the brush was cleared, None when nothing is new.

    Args:
        points: `id`, `row`, `x`, `y`, `group` and the columns named by `tooltip`; points with NaN are not drawn.
        key: of this map, unique on the page.
        image_url: relative address of a point's image, with column names in braces: "thumb/demo-ab12/{@row}.png".
        series: group → style, in drawing order, the last on top; points of other groups are not shown.
        tooltip: columns shown as text on hover.
        selected: ids selected now, wherever that was done. When they are no longer what the brush here gave, the brush
            is taken off the map and the selection is drawn as rings.
        height: in pixels.
        hover_images: whether hovering shows the image.
    """
    brush: _Brush = st.session_state.setdefault(f"{key}-brush", _Brush())
    shown = points[np.isfinite(points["x"]) & np.isfinite(points["y"]) & points["group"].isin(list(series))]
    new = _new_brush(brush, shown, key)
    if new is None and brush.areas and not np.array_equal(np.sort(selected), brush.ids):
        _take_off(brush)
    # While the brush is on the map it shows the selection itself; rings on top would redraw the map and lose its zoom.
    rings = shown[shown["id"].isin(selected)] if new is None and not brush.areas else shown[:0]
    tip = hover_card(tooltip, image_url if hover_images else "")
    ink = INK["dark" if st.context.theme.type == "dark" else "light"]
    option = map_option(shown, rings, series, tip=tip, window=brush.window or window_around(shown), ink=ink)
    name = f"{key}-{brush.generation}"
    st.echarts_chart(option, key=name, height=height, on_select="rerun", alt="Map of samples; draw a lasso to select.")
    _foot(shown, len(points), brush, brush.ids if brush.areas else selected, key)
    return new


def _new_brush(brush: _Brush, shown: pd.DataFrame, key: str) -> Ids | None:
    """The ids in a brush that was not answered yet, which it is now."""
    event = st.session_state.get(f"{key}-{brush.generation}")
    if event is None and brush.areas:  # the page was left meanwhile: the brush is gone, the selection is not
        _take_off(brush)
    areas = [dict(area) for area in event["selection"]["areas"]] if event else []
    if areas == brush.areas:
        return None
    inside = points_inside(shown[AXES].to_numpy(), areas)
    brush.areas, brush.ids = areas, np.sort(shown["id"].to_numpy(np.int64)[inside])
    return brush.ids


def _take_off(brush: _Brush) -> None:
    """A chart without a brush, next time it is drawn; ECharts offers no other way to clear one from here."""
    brush.generation, brush.areas = brush.generation + 1, []


def _foot(shown: pd.DataFrame, total: int, brush: _Brush, selected: Ids, key: str) -> None:
    """The line of words under the map, and the zoom that outlives a redraw."""
    words = f"{len(shown):,} of {total:,} drawn" + (f" · {len(selected):,} selected" if len(selected) else "")
    text, zoom = st.columns([3, 2], vertical_alignment="center")
    text.caption(words)
    with zoom.container(horizontal=True, horizontal_alignment="right"):
        if brush.window:
            st.button(
                "Whole map",
                key=f"{key}-whole",
                icon=":material/zoom_out_map:",
                type="tertiary",
                on_click=_set_window,
                args=(brush, None),
            )
        inside = shown[shown["id"].isin(selected)] if len(selected) else shown[:0]
        st.button(
            "Zoom to selection",
            key=f"{key}-zoom",
            icon=":material/center_focus_strong:",
            type="tertiary",
            disabled=inside.empty,
            on_click=_set_window,
            args=(brush, window_around(inside)),
        )


def _set_window(brush: _Brush, window: Window | None) -> None:
    brush.window = window
