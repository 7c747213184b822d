"""Augmentations against answers worked out by hand."""

import pytest
import torch

from core.modalities.image.augmentation import AUGMENTATIONS, PAD


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(n=32, channels=3, height=8, width=10):
    return torch.arange(n * channels * height * width).reshape(n, channels, height, width).float()


@pytest.mark.parametrize("name", tuple(AUGMENTATIONS))
@pytest.mark.parametrize("channels", [1, 3])
def test_shape_type_and_original_stay(name, channels):
    images = batch(channels=channels)
    before = images.clone()
    found = AUGMENTATIONS[name](images, generator())
    assert found.shape == images.shape
    assert found.dtype == images.dtype
    assert (images == before).all()
    assert (AUGMENTATIONS[name](images, generator()) == found).all()


def test_none_changes_nothing():
    assert (AUGMENTATIONS["none"](batch(), generator()) == batch()).all()


def test_flip_mirrors_about_half_of_the_images_and_leaves_the_others():
    images = batch(200)
    found = AUGMENTATIONS["flip"](images, generator())
    mirrored = torch.tensor([torch.equal(one, other.flip(2)) for one, other in zip(found, images, strict=True)])
    kept = torch.tensor([torch.equal(one, other) for one, other in zip(found, images, strict=True)])
    assert (mirrored ^ kept).all()
    assert 70 < mirrored.sum() < 130


def test_crop_moves_each_image_by_at_most_four_pixels_and_fills_with_black():
    images = 1 + batch(64, channels=2)
    found = AUGMENTATIONS["crop"](images, generator(1))
    places = set()
    for one, image in zip(found, images, strict=True):
        padded = torch.zeros(2, 8 + 2 * PAD, 10 + 2 * PAD)
        padded[:, PAD:-PAD, PAD:-PAD] = image
        windows = {(r, c): padded[:, r : r + 8, c : c + 10] for r in range(2 * PAD + 1) for c in range(2 * PAD + 1)}
        match = [place for place, window in windows.items() if torch.equal(window, one)]
        assert len(match) == 1
        places.update(match)
    assert len(places) > 30  # each image has a place of its own
    assert {row for row, _ in places} == {column for _, column in places} == set(range(2 * PAD + 1))
