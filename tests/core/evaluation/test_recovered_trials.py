"""What models answer to recovered triggers: known answers of a made-up model, and what is kept of them."""

import subprocess
import sys

import numpy as np
import pytest

from core import pipeline, runs
from core.analysis.decision import save_decision
from core.analysis.opened_run import opened
from core.analysis.recovered_triggers import FILE, groups_of, save_triggers
from core.decision.states import BACKDOOR, DecidedGroup, Decision
from core.errors import UserError
from core.evaluation import trials
from core.evaluation.recovered_trials import RecoveredTrigger, groups_with_trigger, intended, recovered_answers
from core.evaluation.try_recovered import try_recovered
from core.modalities.image.stamps import ImageStamp
from tests.core.evaluation.test_estimates import TARGET, Bright, kept, run

__all__ = ["run"]  # the fixture of a decided run on dark samples


def test_groups_with_a_trigger_are_offered_with_and_without_proof(run):
    assert [(group.id, group.state) for group in groups_with_trigger(run)] == [(1, "backdoor"), (2, "open")]


def test_to_say_which_groups_have_a_trigger_loads_no_network(run):
    asked = (
        "import sys; from pathlib import Path; from core import runs;"
        "from core.evaluation.recovered_trials import groups_with_trigger;"
        f"run = runs.open_run(Path({str(run.workspace)!r}), {run.id!r});"
        "assert len(groups_with_trigger(run)) == 2; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", asked], check=True)  # here, other tests have loaded it


def test_a_damaged_file_of_triggers_is_refused(run):
    (run.path / FILE).write_bytes(b"no archive")
    with pytest.raises(UserError, match="damaged"):
        groups_of(run)


def test_a_run_without_a_decision_offers_none_and_answers_nothing(finished):
    assert groups_with_trigger(finished) == []
    assert recovered_answers(finished, RecoveredTrigger(finished.id, 1)) is None
    assert trials.tried_samples(finished, RecoveredTrigger(finished.id, 1)).empty


def test_a_trigger_is_for_all_other_classes_or_for_its_source_alone():
    labels = np.array([0, 1, 2, 1])
    of_all = DecidedGroup(1, 2, "backdoor", "", 3, "")
    assert intended(of_all, labels).tolist() == [2, 2, -1, 2]
    of_one = DecidedGroup(1, 2, "backdoor", "", 3, "", source_class=1)
    assert intended(of_one, labels).tolist() == [-1, 2, -1, 2]


def test_the_model_is_shown_every_test_sample_of_other_classes_with_the_trigger(run):
    data = opened(run).data
    try_recovered(run, run, Bright(0.5), data)
    answers, likely = recovered_answers(run, RecoveredTrigger(run.id, 1))
    others = data.test_labels != TARGET
    assert (answers[others, 0] == TARGET).all()
    assert (answers[~others] == -1).all()
    assert likely[others, 0] == pytest.approx(np.e / (np.e + 3), abs=1e-3)
    assert trials.answers(run, int(np.flatnonzero(~others)[0]), RecoveredTrigger(run.id, 1)) == []
    assert trials.answers(run, 0, RecoveredTrigger(run.id, 1), strength=2) == []


def test_answers_to_a_trigger_that_was_decided_anew_are_not_shown(run):
    data = opened(run).data
    try_recovered(run, run, Bright(0.5), data)
    weaker = ImageStamp("added", 1.0, np.full(data.shape, 100, np.float32))
    save_triggers(run, {1: weaker, 2: ImageStamp("added", 1.0, np.full(data.shape, 200, np.float32))})
    assert recovered_answers(run, RecoveredTrigger(run.id, 1)) is None
    assert recovered_answers(run, RecoveredTrigger(run.id, 2)) is not None
    assert recovered_answers(run, RecoveredTrigger(run.id, 9)) is None


def test_a_triggered_sample_is_shown_as_the_model_saw_it(run):
    sample = trials.triggered_sample(run.workspace, run.dataset, RecoveredTrigger(run.id, 1), 1, 0)
    assert (sample == 200).all()
    for other in (RecoveredTrigger(run.id, 3), RecoveredTrigger(run.id, 9)):
        with pytest.raises(LookupError):
            trials.triggered_sample(run.workspace, run.dataset, other, 1, 0)
    with pytest.raises(LookupError):
        trials.triggered_sample(run.workspace, run.dataset, RecoveredTrigger(run.id, 1), 2, 0)
    shown, change = trials.difference(run.workspace, run.dataset, RecoveredTrigger(run.id, 1), 1, 0)
    assert change.amount == "200 of 255 levels"
    assert shown.media == "image/png"


def test_a_repair_is_asked_about_the_triggers_of_the_run_that_it_repairs(finished):
    data = opened(finished).data
    kept(finished, data.shape, data.n_classes)
    pipeline.decide_flagged(finished, "exclude", ["badloss"], reviewer="ann")
    child = pipeline.work(pipeline.new_repair(finished))
    parents = RecoveredTrigger(finished.id, 1)
    table = trials.tried_samples(child, parents)
    assert table["test_row"].tolist() == np.flatnonzero(data.test_labels != TARGET).tolist()
    assert (table["goal"] == TARGET).all()
    assert trials.tried_samples(finished, parents).empty  # its own model was not asked yet
    again = pipeline.work(pipeline.measure_again(runs.current(finished)))
    assert len(trials.tried_samples(again, parents)) == len(table)


def test_a_decision_without_triggers_takes_the_answers_to_earlier_ones_away(run):
    data = opened(run).data
    try_recovered(run, run, Bright(0.5), data)
    save_triggers(run, {})
    none = np.zeros(len(data), np.int64)
    save_decision(run, Decision(none + BACKDOOR, none, (), {}, "", 10, data.n_classes), None)
    assert groups_with_trigger(run) == []
    assert recovered_answers(run, RecoveredTrigger(run.id, 1)) is None
