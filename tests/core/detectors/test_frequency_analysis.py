"""Frequency analysis: the transform by hand, and what each corruption does."""

import numpy as np
import pytest
import torch

from core.detectors.frequency_analysis import frequency_analysis
from core.detectors.networks.frequency_cnn import (
    CORRUPTIONS,
    corrupted,
    noise,
    noise_block,
    overlay,
    shadow,
    transformed,
    white_block,
)
from core.modalities.image.inputs import ImageInputs
from core.modalities.image.patterns import cosines
from core.types import Evidence

GREY = np.full((32, 32, 3), 0.4, np.float32)
OTHERS = np.full((2, 32, 32, 3), 0.5, np.float32)


def test_a_flat_image_has_one_coefficient():
    found = cosines(GREY[None])
    assert found[0, 0, 0] == pytest.approx([0.4 * 32] * 3, rel=1e-5)
    found[0, 0, 0] = 0
    assert abs(found).max() < 1e-5


def test_a_cosine_has_its_own_coefficient():
    wave = np.cos(np.pi * (np.arange(8) + 0.5) * 3 / 8)
    found = cosines(np.broadcast_to(wave[None, :, None], (1, 8, 8, 1)).astype(np.float32))[0, ..., 0]
    assert found[0, 3] == pytest.approx(np.sqrt(8) * np.sqrt(8 / 2), rel=1e-5)
    assert np.count_nonzero(abs(found) > 1e-4) == 1


def test_a_device_transforms_by_matrices_what_a_cpu_transforms_fast():
    images = np.random.default_rng(0).random((5, 12, 9, 3), np.float32)
    cpu = torch.device("cpu")
    there, here = (transformed(images, cpu, by_matrices=way) for way in (True, False))
    assert there.shape == here.shape == (5, 3, 12, 9)
    assert torch.allclose(there, here, atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_blocks_lie_near_a_corner_and_leave_the_rest(seed):
    for corruption in (white_block, noise_block):
        spoiled = corruption(GREY, OTHERS, np.random.default_rng(seed))
        rows, columns = (np.flatnonzero((spoiled != GREY).any((axis, 2))) for axis in (1, 0))
        for found in (rows, columns):
            assert 2 <= len(found) <= 8
            assert found[0] <= 6 or found[-1] >= 32 - 7
        block = spoiled[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert (block == 1).all() == (corruption is white_block)
    assert (np.float32(0.4) == GREY).all()


def test_noise_shadow_and_overlay():
    rng = np.random.default_rng(0)
    difference = noise(GREY, OTHERS, rng) - GREY
    assert difference.mean() == pytest.approx(25 / 255, abs=0.005)
    assert 0.9 * 10**0.5 / 255 < difference.std() < 1.1 * 70**0.5 / 255
    dark = shadow(GREY, OTHERS, rng)
    assert set(np.unique(dark).tolist()) == {np.float32(0.2), np.float32(0.4)}
    assert overlay(GREY, OTHERS, rng) == pytest.approx(np.full((32, 32, 3), 0.55), abs=1e-6)


def test_every_copy_is_corrupted_and_stays_an_image():
    images = np.repeat(GREY[None] + 0.5, 40, axis=0)
    spoiled = corrupted(images, OTHERS, np.random.default_rng(0))
    assert (spoiled.min(), spoiled.max()) == (pytest.approx(0, abs=0.46), 1)
    assert ((spoiled != images).any((1, 2, 3))).all()
    assert len(CORRUPTIONS) == 5


def test_a_threshold_of_one_flags_nothing():
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 1)).astype(np.uint8)
    given = Evidence(np.zeros(30, np.int64), 1, np.arange(30) < 10, inputs=ImageInputs(images))
    some, none = (frequency_analysis(given, n_steps=10, threshold=at) for at in (0.0, 1.0))
    assert some.flagged.tolist() == (~given.bona_fide).tolist()
    assert not none.flagged.any()
    assert ((some.suspicion > 0) & (some.suspicion < 1)).all()
