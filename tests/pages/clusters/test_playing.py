"""Epochs that are played: where all points stood is sent once, and where it stops is the epoch of the page."""

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import runs
from core.analysis.opened_run import opened
from core.detectors.parts.trajectories import logits
from core.runs import Run
from pages.ui.clusters import playing
from pages.ui.widgets.crowd import HIDDEN
from pages.ui.widgets.held import held
from tests.pages.drawn import SAMPLES, field, page, said, walk


@pytest.fixture
def linear(two_detections: Run) -> Run:
    """The run with a map that two epochs of its losses make up."""
    places = logits(np.asarray(two_detections.array("losses")))[:, [15, 7]]
    runs.save_array(two_detections, "map-trajectories-pca", places.astype(np.float32))
    return two_detections


def test_points_stand_elsewhere_after_another_epoch_and_the_window_holds_them(linear: Run) -> None:
    stood, last = playing.places_at(linear, "pca", 4), playing.places_at(linear, "pca", 16)
    assert stood is not None
    assert last is not None
    losses = logits(np.asarray(linear.array("losses")))
    np.testing.assert_allclose(stood, losses[:, [3, 3]], atol=1e-3)
    window = playing.window_of(linear, "pca")
    assert window is not None
    assert window[0][0] < stood[:, 0].min() < stood[:, 0].max() < window[0][1]


def test_all_epochs_are_sent_once_by_address_and_a_stop_is_the_epoch_of_the_page(linear: Run) -> None:
    app = page("trajectories")
    [sent] = players(app)
    assert (sent["epoch"], sent["last"]) == (16, 16)
    content = held(sent["places"].removeprefix("held/").removesuffix(".bin"))
    assert content is not None
    stood = np.frombuffer(content, np.float32).reshape(16, SAMPLES, 2)
    np.testing.assert_allclose(stood[3], playing.places_at(linear, "pca", 4), atol=1e-4)
    np.testing.assert_array_equal(stood[15], linear.array("map-trajectories-pca"))
    assert [name for name, _ in sent["medians"]] == ["all classes", "bona fide"]
    field(app, "Beside").select("class").run()
    first, second = players(app)[0]["maps"]
    assert first["groups"] != second["groups"]
    assert players(app)[0]["places"] == sent["places"]


def test_of_a_chosen_class_alone_the_points_glide_in_a_window_of_their_own(linear: Run) -> None:
    app = page("trajectories")
    [everything] = players(app)
    field(app, "Class").select(3).run()
    [sent] = players(app)
    content = held(sent["maps"][0]["groups"].removeprefix("held/").removesuffix(".bin"))
    assert content is not None
    labels = opened(linear).data.labels
    np.testing.assert_array_equal(np.frombuffer(content, np.uint8) != HIDDEN, labels == 3)
    for window in ("around", "end"):
        assert np.ptp(sent[window], axis=1).sum() < np.ptp(everything[window], axis=1).sum()


def test_a_map_that_cannot_move_says_so(two_detections: Run) -> None:
    assert playing.places_at(two_detections, "pca", 4) is None
    app = page("trajectories")
    assert players(app) == []
    app.query_params["epoch"] = "3"
    assert "stay where they were at the end" in said(app.run())


def players(app: AppTest) -> list[dict[str, Any]]:
    """What the button that plays was sent."""
    protos = (one.proto for one in walk(app.main) if getattr(one, "type", "") == "bidi_component")  # type: ignore[attr-defined]
    return [sent for proto in protos if proto.json and "medians" in (sent := json.loads(proto.json))]
