"""Stickers at places of their own: found among images that share nothing else, put on others and taken off again."""

import numpy as np
import pytest

from core.modalities.image.moved import MovedStamp, moved_stamp
from core.modalities.image.stamps import restored

SIDE, PATCH = 24, 5


def blurred(n, seed=0, channels=1):
    """Images that vary from pixel to pixel, and from one to the next."""
    rough = np.random.default_rng(seed).integers(40, 216, (n, SIDE // 4, SIDE // 4, channels))
    return np.kron(rough, np.ones((1, 4, 4, 1))).astype(np.uint8)


def sticker(seed=1, channels=1):
    return np.random.default_rng(seed).choice([0, 255], (PATCH, PATCH, channels)).astype(np.float32)


def put(images, patch, opacity=1.0, seed=2, places=SIDE - PATCH + 1):
    """The images with the patch, each at a random place."""
    rng, made = np.random.default_rng(seed), images.copy()
    for image in made:
        top, left = rng.integers(0, places, 2)
        part = image[top : top + PATCH, left : left + PATCH]
        part[:] = np.rint((1 - opacity) * part + opacity * patch)
    return made


@pytest.mark.parametrize("channels", [1, 3])
def test_a_sticker_at_random_places_is_found_pixel_by_pixel(channels):
    clean, patch = blurred(40, channels=channels), sticker(channels=channels)
    found = moved_stamp(put(clean, patch), clean.astype(np.float32), blurred(60, 5, channels))
    assert found.mask.shape == (PATCH, PATCH)
    assert found.mask.mean() > 0.9
    assert found.scale == 0
    assert np.array_equal(found.patch[found.mask], patch[found.mask])
    assert found.carried(put(blurred(50, 7, channels), patch, seed=8)).all()
    assert not found.carried(blurred(50, 9, channels)).any()


def test_it_is_found_where_half_of_the_images_have_none():
    clean = blurred(60)
    half = np.concatenate([put(clean[:30], sticker()), clean[30:]])
    found = moved_stamp(half, clean.astype(np.float32), blurred(60, 5))
    assert found.carried(half).tolist() == [True] * 30 + [False] * 30


def test_one_that_lets_the_image_shine_through_is_put_on_so():
    clean = blurred(60)
    found = moved_stamp(put(clean, sticker(), 0.7), clean.astype(np.float32), blurred(60, 5))
    assert 0.2 < found.scale < 0.4
    before = blurred(30, 7)
    after = found.put_on(before)
    assert found.carried(after).all()


@pytest.mark.parametrize("fraction", [0.0, 0.1])
def test_where_few_or_none_share_one_nothing_is_found(fraction):
    clean = blurred(60)
    few = int(fraction * 60)
    images = np.concatenate([put(clean[:few], sticker()), clean[few:]])
    assert moved_stamp(images, clean.astype(np.float32), blurred(60, 5)) is None


def test_what_is_at_one_place_does_not_move():
    clean = blurred(40)
    assert moved_stamp(put(clean, sticker(), places=1), clean.astype(np.float32), blurred(60, 5)) is None


def test_what_everybody_shows_is_no_sticker():
    clean, patch = blurred(40), sticker()
    assert moved_stamp(put(clean, patch), clean.astype(np.float32), put(blurred(60, 5), patch, seed=3)) is None


def test_small_and_large_images_are_passed_over():
    for side in (8, 64):
        images = np.zeros((4, side, side, 1), np.uint8)
        assert moved_stamp(images, images.astype(np.float32), images) is None


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_a_few_images_share_nothing(count):
    images = blurred(count or 1)[:count]
    assert moved_stamp(images, images.astype(np.float32), blurred(5, 5)[:count]) is None


def by_hand():
    mask = np.ones((2, 2), np.bool_)
    return MovedStamp(np.full((2, 2, 1), 200, np.float32), mask, 1.0, (6, 6), np.full((2, 2, 1), 50, np.float32), 0.5)


def test_it_is_put_at_one_place_that_the_image_says_and_taken_off_there():
    images = np.arange(5 * 36, dtype=np.uint8).reshape(5, 6, 6, 1) % 50
    on = by_hand().put_on(images)
    assert np.array_equal(on, by_hand().put_on(images))
    assert ((on != images).sum((1, 2, 3)) == 4).all()
    assert len({tuple(np.flatnonzero(one)) for one in on != images}) > 1
    changed = on != images
    assert np.array_equal(on[changed], np.rint(200 + 0.5 * (images[changed].astype(float) - 50)).astype(np.uint8))
    opaque = MovedStamp(by_hand().patch, by_hand().mask, 1.0, (6, 6), by_hand().usual)
    assert np.array_equal(opaque.taken_off(opaque.put_on(images), images.astype(np.float32)), images)


def test_it_is_kept_and_read_again():
    stamp = by_hand()
    again = restored(stamp.parts, (6, 6, 1))
    images = np.random.default_rng(0).integers(0, 255, (5, 6, 6, 1)).astype(np.uint8)
    assert np.array_equal(again.put_on(images), stamp.put_on(images))
    assert again.picture.shape == (6, 6, 1)
    assert again.picture[2, 2] == 200
    assert stamp.carried(images[:0]).shape == (0,)


@pytest.mark.parametrize(
    "changed",
    [
        {"patch": np.zeros((2, 2, 3), np.float32)},
        {"mask": np.zeros((2, 2), np.bool_)},
        {"mask": np.ones((2, 2), np.int64)},
        {"usual": np.zeros((3, 2, 1), np.float32)},
        {"patch": np.full((2, 2, 1), np.nan, np.float32)},
        {"limit": np.array(np.inf)},
        {"scale": np.array(2.0)},
    ],
)
def test_damaged_parts_are_refused(changed):
    with pytest.raises(ValueError, match="sticker"):
        restored(by_hand().parts | changed, (6, 6, 1))


def test_one_that_is_larger_than_the_images_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        restored(by_hand().parts, (1, 6, 1))
