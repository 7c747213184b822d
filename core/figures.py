"""The small charts, as Plotly figures: pages show them, the report prints them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.palette import ACCENT, CLASSES, GREY, POISON
from core.types import Floats, Ints

HEIGHT = 300
_MARGIN = {"l": 8, "r": 8, "t": 12, "b": 8}


def _figure(*traces: Any, x: str = "", y: str = "", height: int = HEIGHT, percent: bool = False) -> go.Figure:
    """The common look: no ground of its own, so that both themes show through."""
    figure = go.Figure(traces)
    figure.update_layout(
        height=height,
        margin=_MARGIN,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        hovermode="x unified",
    )
    figure.update_xaxes(title=x, automargin=True)
    figure.update_yaxes(title=y, automargin=True, tickformat=".0%" if percent else None)
    return figure


def learning_curves(history: Sequence[Mapping[str, Any]], quantity: str, epochs: int) -> go.Figure:
    """`loss` or `accuracy` of the training and test set over the epochs so far; the axis already spans all of them."""
    index = [entry["epoch"] for entry in history]
    lines = [
        go.Scatter(
            x=index,
            y=[entry[f"{split}_{quantity}"] for entry in history],
            name=title,
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 5},
        )
        for split, title, colour in (("train", "training data", ACCENT), ("test", "test data", GREY))
        if any(entry[f"{split}_{quantity}"] is not None for entry in history)
    ]
    figure = _figure(*lines, x="epoch", y=quantity, percent=quantity == "accuracy")
    figure.update_xaxes(range=[0.5, epochs + 0.5])
    return figure.update_yaxes(rangemode="tozero") if quantity == "loss" else figure


def bars(
    names: Sequence[str], values: Sequence[float], *, x: str, percent: bool = False, height: int = HEIGHT
) -> go.Figure:
    """One horizontal bar a name, in the order given from top to bottom."""
    form = "%{x:.1%}" if percent else "%{x:,}"
    bar = go.Bar(
        y=[str(name) for name in names],
        x=list(values),
        orientation="h",
        marker={"color": ACCENT},
        texttemplate=form,
        textposition="auto",
        hovertemplate="%{y}: " + form + "<extra></extra>",
    )
    figure = _figure(bar, x=x, height=height)
    figure.update_xaxes(tickformat=".0%" if percent else None)
    return figure.update_yaxes(autorange="reversed", type="category").update_layout(hovermode="closest")


def loss_histogram(losses: Floats) -> go.Figure:
    """How the final losses of all samples are spread; the axis is logarithmic, since most are tiny."""
    floor = np.maximum(losses.astype(np.float64), 1e-5)
    counts, edges = np.histogram(np.log10(floor), bins=48)
    centres = 10 ** ((edges[:-1] + edges[1:]) / 2)
    form = "loss %{x:.2g}: %{y:,} samples<extra></extra>"
    bar = go.Scatter(x=centres, y=counts, fill="tozeroy", line={"color": ACCENT, "shape": "hvh"}, hovertemplate=form)
    figure = _figure(bar, x="cross-entropy loss after training", y="samples")
    figure.update_yaxes(type="log", dtick=1)
    return figure.update_xaxes(type="log", dtick=1).update_layout(showlegend=False, hovermode="closest")


def suspicion_histogram(suspicion: Floats, flagged: NDArray[np.bool_], bona_fide: NDArray[np.bool_]) -> go.Figure:
    """The spread of suspicion among flagged, other and bona fide samples, each as a share of its own group."""
    groups = {
        "not flagged": (~flagged & ~bona_fide, GREY),
        "flagged": (flagged, POISON),
        "bona fide": (bona_fide, ACCENT),
    }
    edges = np.histogram_bin_edges(suspicion, bins=60)
    centres = (edges[:-1] + edges[1:]) / 2
    traces = [
        go.Scatter(
            x=centres,
            y=np.histogram(suspicion[members], edges)[0] / members.sum(),
            name=f"{name} ({int(members.sum()):,})",
            line={"color": colour, "shape": "hvh", "width": 2},
            fill="tozeroy",
        )
        for name, (members, colour) in groups.items()
        if members.any()
    ]
    return _figure(*traces, x="suspicion (higher = more suspicious)", y="share of the group", percent=True)


def trajectory_bands(
    losses: Floats,
    groups: Mapping[str, NDArray[np.bool_]],
    selected: NDArray[np.int64],
    *,
    logarithmic: bool = True,
    epoch: int | None = None,
    max_curves: int = 60,
) -> go.Figure:
    """Median and 10–90 % band of the losses of each group over the epochs, and the curves of selected samples.

    Args:
        losses: (n, epochs); epochs still to come are NaN.
        groups: name → members (n,), drawn in this order: first grey, then accent, then class colours.
        selected: row numbers whose own curves are drawn, at most `max_curves` of them.
        logarithmic: of the loss axis.
        epoch: counted from 1, marked by a line.
        max_curves: more than these make a smear, not information.
    """
    x = np.arange(1, losses.shape[1] + 1)
    figure = _figure(x="epoch", y="loss", height=420)
    for (name, members), colour in zip(groups.items(), (GREY, ACCENT, *CLASSES), strict=False):
        if members.any():
            low, middle, high = np.quantile(losses[members], (0.1, 0.5, 0.9), axis=0)
            band = {
                "x": [*x, *x[::-1]],
                "y": [*high, *low[::-1]],
                "fill": "toself",
                "opacity": 0.18,
                "hoverinfo": "skip",
            }
            figure.add_scatter(**band, fillcolor=colour, line={"width": 0}, showlegend=False, mode="lines")
            figure.add_scatter(x=x, y=middle, name=name, mode="lines", line={"color": colour, "width": 2})
    for place, row in enumerate(selected[:max_curves]):
        line = {"color": POISON, "width": 1}
        name = f"{min(len(selected), max_curves)} of {len(selected):,} selected"
        shown_once = {"name": name, "showlegend": place == 0, "legendgroup": "selected", "hoverinfo": "skip"}
        figure.add_scatter(x=x, y=losses[row], mode="lines", line=line, opacity=0.35, **shown_once)
    if epoch is not None:
        figure.add_vline(x=epoch, line={"color": GREY, "dash": "dot"})
    return figure.update_yaxes(type="log", dtick=1) if logarithmic else figure


def before_after(before: Mapping[str, float], after: Mapping[str, float]) -> go.Figure:
    """Attack success rates before and after a repair, one pair of bars per attack; the line at 10 % is the aim."""
    names = [str(name).replace("_", " ") for name in before]
    common: dict[str, Any] = {"texttemplate": "%{y:.1%}", "textposition": "outside", "cliponaxis": False}
    figure = _figure(
        go.Bar(x=names, y=list(before.values()), name="before", marker={"color": POISON}, **common),
        go.Bar(x=names, y=[after.get(name) for name in before], name="after", marker={"color": ACCENT}, **common),
        y="attack success rate",
        percent=True,
    )
    figure.add_hline(
        y=0.10, line={"color": GREY, "dash": "dot"}, annotation_text="10 %", annotation_position="top left"
    )
    return figure.update_yaxes(range=[0, 1.12]).update_layout(barmode="group")


def class_counts(labels: Ints, class_names: Sequence[str]) -> go.Figure:
    """How many samples carry each given label."""
    counts = np.bincount(labels, minlength=len(class_names))
    return bars(class_names, counts.tolist(), x="training samples", height=max(HEIGHT, 24 * len(class_names)))
