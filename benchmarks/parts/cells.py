"""Figures over seeds as the tables write them: mean ± standard deviation, a dash where nothing was measured."""

from collections.abc import Sequence

import numpy as np


def percent(values: Sequence[float | None]) -> str:
    """Mean ± sd of fractions in [0, 1], in percent; None and NaN are left out."""
    return _cell([None if value is None else 100 * value for value in values], 1, " %")


def number(values: Sequence[float | None], digits: int = 3) -> str:
    """Mean ± sd with so many digits after the point; None and NaN are left out."""
    return _cell(values, digits, "")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table."""
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _cell(values: Sequence[float | None], digits: int, unit: str) -> str:
    known = [value for value in values if value is not None and not np.isnan(value)]
    if not known:
        return "–"
    spread = f" ± {np.std(known):.{digits}f}" if len(known) > 1 else ""
    return f"{np.mean(known):.{digits}f}{spread}{unit}"
