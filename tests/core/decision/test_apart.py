"""Kinds that are apart from their class: the limits one by one, and clusters planted in a class."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from core.decision.apart import (
    APART,
    APART_AND_FOREMOST,
    APART_OF_MANY,
    CLUSTER_AT_HOME,
    CLUSTER_FOREMOST,
    FOREMOST,
    HARDLY_APART,
    SAME,
    KindFigures,
    is_apart,
    looks_more_like_it,
    may_be_a_half,
    own_cluster,
    too_many,
    weighed,
)
from core.decision.found import Found
from core.decision.kinds import DOUBT, Kind
from core.decision.left_out import Asked
from core.decision.look_alikes import LookAlikes
from core.decision.own_kinds import OwnKinds
from core.types import Evidence

FIGURES = KindFigures(0.9, 0.1, APART, 1.0, 0.5)


@pytest.mark.parametrize(
    ("doubtful", "from_classes", "n_classes", "apart"),
    [
        (APART, 1, 10, True),
        (APART + 0.01, 4.9, 10, False),
        (APART_OF_MANY, 5, 10, True),
        (APART_OF_MANY + 0.01, 9, 10, False),
        (APART_OF_MANY, 2, 4, True),
        (APART_OF_MANY, 1.5, 2, False),
    ],
)
def test_a_kind_of_many_sources_may_leave_more_in_doubt(doubtful, from_classes, n_classes, apart):
    assert is_apart(replace(FIGURES, doubtful=doubtful, sources=from_classes), n_classes) == apart


@pytest.mark.parametrize(
    ("doubtful", "from_classes", "apart"),
    [(0.13, 3.6, False), (0.33, 6.5, False), (0.2, 5.0, True), (0.4, 8.8, True), (0.45, 8.8, False)],
)
def test_most_of_a_class_has_to_be_taken_for_many_classes(doubtful, from_classes, apart):
    figures = KindFigures(1.0, 0.0, doubtful, from_classes, rank=1.0, a_cluster=True, most=True)
    assert is_apart(figures, 10) == apart


def test_of_a_group_that_is_apart_by_its_many_sources_alone_the_sure_ones_are_members():
    many = replace(FIGURES, doubtful=0.3, sources=6.0, rank=0.6)
    assert is_apart(many, 10, lie_apart=False)
    found, confirmed = weighed(many, KIND, None, None, 10, lie_apart=False)
    assert confirmed
    assert np.array_equal(found, KIND.sure)
    assert KIND.sure.sum() < KIND.members.sum()
    fewer = Kind(np.where(np.arange(len(KIND.odds)) == np.argmax(KIND.odds), 5.0, -5.0))
    assert np.array_equal(weighed(many, KIND, fewer, None, 10, lie_apart=False)[0], fewer.sure)
    clear = replace(many, doubtful=0.2)
    assert np.array_equal(weighed(clear, KIND, fewer, None, 10, lie_apart=False)[0], KIND.members)


@pytest.mark.parametrize(
    ("doubtful", "rank", "lie_apart", "apart"),
    [
        (APART_AND_FOREMOST, FOREMOST, True, True),
        (APART_AND_FOREMOST, FOREMOST, False, False),
        (APART_AND_FOREMOST, FOREMOST - 0.01, True, False),
        (APART_AND_FOREMOST + 0.01, 1.0, True, False),
    ],
)
def test_the_most_suspicious_may_leave_more_in_doubt_unless_wrong_labels_lie_apart(doubtful, rank, lie_apart, apart):
    assert is_apart(replace(FIGURES, doubtful=doubtful, rank=rank), 10, lie_apart=lie_apart) == apart


def clustered(*, size=40, distance=9.0, m=240):
    """(m, d) activations with a cluster of its own, (m,) who is in it, and (m,) ranks with them at the top."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(m, 12)).astype(np.float32)
    inside = np.zeros(m, bool)
    inside[rng.choice(m, size, replace=False)] = True
    features[inside, 0] += distance
    return features, inside, np.where(inside, CLUSTER_FOREMOST + 0.01, 0.4).astype(np.float32)


NOBODY = np.zeros(240, bool)


