"""Repairs side by side: repetitions are one experiment, a wrong "after" is said, the removed are asked about."""

import numpy as np
import pytest

from core import pipeline, runs
from core.analysis.recovered_triggers import Estimate, save_estimates
from core.errors import UserError
from core.evaluation.experiments import Spread, class_rows, experiments, over_seeds, rows
from core.evaluation.removed import removed
from core.runs import jobs
from tests.core.commands.test_command_line import answer


@pytest.fixture
def repaired(finished):
    """The finished run, and a repair of it that left out eight samples."""
    pipeline.decide(finished, range(8), "exclude", reviewer="ann")
    return finished, pipeline.work(pipeline.new_repair(finished))


def outcome(run, accuracy, success, classes=(0.9, 0.9, 0.9, 0.9)):
    """Have a run say that this came of it."""
    figures = {"clean_accuracy": accuracy, "class_accuracy": classes, "attack_success_rate": success}
    runs.save_json(run, "outcome.json", {"outcome": figures, "trials": []})


def test_repetitions_with_other_seeds_are_one_experiment_with_a_spread(repaired):
    run, child = repaired
    outcome(run, 0.9, {"patch": 1.0})
    outcome(child, 0.88, {"patch": 0.04, "blend": 0.02})
    for made, (accuracy, success) in zip(pipeline.repeat_repair(child, 2), ((0.90, 0.06), (0.92, 0.08)), strict=True):
        assert runs.read_changes(made) == runs.read_changes(child)
        outcome(made, accuracy, {"patch": success})
        runs.update(made, stages=dict.fromkeys(made.plan, 1.0))
    [one] = experiments(run)
    assert (len(one.runs), one.finished, one.removed, one.doubts) == (3, 3, 8, ())
    assert one.accuracy[1].mean == pytest.approx(0.9)
    assert one.accuracy[1].deviation == pytest.approx(0.02)
    assert one.success[1].words() == "6.0% ± 2.0"
    assert {runs.open_run(run.workspace, name).config["seed"] for name in one.runs} == {0, 1, 2}
    save_estimates(child, [Estimate(1, 0, 0.97, 0.02, 10, True)])
    together = over_seeds([runs.open_run(run.workspace, name) for name in one.runs])
    assert (together.n, together.accuracy) == (3, one.accuracy[1])
    assert {name: spread.words() for name, spread in together.success.items()} == {
        "patch": "6.0% ± 2.0",
        "blend": "2.0%",
    }
    assert together.estimated == {1: Spread(0.02)}
    [again] = pipeline.repeat_repair(runs.open_run(run.workspace, one.runs[1]), 1)
    assert (again.config["seed"], again.name) == (3, "Tiny repaired, seed 3")


def test_a_repair_that_repeats_a_seed_is_no_other_seed(repaired):
    run, child = repaired
    outcome(run, 0.9, {"patch": 1.0})
    outcome(child, 0.88, {"patch": 0.04})
    twin = runs.update(made := pipeline.new_repair(run), stages=dict.fromkeys(made.plan, 1.0))
    outcome(twin, 0.88, {"patch": 0.04})
    [one] = experiments(run)
    assert (one.runs, one.finished, one.accuracy[1]) == ((twin.id,), 1, Spread(0.88))


def test_repairs_that_leave_out_others_or_train_otherwise_are_experiments_of_their_own(repaired):
    run, child = repaired
    pipeline.new_repair(run, "continue", epochs=1)
    pipeline.decide(run, [20], "exclude", reviewer="ann")
    pipeline.new_repair(run)
    found = experiments(run)
    assert [(one.how, one.removed, one.finished) for one in found] == [
        ("retrain", 9, 0),
        ("continue", 8, 0),
        ("retrain", 8, 1),
    ]
    assert found[0].doubts == ("not started",)
    assert found[2].runs == (child.id,)
    assert found[2].doubts[-1] == "decided otherwise since: 1 sample"
    pipeline.decide(run, [0], "relabel", reviewer="ann", new_label=1)  # it was left out: one sample, in two ways
    assert experiments(run)[2].doubts[-1] == "decided otherwise since: 2 samples"


