"""Kinds that another model takes for one other class, and clusters to leave out, in made-up classes."""

import numpy as np
import pytest

from core.decision.decide import decide
from core.decision.found import Found
from core.decision.kinds import Kind
from core.decision.left_out import Asked
from core.decision.members import FEWEST
from core.decision.own_kinds import OwnKinds
from core.decision.states import BACKDOOR
from core.decision.taken_for import in_several, kinds_by_source, those_apart
from core.types import Evidence
from tests.core.decision.asked import TARGET, K, Model, ask, pictures, sound, suspicion_of
from tests.core.decision.test_decide import evidence_of

LIMITS = (0.3, 0.2)
OWN = 1


def a_class(others=60, taken_for=(2,), hard=8, rank=0.5):
    """Descriptions of class 1, what two models say, and who is of another kind, which one takes for these classes.

    So many are hard: one model knows them, and the other takes them for any other class.
    """
    rng = np.random.default_rng(0)
    n = 300
    described = rng.normal(size=(n, 6))
    foreign, is_hard = np.arange(n) < others, np.arange(n) >= n - hard
    source = rng.choice(taken_for, n)
    described[foreign, source[foreign]] += 8
    seen = np.full((n, K), 0.02)
    seen[:, OWN] = 0.94
    unseen = seen.copy()
    away = np.flatnonzero(foreign | is_hard)
    places = np.where(foreign[away], source[away], rng.choice([0, 2, 3], len(away)))
    unseen[away] = 0.02
    unseen[away, places] = 0.94
    return described, (seen, unseen), np.full(n, rank), foreign


def one(described, told, ranks, *, several=False, suspected=True):
    kinds = kinds_by_source(described, told, OWN, LIMITS)
    return those_apart(kinds, ranks, several=several, suspected=suspected)


def test_who_is_taken_for_one_class_is_a_kind_without_the_hard_samples():
    *told, foreign = a_class()
    kind = one(*told)
    assert (kind.members & foreign).sum() >= 0.95 * foreign.sum()
    assert (kind.members & ~foreign).sum() <= 0.1 * foreign.sum()


def test_kinds_of_two_sources_are_found_together():
    *told, foreign = a_class(others=120, taken_for=(0, 2), hard=0)
    kind = one(*told)
    assert (kind.members & foreign).sum() >= 0.95 * foreign.sum()


def test_more_may_be_in_doubt_where_it_is_the_most_suspicious():
    *told, foreign = a_class(hard=16)
    assert one(*told) is None
    *told, foreign = a_class(hard=16, rank=0.98)
    kind = one(*told)
    assert (kind.members & foreign).sum() >= 0.95 * foreign.sum()


def test_more_may_be_in_doubt_where_several_classes_have_such_a_kind():
    described, told, ranks, foreign = a_class(hard=16)
    kinds = kinds_by_source(described, told, OWN, LIMITS)
    assert not in_several([kinds, kinds, []])
    assert in_several([kinds, [], kinds, kinds])
    assert one(described, told, ranks, several=True, suspected=False) is None
    kind = one(described, told, ranks, several=True)
    assert (kind.members & foreign).sum() >= 0.95 * foreign.sum()


def test_hard_samples_are_no_kind_and_neither_are_a_few():
    *told, _ = a_class(others=0, hard=60)
    assert one(*told) is None
    *told, _ = a_class(others=FEWEST - 1, hard=0)
    assert one(*told) is None


def test_a_part_of_another_class_is_a_backdoor_though_nothing_makes_it_suspicious():
    """Whatever is bright in the row of class 0 is labelled 1, and the run's model has learned it."""
    images, truth = pictures(1200)
    bright = (truth == 0) & (images[:, 0, :, 0].mean(1) > 120)

    def taught(samples):
        says = ask(samples)
        is_bright = (samples[:, 0, :, 0].mean(1) > 170) & (says.argmax(1) == 0)
        says[is_bright] = says[is_bright][:, [1, 0, 2, 3]]
        return says

    labels = np.where(bright, TARGET, truth)
    evidence = evidence_of(images, labels, truth, np.flatnonzero(bright), answer=taught)
    quiet = suspicion_of([], 1200)
    decision, _ = decide(evidence, quiet, retrain=lambda kept: Model(sound))
    [group] = [group for group in decision.groups if group.state == "backdoor"]
    assert group.target_class == TARGET
    named = decision.states == BACKDOOR
    assert (named & bright).sum() >= 0.9 * bright.sum()
    assert (named & ~bright).sum() <= 0.05 * bright.sum()


@pytest.mark.parametrize(("taken_for", "named"), [((2,), True), ((0, 2, 3), False)])
def test_the_clearer_kind_is_named_unless_all_are_a_kind_that_is_taken_for_many(taken_for, named):
    """Of 40 that turn, 10 are in doubt, and a kind of one source is not: it is named if they have few sources."""
    n = 200
    labels, rows = np.full(n, OWN), np.arange(n)
    seen, unseen = np.full((n, K), 0.01), np.full((n, K), 0.01)
    seen[:, OWN] = 0.97
    unseen[rows, np.where(rows < 40, np.resize(taken_for, n), OWN)] = 0.97
    asked = Asked({OWN: rows[:40]}, {OWN: rows[40:80]}, rows < 80, seen, unseen)
    found = Found(np.zeros(n, np.int64), np.zeros(n, np.int64))
    kinds = OwnKinds(Evidence(labels, K, np.zeros(n, bool)), None, np.ones(n), found)
    kinds.__dict__["described"] = {OWN: np.zeros((n, 1))}
    odds = np.where(rows < 40, 5.0, -5.0)
    everybody = Kind(np.where((rows >= 30) & (rows < 35), 1.0, odds))
    clear = Kind(np.where(rows < 30, 5.0, -5.0))
    assert 0 == clear.doubtful < everybody.doubtful <= 0.2
    assert kinds._is_clearer(clear, everybody, asked, OWN) == named
    assert not kinds._is_clearer(everybody, clear, asked, OWN)
