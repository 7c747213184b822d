"""Repair by training on from the present weights, with new labels."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from core import checksums, pipeline, runs
from core.analysis.opened_run import opened
from core.errors import UserError
from core.evaluation import results
from core.runs import jobs
from core.stages import train
from core.stages.load import trained_model

STILL = 1e-7  # so low a rate that one epoch changes nothing that counts


def distance(one, other):
    """The largest difference between any two weights of two runs' models."""
    models = [trained_model(run, opened(run).data).parameters() for run in (one, other)]
    return max(float((a.data - b.data).abs().max()) for a, b in zip(*models, strict=True))


@pytest.fixture
def decided(finished):
    """The finished run with one sample excluded and three relabelled."""
    pipeline.decide(finished, [0], "exclude", reviewer="ann")
    pipeline.decide(finished, [4, 8, 12], "relabel", reviewer="ann", new_label=3)
    return finished


def test_it_starts_from_the_weights_of_the_run_that_it_repairs(decided):
    child = pipeline.work(pipeline.new_repair(decided, "continue", epochs=1, learning_rate=STILL))
    assert child.how == runs.open_run(child.workspace, child.id).how == "continue"
    assert (child.config["epochs"], child.config["learning_rate"]) == (1, STILL)
    assert child.array("losses").shape == (199, 1)
    assert distance(child, decided) < 1e-4
    compared = results.comparison(child)
    assert (compared["how"], compared["removed"], compared["relabelled"]) == ("continue", 1, 3)


def test_retraining_starts_from_nothing(decided):
    still = runs.update(decided, config={**decided.config, "epochs": 1, "learning_rate": STILL})
    child = pipeline.work(pipeline.new_repair(still))
    assert child.how == "retrain"
    assert distance(child, decided) > 0.01


def test_it_takes_up_the_new_labels(finished):
    """All of class 0 becomes class 3."""
    zeros = np.flatnonzero(opened(finished).data.labels == 0).tolist()
    pipeline.decide(finished, zeros, "relabel", reviewer="ann", new_label=3)
    child = pipeline.work(pipeline.new_repair(finished, "continue", learning_rate=3e-3))
    assert child.config["epochs"] == pipeline.continued_epochs(finished) == 3
    assert np.mean(np.array(child.array("predictions"))[zeros] == 3) > 0.8


def test_cut_short_it_goes_on_from_its_own_checkpoint(decided, monkeypatch):
    child = pipeline.new_repair(decided, "continue", epochs=2)
    whole = runs.open_run(child.workspace, shutil.copytree(child.path, child.path.with_name("whole")).name)
    pipeline.work(whole)
    written = train.write_json

    def interrupted(path, content):
        written(path, content)
        if path.name == "history.json" and len(content) == 2:
            raise jobs.Cancelled

    # The moment between two files that follow each other at once: no listener is told then.
    with monkeypatch.context() as patched:
        patched.setattr(train, "write_json", interrupted)
        with pytest.raises(jobs.Cancelled):
            pipeline.work(child)
    again = pipeline.work(child)
    assert np.array_equal(again.array("losses"), whole.array("losses"))
    assert distance(again, whole) == 0.0


@pytest.mark.parametrize(("epochs", "expected"), [(2, 3), (4, 4), (6, 6), (16, 6), (25, 7), (100, 25)])
def test_a_quarter_of_the_training_but_six_epochs_at_least_where_it_had_so_many(finished, epochs, expected):
    assert pipeline.continued_epochs(replace(finished, config={**finished.config, "epochs": epochs})) == expected


@pytest.mark.parametrize(("rate", "expected"), [(1e-3, 3e-3), (3e-3, 9e-3), (5e-3, 0.01), (0.05, 0.05)])
def test_three_times_the_rate_of_the_training_but_no_more_than_a_hundredth(finished, rate, expected):
    changed = replace(finished, config={**finished.config, "learning_rate": rate})
    assert pipeline.continued_rate(changed) == pytest.approx(expected)
    assert pipeline.continued_rate(replace(changed, plan=("load", *changed.plan[1:]))) == rate


def test_a_later_retraining_has_the_configuration_of_the_first_training(decided):
    child = pipeline.work(pipeline.new_repair(decided, "continue", epochs=1, learning_rate=STILL))
    pipeline.decide(child, [1], "exclude", reviewer="ann")
    assert pipeline.new_repair(child).config == decided.config
    again = pipeline.new_repair(child, "continue")
    first = decided.config["learning_rate"]
    assert (again.config["epochs"], again.config["learning_rate"]) == (3, pipeline.continued_rate(decided))
    assert pipeline.continued_rate(child) == pipeline.continued_rate(decided) == 3 * first
    assert runs.from_scratch(again).id == decided.id


def test_what_cannot_be_used_is_said(decided):
    for options in ({"epochs": 0}, {"learning_rate": 100.0}):
        with pytest.raises(UserError, match=r"cannot be used. It has to lie between"):
            pipeline.new_repair(decided, "continue", **options)
    with pytest.raises(UserError, match="Retraining repeats the first training"):
        pipeline.new_repair(decided, learning_rate=0.01)


def test_a_run_from_before_there_were_two_ways_opens(finished):
    path = finished.path / "run.json"
    content = json.loads(path.read_text())
    del content["how"]
    checksums.forget(finished.path, path.name)
    path.write_text(json.dumps(content))
    assert runs.open_run(finished.workspace, finished.id).how == ""
