"""Cases in which the Adversarial Robustness Toolbox 1.20.1 is wrong, and what is right; each answers in words."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from benchmarks.art import EXPECTED, POISONED, Activations, made_up, peer_clusters, peer_signatures
from core.activations import choose, layers
from core.detectors.activation_clustering import activation_clustering
from core.detectors.spectral_signatures import spectral_signatures
from core.types import Bools, Evidence

SAMPLES, FEATURES, HIDDEN, OFFSET, FEW = 2000, 64, 40, 100.0, 5
Case = tuple[Callable[[], str], Callable[[], str]]


def cases(seed: int = 0) -> dict[str, Case]:
    """What is asked → the toolbox's answer and ours."""
    poisoned, clean = made_up(SAMPLES, FEATURES, seed), made_up(SAMPLES, FEATURES, seed, ratio=0.0)
    small, shifted = _with_a_small_class(poisoned), _shifted(poisoned)
    return {
        "the last hidden layer of a PyTorch model has 40 features": (_peer_width, our_width),
        "classes with a flag in clean data": (
            lambda: _classes_flagged(clean, peer_clusters(clean, "PCA", "smaller")),
            lambda: _classes_flagged(clean, activation_clustering(clean.evidence).flagged),
        ),
        "clean samples of poisoned classes flagged by size and silhouette": (
            lambda: _clean_share(poisoned, peer_clusters(poisoned, "PCA")),
            lambda: _clean_share(poisoned, activation_clustering(poisoned.evidence).flagged),
        ),
        "clean samples of poisoned classes flagged by relative size": (
            lambda: _clean_share(poisoned, peer_clusters(poisoned, "PCA", "relative-size")),
            lambda: _clean_share(poisoned, activation_clustering(poisoned.evidence, decision="size").flagged),
        ),
        "samples that a second run judges otherwise (clean data)": (
            lambda: _differing(lambda: peer_clusters(clean, "PCA", "smaller")),
            lambda: _differing(lambda: activation_clustering(clean.evidence).flagged),
        ),
        "a class of five samples": (
            lambda: f"{peer_clusters(small, 'PCA').sum()} flagged",
            lambda: f"{activation_clustering(small.evidence).flagged[small.evidence.labels == 0].sum()} flagged",
        ),
        "spectral signatures: answers that change when 100 is added to every activation": (
            lambda: _changed(peer_signatures(poisoned), peer_signatures(shifted)),
            lambda: _changed(_our_signatures(poisoned), _our_signatures(shifted)),
        ),
    }


def cases_table(seed: int = 0) -> str:
    """All of them as Markdown; an exception is an answer, too."""
    lines = ["| case | ART 1.20.1 | Assay |", "|---|---|---|"]
    for title, (theirs, ours) in cases(seed).items():
        lines.append(f"| {title} | {_answer(theirs)} | {ours()} |")
    return "\n".join(lines)


def our_width() -> str:
    """The number of features that Activation Clustering is given, in words."""
    found = choose(layers(_model(), (2, 4, 1), 3))
    return f"{found.features} taken"


def _peer_width() -> str:
    from art.estimators.classification import PyTorchClassifier

    classifier = PyTorchClassifier(_model(), nn.CrossEntropyLoss(), input_shape=(1, 2, 4), nb_classes=3)
    images = np.zeros((2, 1, 2, 4), np.float32)
    taken = classifier.get_activations(images, layer=len(classifier.layer_names) - 1, batch_size=2)
    return f"{np.asarray(taken).shape[1]} taken"


def _model() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(8, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 3))


def _classes_flagged(made: Activations, flagged: Bools) -> str:
    return f"{len(np.unique(made.evidence.labels[flagged]))} of {made.evidence.n_classes}"


def _clean_share(made: Activations, flagged: Bools) -> str:
    concerned = (made.evidence.labels < POISONED) & ~made.is_poison
    return f"{flagged[concerned].mean():.1%}"


def _differing(run: Callable[[], Bools]) -> str:
    return _changed(run(), run())


def _changed(first: Bools, second: Bools) -> str:
    return f"{(first != second).mean():.1%}"


def _our_signatures(made: Activations) -> Bools:
    return spectral_signatures(made.evidence, expected_poison_ratio=EXPECTED).flagged


def _with_a_small_class(made: Activations) -> Activations:
    """The same with five samples of class 0 only."""
    kept = (made.evidence.labels != 0) | (np.cumsum(made.evidence.labels == 0) <= FEW)
    names = ("labels", "bona_fide", "features")
    fields: dict[str, Any] = {name: getattr(made.evidence, name)[kept] for name in names}
    return Activations(replace(made.evidence, **fields), made.is_poison[kept])


def _shifted(made: Activations) -> Activations:
    features = made.evidence.features
    assert features is not None
    moved: Evidence = replace(made.evidence, features=features + np.float32(OFFSET))
    return Activations(moved, made.is_poison)


def _answer(call: Callable[[], str]) -> str:
    try:
        return call()
    except (ValueError, IndexError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0][:80]}"
