"""Confident learning: labels that a classifier, asked about samples it has not seen, confidently contradicts."""

from typing import Annotated, Literal

import numpy as np
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.detectors import require
from core.detectors.parts.statistics import Reals
from core.detectors.parts.subspaces import canonical_order
from core.registry import Range
from core.types import Detection, Evidence, Ints, Notes

# Steps of logistic regression at most.
STEPS = 200
# Gradient at which it has converged: label quality is about ranks, and more digits do not change them.
TOLERANCE = 1e-3


def confident_learning(
    evidence: Evidence,
    *,
    quality: Literal["self_confidence", "normalized_margin"] = "self_confidence",
    n_folds: Annotated[int, Range(2, 20)] = 3,
) -> Detection:
    """How little a held-out classifier believes the given label; flagged are the label errors that cleanlab counts.

    Out-of-sample probabilities p come from logistic regression on the standardised activations, in `n_folds` folds.
    The suspicion is 1 − p(label), or with the margin 1 − (p(label) − max of the others + 1)/2. Flags follow cleanlab's
    pruning by noise rate. It finds dirty labels only: where the activations already show the backdoor's class, or the
    label is true (clean-label attacks), there is nothing to contradict.

    Args:
        evidence: needs `features` (n, d).
        quality: cleanlab's measure of how good a label is.
        n_folds: of the cross-validation. Classes with fewer samples are left out: nothing is said of them.

    Returns:
        suspicion: 1 − label quality, in [0, 1]; 0 where nothing is said. Bona fide samples are never flagged.

    Raises:
        UserError: activations are missing.

    References: Northcutt, Jiang, Chuang: Confident Learning, JAIR 2021, arXiv 1911.00068; package cleanlab.

    >>> import numpy as np
    >>> from core.detectors.confident_learning import confident_learning
    >>> from core.types import Evidence
    >>> labels = np.arange(60) % 2
    >>> features = np.random.default_rng(0).normal(size=(60, 2)) + 10 * labels[:, None]
    >>> labels[0] = 1  # lies among the samples of class 0
    >>> evidence = Evidence(labels, 2, np.zeros(60, np.bool_), features=features.astype(np.float32))
    >>> int(confident_learning(evidence).suspicion.argmax())
    0
    """
    needed = require("confident_learning", evidence)
    suspicion = np.zeros(len(evidence.labels), np.float32)
    flagged = np.zeros(len(evidence.labels), np.bool_)
    large = np.bincount(evidence.labels, minlength=evidence.n_classes) >= n_folds
    rows = np.flatnonzero(large[evidence.labels])
    notes = Notes(figures={"n_left_out": len(evidence.labels) - len(rows), "n_folds": n_folds})
    if large.sum() > 1:
        rows = rows[canonical_order(needed.features[rows])]
        labels = np.cumsum(large)[evidence.labels[rows]] - 1
        probabilities = out_of_sample(needed.features[rows], labels, n_folds, evidence.seed)
        suspicion[rows] = 1 - get_label_quality_scores(labels, probabilities, method=quality)
        flagged[rows] = find_label_issues(labels, probabilities, n_jobs=1)
    return Detection(suspicion, flagged & ~evidence.bona_fide, notes=notes)


def out_of_sample(features: NDArray[np.floating], labels: Ints, n_folds: int, seed: int) -> Reals:
    """(m, k) the probability of each class, each row from a classifier that has not seen it.

    Args:
        features: (m, d).
        labels: (m,) each of 0 … k − 1 at least `n_folds` times.
        n_folds: of the stratified cross-validation.
        seed: of the folds.
    """
    probabilities = np.zeros((len(labels), int(labels.max()) + 1))
    for seen, held_out in StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(features, labels):
        classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=STEPS, tol=TOLERANCE))
        classifier.fit(features[seen].astype(np.float64), labels[seen])
        probabilities[held_out] = classifier.predict_proba(features[held_out].astype(np.float64))
    return probabilities
