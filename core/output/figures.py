"""The small charts, as Plotly figures: pages show them, the report prints them.

The lineage of a data set as a drawing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.journal.revisions import Lineage
from core.output.names import literal, told_apart
from core.output.palette import ACCENT, GREY, POISON
from core.types import Floats

HEIGHT = 300  # pixels of a figure
MOST_BARS = 20  # classes that have a bar each; of more, a page draws the most telling
MOST_MARKED = 12  # epochs that each have a number on the axis
LONG_TAIL = 8.0  # times the median: a suspicion that goes so far is shown on a logarithmic axis
MOST_IN_BANDS = 50_000  # samples that the quantiles of losses are taken of; of a million, they take seconds
_MARGIN = {"l": 8, "r": 8, "t": 12, "b": 8}


def figure_of(*traces: Any, x: str = "", y: str = "", height: int = HEIGHT, percent: bool = False) -> go.Figure:
    """The common look: no ground of its own, so that both themes show through."""
    layout = {
        "height": height,
        "margin": _MARGIN,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "hovermode": "x unified",
        "xaxis": {"title": {"text": x}, "automargin": True},
        "yaxis": {"title": {"text": y}, "automargin": True, "tickformat": ".0%" if percent else None},
    }
    return go.Figure(traces, layout)  # at once: each update checks the whole layout again


def learning_curves(
    history: Sequence[Mapping[str, Any]], quantity: str, epochs: int, *, logarithmic: bool = False
) -> go.Figure:
    """`loss` or `accuracy` of the training and test set over the epochs so far; the axis already spans all of them.

    A loss is drawn on a `logarithmic` axis where that is asked for.
    """
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
    figure = figure_of(*lines, x="epoch", y=quantity, percent=quantity == "accuracy")
    figure.update_xaxes(range=[0.5, epochs + 0.5], dtick=1 if epochs <= MOST_MARKED else None)
    drawn = [value for line in lines for value in line.y if value is not None]
    if quantity == "loss" and logarithmic:
        above = [value for value in drawn if value > 0]
        steps = 1 if above and max(above) > 100 * min(above) else None  # within a decade there may be no power of ten
        return figure.update_yaxes(type="log", dtick=steps, exponentformat="none")
    if quantity == "loss":
        return figure.update_yaxes(rangemode="tozero")
    if len(history) < 2:  # nothing to fit the axis to yet: it would run from -100 % to 400 %
        return figure.update_yaxes(range=[0, 1.02])
    if drawn and np.ptp(drawn) < 0.05:
        figure.update_yaxes(tickformat=".1%")  # whole percents would repeat
    return figure.update_yaxes(autorangeoptions={"clipmin": 0, "clipmax": 1.02})


def bars(
    names: Sequence[str], values: Sequence[float], *, x: str, percent: bool = False, height: int = HEIGHT
) -> go.Figure:
    """One horizontal bar a name, in the order given from top to bottom."""
    form = "%{x:.1%}" if percent else "%{x:,}"
    bar = go.Bar(
        y=[literal(name) for name in names],
        x=list(values),
        orientation="h",
        marker={"color": ACCENT},
        texttemplate=form,
        textangle=0,
        textposition=["auto" if value else "outside" for value in values],
        hovertemplate="%{y}: " + form + "<extra></extra>",
    )
    figure = figure_of(bar, x=x, height=max(height, 22 * len(names)))
    figure.update_xaxes(tickformat=".0%" if percent else None)
    return _named(figure, names).update_layout(hovermode="closest")


def loss_histogram(losses: Floats) -> go.Figure:
    """How the final losses of all samples are spread; the axis is logarithmic, since most are tiny."""
    floor = np.maximum(losses.astype(np.float64), 1e-5)
    counts, edges = np.histogram(np.log10(floor), bins=48)
    centres = 10 ** ((edges[:-1] + edges[1:]) / 2)
    form = "loss %{x:.2g}: %{y:,} samples<extra></extra>"
    bar = go.Scatter(x=centres, y=counts, fill="tozeroy", line={"color": ACCENT, "shape": "hvh"}, hovertemplate=form)
    figure = figure_of(bar, x="cross-entropy loss", y="samples")
    figure.update_yaxes(type="log", dtick=1)
    steps = 1 if np.ptp(np.log10(floor)) > 2 else None  # within a decade there may be no power of ten
    figure.update_xaxes(type="log", dtick=steps, exponentformat="none")
    return figure.update_layout(showlegend=False, hovermode="closest")


def suspicion_histogram(
    suspicion: Floats, flagged: NDArray[np.bool_], bona_fide: NDArray[np.bool_], threshold: float | None = None
) -> go.Figure:
    """How many samples are how suspicious, on a logarithmic axis; below it the same of the bona fide samples.

    Args:
        suspicion: (n,).
        flagged: (n,) drawn over the others.
        bona_fide: (n,) drawn by themselves, upside down; without any there is one panel.
        threshold: marked by a line through both.
    """
    place, ticks = suspicion_axis(suspicion)
    edges = np.histogram_bin_edges(place(suspicion), bins=60)
    centres, width = (edges[:-1] + edges[1:]) / 2, float(edges[1] - edges[0])
    groups = {
        "not flagged": (~flagged & ~bona_fide, GREY, "y"),
        "flagged": (flagged & ~bona_fide, POISON, "y"),
        "bona fide": (bona_fide, ACCENT, "y2"),
    }
    traces = [
        go.Bar(
            x=centres,
            y=np.histogram(place(suspicion[members]), edges)[0],
            width=width,
            name=f"{literal(name)} ({int(members.sum()):,})",
            marker={"color": colour, "line": {"width": 0}},
            yaxis=axis,
            hovertemplate="%{y:,}",
        )
        for name, (members, colour, axis) in groups.items()
        if members.any()
    ]
    figure = figure_of(*traces, height=340)
    figure.update_layout(barmode="overlay", bargap=0)
    logarithmic: dict[str, Any] = {"type": "log", "dtick": 1, "exponentformat": "none", "separatethousands": True}
    split = 0.36 if bona_fide.any() else 0.0
    figure.update_layout(yaxis={**logarithmic, "title": "samples", "domain": [split, 1]})
    figure.update_xaxes(title="suspicion (higher = more suspicious)", anchor="free", position=0, **ticks)
    if split:
        turned = {"domain": [0, split - 0.02], "autorange": "reversed", "title": "bona fide"}
        figure.update_layout(yaxis2={**logarithmic, **turned, "automargin": True})
    if threshold is not None:
        line: dict[str, Any] = {"color": POISON, "width": 2, "dash": "dash"}
        at = float(place(np.array([threshold]))[0])
        figure.add_shape(type="line", xref="x", yref="paper", x0=at, x1=at, y0=0, y1=1, line=line)
    return figure


def suspicion_axis(suspicion: Floats) -> tuple[Callable[[Floats], NDArray[np.float64]], dict[str, Any]]:
    """Where a suspicion is drawn, and the axis's ticks: as it is, or its logarithm where a long tail hides the rest."""
    low, middle, high = (float(value) for value in np.quantile(suspicion, (0.001, 0.5, 0.995)))
    if suspicion.min() < 0 or middle <= 0 or high < LONG_TAIL * middle:
        return (lambda values: values.astype(np.float64)), {}
    floor, top = max(low, middle / 1000), float(suspicion.max())
    shown = [step * 10.0**power for power in range(-12, 13) for step in (1, 2, 5)]
    shown = [value for value in shown if floor <= value <= top]
    shown = [value for value in shown if f"{value:e}"[0] == "1"] if len(shown) > 12 else shown
    ticks = {"tickvals": [float(np.log10(value)) for value in shown], "ticktext": [f"{value:g}" for value in shown]}
    return (lambda values: np.log10(np.maximum(values.astype(np.float64), floor))), ticks


