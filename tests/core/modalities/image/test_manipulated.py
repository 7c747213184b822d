"""Known manipulations and changes of light: put on, taken off, kept, and found by asking a network."""

import numpy as np
import pytest
import torch

from core.modalities.image.lit import LitStamp
from core.modalities.image.look import CHUNK_BYTES, details
from core.modalities.image.manipulated import MANIPULATIONS, ManipulatedStamp, manipulations
from core.modalities.image.stamps import restored
from core.modalities.image.transformations import MOST_OF_A_LIST
from core.modalities.recovery import OF_A_LIST
from tests.core.modalities.image.test_transformations import SIDE, Network, found_by, halved, images_of

DARK_LEFT = LitStamp(np.tile(np.linspace(-1, 0, 5, dtype=np.float32), (5, 1)), (SIDE, SIDE))
LOSSLESS = [
    name
    for name in MANIPULATIONS
    if name.startswith("a ") or any(w in name for w in ("mirror", "exchanged", "channels", "moved"))
]


@pytest.mark.parametrize("shape", [(SIDE, SIDE, 1), (SIDE, SIDE, 3), (12, 21, 1), (12, 21, 3), (9, 9, 2)])
def test_each_changes_images_of_every_shape_that_it_fits_and_keeps_the_shape(shape):
    images = np.random.default_rng(0).integers(0, 256, (7, *shape), np.uint8)
    names = [stamp.what for stamp in manipulations(shape)]
    assert ("mirrored at the main diagonal" in names) == (shape[0] == shape[1])
    assert ("greys alone" in names) == (shape[2] == 3)
    for stamp in manipulations(shape):
        changed = stamp.put_on(images)
        assert (changed.shape, changed.dtype) == (images.shape, np.uint8), stamp.name
        assert (changed != images).any(), stamp.name
        assert stamp.taken_off(changed, np.zeros(0)).shape == images.shape
        assert stamp.picture.shape == shape
        assert stamp.put_on(images[:0]).shape == (0, *shape)
        assert np.array_equal(restored(stamp.parts, shape).put_on(images), changed)


@pytest.mark.parametrize("name", LOSSLESS)
def test_what_loses_nothing_is_undone_to_the_last_level(name):
    stamp, images = ManipulatedStamp(name, (SIDE, SIDE, 3)), images_of(5, 3)
    assert np.array_equal(stamp.taken_off(stamp.put_on(images), np.zeros(0)), images)


def test_what_each_does_is_what_its_name_says():
    image = np.zeros((1, 4, 4, 3), np.uint8)
    image[0, 0, 0] = 10, 200, 90

    def where(name):
        changed = ManipulatedStamp(name, (4, 4, 3)).put_on(image)[0]
        return tuple(np.argwhere(changed.any(2))[0].tolist())

    assert where("a half turn") == (3, 3)
    assert where("a quarter turn to the left") == (3, 0)
    assert where("a quarter turn to the right") == (0, 3)
    assert where("left and right exchanged") == (0, 3)
    assert where("top and bottom exchanged") == (3, 0)
    assert where("left and right halves exchanged") == (0, 2)
    assert where("upper and lower halves exchanged") == (2, 0)
    assert where("moved to the right") == (0, 1)
    assert where("moved to the left") == (0, 3)
    assert where("moved down") == (1, 0)
    assert where("moved up") == (3, 0)
    colours = {
        name: ManipulatedStamp(name, (4, 4, 3)).put_on(image)[0, 0, 0].tolist()
        for name in ("red and blue exchanged", "greys alone", "light and dark exchanged", "pixels of 2 × 2")
    }
    assert colours["red and blue exchanged"] == [90, 200, 10]
    assert colours["greys alone"] == [131, 131, 131]
    assert colours["light and dark exchanged"] == [245, 55, 165]
    assert colours["pixels of 2 × 2"] == [2, 50, 22]


def put_on(name, images):
    return ManipulatedStamp(name, images.shape[1:]).put_on(images).astype(float)


