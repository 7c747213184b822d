"""A kind of its own within a class, in made-up descriptions of which it is known who is of another kind."""

import numpy as np
import pytest

from core.decision.kinds import Kind, asked_kind, grown, learned_kind
from core.decision.members import FEWEST

FEATURES = 6


def class_of(ordinary=300, others=60, apart=6.0, seed=0):
    """(m, f) descriptions of a class in which the last `others` are so far from the rest; who they are."""
    rng = np.random.default_rng(seed)
    described = rng.normal(size=(ordinary + others, FEATURES))
    foreign = np.arange(ordinary + others) >= ordinary
    described[foreign, 0] += apart
    return described, foreign


def probabilities_of(foreign, described, apart=True):
    """What two models say of the label: both know the ordinary; who is foreign, or hard, only one of them knows."""
    hard = foreign if apart else described[:, 0] > 1
    seen = np.full(len(foreign), 0.97)
    return seen, np.where(hard, 0.03, 0.96)


def test_another_kind_is_found_whole_from_a_part_of_it():
    described, foreign = class_of(others=140)
    suspicion = np.where(foreign, 5.0, 0.0) + np.random.default_rng(1).normal(size=len(foreign))
    assert np.argsort(-suspicion)[:60].size < foreign.sum()
    like = grown(described, suspicion)
    assert (like & foreign).sum() >= 0.97 * foreign.sum()
    assert (like & ~foreign).sum() <= 0.05 * (~foreign).sum()


def test_the_most_suspicious_are_always_among_them():
    described, foreign = class_of(apart=0.0)
    suspicion = np.random.default_rng(2).normal(size=len(foreign))
    assert grown(described, suspicion)[np.argsort(-suspicion)[:60]].all()


@pytest.mark.parametrize("m", [0, 1, 7])
def test_a_class_of_a_few_grows_nothing(m):
    like = grown(np.zeros((m, FEATURES)), np.arange(m, dtype=float))
    assert like.sum() == m // 5


def test_a_kind_that_is_apart_leaves_nobody_in_doubt_and_hard_samples_leave_many():
    described, foreign = class_of()
    kind = asked_kind(described, *probabilities_of(foreign, described), 0.5, 0.2)
    assert np.array_equal(kind.members, foreign)
    assert kind.doubtful < 0.1
    ordinary, _ = class_of(others=0)
    seen, unseen = probabilities_of(np.zeros(300, bool), ordinary, apart=False)
    unseen = 1 / (1 + np.exp(4 * (ordinary[:, 0] - 1)))  # the harder, the less a model believes that never saw it
    blurred = asked_kind(ordinary, seen, unseen, 0.5, 0.2)
    assert blurred.doubtful > 0.5


def test_who_may_be_a_member_is_near():
    kind = Kind(np.array([-3.0, -1.5, -0.5, 0.5, 3.0]))
    assert kind.members.tolist() == [False, False, False, True, True]
    assert kind.near.tolist() == [False, False, True, True, True]
    assert kind.doubtful == 3 / 2


def test_the_odds_of_a_sample_are_not_its_own():
    """Out of fold: noise teaches nothing of who is in."""
    rng = np.random.default_rng(3)
    described, inside = rng.normal(size=(400, 40)), rng.random(400) < 0.5
    kind = learned_kind(described, inside, ~inside)
    assert 0.4 < (kind.members == inside).mean() < 0.6


@pytest.mark.parametrize("few", ["inside", "home"])
def test_too_few_teach_nothing(few):
    described, foreign = class_of()
    seen, unseen = probabilities_of(foreign, described)
    unseen[foreign if few == "inside" else ~foreign] = 0.3  # neither turned nor at home
    assert asked_kind(described, seen, unseen, 0.5, 0.2) is None
    rows = np.flatnonzero(foreign if few == "inside" else ~foreign)[:FEWEST]
    unseen[rows] = 0.03 if few == "inside" else 0.96
    assert asked_kind(described, seen, unseen, 0.5, 0.2) is not None


def test_certain_probabilities_are_no_error():
    described, foreign = class_of()
    kind = asked_kind(described, np.ones(len(foreign)), np.where(foreign, 0.0, 1.0), 0.5, 0.2)
    assert np.isfinite(kind.odds).all()
    assert np.array_equal(kind.members, foreign)
