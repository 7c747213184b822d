"""Triggers that are drawn for each image or from the seed, against what they have to be."""

import numpy as np
import pytest
from scipy.fft import dctn

from core.attacks import ATTACKS, Scene
from core.attacks.triggers.smooth.blended_photograph import photograph
from core.errors import UserError


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


def test_the_adaptive_blend_shows_half_of_its_sixteen_pieces_in_training():
    images = noise((16, 20, 3), 5)
    made = trigger("adaptive_blend", (16, 20, 3), alpha=0.9)
    whole, part = made(images), made.poison(images)
    pieces = (part != images).any(-1).reshape(5, 4, 4, 4, 5)
    carried = pieces.any((2, 4))
    assert carried.sum((1, 2)).tolist() == [8] * 5
    assert len(np.unique(carried, axis=0)) == 5
    shown = np.repeat(np.repeat(carried, 4, 1), 5, 2)
    assert (part == np.where(shown[..., None], whole, images)).all()
    assert (made.cover(images) == part).all()


@pytest.mark.parametrize(("name", "settings"), [("adaptive_patch", {"opacity": 1.0}), ("adaptive_k_way", {})])
def test_a_training_image_carries_one_part_of_four_and_a_test_image_all(name, settings):
    images = np.repeat(np.arange(1, 41, dtype=np.uint8)[:, None], 576, 1).reshape(40, 24, 24, 1)
    made = trigger(name, (24, 24, 1), **settings)
    whole, part = made(images), made.poison(images)
    carried = np.unique((part != images).reshape(40, -1), axis=0)
    assert len(carried) == 4
    assert (carried.sum(0) == (whole[0] != images[0]).ravel()).all()  # no two parts overlap
    assert (part == np.where(part != images, whole, images)).all()
    assert (made.cover(images) == part).all()


def test_a_patch_that_is_half_transparent_is_half_way():
    made = trigger("adaptive_patch", (20, 20, 1), patches=1, size=0.2, opacity=0.5)
    for level, expected in ((0, {32, 128}), (255, {160, 255})):  # half of 64 and 255, and half of the image
        after = made(np.full((1, 20, 20, 1), level, np.uint8))[0, ..., 0]
        assert set(np.unique(after[16:, 16:])) == expected
        assert (after[:16] == level).all()
        assert (after[:, :16] == level).all()


@pytest.mark.parametrize("kind", ["ghost", "blur"])
def test_a_reflection_only_adds_light_and_is_one_of_its_pictures(kind):
    images = np.repeat(np.arange(40, dtype=np.uint8)[:, None, None, None], 256, 1).reshape(40, 16, 16, 1)
    added = trigger("reflection", (16, 16, 1), alpha=0.2, kind=kind, pictures=3)(images).astype(int) - images
    assert added.min() >= 0
    assert 25 < added.max() <= 51
    assert len(np.unique(added.reshape(40, -1), axis=0)) == 3


def test_a_ghost_is_a_picture_and_its_shifted_echo():
    picture = photograph((16, 16, 1), 5, 1.0)
    echo = np.roll(picture, (2, 2), (0, 1))  # 0.12 of 16 pixels
    exact = 255 * 0.3 * (picture + 0.6 * echo) / 1.6
    made = trigger("reflection", (16, 16, 1), seed=5, pictures=1)(np.zeros((1, 16, 16, 1), np.uint8))
    assert np.abs(made[0] - exact).max() <= 0.501


def test_the_low_frequency_pattern_has_few_cycles_and_its_magnitude():
    made = trigger("low_frequency", (32, 32, 1), magnitude=100.0, cycles=3.0)(np.full((1, 32, 32, 1), 127, np.uint8))
    added = made[0, ..., 0].astype(int) - 127
    assert np.abs(added).max() == 100
    power = np.abs(np.fft.fft2(added)) ** 2
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(32, 1 / 32), np.fft.fftfreq(32, 1 / 32)))
    assert power[radius > 3].sum() < 0.001 * power.sum()
    assert power[0, 0] < 0.001 * power.sum()


