"""Points of a map stand where their losses had brought them by then; a map that is not linear has no such places."""

import numpy as np

from core.analysis.moving import all_places, places_at, window_of
from core.detectors.parts.trajectories import logits
from core.stages.maps import project


def trajectories(n=60, epochs=5):
    """Losses that fall, each at its own pace."""
    rng = np.random.default_rng(0)
    return np.exp(-rng.random((n, 1)) * np.arange(1, epochs + 1) + 0.1 * rng.standard_normal((n, epochs)))


def test_a_sample_stands_where_it_would_if_its_loss_had_stayed():
    losses = trajectories()
    for method in ("pca", "ica"):
        last = project(logits(losses).astype(np.float32), method)
        assert places_at(losses, last, 5) is last
        held = losses.copy()
        held[7, 2:] = held[7, 1]  # this one stays as it was after the second epoch
        stood = places_at(losses, last, 2)
        weights = np.linalg.lstsq(np.c_[logits(losses), np.ones(60)], last, rcond=None)[0]
        np.testing.assert_allclose(stood[7], (np.c_[logits(held), np.ones(60)] @ weights)[7], atol=1e-2)
        assert np.abs(stood - last).max() > 0.1


def test_the_window_holds_every_place_of_every_epoch():
    losses = trajectories()
    last = project(logits(losses).astype(np.float32), "pca")
    low, high = window_of(losses, last)
    for epoch in range(1, 6):
        stood = places_at(losses, last, epoch)
        assert (stood >= low - 1e-4).all()
        assert (stood <= high + 1e-4).all()


def test_the_window_of_many_is_the_least_and_the_greatest_of_all_their_places():
    losses = trajectories(5000)
    losses[-1] *= 3  # the last one lies outside the rest
    last = project(logits(losses).astype(np.float32), "pca")
    stood = np.concatenate([places_at(losses, last, epoch) for epoch in range(1, 6)])
    np.testing.assert_allclose(window_of(losses, last), [stood.min(0), stood.max(0)], rtol=1e-4)
    assert (stood.argmax(0) % 5000 == 4999).any() or (stood.argmin(0) % 5000 == 4999).any()


def test_all_places_of_many_are_those_of_each_epoch():
    losses = trajectories(10_000)  # more than are worked out at a time
    last = project(logits(losses).astype(np.float32), "pca")
    moved = all_places(losses, last, slice(None, None, 2))
    for epoch in range(1, 6):
        np.testing.assert_allclose(moved[epoch - 1], places_at(losses, last, epoch)[::2], atol=1e-4)


def test_places_that_are_no_linear_map_of_the_losses_and_epochs_to_come_cannot_move():
    losses = trajectories()
    bent = logits(losses)[:, :2] ** 2 + np.random.default_rng(1).standard_normal((60, 2))
    assert places_at(losses, bent.astype(np.float32), 2) is None
    assert window_of(losses, bent.astype(np.float32)) is None
    losses[:, 3:] = np.nan
    assert places_at(losses, bent.astype(np.float32), 2) is None
    assert places_at(losses[:2], bent[:2].astype(np.float32), 2) is None
