"""What the map asks ECharts to draw: plain data, no widget and no state."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.output.palette import ACCENT, GREY
from core.types import Ints

Window = list[list[float]]
LARGE = 20_000  # points; above, they are drawn as one path per series, which cannot dim or ring single points
TOOLS = 26  # pixels of the row of tools
LINE = 18  # pixels of the bar below the tools
SLIM = 500  # pixels of a map; a slimmer one, as beside a table on a narrow screen, has its bar below the tools
BESIDE = 112  # pixels of the tools that a bar stands beside
# Milliseconds of rest after which a brush counts. The chart waits 150 more before it says so; what is said while it is
# still dragged costs little.
BRUSH_MS = 30
FADED = 0.2  # opacity of what is drawn faded
MANY = 150  # selected points; rings around more hide what they are around: then all others are faded
AXES = ["x", "y"]
_COLUMN = re.compile(r"\{@(.+?)\}")
_GRID = {"left": 1, "right": 1, "bottom": 1, "show": True, "borderColor": "rgba(128,140,145,.3)"}
_TOOLBOX = {
    "left": 0,
    "top": 0,
    "padding": [2, 4],
    "itemSize": 18,
    "itemGap": 14,
    "iconStyle": {"borderColor": GREY, "borderWidth": 1.8},
    "emphasis": {"iconStyle": {"borderColor": ACCENT, "textPosition": "right", "textAlign": "left"}},
    "feature": {
        "brush": {
            "type": ["polygon", "rect", "clear"],
            "title": {"polygon": "Lasso", "rect": "Rectangle", "clear": "Clear"},
            "icon": {
                "polygon": "path://M3 8a9 5.5 0 1 0 18 0a9 5.5 0 1 0-18 0M8 13a2 2 0 1 0 1.5 3M9 17c0 2.5 -1 4 -4 5",
                "rect": "path://M3 4h18v16h-18z",
                "clear": "path://M1 1zM23 23zM6 6L18 18M18 6L6 18",  # the corners keep it as small as the others
            },
        }
    },
}


@dataclass(frozen=True)
class Style:
    """How one group is drawn.

    Attributes:
        colour: hex.
        symbol: "circle", "rect", "roundRect", "triangle", "diamond", "pin" or "arrow": shape says what colour says.
        title: the legend's word; the group's own name without one.
        size: in pixels, at up to 20,000 points; more points are drawn smaller.
        hollow: drawn as a thin outline, or faded where there are too many points for outlines.
        legend: whether the legend names it.
    """

    colour: str
    symbol: str = "circle"
    title: str = ""
    size: int = 7
    hollow: bool = False
    legend: bool = True


@dataclass(frozen=True)
class Bar:
    """What the colours of a figure mean.

    Attributes:
        title: the figure.
        colours: hex, from the lowest to the highest.
        words: the lowest, the middle and the highest value.
    """

    title: str
    colours: tuple[str, ...]
    words: tuple[str, str, str]


def window_around(points: pd.DataFrame) -> Window:
    """[[x0, x1], [y0, y1]] around the points, with a margin."""
    window = []
    for axis in AXES:
        low, high = (float(points[axis].min()), float(points[axis].max())) if len(points) else (0.0, 1.0)
        margin = (high - low or 1.0) * 0.04
        window.append([low - margin, high + margin])
    return window


def hover_card(columns: Mapping[str, str], image_url: str, side: int = 96) -> str:
    """The hover card, a picture of so many pixels on top; values are put in, escaped, by the browser.

    Args:
        columns: names → what stands before a value, such as "#".
        image_url: with names of columns in braces; "" for no picture.
        side: of the picture.
    """
    image = (
        f'<img src="{html.escape(image_url)}" width="{side}" height="{side}" alt="" '
        f'style="display:block;width:{side}px;height:{side}px;image-rendering:pixelated;margin:0 auto 6px">'
    )
    rows = (
        f'<div style="display:flex;justify-content:space-between;gap:16px;min-width:96px">'
        f'<span style="opacity:.65">{html.escape(name)}</span><span>{before}{{@{name}}}</span></div>'
        for name, before in columns.items()
    )
    return (image if image_url else "") + "".join(rows)


def map_option(
    shown: pd.DataFrame,
    rings: pd.DataFrame,
    series: Mapping[str, Style],
    *,
    tip: str,
    window: Window,
    ink: str,
    bar: Bar | None = None,
    narrow: bool = False,
) -> dict[str, Any]:
    """The chart as ECharts wants it: one data set and one series per group, the selection on top.

    A selection is ringed in `ink`; of many points, each is drawn once more as it is, and all others are faded.

    In a narrow one, the bar stands below the tools and not beside them. The browser alone knows whether a map is slim,
    so it is told both. The legend is no part of it: what that hides, the server has to leave out.
    """
    usual, slim = (_above(bar, narrow=narrow or slim) for slim in (False, True))
    large = len(shown) > LARGE
    columns = AXES + sorted(set(_COLUMN.findall(tip)))
    groups = _groups(shown, columns, list(series))
    ring = {"borderColor": ink, "borderWidth": 2, "opacity": 1}
    clicked = {"selectedMode": "multiple", "select": {"itemStyle": ring}}
    drawn = [
        _group(index, name, style, groups[index], len(shown)) | clicked
        for index, (name, style) in enumerate(series.items())
    ]
    if large or len(rings) <= MANY:
        groups.append(_sent(rings[columns]))
        drawn.append(_rings(len(series), ink, len(rings), large, series))
    else:
        for one in drawn:
            one["itemStyle"] |= {"opacity": FADED}
        for style, rows in zip(series.values(), _groups(rings, AXES, list(series)), strict=True):
            drawn.append(_group(len(groups), "selected", replace(style, title=""), rows, len(shown)) | {"silent": True})
            groups.append(rows)
    return {
        "animation": False,
        "hoverLayerThreshold": LARGE + 1,  # above the default of 3,000, a mark is lost with the hover
        "dataset": [{"source": frame} for frame in groups],
        "series": drawn,
        "grid": _GRID | usual["grid"],
        "graphic": usual["graphic"],
        "media": [] if narrow else [{"query": {"maxWidth": SLIM}, "option": slim}],
        **{f"{axis}Axis": _axis(*limits) for axis, limits in zip(AXES, window, strict=True)},
        "dataZoom": [{"type": "inside", "filterMode": "none", f"{axis}AxisIndex": 0} for axis in AXES],
        "brush": {
            # Only an area tied to the axes is reported in data coordinates.
            **{f"{axis}AxisIndex": "all" for axis in AXES},
            "throttleType": "debounce",
            "throttleDelay": BRUSH_MS,
            "removeOnClick": False,
            "outOfBrush": {} if large else {"colorAlpha": 0.25},
            "brushStyle": {"color": "rgba(127,140,145,.12)", "borderColor": ink, "borderWidth": 1},
        },
        "toolbox": _TOOLBOX,
        "legend": {"show": False},
        "tooltip": {"formatter": tip, "showDelay": 125, "transitionDuration": 0, "confine": True, "padding": 8},
    }


def in_groups(points: pd.DataFrame, names: Sequence[str]) -> list[Ints]:
    """The ascending places of the points of each group, by its name; each point is looked at once."""
    codes = pd.Categorical(points["group"], categories=list(names)).codes
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.searchsorted(codes[order], np.arange(len(names) + 1)))[1:-1] if len(names) else []


def grid_top(*, narrow: bool) -> int:
    """Pixels above the points of a map: of its tools, and of the bar where one would stand below them.

    With a bar or without: of two maps side by side, the points begin at one height.
    """
    return 6 + TOOLS + LINE * narrow


def _above(bar: Bar | None, *, narrow: bool) -> dict[str, Any]:
    """Where the bar of a map stands, and how far below tools and bar its points begin."""
    return {
        "grid": {"top": grid_top(narrow=narrow)},
        "graphic": _drawn_bar(bar, narrow=narrow) if bar else [],
    }


def _drawn_bar(bar: Bar, *, narrow: bool) -> list[dict[str, Any]]:
    """The bar beside or below the tools, its title before it and three numbers on and beside it."""
    stops = [{"offset": at / max(len(bar.colours) - 1, 1), "color": hex_} for at, hex_ in enumerate(bar.colours)]
    fill = {"type": "linear", "x": 0, "y": 0, "x2": 1, "y2": 0, "colorStops": stops}
    low, middle, high = bar.words
    left, top, width = (0, TOOLS + 5, 60) if narrow else (BESIDE, 7, 70)
    start = left + 8 + 6.2 * len(f"{bar.title} {low}")
    words = ((left, f"{bar.title} {low}"), (start + width + 6, high if narrow else f"{high} · middle {middle}"))
    strip = {"type": "rect", "left": start, "top": top + 1, "shape": {"width": width, "height": 10}}
    strip |= {"style": {"fill": fill}}
    texts = [
        {"type": "text", "left": at, "top": top, "style": {"text": text, "fontSize": 11, "fill": GREY}}
        for at, text in words
    ]
    return [strip | {"silent": True}, *(text | {"silent": True} for text in texts)]


def _axis(low: float, high: float) -> dict[str, Any]:
    """An axis without ticks: the coordinates of a map have no unit."""
    bare = {name: {"show": False} for name in ("axisLabel", "axisTick", "axisLine", "splitLine", "axisPointer")}
    return {"type": "value", "min": low, "max": high, **bare}


def _group(index: int, name: str, style: Style, frame: pd.DataFrame, n_shown: int) -> dict[str, Any]:
    large = n_shown > LARGE
    return {
        "type": "scatter",
        "name": style.title or name,
        "datasetIndex": index,
        "encode": {"x": "x", "y": "y"},
        "symbol": style.symbol,
        "symbolSize": (3 if n_shown <= 10 * LARGE else 2) if large else style.size,
        "itemStyle": _look(style, large=large),
        # In parts, a large series stays half painted after a brush.
        "progressive": 0,
        # A large series without points stops the whole chart.
        "large": large and not frame.empty,
        "largeThreshold": 0,
        "z": 2 + index,
    }


def _look(style: Style, *, large: bool) -> dict[str, Any]:
    """The colour of a group's points; a large series has no outlines."""
    if style.hollow and not large:
        return {"color": "transparent", "borderColor": style.colour, "borderWidth": 1, "opacity": 0.7}
    return {"color": style.colour, "opacity": FADED if style.hollow else 0.6 if large else 0.8}


