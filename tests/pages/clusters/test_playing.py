"""Epochs that are played: one after the other, to the end, and paused where a person says so."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import runs
from core.detectors.parts.trajectories import logits
from core.runs import Run
from pages.ui.clusters import playing
from tests.pages.drawn import page, said


@pytest.fixture
def linear(two_detections: Run) -> Run:
    """The run with a map that two epochs of its losses make up."""
    places = logits(np.asarray(two_detections.array("losses")))[:, [15, 7]]
    runs.save_array(two_detections, "map-trajectories-pca", places.astype(np.float32))
    return two_detections


def play(app: AppTest) -> AppTest:
    """Press the button that plays, or pauses."""
    next(button for button in app.button if button.key == "play-epochs").click().run()
    assert not app.exception
    return app


def test_points_stand_elsewhere_after_another_epoch_and_the_window_holds_them(linear: Run) -> None:
    stood, last = playing.places_at(linear, "pca", 4), playing.places_at(linear, "pca", 16)
    assert stood is not None
    assert last is not None
    losses = logits(np.asarray(linear.array("losses")))
    np.testing.assert_allclose(stood, losses[:, [3, 3]], atol=1e-3)
    window = playing.window_of(linear, "pca")
    assert window is not None
    assert window[0][0] < stood[:, 0].min() < stood[:, 0].max() < window[0][1]


def test_playing_begins_with_the_first_epoch_and_a_pause_keeps_the_one_that_is_shown(linear: Run) -> None:
    app = play(page("trajectories"))
    assert app.session_state[playing.PLAYING][:2] == (linear.id, 1)
    assert "Median loss after epoch 1:" in said(app)
    app.session_state[playing.PLAYING] = linear.id, 5, 0.0
    app = play(app.run())
    assert playing.PLAYING not in app.session_state
    assert "Median loss after epoch 5:" in said(app)
    assert app.query_params["epoch"] == "5"


def test_a_map_that_cannot_move_says_so(two_detections: Run) -> None:
    assert playing.places_at(two_detections, "pca", 4) is None
    app = page("trajectories")
    app.session_state[playing.PLAYING] = two_detections.id, 3, 0.0
    assert "stay where they were at the end" in said(app.run())
