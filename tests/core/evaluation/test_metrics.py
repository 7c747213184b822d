"""Every figure of merit, by hand."""

import numpy as np
import pytest

from core.evaluation import metrics


def flags(text):
    return np.array([character == "1" for character in text])


def test_clean_accuracy():
    assert metrics.clean_accuracy(np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2])) == 0.75
    assert metrics.clean_accuracy(np.array([], int), np.array([], int)) is None


def test_class_accuracy_is_nan_for_a_class_without_samples():
    found = metrics.class_accuracy(np.array([0, 1, 1, 3]), np.array([0, 0, 1, 1]), 4)
    assert found[:2] == (0.5, 0.5)
    assert np.isnan(found[2:]).all()


def test_the_attack_success_rate_counts_what_the_attacker_wanted_turned():
    predicted, goals = np.array([2, 2, 2, 0, 1]), np.array([-1, 2, 2, 2, 2])
    assert metrics.attack_success_rate(predicted, goals) == 0.5
    assert metrics.attack_success_rate(np.array([1, 2, 0, 1]), np.array([1, 2, 0, 0])) == 0.75  # all to all
    assert np.isnan(metrics.attack_success_rate(np.array([2, 0]), np.array([-1, -1])))


@pytest.mark.parametrize(
    ("suspicion", "poison", "expected"),
    [
        ([0.1, 0.2, 0.8, 0.9], "0011", 1.0),
        ([0.9, 0.8, 0.2, 0.1], "0011", 0.0),
        ([0.5, 0.5, 0.5, 0.5], "0011", 0.5),
        ([1, 2, 3, 4], "0101", 0.75),  # of the pairs (2,1) (2,3) (4,1) (4,3) three are right
        ([1, 1, 2, 0], "1000", 0.5),  # tie ½, below 0, above 1: 1.5 of 3
    ],
)
def test_auroc_counts_ordered_pairs_and_ties_half(suspicion, poison, expected):
    assert metrics.auroc(np.array(suspicion, np.float32), flags(poison)) == expected


def test_auroc_agrees_with_all_pairs():
    rng = np.random.default_rng(0)
    suspicion, poison = rng.integers(0, 9, 80).astype(np.float32), rng.random(80) < 0.3
    differences = suspicion[poison][:, None] - suspicion[~poison][None]
    assert metrics.auroc(suspicion, poison) == pytest.approx(np.mean((differences > 0) + 0.5 * (differences == 0)))


@pytest.mark.parametrize("poison", ["000", "111"])
def test_auroc_of_one_kind_is_unknown(poison):
    assert np.isnan(metrics.auroc(np.arange(3, dtype=np.float32), flags(poison)))


def test_precision_and_recall():
    flagged, poison = flags("11100"), flags("10011")
    assert metrics.precision(flagged, poison) == pytest.approx(1 / 3)
    assert metrics.recall(flagged, poison) == pytest.approx(1 / 3)
    assert metrics.precision(flags("11000"), flags("10011")) == 0.5
    assert np.isnan(metrics.precision(flags("000"), flags("100")))
    assert metrics.recall(flags("000"), flags("100")) == 0.0
    assert np.isnan(metrics.recall(flags("100"), flags("000")))


def test_the_quality_of_a_detection():
    found = metrics.detection_quality(np.array([3, 2, 1], np.float32), flags("100"), flags("100"))
    assert found == {"auroc": 1.0, "precision": 1.0, "recall": 1.0}


def test_the_curves_of_a_detection_by_hand():
    suspicion, poison = np.array([4, 3, 3, 1], np.float32), np.array([True, True, False, False])
    found = metrics.detection_curves(suspicion, poison)
    # Cuts at 4, 3 (two at once) and 1: one hit of one; two of three; two of four.
    assert found["true_positive_rate"].tolist() == [0, 0.5, 1, 1]
    assert found["false_positive_rate"].tolist() == [0, 0, 0.5, 1]
    assert found["recall_at"].tolist() == [0.5, 1, 1]
    assert found["precision_at"] == pytest.approx([1, 2 / 3, 1 / 2])
    many = metrics.detection_curves(np.arange(5000, dtype=np.float32), np.arange(5000) > 4000, most=100)
    assert 50 < len(many["recall_at"]) <= 100
    assert (many["recall_at"][-1], many["precision_at"][0]) == (1, 1)
