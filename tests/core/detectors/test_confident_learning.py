"""Confident learning: planted label errors, and probabilities that no sample had a part in."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from core.detectors.confident_learning import confident_learning, out_of_sample
from core.types import Evidence

TRUE = np.repeat([0, 1, 2], 40)
FEATURES = (np.eye(3)[TRUE] * 6 + np.random.default_rng(0).normal(size=(120, 3))).astype(np.float32)
WRONG = np.isin(np.arange(120), [3, 50, 100])


def evidence(labels, bona_fide=()):
    return Evidence(labels, 4, np.isin(np.arange(len(labels)), bona_fide), features=FEATURES[: len(labels)])


def test_wrong_labels_are_flagged_and_nothing_else():
    labels = np.where(WRONG, (TRUE + 1) % 3, TRUE)
    for quality in ("self_confidence", "normalized_margin"):
        found = confident_learning(evidence(labels), quality=quality)
        assert found.flagged.tolist() == WRONG.tolist()
        assert found.suspicion[WRONG].min() > 0.9
        assert found.suspicion[~WRONG].max() < 0.5
    assert not confident_learning(evidence(labels, bona_fide=[3])).flagged[3]


def test_both_qualities_follow_from_the_same_probabilities():
    """With two classes p and 1 − p: 1 − (p − (1 − p) + 1)/2 = 1 − p, so both are the same."""
    labels = TRUE[:80]
    confidence, margin = (
        confident_learning(evidence(labels), quality=quality).suspicion
        for quality in ("self_confidence", "normalized_margin")
    )
    assert confidence == pytest.approx(margin, abs=1e-6)


def test_no_sample_has_a_part_in_its_own_probability():
    noise = np.random.default_rng(1).normal(size=(60, 50))
    labels = np.arange(60) % 2
    probabilities = out_of_sample(noise, labels, 3, 0)
    assert probabilities.sum(1) == pytest.approx(np.ones(60))
    assert (probabilities.argmax(1) == labels).mean() < 0.75
    assert (LogisticRegression().fit(noise, labels).predict(noise) == labels).mean() > 0.9


def test_small_classes_are_left_out():
    labels = TRUE.copy()
    labels[:2] = 3
    found = confident_learning(evidence(labels), n_folds=3)
    assert found.suspicion[:2].tolist() == [0, 0]
    assert not found.flagged[:2].any()
    assert found.notes.figures["n_left_out"] == 2


def test_one_class_alone_contradicts_nothing():
    found = confident_learning(evidence(np.zeros(120, np.int64)))
    assert not found.flagged.any()
    assert not found.suspicion.any()
