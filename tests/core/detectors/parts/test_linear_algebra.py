"""What a GPU would compute is what NumPy computes: both ways on the CPU, on the same numbers."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from core.analysis.opened_run import opened
from core.detectors import DETECTORS
from core.detectors.clustering import two_means
from core.detectors.consensus.refinement import training_set
from core.detectors.consensus.templates import template_scores
from core.detectors.parts import trajectories
from core.detectors.parts.linear_algebra import (
    accelerator,
    lending,
    mean_of_nearest,
    nearest_others,
    placed,
    products,
    second_clusters,
)
from core.detectors.parts.subspaces import principal_components
from core.settings import DEVICE
from core.stages.detect import gather_evidence

CPU = torch.device("cpu")
# Their independent components turn with the last bit of an activation, on any device.
TURNING = {"independent_component_outliers", "consensus"}
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("m", [1, 2, 30])
def test_distances_to_the_nearest_references_are_those_of_numpy(kind, m):
    losses = RNG.exponential(1, (200, 7)).astype(kind)
    bona_fide = np.arange(200) < m
    expected = trajectories.bona_fide_distance(losses, bona_fide, 5)
    own = np.where(bona_fide, np.arange(200), -1)
    found = mean_of_nearest(losses, losses[:m].astype(np.float64), own, max(1, min(5, m - 1)), CPU)
    assert found.dtype == expected.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-6)


def test_chunks_do_not_change_the_answer():
    points, own = RNG.normal(size=(50, 3)), np.full(50, -1)
    whole = mean_of_nearest(points, points[:9], own, 4, CPU), *nearest_others(points, 4, CPU)
    parts = (
        mean_of_nearest(points, points[:9], own, 4, CPU, at_once=60),
        *nearest_others(points, 4, CPU, at_once=60),
    )
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_nearest_others_are_those_of_scikit_learn():
    points = RNG.normal(size=(120, 5))
    distances, rows = nearest_others(points, 6, CPU)
    expected, neighbours = NearestNeighbors(n_neighbors=6, algorithm="brute").fit(points).kneighbors()
    np.testing.assert_allclose(distances, expected, rtol=1e-9)
    assert np.array_equal(rows, neighbours)


def test_products_of_rows_and_of_columns():
    values = RNG.normal(size=(20, 8)).astype(np.float32)
    np.testing.assert_allclose(products(values, CPU, of_rows=True), values @ values.T, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(products(values, CPU, of_rows=False), values.T @ values, rtol=1e-4, atol=1e-5)


def test_templates_match_as_those_of_numpy():
    patterns = RNG.normal(size=(90, 40)).astype(np.float32)
    positive = np.arange(90) < 12
    patterns[positive, :5] += 3
    sets = [training_set(np.arange(90), positive, ~positive & (RNG.random(90) < 0.7), np.ones(90)) for _ in range(2)]
    here = template_scores(patterns, sets)
    with lending(CPU):
        there = template_scores(patterns, sets)
    np.testing.assert_allclose(there, here, rtol=1e-3, atol=1e-3)
    assert not np.array_equal(there, np.zeros_like(there))


def test_second_clusters_are_those_of_numpy():
    rows = two_means.homogeneous(RNG.normal(size=(300, 4)))
    walls = RNG.normal(size=(7, 5))
    expected = (walls @ rows.T > 0).astype(float) @ rows
    np.testing.assert_allclose(second_clusters(placed(rows, CPU), walls), expected)


@pytest.mark.parametrize("name", [name for name, entry in DETECTORS.items() if "model" not in entry.needs])
def test_every_detector_says_on_a_device_what_it_says_without(name, finished):
    evidence = gather_evidence(opened(finished), DETECTORS[name].needs)
    evidence = replace(evidence, bona_fide=np.arange(200) % 6 == 1)
    detector = DETECTORS[name].load()
    here = detector(evidence)
    with lending(CPU):
        there = detector(evidence)
    if name in TURNING:
        assert np.corrcoef(there.suspicion, here.suspicion)[0, 1] > 0.9
        assert (there.flagged != here.flagged).mean() < 0.1
    else:
        np.testing.assert_allclose(there.suspicion, here.suspicion, rtol=1e-2, atol=1e-3)
        assert np.array_equal(there.flagged, here.flagged)


def test_a_cpu_is_no_accelerator_and_small_matrices_stay(monkeypatch):
    monkeypatch.setenv(DEVICE, "cpu")
    assert accelerator() is None
    monkeypatch.setenv(DEVICE, "no name of a device")  # nobody asks it for a small matrix
    assert accelerator(10) is None


def test_the_principal_components_of_wide_features_are_those_of_scikit_learn():
    features = RNG.normal(size=(1500, 1100)).astype(np.float32)
    features[:, :4] *= [40, 30, 20, 10]
    here = principal_components(features, 4, 0)
    with lending(CPU):
        there = principal_components(features, 4, 0)
    np.testing.assert_allclose(np.abs(there), np.abs(here), rtol=1e-2, atol=1e-2 * float(np.abs(here).max()))
    assert not np.array_equal(there, here)
