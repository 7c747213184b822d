"""A verdict is the strongest that there is; "none" is said only where every class was judged and nothing is suspect."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from core.decision.apart import KindFigures
from core.decision.reasons import kind_reason, shared_reason, trigger_reason, wrong_reason
from core.decision.recovered import RecoveredTrigger
from core.decision.shared import SharedTrigger
from core.decision.states import BACKDOOR, NONE, OPEN, STATES, WRONG_LABEL, DecidedGroup, Decision
from core.modalities.elsewhere import wilson


def group(state, number=1, target=0, size=5):
    return DecidedGroup(number, target, state, "kind", size, "reason")


def decided(*found, n=20, states=None, **others):
    flags = np.zeros(n, np.int64) if states is None else np.array(states)
    groups = tuple(group(state, number) for number, state in enumerate(found, 1))
    return Decision(flags, np.zeros(n, np.int64), groups, **others)


def test_states_are_named_by_their_numbers():
    assert [STATES[number] for number in (NONE, BACKDOOR, WRONG_LABEL, OPEN)] == [
        "none",
        "backdoor",
        "wrong label",
        "open",
    ]


@pytest.mark.parametrize("states", list(itertools.permutations(["backdoor", "wrong label", "open"])))
def test_the_strongest_state_is_the_verdict_in_any_order(states):
    assert decided(*states).verdict == "backdoor"
    assert decided(*(state for state in states if state != "backdoor")).verdict == "wrong label"
    assert decided("open", not_judged={1: "too few"}).verdict == "open"
    assert decided(*states, not_judged={1: "too few"}).verdict == "backdoor"


def test_none_is_said_only_where_every_class_was_judged():
    assert decided().verdict == "none"
    assert decided(not_judged={3: "only 5 samples; 40 are needed"}).verdict == "not judged"
    assert decided(n=0).verdict == "not judged"


def test_flags_that_no_test_confirmed_are_open_and_never_no_sign():
    flagged = [OPEN] * 3 + [NONE] * 17
    assert decided(states=flagged).verdict == "open"
    assert decided(states=flagged, not_judged={0: "too few"}).verdict == "open"


def trigger(kept, own_look=None):
    return RecoveredTrigger(None, np.arange(5), np.arange(20), None, 0.64, 0.03, 200, 0.005, kept, own_look=own_look)


def test_reasons_name_their_numbers():
    proven = trigger_reason(trigger(0.1), proven=True)
    assert "put on 200 samples of other classes: the model then takes 64% of them for this class" in proven
    assert "(95 % interval 57% to 70%)" in proven
    assert "it takes 3% (p = 0.005)" in proven
    assert proven.endswith("Without it 10% of the most suspicious keep their label.")
    mark = trigger_reason(trigger(0.87), proven=False)
    assert "But 87% of the most suspicious keep their label without it" in mark
    assert "logo" in mark
    word = trigger_reason(replace(trigger(0.19), home=0.4), proven=False)
    assert "it turns fewer than 90% of those that its control leaves" in word
    assert "without it 19% of the most suspicious keep their label" in word
    assert "But 19%" not in word  # that is few, and no reason
    look = trigger_reason(trigger(0.1, 0.95), proven=False)
    assert "But most of the class show it, and 95% of the samples nearest to them are of this class." in look
    assert look.endswith("So it may be what the class looks like: look at them.")
    kind = KindFigures(0.9, 0.1, 0.2, 6.0, 0.975)
    confirmed = kind_reason(kind, confirmed=True)
    assert "learned 90% of the most suspicious" in confirmed
    assert "equally hard to learn that is 10%" in confirmed
    assert "20 more samples of the class are in doubt. The members are taken for about 6.0 other" in confirmed
    assert "Half of them are among the most suspicious 2.5% of all samples." in confirmed
    assert "cluster" not in confirmed
    assert "a cluster that is separate" in kind_reason(replace(kind, clustered=True), confirmed=True)
    assert "just hard to learn" in kind_reason(replace(kind, doubtful=0.4), confirmed=False)
    assert "one of two populations" in kind_reason(replace(kind, half=True), confirmed=False)
    assert "may be its true samples" in kind_reason(replace(kind, inverse=True), confirmed=False)
    shared = SharedTrigger(None, 0.8, 0.1, 200, None)
    assert "on 200 samples of other classes: the model then takes 80%" in shared_reason(shared)
    assert "of the one class that they look like" in shared_reason(replace(shared, source=3))
    assert "labels of 1,200 samples in 10 classes" in wrong_reason(1200, 10)


@pytest.mark.parametrize(("rate", "n"), [(0.0, 5), (1.0, 5), (0.5, 1), (0.03, 200)])
def test_an_interval_holds_its_fraction_and_stays_a_fraction(rate, n):
    low, high = wilson(rate, n)
    assert 0 <= low <= rate <= high <= 1
    assert low < high
    assert wilson(rate, 100 * n)[1] - wilson(rate, 100 * n)[0] < high - low


def test_an_interval_covers_as_often_as_it_says():
    for rate in (0.1, 0.5, 0.9):
        drawn = np.random.default_rng(0).binomial(200, rate, 2000) / 200
        covered = np.mean([low <= rate <= high for low, high in (wilson(one, 200) for one in drawn)])
        assert 0.93 <= covered <= 0.97
