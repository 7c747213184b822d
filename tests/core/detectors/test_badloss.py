"""BaDLoss and the logit trajectories: numbers worked out by hand."""

import numpy as np
import pytest

from core.detectors.badloss import badloss
from core.detectors.logit_trajectories import logit_trajectories
from core.detectors.parts.statistics import worst
from core.detectors.parts.trajectories import bona_fide_distance, epoch_filter, logits, standardised
from core.types import Evidence

BONA_FIDE = np.array([True, True, True, False, False])
LOSSES = np.array([[0, 0], [3, 4], [6, 8], [0, 1], [30, 40]], np.float32)


def evidence(losses, bona_fide=BONA_FIDE):
    return Evidence(np.zeros(len(losses), np.int64), 1, bona_fide, trajectories=np.asarray(losses, np.float32))


def test_the_mean_distance_to_the_two_nearest_others():
    found = badloss(evidence(LOSSES), n_neighbors=2)
    # (0,0): 5 and 10. (3,4): 5 and 5. (6,8): 5 and 10. (0,1): 1 and √18. (30,40): 45 and 40.
    assert found.suspicion == pytest.approx([7.5, 5, 7.5, (1 + 18**0.5) / 2, 42.5], rel=1e-6)


def test_the_distances_are_those_of_the_plain_reference():
    rng = np.random.default_rng(0)
    losses, trusted = rng.exponential(size=(1300, 7)).astype(np.float32), rng.random(1300) < 0.1
    distances = np.linalg.norm(losses[:, None].astype(np.float64) - losses[trusted], axis=2)
    distances[np.flatnonzero(trusted), np.arange(trusted.sum())] = np.inf  # none is its own neighbour
    expected = np.sort(distances, axis=1)[:, :5].mean(1)
    np.testing.assert_allclose(bona_fide_distance(losses, trusted, 5), expected, rtol=1e-5)


def test_a_bona_fide_sample_is_not_its_own_neighbour():
    assert bona_fide_distance(LOSSES, BONA_FIDE, 1) == pytest.approx([5, 5, 5, 1, 40])


def test_more_neighbours_than_bona_fide_samples():
    assert badloss(evidence(LOSSES)).suspicion == pytest.approx(badloss(evidence(LOSSES), n_neighbors=2).suspicion)


def test_one_bona_fide_sample_is_compared_with_itself():
    alone = np.array([True, False, False, False, False])
    assert badloss(evidence(LOSSES, alone)).suspicion == pytest.approx([0, 5, 10, 1, 50])


def test_the_worst_share_of_all_is_flagged_and_bona_fide_samples_stay():
    assert badloss(evidence(LOSSES), n_neighbors=2, reject_fraction=0.2).flagged.tolist() == [False] * 4 + [True]
    assert badloss(evidence(LOSSES), n_neighbors=2, reject_fraction=1.0).flagged.tolist() == [False] * 3 + [True] * 2


def test_ties_are_flagged_in_the_order_of_the_samples():
    assert worst(np.ones(4, np.float32), np.array([False, True, True, True]), 0.5).tolist() == [
        False,
        True,
        True,
        False,
    ]


def test_an_exploding_epoch_is_dropped():
    means = [2.0, 1.0, 0.9, 2.5, 0.8, 1.81]
    # 2.5 < 2 · 1.3 stays; then 0.8; 1.81 < 2 · 1.4 stays.
    assert epoch_filter(np.array([means, means], np.float32)).tolist() == [True] * 6
    means[3] = 2.7
    # 2.7 ≥ 2 · 1.3 goes, and no longer excuses 1.81 ≥ 2 · (1 + 0.9 + 0.8)/3.
    assert epoch_filter(np.array([means, means], np.float32)).tolist() == [True, True, True, False, True, False]


def test_the_reference_of_the_filter_is_the_last_three_epochs_kept():
    means = np.array([[1.0, 1.0, 1.0, 5.0, 0.4, 0.4, 1.1, 1.3]], np.float32)
    # 5 out; 0.4, 0.4 in; 1.1 < 2 · (1 + 0.4 + 0.4)/3 = 1.2 in; 1.3 ≥ 2 · (0.4 + 0.4 + 1.1)/3 = 1.27 out.
    assert epoch_filter(means).tolist() == [True, True, True, False, True, True, True, False]


def test_the_first_three_epochs_always_count():
    assert epoch_filter(np.array([[1.0, 50.0, 900.0]], np.float32)).all()
    assert epoch_filter(np.array([[1.0]], np.float32)).tolist() == [True]


def test_a_dropped_epoch_does_not_matter():
    calm = np.random.default_rng(0).uniform(0.5, 1, (20, 5)).astype(np.float32)
    wild = np.insert(calm, 4, np.random.default_rng(1).uniform(50, 99, 20), axis=1)
    bona_fide = np.arange(20) < 8
    found = badloss(evidence(wild, bona_fide))
    np.testing.assert_allclose(found.suspicion, badloss(evidence(calm, bona_fide)).suspicion, rtol=1e-6)
    assert (found.notes.figures["epochs_used"], found.notes.figures["epochs_traced"]) == (5, 6)


def test_logits_of_known_probabilities():
    probabilities = np.array([[0.5, 0.9, 0.1]])
    expected = [0, np.log(9), -np.log(9)]
    assert logits(-np.log(probabilities).astype(np.float32))[0] == pytest.approx(expected, abs=1e-5)


def test_logits_stay_finite_and_keep_the_order():
    values = logits(np.array([[0, 1e-9, 1e-3, 1, 10, 1e6]], np.float32))[0]
    assert np.isfinite(values).all()
    assert (np.diff(values) <= 0).all()


def test_each_epoch_is_measured_in_spreads_of_the_bona_fide_samples():
    values = np.array([[0.0, 1], [2, 1], [4, 1], [4, 2]])
    bona_fide = np.array([True, True, True, False])
    spread = (8 / 3) ** 0.5 + 0.1
    np.testing.assert_allclose(standardised(values, bona_fide)[3], [2 / spread, 1 / 0.1])


def test_logit_trajectories_compares_what_is_standardised():
    losses = np.random.default_rng(0).uniform(0.1, 3, (30, 4)).astype(np.float32)
    bona_fide = np.arange(30) < 10
    found = logit_trajectories(evidence(losses, bona_fide), n_neighbors=3, reject_fraction=0.1)
    expected = bona_fide_distance(standardised(logits(losses), bona_fide), bona_fide, 3)
    np.testing.assert_allclose(found.suspicion, expected)
    assert found.flagged.sum() == 3