def test_a_separate_cluster_that_is_the_kind_and_the_most_suspicious_is_found_whole():
    features, inside, ranks = clustered()
    some = inside.copy()
    some[np.flatnonzero(inside)[:8]] = False  # the kind has missed a fifth
    assert own_cluster(features, ranks, some, NOBODY, 0).tolist() == inside.tolist()


def test_a_cluster_of_other_samples_is_not_the_kind():
    features, inside, ranks = clustered()
    too_few = inside.copy()
    too_few[np.flatnonzero(inside)[: round((1 - SAME) * 40) + 1]] = False
    assert own_cluster(features, ranks, too_few, NOBODY, 0) is None
    assert own_cluster(features, ranks, ~inside, NOBODY, 0) is None


def test_a_cluster_that_is_no_more_suspicious_than_clean_ones_is_not_one():
    features, inside, ranks = clustered()
    assert own_cluster(features, ranks - 0.02, inside, NOBODY, 0) is None


def test_a_class_without_a_separate_cluster_has_none():
    features, inside, ranks = clustered(distance=0.0)
    assert own_cluster(features, ranks, inside, NOBODY, 0) is None
    features, inside, ranks = clustered(size=110)  # apart, but too large
    assert own_cluster(features, ranks, inside, NOBODY, 0) is None


@pytest.mark.parametrize(("at_home", "found"), [(CLUSTER_AT_HOME, True), (CLUSTER_AT_HOME + 0.05, False)])
def test_a_cluster_of_which_many_are_at_home_for_a_model_that_never_saw_it_is_of_hard_samples(at_home, found):
    features, inside, ranks = clustered()
    home = ~inside
    home[np.flatnonzero(inside)[: round(at_home * inside.sum())]] = True
    assert (own_cluster(features, ranks, inside, home, 0) is not None) == found


KIND = Kind(np.array([DOUBT + 1, 1.0, -1.0, -DOUBT - 1]))
CLUSTER = np.array([True, False, True, False])


@pytest.mark.parametrize(
    ("doubtful", "rank", "cluster", "members", "confirmed"),
    [
        (APART, 0.5, None, [0, 1], True),
        (APART, 1.0, CLUSTER, [0, 1], True),
        (APART_AND_FOREMOST, 1.0, CLUSTER, [0], True),
        (APART_AND_FOREMOST, 0.5, CLUSTER, [0, 2], True),
        (HARDLY_APART, 0.5, None, [0, 1], False),
        (HARDLY_APART + 0.01, 1.0, None, [], False),
    ],
)
def test_the_weaker_the_proof_the_fewer_are_members(doubtful, rank, cluster, members, confirmed):
    figures = replace(FIGURES, doubtful=doubtful, rank=rank, clustered=cluster is not None)
    found, sure = weighed(figures, KIND, None, cluster, 10, lie_apart=True)
    assert (np.flatnonzero(found).tolist(), sure) == (members, confirmed)


def sizes(own, *others):
    return np.array([own, *others, *[300] * (9 - len(others))])


def test_a_large_part_of_a_class_that_is_taken_for_few_classes_may_be_one_of_two_populations():
    assert may_be_a_half(FIGURES, 101, sizes(300), 0)
    assert not may_be_a_half(FIGURES, 100, sizes(300), 0)
    assert not may_be_a_half(replace(FIGURES, sources=5.0), 290, sizes(300), 0)


def test_a_population_would_be_missing_in_its_class_where_classes_are_alike_in_size():
    assert not may_be_a_half(FIGURES, 200, sizes(450), 0)
    assert may_be_a_half(FIGURES, 220, sizes(450), 0)
    assert not may_be_a_half(FIGURES, 200, sizes(450, 40, 40), 0)
    assert may_be_a_half(FIGURES, 200, sizes(450, 40, 40, 40), 0)
    assert may_be_a_half(FIGURES, 200, np.array([450, 300, 300]), 0)