def places(x: pd.Series, y: pd.Series, colours: pd.Series, names: pd.Series) -> go.Figure:
    """A map of samples in the colours of a column; the name of each shows on hover."""
    numbers = pd.api.types.is_float_dtype(colours)
    groups = (
        {"": np.ones(len(x), np.bool_)} if numbers else {str(value): colours == value for value in colours.unique()}
    )
    traces = [
        go.Scattergl(
            x=x[members],
            y=y[members],
            name=literal(group or "none"),
            text=[literal(name) for name in names[members]],
            mode="markers",
            marker={"size": 5, "color": colours[members] if numbers else None, "showscale": numbers},
            hovertemplate="%{text}<extra></extra>",
        )
        for group, members in groups.items()
    ]
    return figure_of(*traces, height=2 * HEIGHT).update_layout(hovermode="closest")


def detection_curves(curves: Mapping[str, Any]) -> tuple[go.Figure, go.Figure]:
    """The ROC and the precision–recall curve of a detector; a diamond marks what is flagged now."""
    here = {"name": "flagged now", "mode": "markers", "marker": {"color": POISON, "symbol": "diamond", "size": 11}}
    line: dict[str, Any] = {"mode": "lines", "line": {"color": ACCENT, "width": 2}, "name": "any threshold"}
    roc = figure_of(
        go.Scatter(x=curves["false_positive_rate"], y=curves["true_positive_rate"], **line),
        go.Scatter(x=[curves["flagged_clean"]], y=[curves["recall"]], **here),
        x="clean samples flagged (low is good)",
        y="poison found",
        percent=True,
    )
    precision = figure_of(
        go.Scatter(x=curves["recall_at"], y=curves["precision_at"], **line),
        go.Scatter(x=[curves["recall"]], y=[curves["precision"]], **here),
        x="poison found (high is good)",
        y="poison among the flagged",
        percent=True,
    )
    for figure in (roc, precision):
        figure.update_xaxes(tickformat=".0%", range=[-0.02, 1.02]).update_yaxes(range=[-0.02, 1.05])
        figure.update_layout(hovermode="closest")
    return roc, precision


