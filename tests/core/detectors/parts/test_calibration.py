"""Conformal p-values: by hand, uniform on clean data, and only where they mean something."""

from dataclasses import replace

import numpy as np
import pytest

from core.detectors import DETECTORS
from core.detectors.consensus.consensus import consensus
from core.detectors.parts.calibration import FOLDS, calibrated, compares, fold_numbers
from core.types import Detection, Evidence
from tests.core.evidence import clean_evidence, poisoned_evidence


def evidence_of(values, trusted):
    """Evidence whose only feature is the value itself; the last `trusted` samples are bona fide."""
    n = len(values)
    features = np.asarray(values, np.float32)[:, None]
    return Evidence(np.zeros(n, np.int64), 1, np.arange(n) >= n - trusted, features=features)


def itself(evidence):
    """Every sample is as suspicious as its value."""
    return Detection(evidence.features[:, 0], np.zeros(len(evidence.labels), bool))


def nearest_trusted(evidence):
    """The distance to the nearest bona fide sample: nothing for one that is trusted."""
    references = evidence.features[evidence.bona_fide, 0]
    distance = np.abs(evidence.features - references[None]).min(1)
    return Detection(distance.astype(np.float32), np.zeros(len(distance), bool))


def test_split_conformal_by_hand():
    clean = np.arange(24.0)  # m = 24, so p = (1 + how many of them are at least as large) / 25
    found = calibrated(itself, evidence_of([30, 23, 22.5, -1, *clean], 24), in_folds=False)
    assert found.p_values[:4] == pytest.approx([1 / 25, 2 / 25, 2 / 25, 1])
    assert found.p_values.dtype == np.float32


def test_cross_conformal_by_hand():
    values = [1000.0, 50.25, *range(0, 1000, 40)]  # 25 bona fide samples, 40 apart
    evidence = evidence_of(values, 25)
    held_out = 2 + np.argsort(fold_numbers(25, evidence.seed), kind="stable").reshape(FOLDS, -1)
    above = np.zeros(2)
    for rows in held_out:
        rest = np.setdiff1d(np.arange(2, 27), rows)
        for row in range(2):
            own = min(abs(values[row] - values[other]) for other in rest)
            above[row] += sum(min(abs(values[one] - values[other]) for other in rest) >= own for one in rows)
    found = calibrated(nearest_trusted, evidence, in_folds=True)
    assert found.p_values[:2] == pytest.approx((1 + above) / 26)
    assert 0 < above.sum() < 50
    assert found.suspicion[2:].max() == 0  # the suspicion itself is that of all bona fide samples


def test_every_bona_fide_sample_is_held_out_once_and_evenly():
    assert np.bincount(fold_numbers(23, 0)).tolist() == [5, 5, 5, 4, 4]
    assert fold_numbers(23, 0).tolist() == fold_numbers(23, 0).tolist() != fold_numbers(23, 1).tolist()


@pytest.mark.parametrize(("detector", "in_folds"), [(itself, False), (nearest_trusted, True)])
def test_p_values_of_clean_samples_are_uniform(detector, in_folds):
    rng, levels, draws = np.random.default_rng(0), np.array([0.05, 0.1, 0.2, 0.5]), []
    for _ in range(60):
        evidence = evidence_of(rng.normal(size=100 + 99), 99)
        p_values = calibrated(detector, evidence, in_folds=in_folds).p_values[:100]
        draws.append((p_values[:, None] <= levels).mean(0))
    standard_error = np.std(draws, axis=0) / np.sqrt(len(draws))
    assert (np.abs(np.mean(draws, axis=0) - levels) <= 4 * standard_error).all()


def test_without_folds_a_detector_that_compares_would_promise_too_much():
    rng = np.random.default_rng(0)
    evidence = evidence_of(rng.normal(size=100 + 99), 99)
    naive = calibrated(nearest_trusted, evidence, in_folds=False).p_values[:100]
    assert (naive <= 0.05).mean() > 0.5  # every clean sample looks rare beside trusted ones that saw themselves


def test_the_five_folds_leave_the_evidence_alone_and_run_the_detector_six_times():
    seen = []

    def counting(evidence):
        seen.append(evidence.bona_fide.sum())
        return nearest_trusted(evidence)

    evidence = evidence_of(np.arange(60.0), 50)
    calibrated(counting, evidence, in_folds=True)
    assert seen == [50, 40, 40, 40, 40, 40]
    assert evidence.bona_fide.sum() == 50


def test_few_bona_fide_samples_and_p_values_of_its_own():
    assert calibrated(itself, evidence_of(np.arange(40.0), 19), in_folds=False).p_values is None
    own = np.full(40, 0.5, np.float32)
    found = calibrated(
        lambda evidence: replace(itself(evidence), p_values=own), evidence_of(np.arange(40.0), 30), in_folds=True
    )
    assert found.p_values is own


def test_which_detectors_run_in_folds():
    assert compares(("trajectories", "bona_fide"))
    assert not compares(("activations",))
    assert not compares(("model", "images", "bona_fide"))  # bona fide samples are material there, not the measure
    assert compares(DETECTORS["badloss"].needs)
    assert not compares(DETECTORS["activation_clustering"].needs)


def test_the_consensus_brings_its_own():
    evidence, poison = poisoned_evidence(n_poisoned=45)
    found = consensus(evidence, false_discovery_rate=0.25)
    others = ~evidence.bona_fide
    order = np.sort(found.p_values[others])
    ranks = np.arange(1, len(order) + 1) / len(order)
    cut = order[np.flatnonzero(order <= 0.25 * ranks)[-1]]
    assert (found.flagged == (others & (found.p_values <= cut))).all()
    assert np.median(found.p_values[poison]) < 0.02 < np.median(found.p_values[others & ~poison])
    assert consensus(replace(clean_evidence(), bona_fide=np.zeros(len(poison), bool))).p_values is None
