"""Ranks as scipy.stats gives them."""

import numpy as np
import pytest
from scipy.stats import rankdata

from core.detectors.parts.statistics import ranks

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "values",
    [
        RNG.normal(size=500),
        RNG.normal(size=500).astype(np.float32),
        RNG.integers(0, 9, 500),
        RNG.random(7) > 0.5,
        np.array([-0.0, 0.0, np.inf, -np.inf, np.inf]),
        np.zeros(3),
        np.zeros(0),
    ],
)
def test_they_are_those_of_scipy(values: np.ndarray) -> None:
    found = ranks(values)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, rankdata(values))