def bands(losses: Floats, groups: Mapping[str, NDArray[np.bool_]], *, most: int = MOST_IN_BANDS) -> dict[str, Floats]:
    """Name → (3, epochs) the 10, 50 and 90 % quantiles of the losses (n, epochs) of each group that has members.

    Of a group of more than `most`, so many evenly spaced ones stand for all.
    """
    found = {}
    for name, members in groups.items():
        rows = np.flatnonzero(members)
        if len(rows) > most:
            rows = rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
        if len(rows):
            found[name] = np.quantile(losses[rows], (0.1, 0.5, 0.9), axis=0).astype(np.float32)
    return found


def planted_counts(counts: pd.DataFrame) -> go.Figure:
    """Per class, what its label will stand on: untouched samples, cover samples and poison (see `previews`)."""
    poison, cover = counts["poisoned into it"], counts["cover samples"]
    parts = {
        "untouched": (counts["samples afterwards"] - poison - cover, GREY),
        "cover samples": (cover, ACCENT),
        "poisoned": (poison, POISON),
    }
    traces = [
        go.Bar(
            y=[literal(name) for name in counts["class"]],
            x=values,
            name=name,
            orientation="h",
            marker={"color": colour},
            hovertemplate="%{y}: %{x:,}",
        )
        for name, (values, colour) in parts.items()
        if name != "cover samples" or values.any()
    ]
    figure = figure_of(*traces, x="samples by their label afterwards", height=max(HEIGHT, 24 * len(counts)))
    return _named(figure, counts["class"].tolist()).update_layout(barmode="stack", hovermode="y unified")


def _named(figure: go.Figure, names: Sequence[str]) -> go.Figure:
    """The same with a category a name, from top to bottom; long ones lose their middle, or no room is left for bars."""
    shown = {"tickvals": list(map(literal, names)), "ticktext": list(map(literal, told_apart(names)))}
    return figure.update_yaxes(autorange="reversed", type="category", tickmode="array", **shown)


def lineage_graph(lineage: Lineage) -> str:
    """The lineage of a data set in Graphviz's language, from left to right: data, runs and revisions."""
    shapes = {"data": "cylinder", "run": "box", "revision": "note"}
    nodes = [f"{_quoted(node.key)} [label={_quoted(node.title)}, shape={shapes[node.kind]}]" for node in lineage.nodes]
    edges = [
        f"{_quoted(edge.source)} -> {_quoted(edge.target)}" + (" [style=dashed]" if edge.kind == "decided" else "")
        for edge in lineage.edges
    ]
    look = f'node [fontsize=11, fontname="sans-serif", color="{GREY}"]; edge [color="{GREY}", arrowsize=0.7]'
    return "digraph { rankdir=LR; bgcolor=transparent; " + "; ".join([look, *nodes, *edges]) + " }"


def _quoted(text: str) -> str:
    """A string of Graphviz's: what a name holds can neither end it nor be taken for markup."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
