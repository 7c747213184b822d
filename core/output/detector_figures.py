"""How detectors compare and how suspicion is spread, as pages show it."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.output.figures import figure_of, suspicion_axis
from core.output.names import literal, told_apart
from core.output.palette import ACCENT
from core.types import Floats, Ints

PALE = "#D3DCDF"  # of no agreement; not see-through, for Plotly chooses black or white words by a cell's own colour
LONGEST = 22  # characters of a detector above its column
MOST_WITH_WORDS = 15  # detectors whose fractions stand in the matrix; of more they would overlap


def overlap_matrix(titles: Sequence[str], both: Ints, fraction: Floats) -> go.Figure:
    """Of what the detector of each row flags, the fraction that that of each column flags, too.

    Args:
        titles: (m,) of the detectors.
        both: (m, m) how many samples both flag.
        fraction: (m, m); NaN where a detector flags nothing.
    """
    names = [literal(title) for title in titles]
    short = list(map(literal, told_apart(titles, LONGEST)))
    words = [["–" if np.isnan(value) else f"{value:.0%}" for value in row] for row in fraction]
    heat = go.Heatmap(
        z=fraction,
        x=names,
        y=names,
        zmin=0,
        zmax=1,
        colorscale=[(0, PALE), (1, ACCENT)],
        showscale=False,
        xgap=2,
        ygap=2,
        text=words if len(names) <= MOST_WITH_WORDS else None,
        texttemplate="%{text}",
        customdata=both,
        hovertemplate="both flag %{customdata:,}: %{z:.0%} of %{y}<br>are flagged by %{x}, too<extra></extra>",
    )
    figure = figure_of(heat, height=100 + 27 * max(len(names), 3)).update_layout(hovermode="closest")
    figure.update_xaxes(side="top", tickmode="array", tickvals=names, ticktext=short, tickangle=-35)
    return figure.update_yaxes(autorange="reversed")


def suspicion_bars(
    suspicion: Floats, groups: Mapping[str, NDArray[np.bool_]]
) -> tuple[list[float], list[tuple[float, str]], dict[str, list[int]]]:
    """The same spread as bars of one width: the values of their edges, the ticks, and the counts of each group.

    The axis is logarithmic where `suspicion_histogram` has it so.
    """
    place, ticks = suspicion_axis(suspicion)
    edges = np.histogram_bin_edges(place(suspicion), bins=60)
    values = 10**edges if ticks else edges
    counts = {name: np.histogram(place(suspicion[members]), edges)[0].tolist() for name, members in groups.items()}
    span = float(edges[-1] - edges[0]) or 1.0
    if ticks:
        marks = [((at - edges[0]) / span, text) for at, text in zip(ticks["tickvals"], ticks["ticktext"], strict=True)]
    else:
        marks = [(at, f"{edges[0] + at * span:.3g}") for at in (0.0, 0.25, 0.5, 0.75, 1.0)]
    return values.tolist(), [(float(at), text) for at, text in marks if 0 <= at <= 1], counts
