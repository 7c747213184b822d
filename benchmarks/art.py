"""Activation Clustering and spectral signatures beside the Adversarial Robustness Toolbox, on the same activations.

Cases in which the Adversarial Robustness Toolbox 1.20.1 is wrong, and what is right; each answers in words.
"""

import contextlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
import typer
from torch import nn

from benchmarks.parts.hardware import hardware
from benchmarks.parts.timing import Timed, timed
from core.detectors.clustering.activation_clustering import activation_clustering
from core.detectors.spectral_signatures import spectral_signatures
from core.training.activations import choose, layers
from core.types import Bools, Evidence

# Of the made-up activations.
SAMPLES = 2000
FEATURES = 64
HIDDEN = 40  # of the small network whose activations are read
OFFSET = 100.0  # added to every feature: far from 0, where squares lose digits
FEW = 5  # samples that a class is cut to
Case = tuple[Callable[[], str], Callable[[], str]]


CLASSES = 10
POISONED = 5  # classes that hold poison
RATIO = 0.12  # of these classes' samples
EXPECTED = 0.10  # what spectral signatures are told
SIZES = ("50000x512", "5000x2048")
MOST_FAILURES = 5
FLAGS = Callable[[], Bools]


@dataclass(frozen=True)
class Activations:
    """Made-up activations of ten classes, half of which hold a cluster of poison, and who is in it, (n,)."""

    evidence: Evidence
    is_poison: Bools

    @property
    def layer_names(self) -> list[str]:
        """What the toolbox asks of a classifier: the names of its layers."""
        return ["features"]

    @property
    def nb_classes(self) -> int:
        """What the toolbox asks of a classifier: the number of classes."""
        return CLASSES

    def get_activations(self, x: Any, layer: int, batch_size: int) -> Any:
        """What the toolbox asks of a classifier: here it is shown the activations themselves."""
        del layer, batch_size
        return x


