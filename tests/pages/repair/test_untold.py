"""A repaired model that guesses, or calls nearly all the attacker's class, is never told to be rid of a backdoor."""

from pathlib import Path

import numpy as np
import pytest

from core import runs
from core.data import store
from core.evaluation.experiments import experiments
from core.evaluation.untold import hardly_learned
from core.output.report import report_html
from core.types import Changes
from pages.ui.overview.way_on import next_step
from pages.ui.repair.outcome import gone_words, not_gone
from tests.core.conftest import tiny
from tests.pages.drawn import page, said
from tests.pages.repair.test_own_errors import made

GUESSES = (
    "he repaired model has hardly learned, so whether a backdoor is gone cannot be told: averaged over the classes "
    "52.5% is right, 50.0% by chance, 90.0% before"
)
CALLS_ALL_SO = (
    "hether 1 of 1 known attacks is gone cannot be told: without the trigger, 97.5% of the samples are taken for the "
    "attacker's class, too, 100.0% with it"
)


@pytest.mark.parametrize(
    ("learned", "told"), [((0.05, 1.0), f"T{GUESSES}."), ((0.9, 0.9), f"W{CALLS_ALL_SO}.")], ids=["guesses", "calls so"]
)
def test_it_is_said_wherever_the_repair_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, learned: tuple[float, float], told: str
) -> None:
    monkeypatch.setenv("ASSAY_WORKSPACE", str(tmp_path))
    run, child = made(tmp_path, after=40, meant=40, wrong=39, learned=learned)
    assert gone_words(child) == (told, "With a trigger, up to 100.0% are taken for its class.")
    assert not_gone(child)
    assert next_step(run).action == "Plan another repair"
    assert experiments(run)[0].doubts[0] == f"{told[0].lower()}{told[1:-1]}"
    assert told in report_html(run).replace("&#39;", "'")
    for name in ("repair", "overview"):
        assert f"**{told}**" in said(page(name)).replace("\\", "")


def test_a_trigger_that_adds_much_to_a_model_that_guesses_still_succeeds(tmp_path: Path) -> None:
    _, child = made(tmp_path, after=3, learned=(0.5, 0.5))
    first, then = gone_words(child)
    assert first.startswith("1 of 1 known attacks still succeeds")
    assert then.startswith("The repaired model has hardly learned")


def test_a_model_that_lost_some_accuracy_or_errs_often_is_judged_as_ever(tmp_path: Path) -> None:
    _, child = made(tmp_path, after=32, meant=40, wrong=31, learned=(0.6, 0.9))
    assert gone_words(child)[0].startswith("1 of 1 known attacks now succeed in 10% of cases or fewer beyond")
    assert not not_gone(child)


def test_an_emptied_class_is_no_sign_that_the_others_are_not_learned(tmp_path: Path) -> None:
    info = store.save(tmp_path, tiny(90, n_classes=3), source="test")
    labels = store.load(tmp_path, info.id).labels
    whole = Changes(frozenset(map(int, np.flatnonzero(labels == 2))), {})
    child = runs.create(tmp_path, info, {}, ("evaluate",), changes=whole)
    assert hardly_learned(child, (0.9, 0.9, 0.9), (0.9, 0.9, 0.0)) == ""
    assert "averaged over the classes 50.0% is right" in hardly_learned(child, (0.9, 0.9, 0.9), (1.0, 0.0, 0.0))
    assert hardly_learned(child, (0.9, float("nan"), 0.9), (float("nan"), 0.0, 0.0)) == ""


def test_a_class_that_is_no_more_is_no_sign_that_its_backdoor_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_WORKSPACE", str(tmp_path))
    run, child = made(tmp_path, after=0, wrong=0, learned=(1.0, 0.0), emptied=True)
    name = store.describe(tmp_path, run.dataset).class_names[1]
    told = (
        f"Whether 1 of 1 known attacks is gone cannot be told: no training sample is left of {name}, which the "
        "attacker wants samples to be taken for."
    )
    assert gone_words(child) == (told, "With a trigger, up to 0.0% are taken for its class.")
    assert not_gone(child)
    assert f"w{told[1:-1]}" in experiments(run)[0].doubts
    report = report_html(run).replace("&#39;", "'")
    assert "<td>0.0% ⚠</td>" in report
    assert f"<p>⚠ {told}</p>" in report
    assert f"**{told}**" in said(page("repair")).replace("\\", "")


def test_a_rate_that_tells_is_not_marked(tmp_path: Path) -> None:
    run, child = made(tmp_path, after=0, wrong=0)
    assert gone_words(child)[0] == "1 of 1 known attacks now succeed in 10% of cases or fewer."
    assert "⚠" not in report_html(run)
