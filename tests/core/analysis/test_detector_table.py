"""The roster: one row per detector, and what each column says."""

from dataclasses import replace

import numpy as np
import pytest

from core import pipeline, runs
from core.analysis.detector_table import agreement, cost_in_words, detector_table, leader, unmet
from core.analysis.opened_run import opened
from core.analysis.rules import Rule
from core.detectors import DETECTORS, NEEDS
from core.errors import UserError
from core.types import Detection


def test_agreement_by_hand():
    one, other = np.array([1, 1, 1, 0, 0], bool), np.array([0, 1, 1, 1, 0], bool)
    assert agreement(one, other) == 2 / 4
    assert agreement(one, one) == 1
    assert agreement(one, ~one) == 0
    assert np.isnan(agreement(one & False, one & False))


def test_the_leading_detector():
    assert leader({}) == ""
    assert leader({"badloss": None, "strip": None}) == "badloss"
    assert leader({"badloss": None, "consensus": None}) == "consensus"


def test_one_row_per_detector_the_leading_one_first(finished):
    first = next(iter(runs.detections(finished)))
    pipeline.choose_rule(finished, "badloss", Rule("budget", 7))
    found = detector_table(opened(finished))
    assert set(found["name"]) == set(DETECTORS)
    assert found["name"][0] == first
    rows = found.set_index("name")
    ran = set(runs.detections(finished))
    assert set(rows.index[rows["state"] == "ran"]) == ran
    assert set(found["name"][: len(ran)]) == ran
    assert rows.loc["badloss", "flagged"] == 7
    assert rows.loc["badloss", "rule"] == "the 7 most suspicious"
    assert rows.loc["consensus", "state"] == "can run"
    assert rows["flagged"].isna().sum() == len(DETECTORS) - len(ran)
    assert np.isnan(rows.loc[first, "agreement"])
    other = next(name for name in ran if name != first)
    assert 0 <= rows.loc[other, "agreement"] <= 1
    assert rows.loc["badloss", "needs"] == "trajectories, bona fide"
    assert rows.loc["badloss", "cost"].endswith(" s")


def test_a_detector_that_cannot_run_says_what_is_missing(finished):
    untrained = replace(finished, stages={})
    assert unmet(opened(untrained), DETECTORS["density_ratio"]) == [NEEDS["activations"]]
    row = detector_table(opened(untrained)).set_index("name").loc["density_ratio"]
    assert not row["ready"]
    assert row["state"] == "needs last-layer activations"
    with pytest.raises(UserError, match=r"Density ratio cannot run yet. It needs last-layer activations"):
        pipeline.start_detection(untrained, "density_ratio", {})


def test_a_worker_is_not_started_for_what_cannot_be(finished):
    with pytest.raises(UserError, match="There is no detector named 'nose'"):
        pipeline.start_detection(finished, "nose", {})
    with pytest.raises(UserError, match="reject_fraction=7"):
        pipeline.start_detection(finished, "badloss", {"reject_fraction": 7})


def test_costs_in_words(finished):
    runs.save_detection(
        finished, "strip", Detection(np.zeros(200, np.float32), np.zeros(200, bool)), {"n_copies": 100}, 60.0
    )
    assert cost_in_words(finished, "strip", {"n_copies": 200}, ran=True) == "about 2 min, 200 passes"
    assert cost_in_words(replace(finished, path=finished.path / "none"), "badloss", {}, ran=False) == "unknown"
