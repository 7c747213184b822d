"""STRIP: entropies worked out by hand."""

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import nn

from core.detectors.networks.overlays import entropy_bits, mean_entropies
from core.detectors.strip import strip
from core.modalities.image.inputs import ImageInputs
from core.types import Evidence


class Brightness(nn.Module):
    """Two classes; the logit of the second is the image's one pixel."""

    def forward(self, images):
        pixel = images[:, :, 0, 0].mean(1)
        return torch.stack([torch.zeros_like(pixel), pixel], 1)


def entropy(pixel):
    p = 1 / (1 + np.exp(-pixel))
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))


PIXELS = np.array([0, 51, 102, 204, 255], np.uint8)  # 0, 0.2, 0.4, 0.8 and 1
IMAGES = PIXELS[:, None, None, None]


def test_entropy_in_bits():
    outputs = torch.tensor([[0.0, 0, 0, 0], [100, 0, 0, 0], [0, float(np.log(3)), -100, -100]])
    expected = [2, 0, -(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75))]
    assert entropy_bits(outputs).tolist() == pytest.approx(expected, abs=1e-5)


def test_the_mean_over_overlays_that_saturate_and_leave_out_the_image_itself():
    found = mean_entropies(Brightness(), ImageInputs(IMAGES), np.array([1, 3]))
    expected = [
        (entropy(0.2) + entropy(0.8)) / 2,
        entropy(1.0),  # with 0.8, not with itself
        (entropy(0.6) + entropy(1.0)) / 2,  # 0.4 + 0.8 ends at 1
        entropy(1.0),
        entropy(1.0),
    ]
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_only_overlay_may_be_laid_over_itself():
    assert mean_entropies(Brightness(), ImageInputs(IMAGES), np.array([1]))[1] == pytest.approx(entropy(0.4), rel=1e-5)


def test_the_boundary_is_a_quantile_of_the_normal_distribution_of_the_bona_fide_entropies():
    images = np.repeat(IMAGES, 3, axis=0)
    bona_fide = np.arange(15) % 3 == 0
    given = Evidence(np.zeros(15, np.int64), 2, bona_fide, inputs=ImageInputs(images), model=Brightness())
    found = strip(given, n_copies=5, false_rejection_rate=0.3)
    clean = -found.suspicion[bona_fide]
    boundary = norm(clean.mean(), clean.std()).ppf(0.3)
    assert found.notes.threshold == pytest.approx(-boundary, rel=1e-4)
    assert found.notes.figures["n_copies"] == 5
    assert found.flagged.tolist() == ((-found.suspicion < boundary) & ~bona_fide).tolist()
    assert found.flagged.any()


def test_no_more_copies_than_there_are_bona_fide_samples():
    given = Evidence(np.zeros(5, np.int64), 2, np.arange(5) < 2, inputs=ImageInputs(IMAGES), model=Brightness())
    assert strip(given, n_copies=100).notes.figures["n_copies"] == 2
