"""The medians of the decision: those of NumPy, bit for bit."""

import numpy as np
import pytest

from core.modalities.image.medians import median_images, median_levels


@pytest.mark.parametrize("q", [1, 2, 3, 9, 10])
def test_the_median_of_a_few_images_is_that_of_numpy_and_changes_nothing(q):
    levels = np.random.default_rng(q).integers(0, 256, (q, 5, 7, 6, 3), np.uint8)
    before, found = levels.copy(), median_levels(levels)
    assert found.dtype == np.float32
    assert np.array_equal(found, np.median(levels, axis=0))
    assert np.array_equal(levels, before)


@pytest.mark.parametrize("m", [1, 2, 7, 60])
def test_the_median_of_many_images_is_that_of_numpy_and_changes_nothing(m):
    images = np.random.default_rng(m).normal(0, 90, (m, 7, 6, 3)).astype(np.float32)
    images[:, 0] = np.rint(images[:, 0])  # ties
    before, found = images.copy(), median_images(images)
    assert found.dtype == np.float32
    assert np.array_equal(found, np.median(images, axis=0))
    assert np.array_equal(images, before)