def _rings(index: int, ink: str, n_rings: int, dense: bool, series: Mapping[str, Style]) -> dict[str, Any]:
    """The selection: rings around points, or, where they are too many for rings, points of ink."""
    large = n_rings > LARGE
    size = 4 if dense else max((style.size for style in series.values()), default=7) + 4
    ring = {"color": ink, "opacity": 1} if large else {"color": "transparent", "borderColor": ink, "borderWidth": 1.5}
    return {
        "type": "scatter",
        "name": "selected",
        "datasetIndex": index,
        "encode": {"x": "x", "y": "y"},
        "symbol": "circle",
        "symbolSize": size,
        "itemStyle": ring,
        "silent": True,
        "progressive": 0,
        "large": large,
        "largeThreshold": 0,
        "z": 2 + index,
    }


def _groups(shown: pd.DataFrame, columns: list[str], names: Sequence[str]) -> list[pd.DataFrame]:
    """What the browser gets of each group; all points are put in order and made small at once."""
    places = in_groups(shown, names)
    whole = _sent(shown[columns].iloc[np.concatenate(places)]) if places else _sent(shown[columns][:0])
    ends = np.cumsum([len(each) for each in places])
    return [whole.iloc[end - len(each) : end].reset_index(drop=True) for each, end in zip(places, ends, strict=True)]


def _sent(frame: pd.DataFrame) -> pd.DataFrame:
    """What the browser gets, in single precision."""
    # The index would be sent along, and a mere difference in it redraws the map and loses its zoom.
    return frame.astype({"x": np.float32, "y": np.float32}).reset_index(drop=True)