def art(
    sizes: Annotated[list[str] | None, typer.Option(help="Samples x features; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="Of the made-up activations.")] = 0,
    repeats: Annotated[int, typer.Option(help="The fastest of so many runs counts.")] = 3,
) -> None:
    """F1, time and memory beside adversarial-robustness-toolbox 1.20.1."""

    typer.echo(art_table(sizes or SIZES, seed, repeats))
    typer.echo(f"\n{cases_table(seed)}")


def art_table(sizes: Sequence[str], seed: int, repeats: int) -> str:
    """The table as Markdown; the two libraries run in turn in one process."""
    about = f"{POISONED} of {CLASSES} classes hold {RATIO:.0%} poison"
    lines = [
        f"{hardware()}; seed {seed}; best of {repeats}, run in turn; {about}.",
        "",
        "| activations | method | | F1, mean (worst) | clean classes flagged | wall, s | processor, s | memory, MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for size in sizes:
        samples, features = map(int, size.split("x"))
        made = made_up(samples, features, seed)
        for name, (ours, theirs) in pairs(made).items():
            runs: tuple[list[Timed[Bools]], list[Timed[Bools]]] = ([], [])
            for _ in range(repeats):
                for found, call in zip(runs, (theirs, ours), strict=True):
                    found.append(_answered(call))
            lines += [f"| {size} | {name} | {line}" for line in _lines(made, *runs)]
    return "\n".join(lines)


def _answered(call: FLAGS) -> Timed[Bools]:
    """The answer and what it cost. The toolbox fails on some of its unseeded starts; such a run is tried again."""
    for _ in range(MOST_FAILURES):
        with contextlib.suppress(IndexError):
            return timed(call)
    return timed(call)


def pairs(made: Activations) -> dict[str, tuple[FLAGS, FLAGS]]:
    """Method → ours and the toolbox's, each answering who is flagged, (n,)."""
    evidence = made.evidence
    return {
        "clustering, ICA": (lambda: activation_clustering(evidence).flagged, lambda: peer_clusters(made, "FastICA")),
        "clustering, PCA": (
            lambda: activation_clustering(evidence, reduction="pca").flagged,
            lambda: peer_clusters(made, "PCA"),
        ),
        "spectral signatures": (
            lambda: spectral_signatures(evidence, expected_poison_ratio=EXPECTED).flagged,
            lambda: peer_signatures(made),
        ),
    }


def made_up(samples: int, features: int, seed: int, ratio: float = RATIO) -> Activations:
    """Rectified mixtures of 32 factors around a centre for each class; poison sits around another centre."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(CLASSES, size=samples)
    factors = rng.normal(size=(samples, 32)) * np.linspace(3, 0.3, 32)
    centres, elsewhere = rng.normal(size=(2, CLASSES, features)) * np.array([8.0, 12.0])[:, None, None]
    is_poison = (rng.random(samples) < ratio) & (labels < POISONED)
    values = factors @ rng.normal(size=(32, features)) + centres[labels] + is_poison[:, None] * elsewhere[labels]
    values += 0.3 * rng.normal(size=values.shape)
    evidence = Evidence(labels, CLASSES, np.zeros(samples, np.bool_), features=np.maximum(values, 0).astype(np.float32))
    return Activations(evidence, is_poison)


def peer_clusters(made: Activations, reduce: str, analysis: str = "silhouette-scores") -> Bools:
    """(n,) whom the toolbox flags by 2-means: its rule of silhouette and size, or another `analysis`."""
    from art.defences.detector.poison import ActivationDefence  # needed here only, and slow to import

    defence = ActivationDefence(made, made.evidence.features, made.evidence.labels)
    with warnings.catch_warnings(), contextlib.suppress(FloatingPointError):
        warnings.simplefilter("ignore")  # FastICA that does not converge
        _, is_clean = defence.detect_poison(nb_clusters=2, nb_dims=10, reduce=reduce, cluster_analysis=analysis)
    return np.asarray(is_clean) == 0


def peer_signatures(made: Activations) -> Bools:
    """(n,) whom the toolbox flags by spectral signatures."""
    from art.defences.detector.poison import SpectralSignatureDefense

    defence = SpectralSignatureDefense(made, made.evidence.features, made.evidence.labels, expected_pp_poison=EXPECTED)
    return np.asarray(defence.detect_poison()[1]) == 0


def f1_per_class(made: Activations, flagged: Bools) -> list[float]:
    """The F1 of each poisoned class."""
    scores = []
    for index in range(POISONED):
        own = made.evidence.labels == index
        truth, found = made.is_poison[own], flagged[own]
        scores.append(2 * float((truth & found).sum()) / max(int(truth.sum() + found.sum()), 1))
    return scores


def _lines(made: Activations, theirs: list[Timed[Bools]], ours: list[Timed[Bools]]) -> list[str]:
    """The toolbox's line and ours, which says how many times as fast it is."""
    fastest = [(min(run.wall for run in runs), min(run.processor for run in runs)) for runs in (theirs, ours)]
    lines = []
    for name, runs, seconds in (("ART", theirs, fastest[0]), ("Assay", ours, fastest[1])):
        flagged = runs[-1].result
        scores = f1_per_class(made, flagged)
        clean = float(flagged[made.evidence.labels >= POISONED].mean())
        ratios = ["" if name == "ART" else f" (**{peer / own:.1f} ×**)" for peer, own in zip(*fastest, strict=True)]
        times = " | ".join(f"{one:.2f}{ratio}" for one, ratio in zip(seconds, ratios, strict=True))
        memory = max(run.memory for run in runs) / 1e6
        lines.append(f"{name} | {np.mean(scores):.3f} ({min(scores):.3f}) | {clean:.1%} | {times} | {memory:.0f} |")
    return lines


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
            lambda: _clean_fraction(poisoned, peer_clusters(poisoned, "PCA")),
            lambda: _clean_fraction(poisoned, activation_clustering(poisoned.evidence).flagged),
        ),
        "clean samples of poisoned classes flagged by relative size": (
            lambda: _clean_fraction(poisoned, peer_clusters(poisoned, "PCA", "relative-size")),
            lambda: _clean_fraction(poisoned, activation_clustering(poisoned.evidence, decision="size").flagged),
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


def _clean_fraction(made: Activations, flagged: Bools) -> str:
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
