"""What the loss curves ask ECharts to draw: bands of groups, and over them the curves of samples."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.output.names import middle_cut
from core.output.palette import CLASSES, GREY, POISON
from core.types import Floats

_FLOOR = 1e-6  # a logarithmic axis has no room for a loss of nothing
# Pixels around the curves, as wide as a loss of 0.000001 and the words below: what marks an epoch has to know.
ROOM = {"left": 80, "right": 10, "top": 26, "bottom": 44}
# Letters of a class's name that the legend has room for: beside a queue, and beside a map.
NARROW = 28
LETTERS = 32
LINE = 18  # pixels that a second line of the legend takes


def curves_option(
    bands: Mapping[str, Floats],
    curves: Floats,
    name: str,
    *,
    trusted: str,
    epoch: int | None = None,
    narrow: bool = False,
) -> dict[str, Any]:
    """The chart as ECharts wants it; the loss axis is logarithmic.

    Args:
        bands: group → (3, epochs) the low end of its band, its median and the high end; drawn in this order: first
            grey, then as `trusted`, then class colours.
        curves: (m, epochs) losses of single samples; more than one are drawn faintly.
        name: of these curves, in the legend.
        trusted: colour of the second group, the bona fide samples.
        epoch: counted from 1, marked by a line.
        narrow: whether the legend has room for two lines, which it needs beside a queue.
    """
    bands = {middle_cut(group, NARROW if narrow else LETTERS): band for group, band in bands.items()}
    series: list[dict[str, Any]] = []
    for (group, band), colour in zip(bands.items(), (GREY, trusted, *CLASSES), strict=False):
        low, middle, high = np.maximum(band.astype(np.float64), _FLOOR)
        unseen = {"stack": f"band {group}", "lineStyle": {"opacity": 0}, "silent": True, "tooltip": {"show": False}}
        series.append(_line("", low, colour) | unseen)
        with np.errstate(invalid="ignore"):  # beyond all bounds on both ends, where the band is a gap
            width = high - low
        series.append(_line("", width, colour) | unseen | {"areaStyle": {"color": colour, "opacity": 0.18}})
        series.append(_line(group, middle, colour))
    several = {"lineStyle": {"width": 1, "opacity": 0.4}, "tooltip": {"show": False}} if len(curves) > 1 else {}
    series += [_line(name, np.maximum(curve, _FLOOR), POISON) | several for curve in curves.astype(np.float64)]
    if epoch is not None and series:
        mark = {"symbol": "none", "silent": True, "label": {"show": False}, "lineStyle": {"color": GREY}}
        series[-1]["markLine"] = mark | {"data": [{"xAxis": epoch - 1}]}
    epochs = range(1, 1 + max((len(curve["data"]) for curve in series), default=0))
    return {
        "animation": False,
        "grid": ROOM | {"top": ROOM["top"] + LINE * narrow, "outerBoundsMode": "none"},
        "legend": {
            "left": 0,
            "top": 0,
            "itemWidth": 8 if narrow else 14,
            "textStyle": {"fontSize": 11 if narrow else 12},
            "itemGap": 6 if narrow else 10,
            "selectedMode": False,
            "icon": "roundRect",
            "itemHeight": 3,
            "data": [*bands, *([name] if len(curves) else [])],
        },
        "tooltip": {"trigger": "axis", "valueFormatter": "%.3g", "confine": True, "transitionDuration": 0},
        "xAxis": {
            "type": "category",
            "data": [str(epoch) for epoch in epochs],
            "boundaryGap": False,
            "name": "epoch",
            "nameLocation": "middle",
            "nameGap": 24,
        },
        "yAxis": {"type": "log", "name": "loss", "nameLocation": "middle", "nameGap": 64},
        "series": series,
    }


def _line(name: str, values: Floats, colour: str) -> dict[str, Any]:
    """One line over the epochs; one still to come, or where the loss was beyond all bounds, is a gap."""
    data = [float(value) if np.isfinite(value) else None for value in values]
    return {
        "type": "line",
        "name": name,
        "data": data,
        "showSymbol": len(data) == 1,
        "color": colour,
        "lineStyle": {"width": 2},
    }
