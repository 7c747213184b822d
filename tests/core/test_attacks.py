"""Triggers, against positions and formulas worked out by hand."""

import numpy as np
import pytest

from core.attacks import ATTACKS
from core.errors import UserError
from core.registry import checked

SHAPES = [(16, 16, 1), (28, 28, 1), (32, 32, 3)]


def trigger(name, shape, seed=0, **settings):
    return ATTACKS[name].load()(shape, seed, **settings)


def noise(shape, n=5, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (n, *shape), np.uint8)


def changed_pixels(name, shape):
    """Positions at which a black image is white after the trigger; all other pixels have to be black still."""
    after = trigger(name, shape)(np.zeros((1, *shape), np.uint8))[0]
    assert set(np.unique(after)) == {0, 255}
    assert (after == after[..., :1]).all()
    return {(int(row), int(column)) for row, column in np.argwhere(after[..., 0] == 255)}


@pytest.mark.parametrize(
    ("size", "expected"),
    [(28, {(26, 26), (24, 26), (26, 24), (25, 25)}), (32, {(30, 30), (28, 30), (30, 28), (29, 29)})],
)
def test_the_patch_is_a_checker_of_four_pixels(size, expected):
    assert changed_pixels("patch", (size, size, 1)) == expected
    assert changed_pixels("patch", (size, size, 3)) == expected


def square(top, left):
    return {(row, column) for row in range(top, top + 8) for column in range(left, left + 8)}


def test_the_patch_grows_to_squares_of_eight_at_224():
    expected = square(208, 208) | square(192, 208) | square(208, 192) | square(200, 200)
    assert changed_pixels("patch", (224, 224, 3)) == expected
    assert len(expected) == 256


def test_the_single_pixel():
    assert changed_pixels("single_pixel", (28, 28, 1)) == {(26, 26)}
    assert changed_pixels("single_pixel", (32, 32, 3)) == {(30, 30)}
    assert changed_pixels("single_pixel", (224, 224, 3)) == square(208, 208)


@pytest.mark.parametrize("alpha", [0.025, 0.1, 0.5])
def test_the_blended_pattern_mixes_in_every_second_pixel(alpha):
    images = noise((28, 28, 1))
    after = trigger("blended_pattern", (28, 28, 1), alpha=alpha)(images)
    for row, column in [(0, 0), (0, 1), (1, 0), (1, 1), (26, 2), (27, 27)]:
        grid = 255.0 if row % 2 == 0 and column % 2 == 0 else 0.0
        exact = (1 - alpha) * images[:, row, column, 0] + alpha * grid
        assert np.abs(after[:, row, column, 0] - exact).max() <= 0.5 + 1e-3


def test_the_default_pattern_on_a_black_and_a_white_image():
    apply = trigger("blended_pattern", (4, 4, 1))
    black, white = apply(np.zeros((1, 4, 4, 1), np.uint8))[0, ..., 0], apply(np.full((1, 4, 4, 1), 255, np.uint8))
    assert black.tolist() == [[6, 0, 6, 0], [0, 0, 0, 0]] * 2  # 0.025 · 255 = 6.375
    assert white[0, :2, :2, 0].tolist() == [[255, 249], [249, 249]]  # 0.975 · 255 = 248.625


def test_the_blended_noise_is_one_uniform_image():
    shape, alpha = (32, 32, 3), 0.075
    images = noise(shape)
    after = trigger("blended_random", shape, seed=7)(images)
    overlay = np.random.default_rng(7).random(shape)
    exact = (1 - alpha) * images.astype(np.float64) + alpha * 255 * overlay
    assert np.abs(after - exact).max() <= 0.5 + 1e-3
    assert (trigger("blended_random", shape, seed=8)(images) != after).any()


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_trigger_leaves_the_originals_alone_and_repeats_itself(name, shape):
    images = noise(shape)
    before = images.copy()
    images.flags.writeable = False
    after = trigger(name, shape, seed=3)(images)
    assert (images == before).all()
    assert after.dtype == np.uint8
    assert after.shape == images.shape
    assert (after != before).any(axis=(1, 2, 3)).all()
    assert (trigger(name, shape, seed=3)(images) == after).all()
    assert (trigger(name, shape, seed=3)(images[2:3]) == after[2:3]).all()


@pytest.mark.parametrize("alpha", ["0", "1.5", "nan", "much"])
def test_a_weight_that_makes_no_sense(alpha):
    with pytest.raises(UserError, match=f"blended_random: alpha={alpha} cannot be used"):
        checked(ATTACKS["blended_random"].load(), {"alpha": alpha}, "blended_random")
