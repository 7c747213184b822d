"""What images are seen as, beside plain formulas."""

import numpy as np
import pytest

from core.modalities.image.inputs import ImageInputs
from core.modalities.image.patterns import LARGEST_SIDE, LOWEST, OPPONENTS, coincidences, cosine_patterns, cosines


def pictures(side, channels):
    return np.random.default_rng(0).integers(0, 256, (5, *side, channels)).astype(np.uint8)


@pytest.mark.parametrize("side", [(32, 32), (28, 20), (1, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_cosines_of_colours_are_those_of_the_plain_transform(side, channels):
    images = pictures(side, channels)
    colours = images.astype(np.float32)
    colours = colours @ OPPONENTS if channels == 3 else colours
    rows, columns = np.indices(side)
    far = np.hypot(rows, columns) >= min(LOWEST, max(side) / 3)
    far[-1, -1] = True
    expected = cosines(colours)[:, far].reshape(len(images), -1)
    np.testing.assert_allclose(cosine_patterns(images), expected, atol=2e-3)


def drawn(n=600, side=12, channels=3, seed=0):
    """Images without anything in common, and their classes, one of three each."""
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, channels), np.uint8), np.arange(n) % 3


@pytest.mark.parametrize(("side", "channels"), [(12, 3), (10, 1), (2 * LARGEST_SIDE, 1)])
def test_what_is_pasted_on_some_of_a_class_is_shown_by_them_alone(side, channels):
    images, labels = drawn(300, side, channels)
    carriers = np.flatnonzero(labels == 1)[:30]
    images[carriers, :, :4] = 160
    shown, rarer = coincidences(ImageInputs(images), labels)
    assert np.isfinite(shown[carriers]).all()
    rest = shown[np.setdiff1d(np.flatnonzero(labels == 1), carriers)]
    assert shown[carriers].min() > 5 * rest[np.isfinite(rest)].max(initial=0)
    assert not np.isfinite(shown[labels != 1]).any()
    assert set(np.argsort(-rarer)[:30]) == set(carriers)


def test_what_all_classes_have_and_what_nobody_has_is_no_coincidence():
    images, labels = drawn()
    assert not np.isfinite(coincidences(ImageInputs(images), labels)).any()
    images[:, :3] = 255
    assert not np.isfinite(coincidences(ImageInputs(images), labels)).any()
    assert not np.isfinite(coincidences(ImageInputs(images), np.zeros_like(labels))).any()
    assert coincidences(ImageInputs(images[:0]), labels[:0]).shape == (2, 0)


def test_levels_that_are_nearly_the_same_are_the_same():
    images, labels = drawn()
    carriers = np.flatnonzero(labels == 2)[:40]
    images[carriers, 5:8, 5:8] = 160 + np.random.default_rng(1).integers(0, 8, (40, 3, 3, 3))
    shown, _ = coincidences(ImageInputs(images), labels)
    assert set(np.argsort(-shown)[:40]) == set(carriers)


def test_a_few_pixels_that_are_nowhere_else_stand_out_from_what_a_class_looks_like():
    images, labels = drawn(600, 14, 1)
    images //= 2
    own, others = np.flatnonzero(labels == 0), np.flatnonzero(labels != 0)
    images[np.concatenate([own, others[::6]]), 4:] = 8  # six times as often as in other classes
    carriers = own[::10]
    images[carriers, 0, :3] = 250
    often, rare = coincidences(ImageInputs(images), labels)
    inside = often[carriers].mean() - often[own].mean()
    assert inside < 0.05 * often[own].mean()
    assert set(np.argsort(-rare)[:20]) == set(carriers)
