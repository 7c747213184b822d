"""Look-alikes: of other classes only, nearest first; copies of one sample count once."""

import numpy as np
import pytest

from core.decision.look_alikes import MOST_ORDINARY, NEAREST, LookAlikes, look_alikes
from core.modalities.image.inputs import ImageInputs


def points(n=200, k=4, seed=0):
    rng = np.random.default_rng(seed)
    return LookAlikes(rng.permutation(np.arange(n) % k), rng.normal(size=(n, 8)).astype(np.float32))


def test_look_alikes_are_never_of_the_own_class_and_the_nearest_of_the_others():
    alike = points()
    for index in range(4):
        rows = np.flatnonzero(alike.labels == index)
        near = alike.near(rows, index)
        assert near.shape == (len(rows), NEAREST)
        assert (alike.labels[near] != index).all()
        others = np.flatnonzero(alike.labels != index)
        distances = np.linalg.norm(alike.points[rows][:, None] - alike.points[others], axis=2)
        assert np.array_equal(near, others[np.argsort(distances, axis=1)[:, :NEAREST]])


def test_fewer_other_samples_than_look_alikes_are_all_of_them():
    alike = LookAlikes(np.array([0] * 5 + [1] * 3), np.arange(8, dtype=np.float32)[:, None])
    assert [sorted(found) for found in alike.near(np.arange(5), 0).tolist()] == [[5, 6, 7]] * 5


def test_of_very_many_some_are_chosen_and_the_seed_says_which():
    n = MOST_ORDINARY + 500
    labels = np.zeros(n, np.int64)
    labels[:20] = 1
    values = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
    found = [LookAlikes(labels, values, seed).near(np.arange(20), 1) for seed in (3, 3, 4)]
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])
    assert min(one.min() for one in found) >= 20


def test_copies_are_taken_once_in_the_order_given():
    alike = points()
    rows = np.flatnonzero(alike.labels == 2)
    copies = alike.points.copy()
    copies[rows[1:6]] = copies[rows[0]]  # five copies of the first
    thinned = LookAlikes(alike.labels, copies).thinned(rows, 2, 20)
    assert thinned[0] == rows[0]
    assert not set(thinned.tolist()) & set(rows[1:6].tolist())
    assert np.array_equal(thinned, np.concatenate([rows[:1], rows[6:25]]))


def test_nothing_is_thinned_where_nothing_is_alike():
    alike = points()
    rows = np.flatnonzero(alike.labels == 1)
    assert np.array_equal(alike.thinned(rows, 1, 15), rows[:15])
    assert np.array_equal(alike.thinned(rows[:1], 1, 15), rows[:1])
    assert len(alike.thinned(rows[:0], 1, 15)) == 0


@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_the_same_sight_are_look_alikes_whatever_small_mark_they_carry(channels):
    rng = np.random.default_rng(0)
    sights = rng.integers(40, 200, (20, 4, 4, channels)).repeat(4, axis=1).repeat(4, axis=2)
    images = np.concatenate([sights, sights]) + rng.integers(-3, 4, (40, 16, 16, channels))
    images[:20, -2:, -2:] = 255  # a mark on those of the first class
    alike = look_alikes(ImageInputs(images.astype(np.uint8)), np.repeat([0, 1], 20))
    assert np.array_equal(alike.near(np.arange(20), 0)[:, 0], 20 + np.arange(20))


def test_true_samples_lie_among_their_class_and_mislabelled_ones_among_what_they_show():
    rng = np.random.default_rng(0)
    shown = np.arange(300) % 3
    values = (9 * np.eye(3)[shown] + rng.normal(size=(300, 3))).astype(np.float32)
    labels = shown.copy()
    mislabelled = np.flatnonzero(shown == 1)[:20]
    labels[mislabelled] = 0
    alike = LookAlikes(labels, values)
    assert alike.at_home(np.flatnonzero(shown == 0), 0) > 0.95
    # Of its ten nearest others, a mislabelled one has about two of its kind.
    assert 0.05 < alike.at_home(mislabelled, 0) < 0.4
    assert alike.at_home(mislabelled, 1) > 0.6


@pytest.mark.parametrize("rest", [200, 20])
def test_poison_lies_elsewhere_than_the_rest_of_its_class_and_a_part_of_it_does_not(rest):
    rng = np.random.default_rng(0)
    shown = np.repeat([0, 1, 2], [rest + 30, 300, 300])
    values = (4 * np.eye(3)[shown] + rng.normal(size=(len(shown), 3))).astype(np.float32)
    poison = np.flatnonzero(shown == 1)[:30]
    labels = shown.copy()
    labels[poison] = 0
    alike = LookAlikes(labels, values)
    assert alike.elsewhere(poison, 0)
    assert not alike.elsewhere(np.arange(30), 0)
    assert not alike.elsewhere(np.flatnonzero(labels == 0), 0)  # nothing of the class is left to compare with


def test_any_samples_of_other_classes_stand_for_the_nearest_the_same_each_time():
    alike = points()
    rows = np.flatnonzero(alike.labels == 2)
    near = alike.any_others().near(rows, 2)
    assert near.shape == (len(rows), NEAREST)
    assert (alike.labels[near] != 2).all()
    assert np.array_equal(near, alike.any_others().near(rows, 2))
    assert len(np.unique(near)) > 0.9 * (alike.labels != 2).sum()
    assert np.array_equal(alike.any_others().thinned(rows, 2, 10), alike.thinned(rows, 2, 10))
