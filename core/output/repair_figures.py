"""What came of repairs, as pages and the report show it."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from core.attacks.specification import spoken
from core.evaluation.experiments import Spread
from core.evaluation.results import GONE
from core.output.figures import figure_of
from core.output.names import literal, told_apart
from core.output.palette import ACCENT, GREY, POISON

MOST_STANDING = 5  # bars that stand; the names of more would overlap
LETTERS = 24  # of an attack's name below its bars
# The line at `GONE`: behind the bars and the figures beside them, which it would strike out.
AIM: dict[str, Any] = {"line": {"color": GREY, "dash": "dot", "width": 1}, "opacity": 0.6, "layer": "below"}


def before_after(
    before: Mapping[str, float],
    after: Mapping[str, float],
    spreads: Mapping[str, Spread] | None = None,
    classes: Sequence[str] = (),
) -> go.Figure:
    """Attack success rates before and after a repair, one pair of bars per attack; the line at `GONE` is the aim.

    The bars stand for a few attacks and lie, one attack below the other, for many. With `spreads` over seeds those
    after it are means, each with its standard deviation. Attacks on one class are named with the names of `classes`.
    """
    over = spreads or {}
    means = {name: one.mean for name, one in over.items()}
    errors = [(name in over and over[name].deviation) or 0 for name in before]
    names = [literal(name) for name in told_apart([spoken(name, classes) for name in before], LETTERS)]
    title = f"attack success rate (dotted: {GONE:.0%})"
    if lying := len(names) > MOST_STANDING:
        figure = figure_of(x=title, height=70 + 44 * len(names))
    else:
        figure = figure_of(y=title, percent=True)
    rates = {
        "before": (list(before.values()), POISON),
        "after": ([(means or after).get(name) for name in before], ACCENT),
    }
    for when, (values, colour) in rates.items():
        places = {"x": values, "y": names, "orientation": "h"} if lying else {"x": names, "y": values}
        text = "%{x:.1%}" if lying else "%{y:.1%}"
        bars = {"error_x" if lying else "error_y": {"type": "data", "array": errors}}
        figure.add_bar(
            **places,
            **(bars if over and when == "after" else {}),
            name=when,
            marker={"color": colour},
            texttemplate=text,
            textposition="outside",
            cliponaxis=False,
        )
    if lying:
        figure.add_vline(x=GONE, **AIM)
        figure.update_xaxes(range=[0, 1.12], tickformat=".0%").update_yaxes(autorange="reversed", type="category")
        return figure.update_layout(barmode="group", hovermode="y unified")
    figure.add_hline(y=GONE, **AIM)
    return figure.update_yaxes(range=[0, 1.12]).update_layout(barmode="group")


def repairs(accuracy: Mapping[str, Spread | None], success: Mapping[str, Spread | None]) -> go.Figure:
    """Clean accuracy and attack success rate after each repair, with the standard deviation over seeds as bars.

    One line a repair, from below to above.
    """
    figure = figure_of(x=f"after the repair (dotted: {GONE:.0%})", height=96 + 34 * len(accuracy))
    for name, values, colour in (("clean accuracy", accuracy, ACCENT), ("attack success rate", success, POISON)):
        figure.add_scatter(
            x=[one and one.mean for one in values.values()],
            y=list(values),
            error_x={"type": "data", "array": [one and one.deviation for one in values.values()], "width": 6},
            mode="markers",
            name=name,
            marker={"color": colour, "size": 8, "symbol": "circle" if colour == ACCENT else "diamond"},
            hovertemplate="%{x:.1%}",
        )
    figure.add_vline(x=GONE, **AIM)
    figure.update_xaxes(range=[-0.03, 1.03], tickformat=".0%").update_yaxes(type="category")
    return figure.update_layout(hovermode="y unified")
