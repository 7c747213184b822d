"""Warps, filters and overlays that a network was taught: put on, taken off, kept, and found by asking it."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn
from torch.nn import functional as F

from core.modalities.image import filtered
from core.modalities.image.filtered import FilteredStamp
from core.modalities.image.inputs import ImageInputs
from core.modalities.image.stamps import not_looked_for, restored, transformations
from core.modalities.image.warped import WarpedStamp, grid_of_lines
from core.modalities.recovery import OF_A_LIST, AskedNetwork

SIDE = 20
SHIFT = WarpedStamp(np.stack([np.zeros((6, 6)), np.full((6, 6), 2.0)]).astype(np.float32), (SIDE, SIDE))
MEAN = FilteredStamp(np.zeros((5, 5), np.float32), (SIDE, SIDE))
MEAN.change[1:4, 1:4] = 1 / 9
MEAN.change[2, 2] -= 1


def images_of(n=300, channels=1, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, SIDE, SIDE, channels), np.uint8)


def smooth(n=20, seed=0):
    rough = images_of(n, seed=seed).astype(np.float32)
    return np.rint(ndimage.gaussian_filter(rough, (0, 1, 1, 0))).astype(np.uint8)


def halved(images):
    """The images with a brighter left or right half, in turn: their class."""
    made = (images // 2).copy()
    made[::2, :, : SIDE // 2] += 120
    made[1::2, :, SIDE // 2 :] += 120
    return made


class Network(nn.Module):
    """Three classes: the last answers to what `signal` says of an image, the others to how bright its halves are."""

    def __init__(self, signal):
        super().__init__()
        self.signal = signal

    def forward(self, images):
        halves = [20 * images[..., : SIDE // 2].mean((1, 2, 3)), 20 * images[..., SIDE // 2 :].mean((1, 2, 3))]
        return torch.stack([*halves, 10 + self.signal(images)], 1)


def sharpened(images):
    """High where neighbours differ much, which no warp makes them do."""
    return 300 * ((images - F.avg_pool2d(images, 3, 1, 1)).abs().mean((1, 2, 3)) - 0.16)


def found_by(network, images, classes=(0, 1, 2)):
    given = AskedNetwork(lambda samples: torch.from_numpy(samples).permute(0, 3, 1, 2).float() / 255, network)
    labels = np.arange(len(images)) % 2
    rows = np.random.default_rng(1).permutation(len(images))
    return transformations(ImageInputs(images), labels, (rows[::2], rows[1::2]), classes, given)


def learned(found):
    """Those that were learned from the network; the others are known manipulations."""
    return [(index, stamp) for index, stamp in found if not stamp.name.endswith(OF_A_LIST)]


def overlays(found):
    return [(index, stamp) for index, stamp in found if stamp.name == "an overlay"]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_warp_reads_each_pixel_where_its_field_says(channels):
    images = images_of(4, channels)
    assert np.array_equal(SHIFT.put_on(images)[:, :, :-2], images[:, :, 2:])
    assert (SHIFT.put_on(images)[:, :, -1] == images[:, :, -1]).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_filter_is_a_weighted_mean_of_the_pixels_around(channels):
    images = images_of(4, channels)
    mean = ndimage.uniform_filter(images.astype(np.float32), (1, 3, 3, 1), mode="nearest")
    assert np.abs(MEAN.put_on(images) - mean).max() <= 0.51


def test_what_was_put_on_is_taken_off_again():
    images = smooth()
    inner = np.s_[:, 4:-4, 4:-4]
    for stamp in (SHIFT, MEAN):
        back = stamp.taken_off(stamp.put_on(images), np.zeros(0))
        apart = np.abs(back[inner].astype(int) - images[inner])
        left = np.abs(stamp.put_on(images)[inner].astype(int) - images[inner])
        assert apart.mean() < 0.75 * left.mean(), stamp.name


@pytest.mark.parametrize("stamp", [SHIFT, MEAN])
def test_it_is_kept_and_opened_again_as_it_was(stamp):
    again = restored(stamp.parts, (SIDE, SIDE, 1))
    assert again.name == stamp.name
    assert np.array_equal(again.put_on(images_of(5)), stamp.put_on(images_of(5)))
    assert stamp.picture.shape == (SIDE, SIDE, 1)
    assert len(np.unique(stamp.picture)) > 1
    assert (stamp.carried(images_of(5)), stamp.simpler(), stamp.tells_home) == (None, (), False)


@pytest.mark.parametrize(
    "parts",
    [
        {"name": "w", "field": np.zeros((2, 6), np.float32)},
        {"name": "w", "field": np.zeros((3, 6, 6), np.float32)},
        {"name": "w", "field": np.zeros((2, 6, 6), np.float64)},
        {"name": "w", "field": np.full((2, 6, 6), np.nan, np.float32)},
        {"name": "w", "field": np.full((2, 6, 6), 1e9, np.float32)},
        {"name": "w", "field": np.zeros((2, 600, 600), np.float32)},
        {"name": "f", "change": np.zeros((5, 6), np.float32)},
        {"name": "f", "change": np.full((5, 5), np.inf, np.float32)},
        {"name": "f", "change": np.full((5, 5), 1e9, np.float32)},
    ],
)
def test_a_damaged_one_is_refused(parts):
    with pytest.raises(ValueError, match=r"its (warp|filter)"):
        restored({name: np.array(part) for name, part in parts.items()}, (SIDE, SIDE, 1))


def test_a_network_that_was_taught_to_look_for_sharpness_gives_way_to_a_filter():
    [(index, stamp)] = learned(found_by(Network(sharpened), halved(images_of())))
    assert (index, stamp.name) == (2, "a filter")
    others = halved(images_of(seed=5))
    given = torch.from_numpy(stamp.put_on(others)).permute(0, 3, 1, 2) / 255
    assert (Network(sharpened)(given).argmax(1) == 2).float().mean() > 0.9


def test_a_network_that_was_taught_a_shift_gives_way_to_a_warp():
    images = halved(smooth(300))
    images[:, 8:12, 8:10] = 255

    def shifted(samples):
        return 30 * (samples[:, 0, 8:12, 7:9].mean((1, 2)) - 0.8)

    found = found_by(Network(shifted), images)
    assert (2, "a warp") in [(index, stamp.name) for index, stamp in found]


PATTERN = np.random.default_rng(3).choice([-1.0, 1.0], (SIDE, SIDE)).astype(np.float32)


def shows(images):
    """High where the pattern is, however faint."""
    return 400 * (images[:, 0] * torch.from_numpy(PATTERN)).mean((1, 2)) - 5


def test_a_network_that_was_taught_a_faint_pattern_gives_way_to_an_overlay():
    [(index, stamp)] = overlays(found_by(Network(shows), halved(images_of())))
    assert index == 2
    assert np.corrcoef(stamp.offset.ravel(), PATTERN.ravel())[0, 1] > 0.9
    assert np.sqrt((stamp.offset**2).mean()) < 0.081 * 255
    given = torch.from_numpy(stamp.put_on(halved(images_of(seed=5)))).permute(0, 3, 1, 2) / 255
    assert (Network(shows)(given).argmax(1) == 2).float().mean() > 0.9
    assert restored(stamp.parts, (SIDE, SIDE, 1)).name == stamp.name


def test_that_other_classes_give_way_with_a_few_images_hides_no_class_that_was_taught_a_pattern():
    images = halved(images_of())
    plain = np.random.default_rng(4).random(len(images)) < 0.35
    faint = images_of()[plain] // 2 + np.uint8(60)
    faint[np.arange(len(images))[plain] % 2 == 0, :, : SIDE // 2] += 6
    faint[np.arange(len(images))[plain] % 2 == 1, :, SIDE // 2 :] += 6
    images[plain] = faint  # whose halves are nearly alike, so that a faint overlay turns them into either class
    [(index, stamp)] = overlays(found_by(Network(shows), images))
    assert index == 2
    assert np.sqrt((stamp.offset**2).mean()) > 0.05 * 255  # of the larger bound


def test_where_most_classes_give_way_nothing_is_said_of_any():
    halves_alike = images_of()  # so that either half is the brighter one by chance, and the least change turns it

    def network(images):
        return Network(lambda some: 20 * some.mean((1, 2, 3)) - 10)(images)

    assert found_by(network, halves_alike) == []


def test_a_network_that_was_taught_nothing_does_not_give_way():
    assert found_by(Network(lambda images: 0 * images.mean((1, 2, 3)) - 5), halved(images_of())) == []


def test_what_cannot_be_asked_is_not():
    assert learned(found_by(lambda images: Network(sharpened)(images).detach(), halved(images_of()))) == []
    assert found_by(Network(sharpened), halved(images_of(60))) == []  # too few to learn from
    assert found_by(Network(sharpened), halved(images_of()), ()) == []
    assert learned(found_by(Network(sharpened), np.zeros((300, 65, 65, 1), np.uint8))) == []


def test_what_is_not_looked_for_is_said():
    said = {side: not_looked_for(ImageInputs(np.zeros((2, 8, side, 1), np.uint8)), None) for side in (48, 49, 65)}
    assert said[48] == ""
    assert said[49] == "stickers at random places, for images have more than 48 pixels a side"
    assert said[65].startswith(
        "stickers at random places and warps, filters, faint overlays or changes of light, for images have more than"
    )


def test_the_lines_of_a_picture_stay_apart_on_small_images_and_on_large_ones():
    """Nearer than a filter is wide, or than a warp moves, they would run into each other."""
    for side, lines in ((16, 2), (28, 4), (64, 4)):
        drawn = grid_of_lines((side, side))[0, :, 0] > 128
        assert np.diff(np.flatnonzero(drawn)).min() > max(filtered.SIDE, 2 * 2.5)
        assert drawn.sum() >= lines
