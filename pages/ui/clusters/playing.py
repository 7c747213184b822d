"""The epochs of the trajectories as a slider that moves the points, and a button that plays them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.analysis import moving
from core.runs import Run
from core.runs.plan import maps
from core.types import Bools, Floats
from pages.ui.cache import cached, stamps
from pages.ui.cache.of_run import of_run
from pages.ui.clusters.glide import Look, glide
from pages.ui.clusters.maps import EPOCH, Controls, coloured
from pages.ui.selection.selection import selected
from pages.ui.widgets import view
from pages.ui.widgets.bound import bound
from pages.ui.widgets.crowd import HIDDEN
from pages.ui.widgets.scatter_option import AXES, Window, window_around

MARGIN = 0.04  # of the window around all movement
MOST = 100_000  # points that glide; of more, evenly spaced ones do: 16 epochs of these are 13 MB


def places_at(run: Run, method: str, epoch: int) -> NDArray[np.float32] | None:
    """The places of a map of trajectories after an epoch; None where the map cannot say."""
    return _places_at(run, method, epoch)


def window_of(run: Run, method: str, index: int | None = None) -> Window | None:
    """The window around the whole movement, or that of one class; None where nothing moves."""
    found = _window_of(run, method, index)
    if found is None:
        return None
    low, high = found
    room = MARGIN * np.maximum(high - low, 1e-9)
    return [[float(low[axis] - room[axis]), float(high[axis] + room[axis])] for axis in (0, 1)]


def epochs(
    run: Run,
    table: pd.DataFrame,
    looks: Sequence[Controls],
    now: int,
    medians: Sequence[tuple[str, Floats]],
) -> None:
    """The slider of epochs with a button that plays them; the chosen epoch is in the address, unless it is the last.

    Args:
        run: under review.
        table: all samples.
        looks: what is chosen for each map on the page.
        now: the epoch that is shown.
        medians: of groups, the name and the losses, to be read while the points move.
    """
    last = cached.losses(run).shape[1]
    if last < 2:
        return

    def moved(epoch: int) -> None:
        view.choose(EPOCH, "" if epoch == last else str(epoch))

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        method, index = looks[0].method.lower(), looks[0].class_index
        around = window_of(run, method, index) if run.done(maps(method)) else None
        if around is not None:
            with st.container(key="play-epochs", width=44):
                rows = table.iloc[:: -(-len(table) // MOST)]
                glide(
                    _stood(run, method),
                    _looks(run, rows, looks),
                    key=f"glide-{run.id}-{method}",
                    epoch=now,
                    selected=np.isin(rows["id"].to_numpy(), selected(run)),
                    windows=(around, _window_at_last(run, method, index)),
                    medians=medians,
                    then=moved,
                )
        st.slider(
            "Epoch",
            1,
            last,
            help="Moves the points to where they stood after that epoch, and marks it on the curves.",
            **bound(f"view-{EPOCH}", now, moved),
        )


def _looks(run: Run, rows: pd.DataFrame, looks: Sequence[Controls]) -> list[Look]:
    """How the points that glide look on each map."""
    styled = []
    for look in looks:
        found = coloured(run, rows, look.colour)
        left = look.narrowing.of(run, rows) & of_class(rows, look.class_index)
        groups = np.where(left, found.groups, HIDDEN).astype(np.uint8)
        styled.append(Look(groups, list(found.styles.values()), len(looks) > 1))
    return styled


def of_class(table: pd.DataFrame, index: int | None) -> Bools:
    """(n,) whether a sample of the table is drawn: those of one class are, or all of them for None."""
    drawn: Bools = np.ones(len(table), np.bool_) if index is None else (table["label"] == index).to_numpy()
    return drawn


def _window_at_last(run: Run, method: str, index: int | None) -> Window:
    """What the map has in view after the last epoch."""
    places = np.asarray(cached.map_points(run, f"trajectories-{method}"))
    return window_around(pd.DataFrame(places[of_class(cached.table(run), index)], columns=AXES))


@of_run(stamps.made, most=4)
def _stood(run: Run, method: str) -> NDArray[np.float32]:
    """(epochs, n, 2) of the points that glide."""
    losses, places = cached.losses(run), cached.map_points(run, f"trajectories-{method}")
    some = slice(None, None, -(-len(losses) // MOST))
    stood = moving.all_places(losses, places, some)
    return places[None, some] if stood is None else stood


@of_run(stamps.made, most=64)
def _places_at(run: Run, method: str, epoch: int) -> NDArray[np.float32] | None:
    return moving.places_at(cached.losses(run), cached.map_points(run, f"trajectories-{method}"), epoch)


@of_run(stamps.made, most=32)
def _window_of(run: Run, method: str, index: int | None) -> NDArray[np.float32] | None:
    rows = slice(None) if index is None else np.flatnonzero(of_class(cached.table(run), index))
    return moving.window_of(cached.losses(run), cached.map_points(run, f"trajectories-{method}"), rows)
