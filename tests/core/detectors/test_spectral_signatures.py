"""Spectral signatures and SPECTRE: numbers worked out by hand, and an independent formula."""

import numpy as np
import pytest
from scipy.linalg import expm, sqrtm

from core.detectors.parts.scores import ENTROPY, entropy_weights, quantum_entropy
from core.detectors.spectral_signatures import spectral_signatures
from core.detectors.spectre import spectre, standing_out
from core.types import Evidence


def evidence(features, labels, bona_fide=()):
    labels = np.asarray(labels)
    trusted = np.isin(np.arange(len(labels)), bona_fide)
    return Evidence(labels, int(labels.max()) + 1, trusted, features=np.asarray(features, np.float32))


# Class 0: mean (10, 10), offsets (±3, 0) and (0, ±1): the top direction is the first axis. Class 1: one sample.
CROSS = [[13, 10], [7, 10], [10, 11], [10, 9], [50, 50]]


def test_the_squared_projection_of_the_centred_features():
    found = spectral_signatures(evidence(CROSS, [0, 0, 0, 0, 1]), n_directions=1)
    assert found.suspicion == pytest.approx([9, 9, 0, 0, 0], abs=1e-5)


def test_two_directions_add_up():
    found = spectral_signatures(evidence(CROSS, [0, 0, 0, 0, 1]), n_directions=2)
    assert found.suspicion == pytest.approx([9, 9, 1, 1, 0], abs=1e-5)


def test_one_and_a_half_times_the_expected_share_of_each_class_is_flagged():
    features = np.zeros((20, 2))
    features[:, 0] = [*range(-5, 5), *range(-5, 5)]  # mean −½: −5 and 4 lie 4.5 away, −4 and 3 lie 3.5 away
    labels = np.repeat([0, 1], 10)
    found = spectral_signatures(evidence(features, labels, bona_fide=[10]), expected_poison_ratio=0.2)
    # 1.5 · 0.2 · 10 = 3 in each class; of equals the one that is first along a fixed direction.
    assert [int(found.flagged[labels == index].sum()) for index in (0, 1)] == [3, 3]
    assert found.flagged[[0, 9]].all()
    assert not found.flagged[10]
    assert found.flagged[[11, 18, 19]].all()
    assert not spectral_signatures(evidence(features, labels), expected_poison_ratio=0.0).flagged.any()


def test_a_direction_of_many_features_is_that_of_an_svd():
    features = np.random.default_rng(0).normal(size=(60, 30)) * np.linspace(3, 1, 30) + 100
    centred = features - features.mean(0)
    top = np.linalg.svd(centred)[2][0]
    found = spectral_signatures(evidence(features, np.zeros(60, int)))
    assert found.suspicion == pytest.approx((centred @ top) ** 2, rel=1e-4, abs=1e-4)


def test_the_weights_are_those_of_the_matrix_exponential():
    values = np.array([0.5, 1.0, 3.0])
    matrix = expm(ENTROPY * (np.diag(values) - np.eye(3)) / (3.0 - 1))
    assert entropy_weights(values) == pytest.approx(np.diag(matrix) / np.trace(matrix))


def test_how_far_all_stand_out_from_what_is_kept():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(200, 3))
    points[:20] += [0, 0, 6]
    kept = np.arange(200) >= 20
    root = np.linalg.inv(sqrtm(np.cov(points[kept].T)).real)
    spread = root @ np.cov(points.T) @ root
    matrix = expm(ENTROPY * (spread - np.eye(3)) / (np.linalg.norm(spread, 2) - 1))
    expected = np.trace(spread @ matrix) / np.trace(matrix)
    assert standing_out(points, kept) == pytest.approx(expected, rel=1e-4)
    assert standing_out(points, kept) > 2 * standing_out(points, np.roll(kept, 50))


def test_poison_in_a_quiet_direction_is_hidden_from_the_one_and_not_from_the_other():
    rng = np.random.default_rng(2)
    features = rng.normal(size=(400, 6)) * [20, 10, 5, 1, 1, 1]
    features[:20, 5] += 6
    given = evidence(features, np.zeros(400, int), bona_fide=range(380, 400))
    plain, seen = (detector(given, expected_poison_ratio=0.05) for detector in (spectral_signatures, spectre))
    assert plain.flagged[:20].mean() < 0.3
    assert seen.flagged[:20].mean() > 0.9
    assert seen.flagged.sum() == plain.flagged.sum() == 30
    assert seen.classes[0].figures["dimensions"] >= 4
    assert not seen.flagged[380:].any()


def test_in_one_dimension_the_score_is_the_squared_distance_in_robust_deviations():
    points = np.r_[np.arange(-4.0, 5.0), 100.0][:, None]
    bulk = points[:9, 0]
    scores = quantum_entropy(points)
    ratio = (points[9, 0] - points[0, 0]) / (points[8, 0] - points[0, 0])
    roots = np.sqrt(scores)
    assert (roots[9] + roots[0]) / (roots[8] + roots[0]) == pytest.approx(ratio)
    assert scores[9] > 100 * scores[: len(bulk)].max()
