"""No page leads to a question that nothing can answer yet, and none has two buttons that stand out."""

import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.screen.review import made_up_run
from core import pipeline, runs
from core.data import store
from core.files import write_json
from core.runs import Run, jobs, worker_lock
from core.runs.jobs import Progress
from core.training.config import TrainConfig
from core.types import Detection
from pages.ui.shell import journey
from tests.core.conftest import tiny
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.decided import decided, made_decision
from tests.pages.drawn import FEW, SAMPLES, drawn, page, said, walk

JOURNEY = ("overview", "data", "train", "clusters", "trajectories", "detect", "bona_fide", "review", "repair", "report")
EPOCH = {"epoch": 1, "train_loss": 1.0, "train_accuracy": 0.5, "test_loss": 1.0, "test_accuracy": 0.5}


def onward(name: str) -> list[str]:
    """The page that each link "Next: …" of a page leads to."""
    titles = {question[0].lower() + question[1:]: other for other, question in journey.QUESTIONS.items()}
    links = re.findall(r'label: "Next: ([^"]+)"', "\n".join(drawn(page(name), "page_link")))
    return [titles[link.replace("\\'", "'")] for link in links]


def primary(app: AppTest) -> list[str]:
    """The labels of the buttons that stand out; the chosen family of Review does, too, and is no button to go on."""
    buttons = (one for one in walk(app.main) if getattr(one, "type", "") == "button")
    chosen = [one for one in buttons if one.proto.type == "primary"]  # type: ignore[attr-defined]
    return [one.label for one in chosen if not str(one.key).startswith("choose-family-")]  # type: ignore[attr-defined]


def crowded() -> dict[str, list[str]]:
    """The pages on which more than one button stands out, with all of them."""
    return {name: labels for name in JOURNEY if len(labels := primary(page(name))) > 1}


@pytest.fixture
def begun(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run whose training has finished one epoch of several."""
    monkeypatch.setenv("ASSAY_WORKSPACE", str(workspace))
    be(REVIEWER, monkeypatch)
    info = store.save(workspace, tiny(40, n_test=8), source="test")
    run = runs.create(workspace, info, asdict(TrainConfig()), tuple(pipeline.full_plan(info)))
    write_json(run.path / "history.json", [EPOCH])
    return run


@pytest.fixture
def undetected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that is trained, on which no detector has run."""
    monkeypatch.setenv("ASSAY_WORKSPACE", str(tmp_path))
    be(REVIEWER, monkeypatch)
    return made_up_run(tmp_path, SAMPLES, 0.1, (8, 8, 1), ())


def test_data_without_a_run_lead_to_a_training_of_them(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_WORKSPACE", str(workspace))
    store.save(workspace, tiny(8), source="test")
    assert onward("data") == onward("train") == []
    assert "Train a model on these data" in "".join(drawn(page("data"), "page_link"))


@pytest.mark.parametrize("state", ["cancelled", "failed"])
def test_a_training_that_stopped_is_gone_on_with_before_another_is_begun(state: str, begun: Run) -> None:
    error = {"title": "No room.", "detail": "", "hint": ""} if state == "failed" else None
    jobs.write(begun.path, Progress(state, "Training", fraction=0.1, error=error))
    assert onward("train") == []
    assert primary(page("train")) == ["Resume"]
    assert crowded() == {}


def test_while_a_model_is_trained_nothing_is_asked_of_it(begun: Run) -> None:
    with worker_lock.holding(begun.path):
        jobs.write(begun.path, Progress("running", "Training", started=1.0, fraction=0.2))
        assert onward("train") == []
        assert onward("data") == ["train"]
        assert primary(page("train")) == ["Train"]
        assert [words in said(page("clusters")) for words in ("Watch the training", "Look at the data")] == [True] * 2


def test_without_a_detector_nothing_is_to_be_reviewed(undetected: Run) -> None:
    assert [onward(name) for name in ("train", "trajectories", "detect")] == [["clusters"], ["detect"], []]
    assert primary(page("detect")) == ["Run"]
    assert crowded() == {}


def test_with_flags_each_page_leads_to_the_next(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    ways = [("train", "clusters"), ("clusters", "trajectories"), ("trajectories", "detect"), ("detect", "review")]
    for name, after in [*ways, ("review", "repair"), ("repair", "report")]:
        assert onward(name) == [after]
    assert crowded() == {}
    decided(two_detections, made_decision("backdoor"))
    assert crowded() == {}


def test_where_nothing_is_left_out_review_leads_to_the_report(
    two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    pipeline.decide(two_detections, range(FEW), "keep", reviewer="ann")
    assert onward("review") == ["report"]
    none = Detection(np.zeros(SAMPLES, np.float32), np.zeros(SAMPLES, np.bool_))
    runs.save_detection(two_detections, "consensus", none, {}, 1.0)
    assert onward("review") == ["report"]
    pipeline.decide(two_detections, [0], "exclude", reviewer="ann")
    assert onward("review") == ["repair"]


@pytest.mark.parametrize("name", ["review", "repair"])
def test_where_no_detector_has_been_run_there_is_a_link_to_run_one(undetected: Run, name: str) -> None:
    runs.update(undetected, stages={**undetected.stages, "evaluate": 1.0})
    app = page(name)
    assert any("run one on Detect" in one.value for one in app.info)
    [link] = [one for one in drawn(app, "page_link") if "Run a detector" in one]
    assert 'page: "detect"' in link
