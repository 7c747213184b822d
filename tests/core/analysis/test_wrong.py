"""How many of the flagged are wrong: the interval by hand, and how often it holds."""

import numpy as np
import pytest
from scipy.stats import beta

from core.analysis.wrong import interval_words, wrong_interval
from core.detectors.parts.statistics import benjamini_hochberg


def test_the_interval_by_hand():
    p = np.concatenate([np.full(10, 3 / 20), np.full(90, 1.0)])  # 2 of 19 bona fide samples lie at the cut or beyond
    low, high = wrong_interval(p, 19, p < 1)
    # By Clopper and Pearson, between these fractions of clean samples lie there, of 100 − 0 %, over 10 flagged.
    assert low == pytest.approx(min(beta.ppf(0.05, 2, 18) * 10, 1))
    assert high == 1.0  # 30 of 100 would be more than all that are flagged
    assert wrong_interval(p, 19, p > 1) is None


def test_none_beyond_the_cut_leaves_the_interval_open_below():
    p = np.concatenate([np.full(60, 1 / 20), np.full(40, 1.0)])
    low, _ = wrong_interval(p, 19, p < 1)
    assert low == 0


@pytest.mark.parametrize(("trusted", "gap", "rate"), [(250, 6.0, 0.1), (250, 3.0, 0.2), (100, 4.0, 0.2)])
def test_the_interval_holds_in_nine_draws_of_ten(trusted, gap, rate):
    held = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        suspicion = rng.normal(size=2000)
        suspicion[:200] += gap  # the poison
        p = (1 + trusted - np.searchsorted(np.sort(rng.normal(size=trusted)), suspicion)) / (1 + trusted)
        flagged = benjamini_hochberg(p, rate)
        if flagged.any():
            low, high = wrong_interval(p, trusted, flagged)
            held.append(low <= flagged[200:].sum() / flagged.sum() <= high)
    assert len(held) > 100
    assert np.mean(held) >= 0.87


def test_an_interval_is_said_with_its_confidence():
    assert interval_words((0.021, 0.13)) == "in this draw 2% to 13%, with 90% confidence"
    assert interval_words(None) == ""
