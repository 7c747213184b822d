"""What stands where a result is awaited: its bar, or why it is not there and the button that gets it."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import runs
from core.data import store
from core.files import write_json
from core.modalities.image.inputs import ImageInputs
from core.runs import Run, jobs
from core.runs.jobs import Progress
from core.training.config import TrainConfig
from core.types import Dataset
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import app_of


def page(folder: str, run_id: str, stage: str) -> None:
    """The place of the stage's result."""
    from pathlib import Path

    import streamlit as st

    from core import runs
    from pages.ui.shell import frame

    st.session_state.setdefault("run_id", "another")
    frame.awaiting(runs.open_run(Path(folder), run_id), stage)


@pytest.fixture
def run(workspace: Path) -> Run:
    images, labels = ImageInputs(np.zeros((4, 4, 4, 1), np.uint8)), np.arange(4) % 2
    dataset = Dataset("four", np.arange(4), images, labels, images, labels, ("a", "b"), np.zeros(4, np.bool_))
    info = store.save(workspace, dataset, source="test")
    return runs.create(workspace, info, asdict(TrainConfig()), ("train", "evaluate"), name="First")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The plans of the runs that were started."""
    be(REVIEWER, monkeypatch)
    found: list[tuple[str, ...]] = []
    # A worker is a process that outlives its parent: what is asked of it can be seen here only.
    monkeypatch.setattr(jobs, "start_run", lambda run: found.append(run.plan))
    return found


def shown(run: Run, stage: str) -> AppTest:
    app = app_of(page, args=(str(run.workspace), run.id, stage)).run()
    assert not app.exception
    return app


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (
            Progress(state="running", started=1.0, title="Training", fraction=0.25),
            "The work is interrupted at 25%, while training",
        ),
        (
            Progress(state="cancelled", started=1.0, title="Training", fraction=0.5),
            "The work is cancelled at 50%, while training",
        ),
    ],
)
def test_a_job_that_was_stopped_is_named_and_goes_on_beside_the_chosen_run(
    run: Run, started: list[tuple[str, ...]], progress: Progress, words: str
) -> None:
    jobs.write(run.path, progress)
    app = shown(run, "evaluate")
    assert app.warning[0].value.replace("\\", "") == f"{words}; what is done is kept. Resume goes on from there."
    assert [button.label for button in app.button] == ["Resume"]
    app.button[0].click().run()
    assert started == [("train", "evaluate")]
    assert app.session_state["run_id"] == "another"


def test_a_failure_is_told_before_it_is_tried_again(run: Run, started: list[tuple[str, ...]]) -> None:
    error = {"title": "The disk is full.", "detail": "", "hint": "Make room."}
    jobs.write(run.path, Progress(state="failed", started=1.0, title="Training", error=error))
    app = shown(run, "evaluate")
    assert app.error[0].value == "**The disk is full.** Make room."
    assert [button.label for button in app.button] == ["Resume"]


def failing(again: bool) -> None:
    """A page that says why a job failed, and then fails of the same or of something else."""
    from core.errors import UserError
    from pages.ui.widgets import refusal

    refusal.nothing_told()
    missing = UserError("images.npy is missing.", "", "Restore it.")
    refusal.show(missing)
    refusal.show(missing if again else UserError("labels.npy is missing.", "", "Restore it."), again=False)


def test_what_a_page_fails_of_is_not_said_twice_and_is_said_anew_when_it_is_drawn_anew(run: Run) -> None:
    app = app_of(failing, args=(True,)).run()
    assert [one.value for one in app.error] == ["**images.npy is missing.** Restore it."]
    assert [one.value for one in app.run().error] == ["**images.npy is missing.** Restore it."]
    assert len(app_of(failing, args=(False,)).run().error) == 2


def test_what_was_never_asked_for_is_offered(run: Run, started: list[tuple[str, ...]]) -> None:
    jobs.write(run.path, Progress(state="cancelled", started=1.0, title="Training"))
    app = shown(run, "maps:umap")
    assert not app.warning
    assert [button.label for button in app.button] == ["Compute it now"]
    app.button[0].click().run()
    assert started == [("train", "evaluate", "maps:umap")]


def test_of_a_training_that_was_stopped_it_is_said_how_far_it_is_and_where_to_look(
    run: Run, started: list[tuple[str, ...]]
) -> None:
    one = {"epoch": 1, "train_loss": 1.0, "train_accuracy": 0.5, "test_loss": 1.0, "test_accuracy": 0.5}
    write_json(run.path / "history.json", [one, {**one, "epoch": 2}])
    jobs.write(run.path, Progress(state="running", started=1.0, title="Training", fraction=0.25))
    trained, then = f"2 of {run.config['epochs']} epochs are trained", "Resume goes on from there."
    app = shown(run, "evaluate")
    assert app.warning[0].value.replace("\\", "").endswith(f"{trained}. {then}")  # Train is about another run
    app.session_state["run_id"] = run.id
    assert app.run().warning[0].value.replace("\\", "").endswith(f"{trained}; Train shows their curves. {then}")
