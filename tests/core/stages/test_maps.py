"""Maps: always (n, 2), finite, repeatable, and each class by itself."""

import numba
import numpy as np
import pytest
import torch

from core.stages.maps import METHODS, project, project_classes

QUICK = [method for method in METHODS if method != "umap"]


def blobs(n=60, d=12, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, d)).astype(np.float32)
    features[n // 2 :] += 6
    return features


@pytest.mark.parametrize("method", METHODS)
def test_a_map_has_two_finite_coordinates_a_sample_and_repeats_itself(method):
    features = blobs()
    before = features.copy()
    points = project(features, method, seed=3)
    assert points.shape == (60, 2)
    assert points.dtype == np.float32
    assert np.isfinite(points).all()
    assert (features == before).all()
    assert (project(features, method, seed=3) == points).all()


def test_a_map_leaves_torch_its_threads():
    """What is trained after it in the same process has to be the same to the last digit."""
    before = torch.get_num_threads()
    project(blobs(), "umap", seed=3)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("method", METHODS)
def test_a_planted_group_stays_apart(method):
    features = np.random.default_rng(0).normal(size=(200, 12)).astype(np.float32)
    features[:20] += 3
    points = project(features, method)
    distances = [np.linalg.norm(points - part.mean(0), axis=1) for part in (points[:20], points[20:])]
    nearer = distances[0] < distances[1]
    assert nearer[:20].all()
    assert nearer[20:].mean() < 0.05


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_samples_lie_at_the_origin(method, n):
    assert (project(blobs(4)[:n], method) == np.zeros((n, 2))).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("n", "d"), [(3, 12), (9, 12), (20, 1), (20, 2)])
def test_few_samples_and_few_features(method, n, d):
    points = project(blobs(n, d), method)
    assert points.shape == (n, 2)
    assert np.isfinite(points).all()


@pytest.mark.parametrize("method", METHODS)
def test_features_that_are_all_the_same(method):
    points = project(np.full((12, 5), 3.0, np.float32), method)
    assert points.shape == (12, 2)
    assert np.isfinite(points).all()


def test_pca_of_points_on_a_line_keeps_their_distances():
    along = np.array([0.0, 1.0, 3.0, 7.0])
    features = np.outer(along, [0.6, 0.8, 0.0]).astype(np.float32)
    points = project(features, "pca")
    assert np.abs(points[:, 0] - points[0, 0]) == pytest.approx(along, abs=1e-5)
    assert np.abs(points[:, 1]).max() < 1e-5


def test_independent_components_of_some_are_those_that_all_are_seen_in():
    features = np.random.default_rng(0).laplace(size=(900, 3)).astype(np.float32) * [3, 2, 1]
    whole, of_some = project(features, "ica"), project(features, "ica", fit_limit=450)
    alike = np.abs(np.corrcoef(whole.T, of_some.T)[:2, 2:])
    assert alike.max(1).min() > 0.95
    assert not np.array_equal(whole, of_some)


def test_umap_places_the_samples_it_did_not_fit_near_their_own():
    points = project(blobs(80), "umap", fit_limit=30)
    assert points.shape == (80, 2)
    assert np.isfinite(points).all()
    centres = points[:40].mean(0), points[40:].mean(0)
    nearer = np.linalg.norm(points - centres[0], axis=1) < np.linalg.norm(points - centres[1], axis=1)
    assert nearer[:40].mean() > 0.9
    assert nearer[40:].mean() < 0.1


@pytest.mark.parametrize("method", QUICK)
def test_each_class_is_mapped_by_itself(method):
    features, labels = blobs(), np.arange(60) % 3
    points = project_classes(features, labels, 4, method, seed=1)
    for index in range(3):
        assert (points[labels == index] == project(features[labels == index], method, seed=1)).all()
    other = features.copy()
    other[labels == 2] *= 5
    assert (project_classes(other, labels, 4, method, seed=1)[labels != 2] == points[labels != 2]).all()


def test_umap_is_compiled_once_and_leaves_numba_as_it_was():
    before = numba.njit
    project(blobs(), "umap")
    assert numba.njit is before
    import umap.layouts

    assert umap.layouts.rdist._cache._impl is not None  # kept on disk
