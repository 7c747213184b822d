"""How long is left: by what stages took before, corrected by what they take now."""

import time
from dataclasses import replace

import pytest

from core import runs
from core.data import store
from core.runs import jobs
from core.stages.progress import Reporter
from core.stages.rates import known_seconds, seconds_left, seconds_of

WEIGHTS = {"train": 60.0, "maps:umap": 6.0, "evaluate": 2.0}


def test_an_earlier_run_says_how_long_a_stage_takes(finished):
    before = runs.update(finished, stages={**finished.stages, "train": 12.0, "maps:umap": 43.0})
    longer = {**before.config, "epochs": 2 * before.config["epochs"]}
    run = runs.create(before.workspace, runs_data(before), longer, ("train", "maps:umap"))
    assert known_seconds(run, ["train", "maps:umap", "decide"]) == {"train": 24.0, "maps:umap": 43.0}
    other = runs.create(before.workspace, runs_data(before), {**longer, "model": "resnet18"}, ("train", "maps:umap"))
    assert known_seconds(other, ["train", "maps:umap"]) == {"maps:umap": 43.0}


def test_a_run_on_a_busy_machine_does_not_make_the_next_one_look_long(finished):
    quick = runs.update(finished, stages={**finished.stages, "maps:umap": 10.0})
    busy = runs.create(quick.workspace, runs_data(quick), quick.config, ("train", "maps:umap"))
    runs.update(busy, stages={"maps:umap": 90.0})
    run = runs.create(quick.workspace, runs_data(quick), quick.config, ("train", "maps:umap"))
    assert known_seconds(run, ["maps:umap"]) == {"maps:umap": 10.0}


def runs_data(run):
    """The description of its data set."""
    return store.describe(run.workspace, run.dataset)


def test_what_nobody_measured_follows_from_what_was():
    assert seconds_of(list(WEIGHTS), WEIGHTS, {}, {}) == {}
    assert seconds_of(list(WEIGHTS), WEIGHTS, {}, {"train": 30.0}) == {"train": 30, "maps:umap": 3, "evaluate": 1}


def test_a_slower_machine_makes_all_stages_slower_within_bounds():
    found = seconds_of(["train", "maps:umap"], WEIGHTS, {"train": 10.0, "maps:umap": 40.0}, {"train": 20.0})
    assert found == {"train": 20.0, "maps:umap": 80.0}
    found = seconds_of(["train", "maps:umap"], WEIGHTS, {"train": 1.0, "maps:umap": 1.0}, {"train": 1000.0})
    assert found["maps:umap"] == 8.0


def test_a_stage_corrects_its_own_estimate_and_never_says_nothing_is_left():
    assert seconds_left(8, 43, 0.0) > 10
    assert seconds_left(100, 10, 0.5) == 10
    assert seconds_left(100, 10, 0.1) == pytest.approx(0.9 * (50 + 50))
    assert seconds_left(10, 10, 1.0) == 0


def test_the_seconds_count_down_between_two_words_of_a_worker():
    said = jobs.Progress(state="running", eta=40.0, told=1000.0)
    assert jobs.seconds_left(said, 1010.0) == 30
    assert jobs.seconds_left(said, 1400.0) == 100
    assert jobs.seconds_left(replace(said, told=0.0), 1400.0) == 40
    assert jobs.seconds_left(replace(said, eta=None), 1400.0) is None


def test_a_worker_tells_what_is_left_from_its_first_word_where_a_run_was_before(finished):
    before = runs.update(finished, stages={**finished.stages, "train": 30.0, "maps:umap": 90.0})
    run = runs.create(before.workspace, runs_data(before), before.config, ("train", "maps:umap"))
    heard = []
    reporter = Reporter(run, [], heard.append, 0.0)
    reporter.begin("train", ["train", "maps:umap"])
    assert heard[-1].eta == pytest.approx(120, abs=5)
    assert heard[-1].told == pytest.approx(time.time(), abs=20)
    reporter.begin("maps:umap", ["maps:umap"])
    fractions = [one.fraction for one in heard]
    assert fractions == sorted(fractions)
    reporter.update(1.0, "")
    assert heard[-1].fraction == 1
