"""SCAn: the gain of two groups worked out by hand, and the class in which it stands out."""

import numpy as np
import pytest

from core.detectors.clustering.scan import robust, scan
from core.types import Evidence


def classes(n_classes=6, n=100, apart=0.0, n_apart=10, seed=0):
    """Classes of one wide covariance; in the last, some samples are moved along a narrow direction."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n_classes * n) % n_classes
    features = rng.normal(size=(len(labels), 4)) * [30, 10, 1, 1] + 100 * rng.normal(size=(n_classes, 4))[labels]
    poison = np.isin(np.arange(len(labels)), np.flatnonzero(labels == n_classes - 1)[:n_apart])
    features[poison, 2] += apart
    nobody = np.zeros(len(labels), bool)
    return Evidence(labels, n_classes, nobody, features=features.astype(np.float32)), poison


def test_a_group_apart_in_a_direction_in_which_no_class_varies_is_flagged_exactly():
    evidence, poison = classes(apart=12)
    found = scan(evidence)
    assert found.flagged.tolist() == poison.tolist()
    assert found.classes[5].poisoned is True
    assert found.classes[5].figures["fraction"] == pytest.approx(0.1)
    assert found.suspicion[poison].min() > found.suspicion[~poison].max()


def test_classes_alike_are_left_alone():
    for seed in range(5):
        evidence, _ = classes(seed=seed)
        found = scan(evidence)
        assert not found.flagged.any()
        assert {finding.poisoned for finding in found.classes.values()} == {False}


def test_the_threshold_decides():
    evidence, poison = classes(apart=12)
    unusual = scan(evidence).classes[5].figures["J"]
    assert scan(evidence, threshold=unusual - 0.1).flagged.sum() == poison.sum()
    assert not scan(evidence, threshold=unusual + 0.1).flagged.any()


def test_how_unusual_a_gain_is_among_the_classes():
    # Median 3; the distances from it are 2, 1, 0, 1, 97 with the median 1.
    assert robust({0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0, 4: 100.0})[4] == pytest.approx(97 / 1.4826)
    assert robust({0: 5.0, 1: 5.0, 2: 5.0}) == {0: 0, 1: 0, 2: 0}


def test_two_classes_are_too_few_to_compare():
    evidence, _ = classes(n_classes=2, apart=12)
    found = scan(evidence)
    assert not found.flagged.any()
    assert {finding.poisoned for finding in found.classes.values()} == {None}
