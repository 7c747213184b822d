"""A worker goes on where a detector is refused or a map fails: the rest of the plan is done."""

import pytest

from core import pipeline, runs
from core.data import store
from core.errors import UserError
from core.runs import jobs
from core.stages import maps
from core.training.config import TrainConfig

REFUSED = "bona fide samples"


@pytest.fixture
def planned(workspace, make_dataset):
    """A run on samples of which none is bona fide, whose plan has BaDLoss, which needs some, in its middle."""
    info = store.save(workspace, make_dataset(40, n_test=8), source="test")
    plan = ("train", "activations", "detect:badloss", "detect:activation_clustering", "evaluate")
    return pipeline.new_run(workspace, info.id, TrainConfig(epochs=1), plan=plan)


def test_what_follows_a_refused_detector_is_done_and_the_refusal_is_told(planned):
    with pytest.raises(UserError, match=REFUSED):
        pipeline.work(planned)
    run = runs.current(planned)
    assert run.left == []
    assert list(run.stages) == ["train", "activations", "detect:activation_clustering", "evaluate"]
    progress = jobs.poll(run.path)
    assert (progress.state, progress.stopped) == ("done", False)
    assert REFUSED in " ".join(progress.error.values())


def test_what_follows_a_refused_decision_is_done(workspace, make_dataset):
    info = store.save(workspace, make_dataset(40, n_test=8), source="test")
    run = pipeline.new_run(workspace, info.id, TrainConfig(epochs=1), plan=("train", "decide:untrained", "evaluate"))
    with pytest.raises(UserError, match="activations"):
        pipeline.work(run)
    assert runs.current(run).left == []
    assert list(runs.current(run).stages) == ["train", "evaluate"]


def test_a_detector_that_is_refused_on_a_finished_run_leaves_it_finished(planned):
    with pytest.raises(UserError, match=REFUSED):
        pipeline.work(planned)
    with pytest.raises(UserError, match=REFUSED):
        pipeline.detect(runs.current(planned), "badloss", {})
    assert runs.current(planned).left == []
    assert jobs.poll(planned.path).state == "done"
    pipeline.detect(runs.current(planned), "activation_clustering", {})
    assert jobs.poll(planned.path).error is None


@pytest.fixture
def without_umap(workspace, make_dataset, monkeypatch):
    """A run in whose plan comes a map that cannot be drawn, before what needs none."""

    def broken(*_):
        raise ValueError("no neighbours")

    info = store.save(workspace, make_dataset(40, n_test=8), source="test")
    plan = ("train", "activations", "maps:umap", "detect:activation_clustering", "maps:pca", "decide:untrained")
    with monkeypatch.context() as patch:
        patch.setitem(maps.METHODS, "umap", broken)  # nothing that a person can give makes a map fail
        run = pipeline.new_run(workspace, info.id, TrainConfig(epochs=1), plan=plan)
        with pytest.raises(UserError, match="Drawing maps with UMAP failed"):
            pipeline.work(run)
    return runs.current(run)


def test_a_map_that_fails_keeps_nothing_else_from_being_done_and_says_why(without_umap):
    assert list(without_umap.stages)[2:] == ["detect:activation_clustering", "maps:pca", "decide:untrained"]
    assert without_umap.left == ["maps:umap"]
    progress = jobs.poll(without_umap.path)
    assert (progress.state, progress.stopped) == ("failed", True)
    assert "ValueError: no neighbours" in progress.error["detail"]


def test_a_map_that_failed_is_drawn_when_the_run_is_resumed(without_umap):
    run = pipeline.work(without_umap)
    assert run.left == []
    assert run.has("map-all-umap.npy")
    assert jobs.poll(run.path).state == "done"
