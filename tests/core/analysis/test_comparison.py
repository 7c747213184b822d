"""Detectors compared: overlap, the cost of all others, and the border of what is flagged."""

import numpy as np
import pytest

from core import pipeline, runs
from core.analysis.comparison import STRICTNESS, border, line_of, overlap, runnable, stepped, without_strictness
from core.analysis.opened_run import opened
from core.analysis.rules import Rule, flags
from core.detectors import DETECTORS
from core.errors import UserError
from core.registry import tunables
from core.types import Detection
from tests.core.evidence import poisoned_evidence

SUSPICION = np.array([9, 8, 7, 7, 7, 3, 2, 1], np.float32)
NONE = np.zeros(8, bool)


def detection(*flagged: int) -> Detection:
    return Detection(SUSPICION, np.isin(np.arange(8), flagged))


def moved(found: Detection, steps: int) -> list[int]:
    return np.flatnonzero(flags(found, NONE, stepped(found, NONE, steps))).tolist()


def test_overlap_is_of_what_the_row_flags_and_nothing_of_nothing():
    found = overlap({"one": detection(0, 1), "other": detection(1, 2, 3, 4), "none": detection()})
    assert found.both.tolist() == [[2, 1, 0], [1, 4, 0], [0, 0, 0]]
    assert found.fraction[0].tolist() == [1.0, 0.5, 0.0]
    assert found.fraction[1, 0] == 0.25
    assert np.isnan(found.fraction[2]).all()
    assert overlap({}).both.shape == (0, 0)


def test_the_border_is_nearest_first_and_leaves_bona_fide_samples_out():
    bona_fide = np.isin(np.arange(8), [5])
    found = border(detection(0, 1, 2), bona_fide, most=2)
    assert found.above.tolist() == [2, 1]
    assert found.below.tolist() == [3, 4]
    assert border(detection(0, 1, 2, 3, 4), bona_fide, most=2).below.tolist() == [6, 7]
    assert border(detection(), NONE).above.tolist() == []


def test_a_step_flags_one_sample_more_or_fewer():
    assert moved(detection(0, 1), 1) == [0]
    assert moved(detection(0, 1, 2, 3, 4), -1) == [0, 1, 2, 3, 4, 5]
    assert moved(detection(0), 1) == []
    assert moved(detection(), -1) == [0]
    assert moved(detection(0), -100) == list(range(8))
    assert moved(detection(0), 100) == []


def test_the_line_flags_as_many_as_the_rule_does():
    assert line_of(detection(0, 1), NONE) == 8
    assert line_of(detection(0, 6), NONE) == 8
    assert line_of(detection(), NONE) is None
    assert line_of(detection(1, 2), np.isin(np.arange(8), [0])) == 7


def test_equal_samples_are_flagged_together_and_a_step_always_moves():
    assert moved(detection(0, 1), -1) == [0, 1, 2, 3, 4]
    assert moved(detection(0, 1, 2, 3, 4), 1) == [0, 1]
    same = Detection(np.ones(4, np.float32), np.ones(4, bool))
    assert not flags(same, np.zeros(4, bool), stepped(same, np.zeros(4, bool), 1)).any()
    assert stepped(Detection(np.empty(0, np.float32), np.empty(0, bool)), np.empty(0, bool), 1) == Rule("threshold", 0)


def test_what_could_run_is_named_with_its_seconds_the_cheap_first(finished):
    found = runnable(opened(finished))
    assert set(found).isdisjoint(runs.detections(finished))
    assert "consensus" in found
    assert list(found.values()) == sorted(found.values())
    assert min(found.values()) > 0


def test_all_others_are_planned_cheap_ones_first_for_one_worker(finished, asked_of_workers):
    expected = list(runnable(opened(finished)))
    assert list(pipeline.start_all_detections(finished)) == expected
    planned = [stage for stage in runs.open_run(finished.workspace, finished.id).left if stage.startswith("detect:")]
    assert planned == [f"detect:{name}" for name in expected]
    assert len(asked_of_workers) == 1


def test_where_no_other_can_run_that_is_said(finished, asked_of_workers):
    n = len(opened(finished).data)
    for name in runnable(opened(finished)):
        runs.save_detection(finished, name, Detection(np.zeros(n, np.float32), np.zeros(n, bool)), {}, 1.0)
    with pytest.raises(UserError, match="No other detector can run"):
        pipeline.start_all_detections(finished)
    assert asked_of_workers == []


def test_settings_of_strictness_are_left_to_the_rule():
    fields = [name for entry in DETECTORS.values() for name in tunables(entry.load())]
    assert set(STRICTNESS) <= set(fields)
    assert without_strictness(["n_neighbors", "reject_fraction"]) == ["n_neighbors"]


@pytest.mark.parametrize("name", ["badloss", "independent_component_outliers", "abl_isolation"])
def test_a_setting_of_strictness_leaves_the_suspicion_as_it_is(name):
    detect, evidence = DETECTORS[name].load(), poisoned_evidence()[0]
    setting = next(field for field in tunables(detect) if field in STRICTNESS)
    low, high = (detect(evidence, **{setting: value}) for value in (0.02, 0.2))
    assert np.array_equal(low.suspicion, high.suspicion)
    assert low.flagged.sum() < high.flagged.sum()
