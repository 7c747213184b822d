"""The nearest others beside a plain sort of all distances, where float32 alone would mislead, too."""

import numpy as np
import pytest

from core.detectors.parts.nearest import nearest_exactly


def plain(points, wanted, searched):
    """All distances in double precision, sorted; of equal ones the earlier row."""
    distances = np.linalg.norm(points[:, None] - points[searched], axis=2)
    distances[searched[None] == np.arange(len(points))[:, None]] = np.inf
    order = np.argsort(distances, axis=1, kind="stable")[:, :wanted]
    return np.take_along_axis(distances, order, 1), searched[order]


def cloud():
    """A cloud with twins far out, whose distance drowns in float32, and with copies."""
    points = np.random.default_rng(0).normal(size=(700, 5)) * [5, 3, 2, 1, 1]
    points[:4] = points[0] * 1e5 + np.arange(4)[:, None] * 1e-3
    points[10:13] = points[10]
    return points


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("wanted", [1, 10])
def test_the_nearest_others_are_those_of_a_plain_sort(step, wanted):
    points, searched = cloud(), np.arange(0, 700, step)
    distances, rows = nearest_exactly(points, wanted, searched)
    expected, expected_rows = plain(points, wanted, searched)
    np.testing.assert_allclose(distances, expected, rtol=1e-9)
    assert np.array_equal(rows, expected_rows)


def test_as_many_as_there_are_may_be_wanted():
    points = np.random.default_rng(1).normal(size=(12, 2))
    distances, rows = nearest_exactly(points, 11, np.arange(12))
    expected, expected_rows = plain(points, 11, np.arange(12))
    np.testing.assert_allclose(distances, expected, rtol=1e-9)
    assert np.array_equal(rows, expected_rows)