def test_a_wrong_after_is_said(repaired):
    run, child = repaired
    outcome(run, 0.9, {"patch": 0.5}, (0.9, 0.9, 0.9, 0.9))
    outcome(child, 0.85, {"patch": 0.7}, (0.9, 0.7, 0.9, 0.9))
    [one] = experiments(run)
    assert one.doubts == (
        "clean accuracy fell by 5.0 points",
        "the attack succeeds more often: 70%",
        "accuracy of class 1 fell by 20 points",
    )
    outcome(child, 0.89, {"patch": 0.3})
    assert experiments(run)[0].doubts == ("the attack still succeeds: 30%",)
    outcome(child, 0.89, {"patch": 0.1})
    assert experiments(run)[0].doubts == ()


def test_a_repair_that_failed_says_why(repaired):
    run, _ = repaired
    child = pipeline.new_repair(run, "continue", epochs=1)
    broken = jobs.Progress(state="failed", error=UserError("The disk is full.", "", "Free space.").as_dict())
    jobs.write(child.path, broken)
    assert experiments(run)[0].doubts == ("failed: The disk is full.",)


def test_where_no_attack_is_known_the_recovered_triggers_are_told_and_called_estimated(repaired):
    run, child = repaired
    outcome(run, 0.9, {})
    outcome(child, 0.9, {})
    assert rows(experiments(run))[0]["success_is"] == "unknown"
    save_estimates(child, [Estimate(1, 0, 0.97, 0.02, 10, True), Estimate(2, 1, 0.8, 0.05, 10, True)])
    [row] = rows(experiments(run))
    assert (row["success_is"], row["success_before"], row["success_after"]) == ("estimated", 0.97, 0.05)


def test_the_class_that_lost_most_comes_first_and_one_without_test_samples_is_left_out(repaired):
    run, child = repaired
    outcome(run, 0.9, {}, (0.9, None, 0.8, 0.7))
    outcome(child, 0.9, {}, (0.9, None, 0.5, 0.8))
    listed = class_rows(experiments(run), ("a", "b", "c", "d"))
    assert [row["class"] for row in listed] == ["c", "a", "d"]
    assert listed[0] == {"class": "c", "before": 0.8, child.id: 0.5}


def test_the_repaired_model_is_asked_about_what_was_removed(repaired):
    _, child = repaired
    fate = removed(child)
    assert fate.ids.tolist() == list(range(8))
    assert fate.probably_clean.tolist() == fate.ids[fate.labels == fate.predicted].tolist()
    assert np.isin(fate.predicted, range(4)).all()
    (child.path / "removed-predicted.npy").unlink()
    (child.path / "checksums.json").unlink()
    assert removed(child) is None


def test_a_repair_is_repeated_and_listed_on_the_command_line(repaired):
    run, child = repaired
    with pytest.raises(UserError, match="is not a repair"):
        pipeline.repeat_repair(run, 1)
    with pytest.raises(UserError, match="cannot be repeated 21 times"):
        pipeline.repeat_repair(child, 21)
    found = answer(run.workspace, "repeat-repair", child.id, "--times", 1)
    assert (found["parent"], found["seeds"], found["finished"]) == (run.id, 2, 2)
    [line] = answer(run.workspace, "repairs", run.id)
    assert line["repair"] == child.id
    assert line["accuracy_deviation"] is not None
    assert "of 8 removed samples" in line["removed_since"]
    assert {row["class"] for row in answer(run.workspace, "repairs", run.id, "--classes")} == {
        f"class {index}" for index in range(4)
    }


def test_a_single_figure_has_no_deviation():
    assert Spread(0.5).words() == "50.0%"
