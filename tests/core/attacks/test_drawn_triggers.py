"""Triggers that are drawn for each image or from the seed, against what they have to be."""

import numpy as np
import pytest
from scipy.fft import dctn

from core.attacks import ATTACKS, Scene
from core.attacks.triggers.smooth.blended_photograph import photograph


def trigger(name, shape, seed=0, **settings):
    return ATTACKS[name].load()(Scene(shape, seed=seed, target_class=1), **settings)


def noise(shape, n=3, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (n, *shape), np.uint8)


@pytest.mark.parametrize("name", ["patch", "single_pixel"])
def test_a_random_place_moves_the_whole_trigger_within_the_image(name):
    images = noise((9, 12, 1), 60) // 2
    fixed, moved = (trigger(name, (9, 12, 1), place=place)(images) == 255 for place in ("corner", "random"))
    size = np.array([3, 3] if name == "patch" else [1, 1])
    corners = []
    for image in moved[..., 0]:
        rows = np.argwhere(image)
        corners.append(rows.min(0))
        shape = fixed[0, ..., 0]
        first = np.argwhere(shape).min(0)
        assert (rows - rows.min(0) == np.argwhere(shape) - first).all()
    assert np.min(corners, 0).tolist() == [0, 0]
    assert np.max(corners, 0).tolist() == ([9, 12] - size).tolist()


def test_a_sticker_is_nine_cells_and_its_own_colours_differ():
    images = noise((20, 20, 3), 4)
    corner = trigger("sticker", (20, 20, 3), size=0.3, place="corner")(images)
    assert (corner[:, 13:19, 13:19] == corner[:1, 13:19, 13:19]).all()
    changed = (corner != images).any(-1)
    assert not changed[:, :13].any() | changed[:, :, :13].any() | changed[:, 19].any() | changed[:, :, 19].any()
    cells = corner[0, 13:19, 13:19].reshape(3, 2, 3, 2, 3)
    assert (cells == cells[:, :1, :, :1]).all()
    assert set(np.unique(cells)) == {40, 255}
    own = trigger("sticker", (20, 20, 3), size=0.3, place="corner", colours="own")(images)[:, 13:19, 13:19]
    assert len(np.unique(own.reshape(4, -1), axis=0)) == 4


def test_the_photograph_is_blended_and_smooth():
    shape, alpha = (32, 32, 3), 0.2
    images = noise(shape)
    picture = photograph(shape, 7)
    exact = (1 - alpha) * images.astype(np.float64) + alpha * 255 * picture
    assert np.abs(trigger("blended_photograph", shape, seed=7, alpha=alpha)(images) - exact).max() <= 0.5 + 1e-3
    power = np.abs(dctn(picture - picture.mean((0, 1)), axes=(0, 1), norm="ortho")) ** 2
    assert power[:8, :8].sum() > 0.8 * power.sum()  # an eighth of uniform noise is in them
    assert 0.15 < picture.std() < 0.35
