"""Changes of colour: measured of images that have one, put on others, taken off, kept and restored."""

import numpy as np
import pytest

from core.modalities.image.colours import ColourStamp, likened
from core.modalities.image.inputs import ImageInputs
from core.modalities.image.stamps import likenesses, restored

SIDES = (8, 6)
TINT = np.array([[0.8, 0.1, 0.0], [0.1, 0.9, 0.0], [0.0, 0.0, 0.5]], np.float32)  # symmetric, as the least change is


def pictures(seed, channels):
    return np.random.default_rng(seed).integers(60, 181, (300, *SIDES, channels)).astype(np.uint8)


def test_it_is_put_on_and_taken_off_by_hand():
    stamp = ColourStamp(np.array([[0.5]], np.float32), np.array([64], np.float32), SIDES)
    given = np.full((2, *SIDES, 1), 100, np.uint8)
    assert stamp.name == "a change of colours"
    assert (stamp.put_on(given) == 114).all()
    assert (stamp.taken_off(stamp.put_on(given), np.zeros(0)) == 100).all()


def test_less_contrast_is_measured_by_other_images():
    given = pictures(0, 1)
    taught = np.rint(128 + 0.5 * (pictures(1, 1).astype(np.float32) - 128)).astype(np.uint8)
    for stamp in likened(taught, given):
        assert np.allclose(stamp.matrix, 0.5, atol=0.02)
        assert np.abs(stamp.put_on(given).astype(float) - (128 + 0.5 * (given.astype(float) - 128))).max() <= 2


def test_a_mixture_of_channels_is_measured_by_their_covariance():
    given, taught = pictures(0, 3), np.rint(pictures(1, 3).astype(np.float32) @ TINT).astype(np.uint8)
    *_, together = likened(taught, given)
    assert np.allclose(together.matrix, TINT, atol=0.03)
    back = together.taken_off(together.put_on(given), np.zeros(0))
    assert np.abs(back.astype(float) - given).mean() < 2


def test_large_images_are_measured_by_some_of_their_pixels_and_keep_their_size():
    given = np.random.default_rng(2).integers(60, 181, (9, 160, 150, 1)).astype(np.uint8)
    taught = np.rint(64 + 0.5 * given.astype(np.float32)).astype(np.uint8)
    unread = taught.copy()
    unread[:, 1::2], unread[:, :, 1::2] = 0, 255
    for stamp, same in zip(likened(taught, given), likened(unread, given), strict=True):
        assert np.allclose(stamp.matrix, 0.5, atol=0.02)
        assert np.array_equal(stamp.matrix, same.matrix)
        assert stamp.picture.shape == (160, 150, 1)


def test_images_of_one_colour_give_no_infinite_change():
    flat = np.full((5, *SIDES, 3), 90, np.uint8)
    for images, others in ((flat, pictures(0, 3)), (pictures(0, 3), flat), (flat, flat)):
        for stamp in likened(images, others):
            assert np.isfinite(stamp.matrix).all()
            assert stamp.put_on(others).dtype == np.uint8


@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_kept_and_restored_and_its_picture_shows_before_and_after(channels):
    inputs = ImageInputs(np.concatenate([pictures(0, channels), pictures(1, channels) // 2]))
    stamp = likenesses(inputs, np.arange(300, 600), np.arange(300))[0]
    again = restored(stamp.parts, inputs.shape)
    assert np.array_equal(again.put_on(inputs[:5]), stamp.put_on(inputs[:5]))
    shown = stamp.picture
    assert shown.shape == inputs.shape
    assert np.array_equal(shown[SIDES[0] // 2 :], stamp.put_on(np.repeat(shown[:1], SIDES[0] // 2, 0)[None])[0])


@pytest.mark.parametrize(
    ("matrix", "levels"),
    [
        (np.eye(3, dtype=np.float32), np.zeros(3, np.float32)),
        (np.eye(1), np.zeros(1, np.float32)),
        (np.full((1, 1), np.nan, np.float32), np.zeros(1, np.float32)),
        (np.full((1, 1), 1e6, np.float32), np.zeros(1, np.float32)),
        (np.eye(1, dtype=np.float32), np.zeros(2, np.float32)),
    ],
)
def test_what_does_not_fit_is_refused(matrix, levels):
    with pytest.raises(ValueError, match="its change of colours"):
        restored({"name": np.array("a change of colours"), "matrix": matrix, "levels": levels}, (*SIDES, 1))
