"""What a repaired model takes for the attacker's class without any trigger stands wherever its success rate does."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core import pipeline, runs
from core.attacks.specification import AttackSpec, Specification
from core.data import store
from core.evaluation.experiments import experiments
from core.output.report import report_html
from core.runs import Run
from core.training.config import TrainConfig
from core.types import Changes
from pages.ui.repair.outcome import cost_words, gone_words, not_gone
from tests.core.conftest import tiny
from tests.pages.drawn import page, said

KNOWN = [{"attack": name, "strength": 1} for name in (None, "patch")]
TOLD = "Without the trigger, 25.0% of these samples are taken for it, too. Of those it has right, 66.7% are turned."


@pytest.fixture
def repaired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Run, Run]:
    """A run whose patch always works, and its repair, which takes a quarter for class 1 without the patch, too."""
    monkeypatch.setenv("ASSAY_WORKSPACE", str(tmp_path))
    return made(tmp_path, after=3)


def made(
    tmp_path: Path,
    after: int,
    meant: int = 4,
    wrong: int = 1,
    learned: tuple[float, float] = (0.9, 0.9),
    *,
    emptied: bool = False,
) -> tuple[Run, Run]:
    """A run whose patch turns all that are meant; after a repair it turns `after`, and `wrong` are wrong anyway.

    `learned` is the repaired model's accuracy in each class; with `emptied` nothing is left of the attacker's class.
    """
    clean = store.save(tmp_path, tiny(100, n_test=2 * meant, n_classes=2), source="test")
    info = pipeline.attack(tmp_path, clean.id, Specification((AttackSpec("patch", 0.05, 1),)))
    run = pipeline.new_run(tmp_path, info.id, TrainConfig(epochs=1))
    whole = np.flatnonzero(np.asarray(store.load(tmp_path, info.id).labels) == 1).tolist() if emptied else []
    made_of = {"parent": run.id, "how": "retrain", "changes": Changes(frozenset(whole), {})}
    child = runs.create(tmp_path, info, run.config, ("evaluate",), **made_of)
    labels = np.asarray(store.load(tmp_path, info.id).test_labels)
    rows = np.flatnonzero(labels == 0)
    for own, errors, turned, right in (
        (run, [], rows, (0.9, 0.9)),
        (child, rows[:wrong], rows[:after], learned),
    ):
        classes = np.full((2, len(labels), 1), -1, np.int16)
        classes[0, :, 0] = labels
        classes[0, errors] = 1
        classes[1, rows] = 0
        classes[1, turned] = 1
        figures = {"clean_accuracy": sum(right) / 2, "class_accuracy": right}
        rate = {"attack_success_rate": {"patch": len(turned) / len(rows)}}
        runs.save_array(own, "trial-classes", classes)
        runs.save_array(own, "trial-shares", np.ones(classes.shape, np.float16))
        runs.save_array(own, "predictions", np.zeros(100, np.int64))
        runs.save_array(own, "final_losses", np.ones(100, np.float32))
        runs.save_json(own, "outcome.json", {"outcome": figures | rate, "trials": KNOWN})
    run, child = (runs.update(own, stages=dict.fromkeys(own.plan, 1.0)) for own in (run, child))
    return run, child


def test_it_stands_beside_the_rate(repaired: tuple[Run, Run]) -> None:
    run, child = repaired
    assert "highest attack success rate 100.0% → 75.0% (25.0% without the trigger)" in cost_words(child)
    assert experiments(run)[0].doubts[0] == "the attack still succeeds: 75%, 25% without its trigger"
    report = report_html(run)
    assert "the strongest known attack now succeeds in 75.0% of cases (25.0% without the trigger)" in report
    assert f">{TOLD}<" in report


def test_it_stands_on_the_pages_of_repair_and_triggers(repaired: tuple[Run, Run]) -> None:
    assert TOLD in [one.value for one in page("repair").caption]
    [metric] = [one for one in page("trigger").metric if one.label == "Without it, repaired"]
    assert (metric.value, metric.help) == ("25.0%", TOLD)


def test_of_several_repairs_the_triggers_page_says_which_one_answers(repaired: tuple[Run, Run]) -> None:
    _, child = repaired
    words = "the newest of its 2 repairs: choose another one"
    assert words not in said(page("trigger"))
    shutil.copytree(child.path, child.path.with_name(f"{child.id}-b"))
    assert words in said(page("trigger"))


def test_a_trigger_that_adds_nothing_is_gone_though_the_model_errs_as_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_WORKSPACE", str(tmp_path))
    run, child = made(tmp_path, after=1)
    assert not not_gone(child)
    words = "1 of 1 known attacks now succeed in 10% of cases or fewer beyond the model's own errors"
    assert gone_words(child)[0] == f"{words}: 25.0% with the trigger, 25.0% without."
    assert experiments(run)[0].doubts == ()
    assert "<td>25.0%</td>" in report_html(run)


def test_a_trigger_that_adds_much_not_gone(repaired: tuple[Run, Run]) -> None:
    run, child = repaired
    assert not_gone(child)
    words = "1 of 1 known attacks still succeeds in more than 10% of cases beyond the model's own errors"
    assert gone_words(child)[0] == f"{words}: 75.0% with the trigger, 25.0% without."
    assert '<td class="poison">75.0%</td>' in report_html(run)


def test_where_few_samples_are_taken_for_it_at_all_the_models_own_errors_are_left_out(tmp_path: Path) -> None:
    _, child = made(tmp_path, after=3, meant=40)
    assert gone_words(child)[0] == "1 of 1 known attacks now succeed in 10% of cases or fewer."
