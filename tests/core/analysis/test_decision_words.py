"""What is said of a decision, for every verdict."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core import runs
from core.analysis.decision import (
    FILE,
    as_dict,
    decision_of,
    doubted_words,
    group_figures,
    headline,
    open_alone,
    size_of,
)
from core.analysis.opened_run import opened
from core.decision.states import NO_GROUP, Decision
from core.errors import UserError
from core.runs import Run
from tests.pages.conftest import two_detections as two_detections  # noqa: PLC0414
from tests.pages.decided import MARK, TRIGGER, VERDICTS, decided, flags_open, made_decision

NAMES = tuple(f"class {index}" for index in range(10))


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_made_up_decision_has_the_verdict_that_it_was_made_for(verdict):
    assert made_decision(verdict).verdict == verdict


def test_a_headline_names_a_few_of_many_classes_and_counts_the_others():
    many = made_decision("backdoor")
    groups = tuple(replace(many.groups[0], id=number + 1, target_class=number) for number in range(9))
    said = headline(replace(many, groups=groups), NAMES)
    assert "in class 0, class 1, class 2, class 3, class 4, class 5 and 3 more classes: " in said


def test_flags_that_no_test_confirms_are_open_and_never_no_sign():
    decision = flags_open()
    assert decision.verdict == "open"
    assert open_alone(decision) == size_of(decision, "open") == 12
    assert headline(decision, NAMES) == "Suspicious, no backdoor confirmed: 12 samples."


def test_no_sign_is_said_only_where_all_was_judged_and_nothing_is_flagged():
    none = made_decision("none")
    assert headline(none, NAMES).startswith("No sign of a backdoor among 10 classes; groups below 10 samples")
    assert headline(none, NAMES, flagged=True).startswith("No backdoor confirmed among 10 classes")
    for verdict in VERDICTS[:-1]:
        assert "no sign" not in headline(made_decision(verdict), NAMES).lower()


def test_what_was_left_out_stands_beside_no_sign():
    assert headline(made_decision("none", left_out="no second training"), NAMES).endswith(
        "Left out: no second training."
    )


def test_where_no_class_was_judged_nothing_is_said_of_any():
    why = dict.fromkeys(range(10), "its model cannot be asked")
    decision = Decision(np.full(4, 4), np.full(4, NO_GROUP), (), why, "", 0, 10)
    assert headline(decision, NAMES) == "Nothing could be judged. That is no clean bill."


def test_the_figures_of_a_group_stand_with_their_interval_and_their_control():
    assert group_figures(TRIGGER) == {
        "Trigger works on": "93% (89%–96%)",
        "Control": "2%",
        "Keep the label without it": "10%",
    }
    assert group_figures(replace(MARK, flip_rate=None, interval=None, control=None, kept=None)) == {}


def test_a_decision_is_read_as_it_was_kept(two_detections: Run):
    kept = made_decision("backdoor", left_out="no second training")
    read = decision_of(opened(decided(two_detections, kept)))
    assert read.groups == kept.groups
    assert read.left_out == "no second training"
    assert np.array_equal(read.states, kept.states)


def test_bona_fide_samples_that_are_doubted_are_kept_and_said(two_detections: Run):
    decision = made_decision("backdoor")
    doubting = replace(decision, doubted=np.isin(np.arange(len(decision.states)), [3, 5]))
    run = decided(two_detections, doubting)
    read = decision_of(opened(run))
    assert np.flatnonzero(read.doubted).tolist() == [3, 5]
    are_like = "2 bona fide samples are like the members of a confirmed backdoor, but are none of these: look at them"
    assert doubted_words(read).startswith(are_like)
    assert doubted_words(replace(read, doubted=read.doubted & False)) == doubted_words(decision) == ""
    ids = opened(run).data.ids
    assert as_dict(read, ids)["doubted_bona_fide"] == ids[[3, 5]].tolist()
    assert as_dict(decision, ids)["doubted_bona_fide"] == []
    runs.save_json(run, FILE, {**json.loads((run.path / FILE).read_text()), "doubted": [len(ids)]})
    with pytest.raises(UserError, match="is damaged"):
        decision_of(opened(runs.current(run)))


@pytest.mark.parametrize(
    "broken", [{"target_class": 10}, {"target_class": -2}, {"id": 2}], ids=["too high", "too low", "another number"]
)
def test_a_decision_that_names_what_there_is_not_is_damaged(two_detections: Run, broken):
    decision = made_decision("backdoor")
    run = decided(two_detections, replace(decision, groups=(replace(TRIGGER, **broken),)))
    with pytest.raises(UserError, match="is damaged"):
        decision_of(opened(run))


def test_states_and_groups_that_there_are_not_are_damage(two_detections: Run):
    decision = made_decision("backdoor")
    for changed in ({"states": decision.states + 5}, {"membership": decision.membership + 1}):
        run = decided(two_detections, replace(decision, **changed))
        with pytest.raises(UserError, match="names states or groups"):
            decision_of(opened(run))
