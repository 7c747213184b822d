"""Scores of a second population inside one class, each high for samples that belong to it.

References: Hayase et al.: SPECTRE, 2021, arXiv 2104.11315 (quantum entropy); Ashman et al. 1994 (bimodality).
"""

import numpy as np
from scipy.special import expit

from core.detectors.parts.statistics import Reals
from core.detectors.parts.subspaces import ClassSpace, pairwise
from core.types import Bools

# Nearest samples of the class that say how dense it is around one; chosen on the tuned regimes.
NEAREST = 5
# Fraction of the class that counts as its bulk: poison has to fit into the rest, or it hides in the covariance.
BULK = 0.75
# How often the bulk is chosen again by the covariance of the last one.
TRIMS = 3
# α of the quantum entropy score: SPECTRE's 4. At 0 it is the squared distance; larger looks at the top direction only.
ENTROPY = 4.0
# Quantiles at which two Gaussians are first told apart, so that a small mode at either end is found as well.
STARTS = (0.1, 0.5, 0.9)
# Steps of expectation-maximisation.
EM_STEPS = 25
# Smallest fraction of the class that counts as a mode: fewer samples are stragglers, and every component has some.
SMALLEST_FRACTION = 0.004


def density_ratio_scores(space: ClassSpace, bona_fide: Bools) -> Reals:
    """(m,) log(distance to the nearest bona fide sample of the class / mean distance to its 5 nearest samples).

    Poison is near its own kind and far from every trusted sample. NaN when the class has no other bona fide sample.
    """
    trusted = np.flatnonzero(bona_fide[space.rows])
    if len(trusted) < 2:
        return np.full(len(space.rows), np.nan)
    to_trusted = pairwise(space.points, space.points[trusted])
    to_trusted[trusted, np.arange(len(trusted))] = np.inf
    near = space.distances[:, :NEAREST].mean(1)
    floor = 1e-9 + 1e-6 * float(near.mean())
    return np.asarray(np.log(np.maximum(to_trusted.min(1), floor) / np.maximum(near, floor)))


def quantum_entropy_scores(space: ClassSpace) -> Reals:
    """(m,) the quantum entropy scores of the class in its principal directions."""
    return quantum_entropy(space.points)


def quantum_entropy(points: Reals) -> Reals:
    """(m,) xᵀ e^Q x / tr e^Q with Q = α(Σ − I)/(‖Σ‖ − 1), x whitened by the covariance of the bulk."""
    whitened = _whitened_by_bulk(points)
    values, vectors = np.linalg.eigh(np.cov(whitened, rowvar=False).reshape(whitened.shape[1], -1))
    return np.asarray((whitened @ vectors) ** 2 @ entropy_weights(values))


def entropy_weights(values: Reals) -> Reals:
    """(c,) the eigenvalues of e^Q / tr e^Q, from those of Σ in ascending order."""
    exponent = ENTROPY * (values - 1) / max(float(values[-1]) - 1, 1e-6)
    weights = np.exp(exponent - exponent.max())
    return np.asarray(weights / weights.sum())


def _whitened_by_bulk(points: Reals) -> Reals:
    """The points whitened by the covariance of their central 75 %, trimmed three times."""
    bulk = np.ones(len(points), np.bool_)
    for _ in range(TRIMS + 1):
        centred = points - points[bulk].mean(0)
        values, vectors = np.linalg.eigh(np.cov(centred[bulk], rowvar=False).reshape(points.shape[1], -1))
        scaled = centred @ vectors / np.sqrt(np.maximum(values, 1e-6 * max(float(values[-1]), 1e-30)))
        squared = (scaled**2).sum(1)
        bulk = squared <= np.quantile(squared, BULK)
    return np.asarray(scaled)


def bimodality_scores(components: Reals) -> Reals:
    """(m,) Ashman's D of the most bimodal of the independent components (m, c) × the posterior of its smaller mode."""
    fractions, distances, posteriors = two_gaussians(components)
    distances = np.where(np.minimum(fractions, 1 - fractions) > SMALLEST_FRACTION, distances, 0.0)
    best = int(distances.argmax())
    minority = posteriors[:, best] if fractions[best] <= 0.5 else 1 - posteriors[:, best]
    return np.asarray(distances[best] * minority)


def two_gaussians(values: Reals) -> tuple[Reals, Reals, Reals]:
    """For each column: fraction (c,) of its upper Gaussian, Ashman's D = √2·|μ₁ − μ₀|/√(σ₁² + σ₀²), posterior (m, c).

    Expectation-maximisation from three splits; the likeliest outcome of each column is taken.
    """
    fits = [fitted(values, (values > np.quantile(values, start, axis=0)).astype(np.float64)) for start in STARTS]
    best = np.argmax([likelihood for _, _, _, likelihood in fits], axis=0)
    columns = np.arange(values.shape[1])
    fractions, distances, posteriors = (np.stack([fit[part] for fit in fits]) for part in range(3))
    return fractions[best, columns], distances[best, columns], posteriors[best, :, columns].T


def fitted(values: Reals, upper: Reals) -> tuple[Reals, Reals, Reals, Reals]:
    """The same from one start, and the log-likelihood of each column.

    Args:
        values: (m, c).
        upper: (m, c) how far each belongs to the upper Gaussian at first, in [0, 1].
    """
    # Along the samples everything lies in one piece of memory, and one of the two posteriors is enough.
    columns, upper = np.ascontiguousarray(values.T), np.ascontiguousarray(upper.T)
    floor, logs = 0.01 * columns.var(1) + 1e-12, np.empty((2, *columns.shape))
    for _ in range(EM_STEPS):
        weights = 1 - upper, upper
        totals = np.stack([each.sum(1) for each in weights]) + 1e-9
        means = np.stack([np.einsum("cm,cm->c", each, columns) for each in weights]) / totals
        np.subtract(columns, means[:, :, None], out=logs)
        np.square(logs, out=logs)
        squares = np.stack([np.einsum("cm,cm->c", *both) for both in zip(weights, logs, strict=True)])
        variances = squares / totals + floor
        logs *= (-0.5 / variances)[:, :, None]
        logs += (np.log(totals / len(values)) - 0.5 * np.log(variances))[:, :, None]
        upper = expit(logs[1] - logs[0])
    distances = np.sqrt(2) * np.abs(means[1] - means[0]) / np.sqrt(variances.sum(0))
    return upper.mean(1), distances, upper.T, np.logaddexp(*logs).sum(1)
