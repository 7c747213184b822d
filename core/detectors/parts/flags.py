"""What is flagged by comparison with bona fide samples, for methods whose papers set their limit on clean samples."""

from collections.abc import Mapping

import numpy as np

from core.types import Bools, Floats, Notes, Scalar

# Bona fide samples below which none of their quantiles says anything.
FEWEST = 20


def beyond_bona_fide(
    suspicion: Floats, bona_fide: Bools, fraction: float, figures: Mapping[str, Scalar]
) -> tuple[Bools, Notes]:
    """(n,) True for the samples more suspicious than all but `fraction` of the bona fide ones, and notes that say so.

    Bona fide samples are never flagged. With fewer than 20 of them nothing is: the score then only ranks.

    Args:
        suspicion: (n,).
        bona_fide: (n,).
        fraction: of the bona fide samples, how many may lie above the limit.
        figures: for the notes.

    >>> scores = np.arange(40, dtype=np.float32)
    >>> beyond_bona_fide(scores, scores < 30, 0.1, {})[0].sum()
    np.int64(10)
    """
    count = int(bona_fide.sum())
    if count < FEWEST:
        left_out = f"{count} bona fide samples: with fewer than {FEWEST}, nothing is flagged"
        return np.zeros(len(suspicion), np.bool_), Notes(n_bona_fide=count, left_out=left_out, figures=figures)
    limit = float(np.quantile(suspicion[bona_fide], 1 - fraction, method="higher"))
    above = (suspicion > np.float32(limit)) & ~bona_fide
    return above, Notes(threshold=limit, n_bona_fide=count, figures=figures)
