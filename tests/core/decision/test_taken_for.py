"""Kinds that another model takes for one other class, and clusters to leave out, in made-up classes."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.decision.apart import KindFigures
from core.decision.decide import decide
from core.decision.found import Found
from core.decision.kinds import Kind
from core.decision.left_out import Asked
from core.decision.members import FEWEST
from core.decision.own_kinds import OwnKinds
from core.decision.states import BACKDOOR
from core.decision.taken_for import in_several, kind_of_many, kinds_by_source, those_apart
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
    return those_apart(kinds.values(), ranks, several=several, suspected=suspected)


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
    assert not in_several([kinds, kinds, {}])
    assert in_several([kinds, {}, kinds, kinds])
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
    suspects = SimpleNamespace(described={OWN: np.zeros((n, 1))})
    kinds = OwnKinds(Evidence(labels, K, np.zeros(n, bool)), suspects, np.ones(n), found)
    odds = np.where(rows < 40, 5.0, -5.0)
    everybody = Kind(np.where((rows >= 30) & (rows < 35), 1.0, odds))
    clear = Kind(np.where(rows < 30, 5.0, -5.0))
    assert 0 == clear.doubtful < everybody.doubtful <= 0.2
    assert kinds._is_clearer(clear, everybody, asked, OWN, proven=False) == named
    assert not kinds._is_clearer(everybody, clear, asked, OWN, proven=False)
    # What proves a part by what it shares makes it no clearer than a kind of many classes, but than others.
    assert kinds._is_clearer(everybody, clear, asked, OWN, proven=True) == named


MANY = 8  # classes
HARD = 60


def of_many(poisoned=84, hard=HARD):
    """Descriptions of class 1 of eight, what two models say, and who is poison: as many of each other class.

    The hard ones are like the poison in one column, and are taken for class 2, with which the class is mixed up.
    """
    n, rng = 400, np.random.default_rng(0)
    rows, described = np.arange(n), rng.normal(size=(n, 6))
    poison, is_hard = rows < poisoned, rows >= n - hard
    described[poison, :2] += 4
    described[is_hard, 0] += 4
    described[is_hard, 1] += 1.5
    others = np.delete(np.arange(MANY), OWN)
    seen, unseen = np.full((n, MANY), 0.005), np.full((n, MANY), 0.005)
    seen[:, OWN] = unseen[:, OWN] = 0.9
    unseen[:, 2] = 0.06
    away = poison | is_hard
    unseen[away] = 0.005
    unseen[away, np.where(poison, others[rows % len(others)], 2)[away]] = 0.96
    return described, (seen, unseen), poison


def test_of_a_kind_that_is_taken_for_many_those_mixed_up_with_the_class_anyway_have_to_be_surer():
    described, told, poison = of_many()
    kind = kind_of_many(described, told, OWN, LIMITS)
    assert (kind.sure & poison).sum() >= 0.85 * poison.sum()
    assert (kind.sure & ~poison).sum() <= 0.1 * poison.sum()
    [all_alike] = [one for one in kinds_by_source(described, told, OWN, LIMITS).values() if one.members[-HARD:].any()]
    assert all_alike.members[-HARD:].mean() > 0.5  # by themselves, the hard ones are a kind


def test_hard_samples_alone_are_taken_for_few_classes_and_of_two_classes_there_is_one_other():
    described, told, _ = of_many(poisoned=0)
    assert kind_of_many(described, told, OWN, LIMITS) is None
    described, (seen, unseen), _ = of_many()
    assert kind_of_many(described, (seen[:, :2], unseen[:, :2]), OWN, LIMITS) is None


def own_kinds(named=20, size=400, trusted=0):
    """Class 1 of eight that is larger than the others by its 84 poisoned samples, of which so many are named."""
    described, told, poison = of_many(hard=0)
    labels = np.concatenate([np.full(size, OWN), np.repeat(np.delete(np.arange(MANY), OWN), 310)])
    rows = np.arange(len(labels))
    found = Found(*np.zeros((2, len(labels)), np.int64))
    members = rows < named
    figures = KindFigures(0.9, 0.1, 0.1, 6.0, 0.99)
    found.add_kind(OWN, members, (~members & False, ~members & False), figures, confirmed=True)
    found.stamps[1] = None  # so that no trigger is sought: there are no samples
    bona_fide = (rows >= named) & (rows < named + trusted)
    suspects, ranks = SimpleNamespace(described={OWN: described}), np.where(labels == OWN, 0.9 - rows / 1000, 0.1)
    kinds = OwnKinds(Evidence(labels, MANY, bona_fide), suspects, ranks, found)
    seen, unseen = (np.vstack([of, np.zeros((len(labels) - size, MANY))]) for of in told)
    asked = Asked({}, {}, rows < 200, seen, unseen)
    return kinds, asked, np.flatnonzero(poison)


def test_a_backdoor_is_made_whole_where_its_class_is_still_too_large():
    kinds, asked, poison = own_kinds()
    more = kinds.incomplete()
    assert list(more) == [OWN]
    assert np.isin(poison, more[OWN]).mean() >= 0.95
    kinds.complete(asked, more)
    [group] = kinds.found.groups
    named = np.flatnonzero(kinds.found.states == BACKDOOR)
    assert np.isin(poison, named).mean() >= 0.85
    assert np.isin(named, poison).mean() >= 0.9
    assert group.size == len(named) == (kinds.found.membership == group.id).sum()
    assert "the class was still larger than others are" in group.reason


def test_bona_fide_samples_are_never_added():
    kinds, asked, poison = own_kinds(trusted=30)
    kinds.complete(asked, [OWN])
    assert kinds.found.groups[0].size > 20
    assert not (kinds.found.states == BACKDOOR)[poison[20:50]].any()


def test_nobody_is_sought_where_the_class_is_as_large_as_others_or_the_trigger_tells():
    kinds, *_ = own_kinds(named=84)
    assert kinds.incomplete() == {}
    kinds, *_ = own_kinds()
    kinds.found.exact = {1}
    assert kinds.incomplete() == {}


def test_a_class_is_not_too_large_for_others_that_lost_the_poison_it_has():
    kinds, *_ = own_kinds(named=76)  # 324 are left, the others have 310, and each lost 10 to it
    assert kinds.sizes.tolist() == [320, 324, *[320] * 6]
    assert kinds.incomplete() == {}


def test_a_class_that_is_clearly_too_large_is_open_where_nothing_else_is_said_of_it():
    kinds, _, poison = own_kinds(named=16, trusted=5)
    kinds.foremost[:400] = np.where(np.arange(400) < len(poison), 3.0, -3.0)
    kinds.name_too_many([OWN, 2])
    confirmed, group = kinds.found.groups
    assert (group.state, group.target_class, group.size) == ("open", OWN, 72)
    assert "Without its confirmed backdoor, this class has 72 samples more than the 312" in group.reason
    named = np.flatnonzero(kinds.found.membership == group.id)
    assert np.isin(named, poison).sum() == len(poison) - 21  # those that are named and the bona fide ones are not in it
    assert confirmed.size == 16
    kinds.name_too_many([OWN, 2])
    assert len(kinds.found.groups) == 2


def test_where_fewer_are_left_than_a_class_has_too_many_it_says_both():
    kinds, *_ = own_kinds(named=16, trusted=380)
    kinds.name_too_many([OWN])
    group = kinds.found.groups[1]
    assert group.size == 4  # all others are named or bona fide
    assert "has 72 samples more" in group.reason
    assert "the 4 most suspicious" in group.reason
