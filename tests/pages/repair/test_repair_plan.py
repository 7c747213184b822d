"""Excluding what is flagged and training again is one question, and nothing starts before its answer."""

from collections.abc import Iterator

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import runs
from core.journal import review
from core.runs import Run, jobs
from core.types import Detection
from pages.ui.shell.frame import DIALOG
from tests.browser.server import end_workers
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import FEW, MANY, SAMPLES, page, said
from tests.pages.test_left_open import loaded, press

BOTH = f"Exclude all {FEW} and retrain"


@pytest.fixture(autouse=True)
def someone(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A reviewer; what is begun here is ended with the test."""
    be(REVIEWER, monkeypatch)
    yield
    end_workers(two_detections.workspace)


def excluded(run: Run) -> list[int]:
    """The samples that are excluded now."""
    found = review.verdicts(run.workspace, run.id)
    return sorted(sample for sample, verdict in found.items() if verdict.decision == "exclude")


def answer(app: AppTest, words: str) -> AppTest:
    """Press the button of exactly these words."""
    next(button for button in app.button if button.label == words).click().run()
    assert not app.exception
    return app


def test_one_yes_excludes_what_is_flagged_and_trains_again(two_detections: Run) -> None:
    app = press(page("repair"), BOTH)
    assert (runs.children(two_detections), excluded(two_detections)) == ([], [])  # the dialog waits for an answer
    answer(app, f"Exclude {FEW} and retrain")
    assert excluded(two_detections) == list(range(FEW))
    [child] = runs.children(two_detections)
    assert child.how == "retrain"
    assert jobs.poll(child.path).active
    assert sorted(runs.read_changes(child).excluded) == list(range(FEW))


def test_a_question_that_was_put_away_trains_nothing_later(two_detections: Run) -> None:
    app = press(page("repair"), BOTH)
    answer(app, "Cancel")
    assert DIALOG not in app.session_state
    press(app, f"Exclude all {FEW} flagged by Consensus")
    answer(app, f"Exclude {FEW}")
    assert (excluded(two_detections), runs.children(two_detections)) == (list(range(FEW)), [])


def test_where_nothing_is_flagged_there_is_nothing_to_exclude_and_what_others_flag_is_said(two_detections: Run) -> None:
    none = Detection(np.zeros(SAMPLES, np.float32), np.zeros(SAMPLES, np.bool_))
    runs.save_detection(two_detections, "consensus", none, {}, 1.0)
    for name in ("repair", "review"):
        words = said(page(name)).replace("\\", "")
        assert f"Nothing is flagged by Consensus. Others flag: Activation Clustering {MANY}." in words
        assert "Exclude all" not in words


def test_a_model_that_was_loaded_is_not_trained_again_without_a_further_question(two_detections: Run) -> None:
    loaded(two_detections, fresh=False)
    words = said(page("repair"))
    assert f"Exclude all {FEW} flagged by Consensus" in words
    assert "and retrain" not in words
