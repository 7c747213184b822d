"""Heatmap Clustering: relevances worked out by hand, distances that do not see a shift, and the cluster they show."""

import numpy as np
import pytest
import torch
from torch import nn

from core.detectors.clustering.heatmap_clustering import distances_within, heatmap_clustering
from core.detectors.networks.heatmaps import heatmaps
from core.modalities.image.inputs import ImageInputs
from core.types import Evidence


class Weighted(nn.Module):
    """Two classes; the first wants the left half of the image, the second only its pixel at the bottom right."""

    def forward(self, images):
        grey = images.mean(1)
        return torch.stack([2 * grey[:, :, : grey.shape[2] // 2].sum((1, 2)), -3 * grey[:, -1, -1]], 1)


IMAGES = np.random.default_rng(0).integers(1, 256, (6, 4, 6, 3)).astype(np.uint8)


def test_a_heatmap_is_input_times_gradient_of_the_given_label_summing_to_one():
    found = heatmaps(Weighted(), ImageInputs(IMAGES), np.array([0, 0, 0, 1, 1, 1]))
    left = IMAGES[0].sum(2).astype(float) * (np.arange(6) < 3)
    assert found[0] == pytest.approx(left / left.sum(), rel=1e-4)
    only = np.zeros((4, 6))
    only[-1, -1] = 1
    assert found[5] == pytest.approx(only, abs=1e-6)


def test_where_nothing_speaks_for_the_label_the_heatmap_is_empty():
    assert not heatmaps(Weighted(), ImageInputs(np.zeros((2, 4, 6, 1), np.uint8)), np.array([0, 1])).any()


def test_large_images_are_seen_in_cells():
    images = np.zeros((1, 64, 64, 1), np.uint8)
    images[0, :2, :2] = 255
    found = heatmaps(Weighted(), ImageInputs(images), np.array([0]))
    assert found.shape == (1, 32, 32)
    assert found[0, 0, 0] == pytest.approx(1)


def test_the_distances_within_a_heatmap_do_not_see_where_it_lies():
    maps = np.zeros((4, 8, 8), np.float32)
    maps[0, 0, 0] = maps[0, 0, 3] = 0.5
    maps[1, 5, 2] = maps[1, 5, 5] = 0.5
    maps[2, 1, 6] = maps[2, 4, 6] = 0.5
    maps[3, 0, 0] = maps[3, 7, 7] = 0.5
    found = distances_within(maps)
    # Half of the pairs are a point with itself, half lie 3 apart.
    assert found[0] == pytest.approx([0] * 16 + [3] * 16, abs=1e-4)
    assert found[1] == pytest.approx(found[0], abs=1e-4)
    assert found[2] == pytest.approx(found[0], abs=1e-4)
    assert found[3, -1] == pytest.approx(7 * 2**0.5, abs=0.25)


def noticed(images, **settings):
    n = len(images)
    given = Evidence(np.zeros(n, np.int64), 1, np.zeros(n, bool), inputs=ImageInputs(images), model=Brightest())
    return heatmap_clustering(given, **settings)


class Brightest(nn.Module):
    """One class, which every bright pixel speaks for."""

    def forward(self, images):
        return images.square().sum((1, 2, 3))[:, None]


def flecks(n, n_marked, *, moving=False):
    """Images of two far specks; in the marked ones the second lies beside the first, where both always are or not."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 12, (n, 12, 12, 1)).astype(np.uint8)
    for row, image in enumerate(images):
        top, left = rng.integers(0, 3, 2) if moving else (0, 0)
        gap = 1 if row < n_marked else 8
        image[top, left] = image[top + gap, left + gap] = 255
    return images


def test_the_images_in_which_the_model_looks_elsewhere_are_flagged_exactly():
    found = noticed(flecks(100, 10))
    assert np.flatnonzero(found.flagged).tolist() == list(range(10))
    assert found.groups.tolist() == [1] * 10 + [0] * 90
    assert found.classes[0].poisoned is True
    assert found.suspicion[:10].min() > found.suspicion[10:].max()


def test_a_trigger_that_moves_is_found_by_the_distances_within():
    images = flecks(200, 20, moving=True)
    by_shape = noticed(images, distance="gromov_wasserstein", silhouette_threshold=0.6)
    assert np.flatnonzero(by_shape.flagged).tolist() == list(range(20))
    assert not noticed(images).flagged.any()


def test_one_kind_of_heatmap_is_no_poison():
    for distance in ("euclidean", "gromov_wasserstein"):
        found = noticed(flecks(100, 0), distance=distance, silhouette_threshold=0.6)
        assert not found.flagged.any()
        assert found.classes[0].poisoned is False


def test_a_class_too_small_to_split_is_not_judged():
    found = noticed(flecks(9, 2))
    assert found.classes[0].poisoned is None
    assert found.groups.tolist() == [-1] * 9
