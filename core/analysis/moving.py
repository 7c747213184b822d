"""Where the samples of a map of trajectories stood after an earlier epoch."""

from collections.abc import Iterable, Iterator

import numpy as np

from core.detectors.parts.trajectories import quick_logits
from core.types import Floats, Ints

# Samples that the map's directions are read from; of more, evenly spaced ones stand for all.
MOST_FITTED = 20_000
# Part of the spread of a map by which its places may miss a linear map of the trajectories; beyond it, none can move.
# Maps of earlier versions, which took logits of smaller losses, miss by 3 %, and UMAP by 17 % and more.
MOST_MISSED = 0.05
# Epochs that the window around all movement looks at.
MOST_LOOKED_AT = 8
# Samples whose logits are worked out at a time. Moves the memory only.
PART = 4096


def places_at(losses: Floats, places: Floats, epoch: int) -> Floats | None:
    """(n, 2) where each sample stood after an epoch, as if its loss had stayed so; None where the map cannot say.

    A map of principal or independent components is linear in the trajectories, so its directions can be read from it:
    `places = [logits(losses), 1] @ w`. UMAP is not linear, and has no earlier places.

    Args:
        losses: (n, epochs).
        places: (n, 2) of the map after all of them.
        epoch: counted from 1.

    >>> from core.detectors.parts.trajectories import logits
    >>> losses = np.exp(np.array([[0.0, -1, -2], [0.5, -2, -3], [1, 0, -1], [0, 1, 1], [0, 0.5, 0]]), dtype=np.float64)
    >>> last = logits(losses)[:, [2, 0]]
    >>> np.allclose(places_at(losses, last, 3), last)
    True
    >>> np.allclose(places_at(losses, last, 1), logits(losses)[:, [0, 0]], atol=1e-4)
    True
    """
    if epoch >= losses.shape[1]:
        return places
    directions = _directions(losses, places)
    return None if directions is None else _held(losses, epoch) @ directions


def all_places(losses: Floats, places: Floats, some: slice) -> Floats | None:
    """(epochs, m, 2) where some of the samples stood after each epoch; None where the map cannot say.

    >>> from core.detectors.parts.trajectories import logits
    >>> losses = np.exp(np.array([[0.0, -1, -2], [0.5, -2, -3], [1, 0, -1], [0, 1, 1], [0, 0.5, 0]]), dtype=np.float64)
    >>> last = logits(losses)[:, [2, 0]]
    >>> moved = all_places(losses, last, slice(None, None, 2))
    >>> moved.shape, np.allclose(moved[1], places_at(losses, last, 2)[::2], atol=1e-5)
    ((3, 3, 2), True)
    """
    directions = _directions(losses, places)
    if directions is None:
        return None
    seen, last = losses[some], losses.shape[1]
    stood = np.empty((last, len(seen), 2), np.float32)
    stood[-1] = places[some]
    for start in range(0, len(seen), PART):
        part = slice(start, start + PART)
        for epoch, there in enumerate(_stood(seen[part], directions, range(1, last))):
            stood[epoch, part] = there
    return stood


def window_of(losses: Floats, places: Floats, some: Ints | slice = slice(None)) -> Floats | None:
    """(2, 2) the least and the greatest of both axes over all epochs; None where nothing can move.

    Args:
        losses: (n, epochs).
        places: (n, 2) of the map after all of them.
        some: the rows that are looked at.
    """
    directions = _directions(losses, places)
    if directions is None or not len(places[some]):
        return None
    epochs = np.unique(np.linspace(1, losses.shape[1], MOST_LOOKED_AT).round().astype(int))
    seen, last = losses[some], places[some]
    low, high = last.min(0), last.max(0)
    for start in range(0, len(seen), PART):
        for stood in _stood(seen[start : start + PART], directions, epochs[:-1].tolist()):
            low, high = np.minimum(low, stood.min(0)), np.maximum(high, stood.max(0))
    return np.array([low, high], np.float32)


def _stood(losses: Floats, directions: Floats, epochs: Iterable[int]) -> Iterator[Floats]:
    """(n, 2) after each of these epochs, in turn.

    As `_held(losses, epoch) @ directions`, whose logits would be worked out anew for each epoch: 5 times as long.
    """
    features = quick_logits(losses)
    for epoch in epochs:
        later = directions[epoch:-1].sum(0)
        yield features[:, :epoch] @ directions[:epoch] + features[:, epoch - 1 : epoch] * later + directions[-1]


def _held(losses: Floats, epoch: int) -> Floats:
    """[logits, 1] with every later epoch what this one was."""
    features = quick_logits(losses[:, :epoch])
    later = np.repeat(features[:, -1:], losses.shape[1] - epoch, axis=1)
    return np.hstack([features, later, np.ones((len(losses), 1), np.float32)])


def _directions(losses: Floats, places: Floats) -> Floats | None:
    rows = np.unique(np.linspace(0, len(losses) - 1, min(MOST_FITTED, len(losses))).astype(np.int64))
    features, wanted = _held(losses[rows], losses.shape[1]).astype(np.float64), places[rows].astype(np.float64)
    if len(rows) < 3 or not (np.isfinite(features).all() and np.isfinite(wanted).all()):
        return None
    found = np.linalg.lstsq(features, wanted, rcond=1e-10)[0]
    missed = np.abs(features @ found - wanted).mean()
    if missed > MOST_MISSED * max(float(wanted.std()), 1e-9):
        return None
    directions: Floats = found.astype(np.float32)
    return directions