def test_tones_and_colours_are_moved_as_far_as_the_name_says():
    images = (60 + images_of(5, 3) // 3).astype(np.uint8)
    middle, grey = images.mean((1, 2, 3), keepdims=True), images.mean(3, keepdims=True)
    assert np.array_equal(put_on("lighter", images), images + 45.0)
    assert np.array_equal(put_on("darker", images), images - 45.0)
    for name, times, around in (
        ("twice the contrast", 2, middle),
        ("half the contrast", 0.5, middle),
        ("stronger colours", 2, grey),
    ):
        assert np.abs(put_on(name, images) - (around + times * (images - around)).clip(0, 255)).max() <= 0.5, name
    turned = put_on("colours turned by 60 degrees", images)
    again = put_on("colours turned by 60 degrees", turned.astype(np.uint8))
    assert np.abs(again - images[..., [2, 0, 1]]).max() <= 2  # 120 degrees: each channel has become the next one


def test_what_is_sharpened_differs_more_from_pixel_to_pixel_and_medians_differ_less():
    images = (60 + images_of(5) // 3).astype(np.uint8)
    rough = np.abs(np.diff(images.astype(float), axis=1)).mean()
    assert np.abs(np.diff(put_on("sharpened", images), axis=1)).mean() > 2 * rough
    assert np.abs(np.diff(put_on("medians of 3 × 3 pixels", images), axis=1)).mean() < rough / 2


def test_each_image_has_its_own_noise_and_always_the_same():
    images = np.stack([np.full((SIDE, SIDE, 3), level, np.uint8) for level in (100, 101, 100)])
    noise = put_on("noise", images) - images
    assert np.array_equal(noise[0], noise[2])
    assert np.array_equal(put_on("noise", images[1:2]) - images[1:2], noise[1:2])
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.1
    assert noise.std() == pytest.approx(16, rel=0.1)


def test_each_image_has_its_own_scattered_pixels_and_always_the_same():
    images = np.stack([np.full((40, 40, 3), level, np.uint8) for level in (100, 101, 100)])
    scattered = put_on("scattered white and black pixels", images)
    assert np.array_equal(scattered[0], scattered[2])
    assert ((scattered == 255).all(3) | (scattered == 0).all(3) | (scattered == images).all(3)).all()
    white, black = (scattered == 255).all(3).mean((1, 2)), (scattered == 0).all(3).mean((1, 2))
    assert np.allclose([white, black], 0.03, atol=0.015)
    assert ((scattered[0] == 255) != (scattered[1] == 255)).any()


def test_a_change_of_light_is_undone_where_nothing_became_white_and_kept_as_it_was():
    images = images_of(5) // 2
    back = DARK_LEFT.taken_off(DARK_LEFT.put_on(images), np.zeros(0))
    assert np.abs(back.astype(int) - images).max() <= 3
    assert np.abs(DARK_LEFT.put_on(images)[:, :, -1].astype(int) - images[:, :, -1]).max() <= 1
    assert DARK_LEFT.put_on(images)[:, :, 0].mean() < 0.4 * images[:, :, 0].mean()
    again = restored(DARK_LEFT.parts, (SIDE, SIDE, 1))
    assert again.name == "a change of light"
    assert np.array_equal(again.put_on(images), DARK_LEFT.put_on(images))
    assert DARK_LEFT.picture[0, 0, 0] < DARK_LEFT.picture[0, -1, 0]


@pytest.mark.parametrize(
    "parts",
    [
        {"name": "l", "logs": np.zeros((4, 5), np.float32)},
        {"name": "l", "logs": np.zeros((5, 5), np.float64)},
        {"name": "l", "logs": np.full((5, 5), np.nan, np.float32)},
        {"name": "l", "logs": np.full((5, 5), 50, np.float32)},
        {"manipulation": "greys alone"},
    ],
)
def test_a_damaged_one_is_refused(parts):
    with pytest.raises(ValueError, match=r"its (change of light|manipulation)"):
        restored({name: np.array(part) for name, part in parts.items()}, (SIDE, SIDE, 1))


def test_one_that_nobody_knows_is_refused():
    with pytest.raises(KeyError):
        restored({"name": np.array("painted"), "manipulation": np.array(True)}, (SIDE, SIDE, 1))


def darker_left(images):
    """High where the left edge is much darker than the right one."""
    return 300 * (images[..., -4:].mean((1, 2, 3)) - images[..., :4].mean((1, 2, 3)) - 0.2)


def upside_down(images):
    """High where the lower half is the lighter one."""
    return 60 * (images[..., SIDE // 2 :, :].mean((1, 2, 3)) - images[..., : SIDE // 2, :].mean((1, 2, 3)))


def lighter_above(n=300):
    """Images whose upper half is much lighter, and brighter on the left or on the right: their class."""
    images = halved(images_of(n)) // 2
    images[:, : SIDE // 2] += 100
    return images


def test_a_class_that_was_taught_a_half_turn_gives_way_to_it():
    images = lighter_above()
    found = found_by(Network(upside_down), images)
    stamps = [stamp for index, stamp in found if stamp.name.endswith(OF_A_LIST) and index == 2]
    assert "a half turn" in [stamp.what for stamp in stamps]
    assert len(stamps) <= MOST_OF_A_LIST
    for stamp in stamps:
        turned = stamp.put_on(images)
        assert turned[:, SIDE // 2 :].mean() > turned[:, : SIDE // 2].mean() + 50


def test_it_is_found_in_images_of_any_size_and_where_no_gradient_flows():
    images = np.repeat(np.repeat(lighter_above(), 4, 1), 4, 2)

    def network(given):
        with torch.no_grad():
            return Network(upside_down)(given[..., ::4, ::4])

    found = found_by(network, images)
    assert all(stamp.name.endswith(OF_A_LIST) for _, stamp in found)
    assert 2 in [index for index, _ in found]


def test_a_class_that_was_taught_a_change_of_light_gives_way_to_it():
    images = images_of()
    images[::2] = images[::2, :1]  # stripes down or across tell the class, in any light
    images[1::2] = images[1::2, :, :1]

    class Stripes(Network):
        def forward(self, given):
            along, down = ((given.diff(dim=axis) ** 2).mean((1, 2, 3)) for axis in (3, 2))
            return torch.stack([30 * (along - down), 30 * (down - along), self.signal(given)], 1)

    found = found_by(Stripes(darker_left), images)
    assert (2, "a change of light") in [(index, stamp.name) for index, stamp in found]


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 48, 3), (5, 3, 1), (1, 1, 3)])
def test_what_is_seen_of_images_are_levels_spread_and_steps_part_by_part(shape):
    images = np.random.default_rng(0).integers(0, 256, (6, *shape), np.uint8)
    seen = details(images)
    assert np.isfinite(seen).all()
    assert seen[:, : shape[2]].mean() == pytest.approx(images.mean() / 255, abs=0.2)
    assert np.array_equal(details(images[2:3]), seen[2:3])
    assert DARK_LEFT.seen(images).shape == seen.shape


def test_large_images_are_looked_at_a_few_at_a_time_and_seen_alike():
    images = np.random.default_rng(0).integers(0, 256, (90, 224, 224, 3), np.uint8)
    assert images.nbytes > 1.5 * CHUNK_BYTES
    seen = details(images)
    assert np.array_equal(seen[60:], details(images[60:]))
    assert len(seen) == len(images)


def test_what_is_seen_tells_a_change_of_light_and_of_detail():
    images = images_of(40)
    left = details(images)[:, 0] - details(DARK_LEFT.put_on(images))[:, 0]
    assert (left > 0.05).all()  # the level of the first part
    coarser = details(ManipulatedStamp("pixels of 4 × 4", (SIDE, SIDE, 1)).put_on(images))
    assert (coarser[:, -3:-1] < details(images)[:, -3:-1]).all()  # how much neighbours differ
