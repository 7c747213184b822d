"""The epochs of the trajectories as a slider that moves the points, and a button that plays them."""

import time

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.analysis import moving
from core.runs import Run
from pages.ui.cache import cached, stamps
from pages.ui.cache.of_run import of_run
from pages.ui.clusters.maps import EPOCH
from pages.ui.widgets import view
from pages.ui.widgets.bound import bound
from pages.ui.widgets.scatter_option import Window

STEP = 0.7  # seconds from one epoch to the next; a page is drawn in a third of that
MARGIN = 0.04  # of the window around all movement
PLAYING = "playing"  # where the session keeps the epoch while they are played


def epoch_now(run: Run, chosen: int) -> int:
    """The epoch to show: the one that is being played, else the chosen one."""
    playing = st.session_state.get(PLAYING)
    return int(playing[1]) if playing and playing[0] == run.id else chosen


def places_at(run: Run, method: str, epoch: int) -> NDArray[np.float32] | None:
    """The places of a map of trajectories after an epoch; None where the map cannot say."""
    return _places_at(run, method, epoch)


def window_of(run: Run, method: str) -> Window | None:
    """The window around the whole movement."""
    found = _window_of(run, method)
    if found is None:
        return None
    low, high = found
    room = MARGIN * np.maximum(high - low, 1e-9)
    return [[float(low[axis] - room[axis]), float(high[axis] + room[axis])] for axis in (0, 1)]


def epochs(run: Run, now: int, last: int) -> None:
    """The slider of epochs with a button that plays them; the chosen epoch is in the address, unless it is the last."""
    if last < 2:
        return

    def moved(epoch: int) -> None:
        st.session_state.pop(PLAYING, None)
        view.choose(EPOCH, "" if epoch == last else str(epoch))

    playing = epoch_now(run, 0) > 0
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.button(
            "",
            key="play-epochs",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            help="Pause" if playing else "Play: see the samples being learned.",
            on_click=_pause if playing else _play,
            args=(now, last) if playing else (run, now, last),
        )
        st.slider(
            "Epoch",
            1,
            last,
            help="Moves the points to where they stood after that epoch, and marks it on the curves.",
            **bound(f"view-{EPOCH}", now, moved),
        )


def go_on(run: Run, last: int) -> None:
    """Have the next epoch follow once this one was seen; the last thing that a page draws, for drawing takes time."""
    playing = st.session_state.get(PLAYING)
    if playing and playing[0] == run.id:
        st.session_state[PLAYING] = (*playing[:2], time.monotonic())
        _tick(run, last)


def _play(run: Run, now: int, last: int) -> None:
    st.session_state[PLAYING] = run.id, 1 if now >= last else now, time.monotonic()


def _pause(now: int, last: int) -> None:
    st.session_state.pop(PLAYING, None)
    view.choose(EPOCH, "" if now == last else str(now))


@st.fragment(run_every=STEP)
def _tick(run: Run, last: int) -> None:
    """The next epoch, once the present one was shown long enough; the last one ends it."""
    playing = st.session_state.get(PLAYING)
    if not playing or time.monotonic() - playing[2] < STEP / 2:  # it was drawn with the page just now
        return
    if playing[1] + 1 >= last:
        _pause(last, last)
    else:
        st.session_state[PLAYING] = run.id, playing[1] + 1, time.monotonic()
    st.rerun()


@of_run(stamps.made, most=64)
def _places_at(run: Run, method: str, epoch: int) -> NDArray[np.float32] | None:
    return moving.places_at(cached.losses(run), cached.map_points(run, f"trajectories-{method}"), epoch)


@of_run(stamps.made, most=8)
def _window_of(run: Run, method: str) -> NDArray[np.float32] | None:
    return moving.window_of(cached.losses(run), cached.map_points(run, f"trajectories-{method}"))
