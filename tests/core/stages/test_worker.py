"""A worker goes on where a detector is refused: the run is as finished as it would be without that detector."""

import pytest

from core import pipeline, runs
from core.data import store
from core.errors import UserError
from core.runs import jobs
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
