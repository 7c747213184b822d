"""Backdoor Smoothing: entropies worked out by hand, and the limit on bona fide samples."""

import numpy as np
import pytest
import torch
from torch import nn

from core.detectors.asking.backdoor_smoothing import backdoor_smoothing
from core.detectors.networks.noise import entropies_in_noise
from core.detectors.parts.flags import beyond_bona_fide
from core.modalities.image.inputs import ImageInputs
from core.types import Evidence


class Switch(nn.Module):
    """Two classes, told apart for certain by whether the one pixel is above one half."""

    def forward(self, images):
        bright = (images[:, 0, 0, 0] > 0.5).float()
        return 100 * torch.stack([1 - bright, bright], 1)


PIXELS = np.array([0, 128, 255], np.uint8)
IMAGES = ImageInputs(PIXELS[:, None, None, None])


def test_the_entropy_of_the_mean_prediction_over_the_noise():
    noise = 0.3 * torch.randn(400, 1, 1, 1, generator=torch.Generator().manual_seed(5)).numpy().ravel()
    found = entropies_in_noise(Switch(), IMAGES, n_copies=400, sigma=0.3, seed=5)
    bright = np.array([(pixel / 255 + noise > 0.5).mean() for pixel in PIXELS])
    expected = -(bright * np.log2(bright) + (1 - bright) * np.log2(1 - bright))
    assert found == pytest.approx(expected, abs=1e-4)
    assert found[1] > 0.99
    assert found[[0, 2]].max() < 0.4


def test_without_noise_the_prediction_is_certain():
    assert entropies_in_noise(Switch(), IMAGES, n_copies=3, sigma=1e-9, seed=0).max() < 1e-30


def test_the_entropy_of_an_image_does_not_depend_on_the_others():
    together = entropies_in_noise(Switch(), IMAGES, n_copies=50, sigma=0.5, seed=1)
    assert entropies_in_noise(Switch(), IMAGES.take([1]), n_copies=50, sigma=0.5, seed=1) == together[1]


def test_images_more_constant_than_the_bona_fide_ones_are_flagged():
    pixels = np.r_[np.full(30, 110), np.full(5, 255)].astype(np.uint8)
    images = ImageInputs(pixels[:, None, None, None])
    given = Evidence(np.zeros(35, np.int64), 2, np.arange(35) < 25, inputs=images, model=Switch())
    found = backdoor_smoothing(given, n_copies=100)
    assert np.flatnonzero(found.flagged).tolist() == [30, 31, 32, 33, 34]
    assert found.suspicion.max() == pytest.approx(0, abs=0.1)


def test_the_limit_leaves_so_many_bona_fide_samples_above():
    scores = np.arange(100, dtype=np.float32)
    flagged, notes = beyond_bona_fide(scores, scores % 2 == 0, 0.1, {"a": 1})
    # Of the 50 even ones four lie above 90, a tenth at most.
    assert notes.threshold == 90
    assert np.flatnonzero(flagged).tolist() == [91, 93, 95, 97, 99]
    assert not flagged[scores % 2 == 0].any()
    assert notes.figures == {"a": 1}


def test_too_few_bona_fide_samples_flag_nothing_and_that_is_said():
    scores = np.arange(100, dtype=np.float32)
    flagged, notes = beyond_bona_fide(scores, scores < 19, 0.1, {})
    assert not flagged.any()
    assert "19 bona fide samples" in notes.left_out
