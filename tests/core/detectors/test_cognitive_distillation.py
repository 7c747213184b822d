"""Cognitive Distillation: masks that can be worked out, and masks that have to end up in one place."""

import numpy as np
import pytest
import torch
from torch import nn

from core.detectors.cognitive_distillation import cognitive_distillation
from core.detectors.networks.masks import mask_sizes, total_variation
from core.modalities.image.inputs import ImageInputs
from core.types import Evidence


class Constant(nn.Module):
    """Says the same of every image."""

    def forward(self, images):
        return images.new_tensor([[1.0, 2.0]]).expand(len(images), 2) + 0 * images.sum((1, 2, 3))[:, None]


class TopLeft(nn.Module):
    """Two classes; only the pixel at the top left counts."""

    def forward(self, images):
        pixel = 40 * images[:, :, 0, 0].mean(1)
        return torch.stack([pixel, -pixel], 1)


def adam(gradient, n_steps):
    """One number after Adam with learning rate 0.1 and betas (0.1, 0.1), from 1."""
    value, first, second = 1.0, 0.0, 0.0
    for step in range(1, n_steps + 1):
        slope = gradient(value)
        first, second = 0.1 * first + 0.9 * slope, 0.1 * second + 0.9 * slope**2
        value -= 0.1 * (first / (1 - 0.1**step)) / (np.sqrt(second / (1 - 0.1**step)) + 1e-8)
    return value


IMAGES = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3)).astype(np.uint8)


def test_where_nothing_matters_the_mask_follows_its_size_alone():
    found = mask_sizes(Constant(), ImageInputs(IMAGES), n_steps=12, alpha=0.01, beta=10.0, seed=0)
    raw = adam(lambda value: 0.01 * (1 - np.tanh(value) ** 2) / 2, 12)
    assert found == pytest.approx(np.full(4, 30 * (np.tanh(raw) + 1) / 2), rel=1e-4)


def test_total_variation_of_a_corner():
    mask = torch.zeros(1, 1, 4, 5)
    mask[0, 0, 0, :2] = 0.5
    assert total_variation(mask).item() == pytest.approx((2 * 0.25 + 0.25) / 20)


def test_the_one_pixel_that_counts_is_kept():
    images = np.full((2, 5, 6, 1), 255, np.uint8)
    images[1] = 0
    kept = mask_sizes(TopLeft(), ImageInputs(images), n_steps=100, alpha=0.05, beta=0.0, seed=0)
    gone = mask_sizes(Constant(), ImageInputs(images), n_steps=100, alpha=0.05, beta=0.0, seed=0)
    assert gone.max() < 0.01
    assert kept == pytest.approx([1, 1], abs=0.25)


def test_the_mask_of_an_image_does_not_depend_on_the_others():
    together = mask_sizes(TopLeft(), ImageInputs(IMAGES), n_steps=5, alpha=0.01, beta=10.0, seed=3)
    alone = mask_sizes(TopLeft(), ImageInputs(IMAGES[2:3]), n_steps=5, alpha=0.01, beta=10.0, seed=3)
    assert alone == pytest.approx(together[2:3], rel=1e-5)


def test_masks_far_below_those_of_bona_fide_samples_are_flagged(monkeypatch):
    sizes = np.array([10, 12, 14, 9, 7, 1], np.float32)
    # Sizes that are known exactly; no model and images have masks of just these.
    monkeypatch.setattr("core.detectors.networks.masks.mask_sizes", lambda *_, **__: sizes)
    bona_fide = np.array([True, True, True, False, False, False])
    given = Evidence(np.zeros(6, np.int64), 2, bona_fide, inputs=ImageInputs(IMAGES), model=Constant())
    found = cognitive_distillation(given, n_deviations=2.0)
    # 12 − 2 · √(8/3) = 8.73
    assert found.notes.threshold == pytest.approx(-(12 - 2 * (8 / 3) ** 0.5))
    assert found.flagged.tolist() == [False, False, False, False, True, True]
    assert found.suspicion.tolist() == (-sizes).tolist()


class Narrow(nn.Module):
    """The same with a memory for two images and no more."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def forward(self, images):
        if len(images) > 2:
            raise torch.OutOfMemoryError("Out of memory.")
        self.sizes.append(len(images))
        return TopLeft()(images)


def test_images_that_do_not_fit_together_have_the_same_masks_in_pieces():
    settings = {"n_steps": 5, "alpha": 0.01, "beta": 10.0, "seed": 0}
    whole = mask_sizes(TopLeft(), ImageInputs(IMAGES), **settings)
    assert mask_sizes(Narrow(), ImageInputs(IMAGES), **settings) == pytest.approx(whole, rel=1e-5)
