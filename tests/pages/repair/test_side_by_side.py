"""Repairs side by side on the page: a table, what is wrong, each class, what was removed, and seeds as a job."""

import numpy as np
import pytest

from core import pipeline, runs
from core.evaluation.removed import save_removed
from core.files import write_json
from core.journal import review
from core.runs import Run, jobs
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import page, said
from tests.pages.test_left_open import press


@pytest.fixture
def repaired(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> tuple[Run, Run]:
    """A run and a finished repair of it, made up: worse than before, and six samples left out."""
    be(REVIEWER, monkeypatch)
    pipeline.decide(two_detections, range(6), "exclude", reviewer="ann")
    child = pipeline.new_repair(two_detections)
    outcome = {"clean_accuracy": 0.8, "class_accuracy": [0.9] * 9 + [0.4], "attack_success_rate": {}}
    write_json(child.path / "outcome.json", {"outcome": outcome, "trials": []})
    child = runs.update(child, stages=dict.fromkeys(child.plan, 1.0))
    save_removed(child, np.arange(6), np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 3, 1, 3, 3]))
    return two_detections, child


def test_all_repairs_are_in_one_table_and_a_wrong_after_is_said(repaired: tuple[Run, Run]) -> None:
    run, _ = repaired
    jobs.write(pipeline.new_repair(run, "continue").path, jobs.Progress(state="cancelled"))
    app = page("repair")
    table = app.dataframe[0].value
    assert table["Repair"].tolist() == ["2: continued, 6 left out", "1: from scratch, 6 left out"]
    assert table["Clean accuracy"].tolist() == ["", "90.0% → 80.0%"]
    assert table["Wrong"].tolist() == ["⚠ see below", "⚠ see below"]
    [words] = [one.value for one in app.warning if "fell by" in one.value]
    assert "accuracy of class 9 fell by 50 points" in words


def test_each_class_and_the_removed_samples_are_one_click_away(repaired: tuple[Run, Run]) -> None:
    run, _ = repaired
    app = page("repair")
    choice = next(one for one in app.segmented_control if one.key == "repair-view")
    app = choice.set_value("Each class").run()
    listed = next(one.value for one in app.dataframe if "Class" in one.value)
    assert listed.iloc[0].tolist() == ["class 9", 90.0, 40.0]
    choice = next(one for one in app.segmented_control if one.key == "repair-view")
    app = choice.set_value("Removed samples").run()
    assert "calls 3 of 6 removed samples by their own label" in said(app)
    press(app, "Keep all 3")
    press(app, "Keep 3")
    verdicts = review.verdicts(run.workspace, run.id)
    assert {sample for sample, verdict in verdicts.items() if verdict.decision == "keep"} == {0, 1, 3}
    words = " ".join(one.value for one in page("repair").warning).replace("\\", "")
    assert "decided otherwise since: 3 samples" in words