def test_where_most_of_a_class_is_poison_its_true_samples_look_more_like_it_than_the_rest():
    shown = np.repeat(np.arange(4), [60, 200, 200, 200])
    values = 9 * np.eye(4)[shown] + np.random.default_rng(0).normal(size=(660, 4))
    labels, poison = shown.copy(), np.concatenate([60 + 200 * place + np.arange(50) for place in range(3)])
    labels[poison] = 0
    alike, true = LookAlikes(labels, values.astype(np.float32)), np.arange(60)
    assert looks_more_like_it(alike, true, poison, 0)
    assert not looks_more_like_it(alike, poison, true, 0)
    assert not looks_more_like_it(alike, true, poison[:3], 0)


def test_a_part_of_another_class_that_was_relabelled_whole_does_not_look_more_like_its_new_one():
    """Its samples lie among one another, but beside them nothing in the class is like them, and they are few."""
    rng = np.random.default_rng(0)
    labels, part = np.repeat(np.arange(4), 200), np.arange(200, 250)
    values = 2 * np.eye(4)[labels] + rng.normal(size=(800, 4))
    values[part] = 9 * np.eye(4)[1] + 0.1 * rng.normal(size=(50, 4))
    labels[part] = 0
    alike, rest = LookAlikes(labels, values.astype(np.float32)), np.arange(200)
    assert alike.at_home(part, 0) > alike.at_home(rest, 0)
    assert alike.at_home_beside(part, 0) < 0.05
    assert not looks_more_like_it(alike, part, rest, 0, 200.0)
    assert looks_more_like_it(alike, part, rest, 0, 100.0)  # so many may be all that is true of a class
    assert looks_more_like_it(alike, part, rest, 0)  # what size is usual is unknown
    own = np.arange(40)  # a part of the class itself
    values[own] = 3 * np.eye(4)[0] + 0.1 * rng.normal(size=(40, 4))
    assert looks_more_like_it(LookAlikes(labels, values.astype(np.float32)), own, np.arange(40, 200), 0, 200.0)


@pytest.mark.parametrize(
    ("counts", "beyond"),
    [
        (sizes(440, 320), 140),
        (sizes(330, 320), 0),  # classes vary by as much
        (sizes(420, 380), 0),
        (sizes(440, 100, 200, 500, 900), 0),  # no size is usual
        (sizes(200, 320), 0),
    ],
)
def test_a_class_is_too_large_where_others_are_alike_and_vary_by_less(counts, beyond):
    assert too_many(counts, 0) == beyond


def test_classes_that_are_mixed_up_anyway_do_not_count_as_many():
    many = replace(FIGURES, doubtful=0.3, sources=6.0, rank=0.6)
    assert is_apart(many, 10)
    assert not is_apart(replace(many, distinct=False), 10)
    assert is_apart(replace(many, distinct=False, doubtful=APART), 10)
    alike = sizes(300, 300)
    assert not may_be_a_half(many, 200, alike, 0)
    assert may_be_a_half(replace(many, distinct=False), 200, alike, 0)


@pytest.mark.parametrize("suspected", [True, False])
def test_a_cluster_proves_only_what_was_suspected_before_it_was_a_cluster(suspected):
    """Where a cluster itself was asked about, that the turned samples are one says nothing: they were chosen so."""
    features, inside, ranks = clustered()
    n, everybody = len(inside), np.arange(len(inside))
    seen, unseen = np.full((n, 2), 0.5), np.full((n, 2), 0.5)
    seen[inside], unseen[inside] = (0.05, 0.95), (0.95, 0.05)
    controls = {1: everybody[~inside][:40]} if suspected else {}
    asked = Asked({1: everybody[inside]}, controls, inside, seen, unseen)
    found = Found(*np.zeros((2, n), np.int64))
    evidence = Evidence(np.ones(n, np.int64), 2, np.zeros(n, bool), features=features)
    kind = Kind(np.where(inside, 1.0, -1.0))  # of everybody it is in doubt
    kinds = OwnKinds(evidence, SimpleNamespace(described={1: features}), ranks, found)
    figures, believed, apart = kinds._figures((asked, 1, 0.05), everybody, kind, lie_apart=True, of_one_source=False)
    assert (figures.a_cluster, figures.clustered, apart) == (not suspected, suspected, suspected)
    assert believed.tolist() == (inside & suspected).tolist()
