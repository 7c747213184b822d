"""Before there is a run, and where one has failed, every page says so once and offers the step that leads on."""

from dataclasses import asdict
from pathlib import Path

import pytest

from core import pipeline, runs
from core.data import store
from core.files import write_json
from core.runs import Run, jobs
from core.runs.jobs import Progress
from core.training.config import TrainConfig
from tests.core.conftest import tiny
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import drawn, page, said

OF_A_RUN = ("clusters", "trajectories", "detect", "bona_fide", "review", "repair", "report", "trigger")
ERROR = {
    "title": "The job stopped on an unexpected error.",
    "detail": "MemoryError: no room (3 GiB)",
    "hint": "See the log.",
}
SAID = "**The job stopped on an unexpected error.** MemoryError: no room (3 GiB). See the log."


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASSAY_WORKSPACE", str(tmp_path))
    be(REVIEWER, monkeypatch)
    return tmp_path


@pytest.fixture
def failed(here: Path) -> Run:
    """A run whose training raised before its first epoch."""
    info = store.save(here, tiny(40, n_test=8), source="test")
    run = runs.create(here, info, asdict(TrainConfig()), tuple(pipeline.full_plan(info)))
    jobs.write(run.path, Progress("failed", "Training", error=ERROR))
    return run


@pytest.mark.parametrize("name", OF_A_RUN)
def test_with_data_and_no_run_a_page_leads_to_the_training(name: str, here: Path) -> None:
    assert "Open data or start the demo" in said(page(name))
    store.save(here, tiny(8, name="shapes"), source="test")
    app = page(name)
    assert any("shapes is open, and no model is trained yet." in one.value for one in app.info)
    [link] = drawn(app, "page_link")
    assert "Train a model" in link


def test_train_without_data_says_one_thing(here: Path) -> None:
    app = page("train")
    assert len(app.info) == 1
    [link] = drawn(app, "page_link")
    assert "Open data or start the demo" in link
    assert not app.columns


@pytest.mark.parametrize("name", ["overview", "train", *OF_A_RUN])
def test_a_failed_run_says_why_once_and_can_be_resumed_on_every_page(name: str, failed: Run) -> None:
    app = page(name)
    assert [one.value.replace("\\", "") for one in app.error] == [SAID]
    assert [one.label for one in app.main.button if one.label == "Resume"] == ["Resume"]
    assert drawn(app, "plotly_chart") == []  # nothing was learned, and there are no curves of it


def test_a_failure_after_the_detectors_is_said_once_on_detect(two_detections: Run) -> None:
    run = runs.update(two_detections, plan=(*two_detections.plan, "decide"))
    jobs.write(run.path, Progress("failed", "Deciding", error=ERROR))
    assert [one.value.replace("\\", "") for one in page("detect").error] == [SAID]


def test_trajectories_shows_the_curves_where_no_map_could_be_drawn(two_detections: Run) -> None:
    stages = {stage: took for stage, took in two_detections.stages.items() if not stage.startswith("maps")}
    write_json(two_detections.path / "progress.json", asdict(Progress("failed", "Drawing maps", error=ERROR)))
    runs.update(two_detections, stages=stages, plan=(*two_detections.plan, "maps:pca"))
    app = page("trajectories")
    assert len(drawn(app, "echarts_chart")) == 1
    assert "The PCA map has not been drawn." in "".join(one.value for one in app.info)
    assert [one.label for one in app.main.button if one.label == "Resume"] == ["Resume"]
