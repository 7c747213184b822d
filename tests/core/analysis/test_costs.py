"""What a detector will cost: worked out by hand from what the run measured."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core import runs
from core.analysis import detector_table
from core.analysis.detector_table import Cost, estimate
from core.detectors import DETECTORS
from core.errors import UserError


def measured(run, *seconds):
    """The run, its epochs said to have taken so long."""
    entries = runs.history(run)
    runs.save_json(run, "history.json", [entries[0] | {"seconds": value} for value in seconds])
    return run


def test_a_pass_costs_what_the_epochs_of_the_run_did(finished):
    # 200 training and 40 test samples: an epoch is 3 · 200 + 200 + 40 = 840 samples forward; 8.4 s is the median.
    run = measured(finished, 30.0, 8.4, 1.0)
    assert detector_table.seconds_per_pass(run) == pytest.approx(2.0)
    assert estimate(run, "strip", {}) == Cost(100, pytest.approx(200))
    assert estimate(run, "strip", {"n_copies": "7"}) == Cost(7, pytest.approx(14))
    assert estimate(run, "cognitive_distillation", {"n_steps": 10}) == Cost(30, pytest.approx(60))


def test_an_epoch_of_sharpness_aware_training_holds_two_training_passes(finished):
    run = measured(replace(finished, config={**finished.config, "sharpness": 0.1}), 14.4)
    # 6 · 200 + 200 + 40 = 1,440 samples took 14.4 s.
    assert detector_table.seconds_per_pass(run) == pytest.approx(2.0)


def test_a_repair_passes_over_what_is_left(finished):
    run = measured(finished, 8.4)
    runs.save_json(run, "changes.json", {"excluded": list(range(100)), "relabelled": {}})
    # 3 · 100 + 100 + 40 = 440 samples took 8.4 s, so 100 take 100/440 of it.
    assert detector_table.seconds_per_pass(run) == pytest.approx(8.4 * 100 / 440)


def test_without_passes_it_is_so_much_for_each_value_read(finished, monkeypatch):
    for name, n_values in (("spectre", 200 * 128), ("abl_isolation", 200 * 2), ("frequency_analysis", 200 * 16 * 16)):
        entry = replace(DETECTORS[name], nanoseconds=1000.0, fixed_seconds=0.5)
        monkeypatch.setitem(DETECTORS, name, entry)
        assert estimate(finished, name, {}) == Cost(0, pytest.approx(0.5 + n_values * 1e-6))


def test_what_was_measured_here_wins(finished):
    file = "detections/badloss.json"
    runs.save_json(finished, file, json.loads((finished.path / file).read_text()) | {"seconds": 12.5})
    assert estimate(finished, "badloss", {}) == Cost(0, 12.5)
    about = {"settings": {"n_copies": 10}, "seconds": 5.0, "notes": {}, "classes": {}}
    runs.save_json(finished, "detections/strip.json", about)
    assert estimate(measured(finished, 8.4), "strip", {"n_copies": 40}) == Cost(40, pytest.approx(20))


def test_what_is_not_known_is_said(finished):
    with pytest.raises(UserError, match="There is no detector named 'oracle'"):
        estimate(finished, "oracle", {})
    with pytest.raises(UserError, match="strip has no setting named 'depth'"):
        estimate(finished, "strip", {"depth": 1})
    with pytest.raises(UserError, match="The cost is not known yet"):
        estimate(measured(finished), "strip", {})


def test_the_cost_of_every_detector_is_told_without_torch_and_without_what_they_learn_with(finished):
    command = (
        "import sys; from pathlib import Path; from core import runs; "
        "from core.analysis.detector_table import estimate; "
        "from core.detectors import DETECTORS; run = runs.open_run(Path(sys.argv[1]), sys.argv[2]); "
        "assert all(estimate(run, name, {}).seconds > 0 for name in DETECTORS); "
        "assert not {'torch', 'sklearn', 'cleanlab'} & {*sys.modules}"
    )
    arguments = [sys.executable, "-c", command, str(finished.workspace), finished.id]
    done = subprocess.run(arguments, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
