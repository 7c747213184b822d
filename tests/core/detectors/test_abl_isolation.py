"""ABL isolation: means worked out by hand."""

import numpy as np
import pytest

from core.detectors.abl_isolation import abl_isolation
from core.types import Evidence

LOSSES = np.array([[2, 1, 9], [0, 1, 9], [3, 3, 0], [0, 0, 9], [4, 2, 0]], np.float32)


def evidence(bona_fide):
    return Evidence(np.zeros(5, np.int64), 1, np.array(bona_fide), trajectories=LOSSES)


def test_minus_the_mean_of_the_first_epochs():
    found = abl_isolation(evidence([False] * 5), n_epochs=2)
    assert found.suspicion == pytest.approx([-1.5, -0.5, -3, 0, -3])
    assert found.notes.figures["epochs_used"] == 2


def test_fewer_epochs_than_asked_for():
    found = abl_isolation(evidence([False] * 5), n_epochs=50)
    assert found.suspicion == pytest.approx([-4, -10 / 3, -2, -3, -2])
    assert found.notes.figures["epochs_used"] == 3


def test_the_lowest_share_is_isolated_and_bona_fide_samples_are_not():
    trusted = [False, False, False, True, False]
    found = abl_isolation(evidence(trusted), n_epochs=2, isolation_share=0.4)
    assert found.flagged.tolist() == [True, True, False, False, False]
    assert not abl_isolation(evidence(trusted)).flagged.any()  # 1 % of five samples is none
