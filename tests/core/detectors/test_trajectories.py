"""Logits of losses, which the maps of trajectories show, too."""

import numpy as np
import pytest

from core.detectors.parts.trajectories import LEAST_LOSS, logits


def test_logits_by_hand():
    probabilities = np.array([[0.5, 0.9], [0.1, 0.75]])
    expected = [[0.0, np.log(9)], [-np.log(9), np.log(3)]]
    assert logits(-np.log(probabilities).astype(np.float32)) == pytest.approx(np.array(expected), abs=1e-4)


def test_logits_stay_finite_at_the_ends():
    found = logits(np.array([[0.0, 1e-12, 100.0]], np.float32))
    assert np.isfinite(found).all()
    assert found[0, 0] == found[0, 1] == pytest.approx(-np.log(np.expm1(LEAST_LOSS)))
    assert found[0, 2] == pytest.approx(-30, abs=1e-4)