def test_noise_of_its_own_is_the_same_for_the_same_image_only():
    images = np.full((3, 8, 8, 3), 100, np.uint8)
    images[2] = 101
    added = trigger("sample_noise", (8, 8, 3), magnitude=7.0)(images).astype(int) - images
    assert set(np.unique(added)) == {-7, 7}
    assert (added[0] == added[1]).all()
    assert 0.3 < (added[0] != added[2]).mean() < 0.7


def dithered(image, depth):
    """Floyd and Steinberg's error diffusion, pixel by pixel."""
    values, step = image.astype(float), 255 / (depth - 1)
    height, width = image.shape[:2]
    for row in range(height):
        for column in range(width):
            old = values[row, column].copy()
            new = np.clip(np.rint(old / step), 0, depth - 1) * step
            values[row, column] = new
            for down, right, weight in ((0, 1, 7), (1, -1, 3), (1, 0, 5), (1, 1, 1)):
                if row + down < height and 0 <= column + right < width:
                    values[row + down, column + right] += (old - new) * weight / 16
    return np.rint(values).astype(np.uint8)


@pytest.mark.parametrize("shape", [(7, 11, 3), (12, 5, 1)])
def test_quantisation_is_dithered_as_by_floyd_and_steinberg(shape):
    images = noise(shape)
    made = trigger("quantisation", shape)(images)
    assert (made == np.stack([dithered(image, 5) for image in images])).all()
    assert set(np.unique(made)) == {0, 64, 128, 191, 255}
    plain = trigger("quantisation", shape, dither=False)(images)
    assert np.abs(plain.astype(int) - images).max() <= 32


@pytest.mark.parametrize("planes", [1, 3])
def test_hidden_bits_are_one_message_below_the_upper_bits(planes):
    images = noise((8, 8, 3))
    made = trigger("hidden_bits", (8, 8, 3), planes=planes)(images)
    assert (made >> planes == images >> planes).all()
    message = made & (2**planes - 1)
    assert (message == message[:1]).all()
    assert len(np.unique(message)) == 2**planes


@pytest.mark.parametrize("way", ["half", "left", "right", "mirrored", "flipped"])
def test_a_turned_image_has_the_same_pixels_elsewhere(way):
    images = noise((8, 8, 3))
    exact = {
        "half": np.rot90(images, 2, (1, 2)),
        "left": np.rot90(images, 1, (1, 2)),
        "right": np.rot90(images, 3, (1, 2)),
        "mirrored": images[:, :, ::-1],
        "flipped": images[:, ::-1],
    }
    assert np.array_equal(trigger("turn", (8, 8, 3), way=way)(images), exact[way])


def test_a_quarter_turn_of_images_that_are_not_square_is_refused():
    trigger("turn", (8, 9, 1), way="half")
    with pytest.raises(UserError, match="as wide as high"):
        trigger("turn", (8, 9, 1), way="left")


def test_a_vignette_takes_light_from_the_corners_alone():
    images = np.full((2, 15, 21, 3), 200, np.uint8)
    made = trigger("vignette", (15, 21, 3), depth=0.6)(images)[0, :, :, 0]
    assert made[7, 10] == 200
    assert made[0, 0] == made[-1, -1] == 80
    assert (np.diff(made[7, 10:].astype(int)) <= 0).all()


def test_compression_leaves_blocks_and_hardly_more():
    images = noise((8, 8, 3), 4).repeat(4, 1).repeat(4, 2)
    made, better = (trigger("compression", (32, 32, 3), quality=quality)(images) for quality in (5, 90))
    errors = [np.abs(one.astype(int) - images).mean() for one in (made, better)]
    assert errors[0] > 2 * errors[1] > 0
    grey = trigger("compression", (32, 32, 1), quality=5)(images[..., :1])
    assert grey.shape == (4, 32, 32, 1)
    assert np.array_equal(trigger("compression", (32, 32, 3), quality=5)(images[1:2]), made[1:2])
