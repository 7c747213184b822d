"""The live bar of a run: when it has the page drawn again, and when it must not."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from core import runs
from core.data import store
from core.runs import Run, jobs, worker_lock
from core.runs.jobs import Progress
from core.training.config import TrainConfig
from tests.core.conftest import tiny
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import app_of


def page(folder: str, run_id: str, stage: str, drawn: str) -> None:
    """A page that shows the bar, and notes in the file `drawn` how often it was drawn."""
    from pathlib import Path

    from core import runs
    from pages.ui.shell import frame

    path = Path(folder, "runs", run_id)
    if Path(drawn).exists():  # the page of a test that broke the run meanwhile
        Path(drawn).write_text("again")
        return
    run = runs.open_run(Path(folder), run_id)
    Path(drawn).write_text("once")
    if stage == "broken":
        (path / "run.json").write_bytes(b"{")
    if stage == "given up":
        runs.update(run, plan=("train",))
    frame.progress_of(run, "evaluate" if stage == "given up" else stage)


def sidebar(folder: str) -> None:
    """What every page shows beside it."""
    import os

    from pages.ui.shell import frame

    os.environ["ASSAY_WORKSPACE"] = folder
    frame._job()


@pytest.fixture
def run(workspace: Path) -> Iterator[Run]:
    """A run that is being worked on."""
    info = store.save(workspace, tiny(8), source="test")
    made = runs.create(workspace, info, asdict(TrainConfig()), ("train", "evaluate"), name="First")
    with worker_lock.holding(made.path):
        jobs.write(made.path, Progress(state="running", title="Training", fraction=0.25))
        yield made


def times_drawn(run: Run, stage: str, tmp_path: Path) -> str:
    app = app_of(page, args=(str(run.workspace), run.id, stage, str(tmp_path / "drawn"))).run()
    assert not app.exception
    return (tmp_path / "drawn").read_text()


@pytest.mark.parametrize("stage", ["evaluate", "maps:pca"])
def test_a_stage_that_is_awaited_or_was_never_planned_draws_nothing_again(run: Run, tmp_path: Path, stage: str) -> None:
    assert times_drawn(run, stage, tmp_path) == "once"


@pytest.mark.parametrize("stage", ["given up", "broken"])
def test_a_stage_that_left_the_plan_and_a_run_that_broke_draw_the_page_again(
    run: Run, tmp_path: Path, stage: str
) -> None:
    assert times_drawn(run, stage, tmp_path) == "again"


def test_a_long_job_of_another_session_is_shown_with_cancel(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    monkeypatch.setenv("ASSAY_WORKSPACE", str(run.workspace))
    job = jobs.new_job(run.workspace, "loads")
    with worker_lock.holding(job):
        jobs.write(job, Progress(state="running", title="Opening", fraction=0.5, started=1.0))
        app = app_of(sidebar, args=(str(run.workspace),)).run()
    assert not app.exception
    assert [button.key for button in app.button] == [f"cancelsidebar-{job.name}", f"cancel-{run.id}"]
