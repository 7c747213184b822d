"""The linear algebra of detectors on a GPU, through PyTorch: what the NumPy beside each call does on a CPU.

Sums are in another order there, so answers differ in their last digits. PyTorch is imported only here, in functions:
pages read the settings of every detector without it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.types import Floats, Ints

if TYPE_CHECKING:
    from torch import Tensor, device

Reals = NDArray[np.float64]  # as in `statistics`

# Numbers of one matrix of distances that are held at a time. Moves the memory only.
AT_ONCE = 2**26
# Numbers of a matrix below which the way to the device and back takes longer than the work.
WORTH_IT = 10**5
# Directions beyond those that are wanted, and rounds, of the randomised SVD; as scikit-learn's defaults.
OVERSAMPLES = 10
POWER_STEPS = 4

_lent: "ContextVar[device | None]" = ContextVar("lent", default=None)


def accelerator(size: int = WORTH_IT) -> "device | None":
    """The GPU, where there is one and a matrix of so many numbers is worth the way; None for NumPy."""
    if lent := _lent.get():
        return lent
    if size < WORTH_IT:
        return None
    from core.devices import best_device

    best = best_device()
    return best if best.type == "cuda" else None  # others have no float64


@contextmanager
def lending(place: "device") -> Iterator[None]:
    """Everything is computed on this device, through PyTorch, whatever it is and however small the matrix."""
    token = _lent.set(place)
    try:
        yield
    finally:
        _lent.reset(token)


def mean_of_nearest(
    points: Floats | Reals, references: Reals, own: Ints, nearest: int, place: "device", *, at_once: int = AT_ONCE
) -> Floats:
    """(n,) the mean distance of each point to its nearest references, itself left out.

    Args:
        points: (n, d).
        references: (m, d).
        own: (n,) the reference that a point is itself, or −1.
        nearest: how many references count.
        place: the device.
        at_once: numbers of the matrix of distances that are held. Moves the memory only.
    """
    import torch

    others = torch.from_numpy(np.ascontiguousarray(references, np.float64)).to(place)
    lengths, columns = others.square().sum(1), torch.arange(len(others), device=place)
    itself = torch.from_numpy(own).to(place) if len(others) > 1 else torch.full((len(points),), -1, device=place)
    means = torch.empty(len(points), dtype=torch.float32, device=place)
    for part in _parts(len(points), len(others), at_once):
        squared = _squared(torch.tensor(points[part], device=place).double(), others, lengths)
        squared.masked_fill_(itself[part, None] == columns, torch.inf)
        least = squared.float().topk(nearest, largest=False, sorted=False).values
        means[part] = least.clamp(min=0).sqrt().mean(1)
    return np.asarray(means.cpu().numpy())


def nearest_others(
    points: Reals, n_neighbors: int, place: "device", *, searched: Ints | None = None, at_once: int = AT_ONCE
) -> tuple[Reals, Ints]:
    """(m, n_neighbors) distances and rows of the nearest other points, nearest first.

    Args:
        points: (m, c).
        n_neighbors: how many.
        place: the device.
        searched: (s,) rows of the points that may be neighbours; None for all.
        at_once: as in `mean_of_nearest`.
    """
    import torch

    every = torch.from_numpy(np.ascontiguousarray(points, np.float64)).to(place)
    columns = torch.arange(len(every), device=place) if searched is None else torch.from_numpy(searched).to(place)
    among = every.index_select(0, columns)
    lengths, itself = among.square().sum(1), torch.arange(len(every), device=place)
    distances = torch.empty(len(every), n_neighbors, dtype=torch.float64, device=place)
    rows = torch.empty(len(every), n_neighbors, dtype=torch.int64, device=place)
    for part in _parts(len(every), len(among), at_once):
        squared = _squared(every[part], among, lengths)
        squared.masked_fill_(itself[part, None] == columns, torch.inf)
        least = squared.topk(n_neighbors, largest=False)
        distances[part], rows[part] = least.values.clamp(min=0).sqrt(), columns[least.indices]
    return distances.cpu().numpy(), rows.cpu().numpy()


def products(values: NDArray[Any], place: "device", *, of_rows: bool) -> NDArray[Any]:
    """The matrix of products of all rows, values · valuesᵀ, or of all columns, valuesᵀ · values."""
    import torch

    there = torch.from_numpy(np.ascontiguousarray(values)).to(place)
    return np.asarray((there @ there.T if of_rows else there.T @ there).cpu().numpy())


def leading(centred: NDArray[Any], limit: int, seed: int, place: "device") -> NDArray[Any]:
    """(m, limit) centred features in their top directions, of matrices too wide for all their eigenvectors.

    A randomised SVD as scikit-learn's, on the device. The random directions are drawn in main memory, so that a seed
    gives the same on every device; in each column the largest entry is positive.
    """
    import torch

    values = torch.from_numpy(np.ascontiguousarray(centred)).to(place)
    drawn = np.random.default_rng(seed).standard_normal((values.shape[1], limit + OVERSAMPLES)).astype(centred.dtype)
    found = torch.linalg.qr(values @ torch.from_numpy(drawn).to(place)).Q
    for _ in range(POWER_STEPS):
        found = torch.linalg.qr(values @ torch.linalg.qr(values.T @ found).Q).Q
    _, _, directions = torch.linalg.svd(found.T @ values, full_matrices=False)
    points = values @ directions[:limit].T
    largest = points.gather(0, points.abs().argmax(0, keepdim=True))
    return np.asarray((points * torch.where(largest < 0, -1, 1)).cpu().numpy())


def shrunken_matches(patterns: Floats, learned_from: Floats, errors: float, floor: float, place: "device") -> Floats:
    """(m, t) how far each sample matches each template of two groups; `consensus.templates` says what that is.

    Args:
        patterns: (m, pixels).
        learned_from: (t, 2, m) 1.0 for the negatives and for the positives of each template.
        errors: standard errors by which weights are shrunken.
        floor: fraction of the mean variance that is added to every pixel's.
        place: the device.
    """
    import torch

    seen, groups = (torch.from_numpy(np.ascontiguousarray(one)).to(place) for one in (patterns, learned_from))
    counts = groups.sum(2, keepdim=True)
    means = (groups.flatten(0, 1) @ seen).unflatten(0, groups.shape[:2]) / counts
    variances = (groups.sum(1) @ seen.square() - (counts * means.square()).sum(1)).clamp(min=0) / counts.sum(1)
    deviations = (variances + floor * variances.mean(1, keepdim=True) + 1e-9).sqrt()
    difference = (means[:, 1] - means[:, 0]) / deviations
    error = errors * (1 / counts).sum(1).sqrt()
    weights = difference.sign() * (difference.abs() - error).clamp(min=0) / deviations
    scores = seen @ weights.T - (means.mean(1) * weights).sum(1)
    return np.asarray(scores.cpu().numpy())


def second_clusters(rows: "Tensor", walls: NDArray[Any]) -> NDArray[Any]:
    """(s, c + 1) sum and number of the points (m, c + 1), on the device, on the second cluster's side of each wall."""
    import torch

    there = torch.from_numpy(np.ascontiguousarray(walls)).to(rows.device)
    return np.asarray(((there @ rows.T > 0).to(rows.dtype) @ rows).cpu().numpy())


def placed(values: NDArray[Any], place: "device") -> "Tensor":
    """The values on the device, for calls that need them again and again."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(values)).to(place)


def _squared(points: "Tensor", others: "Tensor", lengths: "Tensor") -> "Tensor":
    """(p, m) squared distances, which rounding may leave a little below 0."""
    return (lengths - 2 * (points @ others.T)).add_(points.square().sum(1, keepdim=True))


def _parts(n: int, width: int, at_once: int) -> list[slice]:
    """Rows whose distances to `width` points are held together."""
    size = max(1, at_once // max(1, width))
    return [slice(start, start + size) for start in range(0, n, size)]
