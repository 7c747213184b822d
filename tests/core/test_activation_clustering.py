"""Activation Clustering: known answers, and the defects of other implementations."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import FastICA
from sklearn.metrics import silhouette_score

from core.detectors.activation_clustering import activation_clustering
from core.detectors.clusters import silhouette, two_means
from core.detectors.subspaces import principal_components, whitened
from core.errors import UserError
from core.types import Evidence
from tests.core.evidence import clean_evidence, poisoned_evidence


def one_class(features, **settings):
    n = len(features)
    evidence = Evidence(np.zeros(n, np.int64), 1, np.zeros(n, bool), features=features.astype(np.float32))
    return activation_clustering(evidence, **settings)


def two_blobs(n_large, n_small, distance, seed=0):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n_large + n_small, 3))
    points[n_large:, 0] += distance
    return points


def test_a_small_separate_cluster_is_flagged_exactly():
    found = one_class(two_blobs(180, 20, 12), n_components=3)
    assert found.flagged.tolist() == [False] * 180 + [True] * 20
    assert found.groups.tolist() == [0] * 180 + [1] * 20
    assert found.class_notes[0]["size_fraction"] == pytest.approx(0.1)
    assert found.class_notes[0]["poisoned"] is True
    assert "10%" in found.class_notes[0]["reason"]
    assert found.notes["poisoned_classes"] == 1


def test_a_clean_class_is_never_flagged_merely_for_having_two_clusters():
    halves = one_class(two_blobs(100, 100, 12), n_components=3)
    assert not halves.flagged.any()
    assert halves.class_notes[0]["silhouette"] > 0.15
    assert "two kinds of clean samples" in halves.class_notes[0]["reason"]
    for seed in range(5):
        assert not one_class(two_blobs(200, 0, 0, seed), n_components=3, silhouette_threshold=0.35).flagged.any()


def test_every_class_of_clean_data_is_left_alone():
    found = activation_clustering(clean_evidence())
    assert not found.flagged.any()
    assert {note["poisoned"] for note in found.class_notes.values()} == {False}


def test_the_thresholds_decide():
    points = two_blobs(160, 40, 12)
    assert one_class(points, n_components=3, size_threshold=0.25).flagged.sum() == 40
    assert not one_class(points, n_components=3, size_threshold=0.15).flagged.any()
    assert not one_class(points, n_components=3, silhouette_threshold=0.9).flagged.any()


def test_suspicion_is_nearness_times_one_less_twice_the_share():
    points = np.array([[-1.0], [1.0]] * 9 + [[9.0], [11.0]])
    found = one_class(points, reduction="pca")
    # Centres 0 and 10; the cluster holds a tenth. 1 lies 1 and 9 from them: 1/10 · (1 − 2/10).
    assert found.suspicion[:2] == pytest.approx([1 / 12 * 0.8, 1 / 10 * 0.8], abs=1e-5)
    assert found.suspicion[18:] == pytest.approx([9 / 10 * 0.8, 11 / 12 * 0.8], abs=1e-5)


def test_ica_is_a_rotation_of_the_whitened_components():
    points = principal_components(np.random.default_rng(0).laplace(size=(300, 8)), 5, 0)
    turned = FastICA(whiten="unit-variance", random_state=0).fit_transform(points)
    white = whitened(points)
    distances = [np.linalg.norm(values[:50, None] - values[None, 50:100], axis=2) for values in (white, turned)]
    np.testing.assert_allclose(distances[0], distances[1], rtol=1e-6)


def test_two_means_is_at_least_as_good_as_k_means():
    for seed in range(3):
        points = whitened(np.random.default_rng(seed).normal(size=(200, 6)))
        members, centres = two_means(points, 0)
        inertia = ((points - centres[members.astype(int)]) ** 2).sum()
        assert inertia <= KMeans(2, n_init=10, random_state=seed).fit(points).inertia_ * 1.001
        assert centres[1] == pytest.approx(points[members].mean(0))
        assert centres[0] == pytest.approx(points[~members].mean(0))


def test_the_silhouette_of_few_samples_is_the_textbook_one():
    points = two_blobs(30, 10, 4)
    members = np.arange(40) >= 30
    assert silhouette(points, members, 0) == pytest.approx(silhouette_score(points, members))
    assert silhouette(points, np.zeros(40, bool), 0) == 0.0


def test_nothing_is_printed():
    evidence, _ = poisoned_evidence()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        activation_clustering(evidence)


def test_classes_smaller_than_the_components():
    evidence = clean_evidence()
    few = np.flatnonzero(evidence.labels == 0)[:12]
    rows = np.concatenate([few, np.flatnonzero(evidence.labels == 1)[:3]])
    small = Evidence(evidence.labels[rows], 3, np.zeros(15, bool), features=evidence.features[rows])
    found = activation_clustering(small, n_components=14)
    assert np.isfinite(found.suspicion).all()
    assert found.groups[12:].tolist() == [-1] * 3
    assert found.class_notes[1]["reason"] == "only 3 samples: too few to split"
    assert found.class_notes[2]["reason"] == "only 0 samples: too few to split"


def test_identical_samples_are_one_population():
    assert not one_class(np.ones((30, 4))).flagged.any()


def test_splitting_by_prediction():
    evidence, poison = poisoned_evidence()
    wrong = np.where(poison, 3, evidence.predicted)
    assert activation_clustering(replace(evidence, predicted=wrong), split_by="predicted").flagged[poison].all()
    with pytest.raises(UserError, match="split by prediction"):
        activation_clustering(replace(evidence, predicted=None), split_by="predicted")
