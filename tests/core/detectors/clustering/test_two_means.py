"""Two-means from many starts at once: the answers of 2-means from each start alone."""

import numpy as np
import pytest
from sklearn.cluster import KMeans

from core.detectors.clustering.two_means import homogeneous, scouted, two_means, walked, walls_of
from core.detectors.parts.subspaces import whitened


def centred(n, dimensions, seed=0):
    points = np.random.default_rng(seed).laplace(size=(n, dimensions))
    return whitened(points - points.mean(0))


def inertia(points, members):
    return sum(((points[part] - points[part].mean(0)) ** 2).sum() for part in (members, ~members))


def test_the_wall_stands_half_way_between_the_centres():
    # Three points at -3 and one at 9: S = 9 and k = 1 for the second cluster, whose centre is 9, and the other's -3.
    sums, tightness = np.array([[9.0, 1.0]]), np.array([81 / (1 * 3)])
    wall = walls_of(sums, tightness, 4)
    assert (homogeneous(np.array([[2.9], [3.0], [3.1]])) @ wall[0]).tolist() == pytest.approx([-0.9, 0.0, 0.9])


@pytest.mark.parametrize(("n", "limit"), [(300, 10**6), (300, 7000)])
def test_every_start_comes_to_rest_where_it_does_alone(n, limit):
    """Beside scikit-learn's Lloyd from the same two centres; with a small limit the walls go in groups of three."""
    points = centred(n, 6)
    first, second = points[:40], points[40:80]
    levels = ((second**2).sum(1) - (first**2).sum(1)) / 2
    sums, tightness = walked(points, np.column_stack([second - first, -levels]), limit)
    for index in range(40):
        start = np.stack([first[index], second[index]])
        alone = KMeans(2, init=start, n_init=1, algorithm="lloyd", tol=0, max_iter=500).fit(points)
        members = alone.labels_ == 1
        np.testing.assert_allclose(sums[index], [*points[members].sum(0), members.sum()], atol=1e-9)
        assert n * tightness[index] == pytest.approx((points**2).sum() - alone.inertia_)


def test_several_seeds_at_once_are_each_seed_alone():
    for n in (200, 1500):
        points = centred(n, 4)
        for seed, (members, centres) in enumerate(two_means(points, [0, 1, 2])):
            expected = two_means(points, [seed])[0]
            assert (members == expected[0]).all()
            np.testing.assert_allclose(centres, expected[1])


def test_more_points_than_are_scouted_end_where_nothing_moves():
    points = centred(2500, 5)
    members, centres = two_means(points + 7, [3])[0]
    np.testing.assert_allclose(centres, [points[~members].mean(0) + 7, points[members].mean(0) + 7], atol=1e-9)
    distances = np.linalg.norm(points[:, None] + 7 - centres, axis=2)
    assert (members == (distances[:, 1] < distances[:, 0])).all()
    assert inertia(points, members) <= KMeans(2, n_init=20, random_state=0).fit(points).inertia_ * (1 + 1e-9)


def test_scouts_of_a_part_are_carried_to_all_points():
    """Two clouds 20 apart: the walls found on 100 of 400 points, off their common centre, part all of them rightly."""
    points = np.random.default_rng(0).normal(size=(400, 2))
    points[300:, 0] += 20
    points -= points.mean(0)
    walls = scouted(points, [np.random.default_rng(0)], most=100)
    sides = walls @ homogeneous(points).T > 0
    expected = np.arange(400) >= 300
    assert all((side == expected).all() or (side == ~expected).all() for side in sides)


def test_points_that_are_all_the_same_are_one_cluster():
    members, centres = two_means(np.full((20, 2), 3.0), [0])[0]
    assert not members.any()
    assert centres[0].tolist() == [3.0, 3.0]
