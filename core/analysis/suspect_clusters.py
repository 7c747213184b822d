"""The clusters under suspicion, and what a model that never saw them makes of them. Pages read this without torch.

Exclusionary reclassification (ExRe) is the decision of Chen et al. 2018, arXiv 1811.03728, that trains again: without
the cluster, and then classifies it. Poison goes back to the class that it was taken from; clean samples come home.

What each decision on a cluster says, in words and figures, for screens and reports.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from core import runs
from core.analysis.opened_run import CLUSTERING, OpenedRun
from core.errors import UserError
from core.files import locked
from core.runs import Run
from core.types import ClassFinding, Criterion, Ints

# What a decision says of a cluster, in words.
POISON = "poison"
CLEAN = "clean"
OPEN = "not asked"
THRESHOLD = 1.0  # T of the paper: l/p below it is poison
RESULTS = "reclassification"
NEW_LABELS = ("source_class", "each_sample")


@dataclass(frozen=True)
class Reclassification:
    """What exclusionary reclassification says of one cluster.

    Attributes:
        n: samples in the cluster.
        own: l, how many of them the model that never saw them takes for their own class.
        other: p, how many it takes for the most frequent other class.
        suspected_source_class: that other class, None where nothing was taken for another.
        ratio: l / p, None where p = 0; poison below `threshold`, the paper's T.
        poisoned: whether it is.
    """

    n: int
    own: int
    other: int
    suspected_source_class: int | None
    ratio: float | None
    poisoned: bool
    threshold: float = THRESHOLD


@dataclass(frozen=True, kw_only=True)
class _Kept(Reclassification):
    """A result as it is kept, with a digest of the cluster that it is about."""

    cluster: str


def reclassification(predicted: Ints, own_class: int, n_classes: int, threshold: float = THRESHOLD) -> Reclassification:
    """The result for a cluster of `own_class` from the classes (m,) that a model which never saw it predicts.

    A cluster that comes home as often as it goes to one other class, l / p = T, is not called poison. Of several most
    frequent other classes the first is suspected.
    """
    counts = np.bincount(predicted, minlength=n_classes)
    own = int(counts[own_class])
    counts[own_class] = 0
    other, source = int(counts.max()), int(counts.argmax())
    ratio = own / other if other else None
    return Reclassification(
        len(predicted), own, other, source if other else None, ratio, own < threshold * other, threshold
    )


def suspect_clusters(opened: OpenedRun, classes: Collection[int] = ()) -> dict[int, Ints]:
    """Class → rows (m,) of its smaller cluster, for the given classes, or else for those that look poisoned.

    Raises:
        UserError: Activation Clustering has not been run or is damaged, no class looks poisoned, or one was not split.
    """
    opened.require_intact([CLUSTERING])
    clustering = opened.own_detections.get(CLUSTERING)
    if clustering is None or clustering.groups is None:
        raise UserError("There are no clusters yet.", "Activation Clustering has not been run.", "Run it first.")
    suspects = sorted(classes) or [index for index, finding in clustering.classes.items() if finding.poisoned]
    if not suspects:
        raise UserError("No class looks poisoned.", "So there is no cluster to check.", "Name classes to check anyway.")
    belongs = opened.clustered_classes
    rows = {index: np.flatnonzero((belongs == index) & (clustering.groups == 1)) for index in suspects}
    for index, members in rows.items():
        if not len(members):
            raise UserError(f"Class {index} has no smaller cluster.", "It was not split in two.", "Name another class.")
    return rows


def save_reclassifications(
    opened: OpenedRun, results: Mapping[int, Reclassification], predicted: Mapping[int, Ints]
) -> None:
    """Write results, and the classes predicted for the clusters' samples, beside those of other clusters."""
    with locked(opened.run.path / f"{RESULTS}.lock"):
        standing, taken_for = {**reclassifications(opened), **results}, reclassified(opened)
        clusters = suspect_clusters(opened, standing)
        for index in results:
            taken_for[clusters[index]] = predicted[index]
        runs.save_array(opened.run, RESULTS, taken_for)
        marked = {
            index: asdict(result) | {"cluster": _mark(opened, clusters[index])} for index, result in standing.items()
        }
        runs.save_json(opened.run, f"{RESULTS}.json", marked)


def reclassifications(opened: OpenedRun) -> dict[int, Reclassification]:
    """Class → the result for its smaller cluster as it stands now; results for clusters of another split are gone."""
    opened.require_intact([CLUSTERING])
    content = opened.run.kept(f"{RESULTS}.json", dict[int, _Kept], {})
    if not content or CLUSTERING not in opened.own_detections:
        return {}
    belongs, groups = opened.clustered_classes, opened.own_detections[CLUSTERING].groups
    results = {}
    for index, entry in sorted(content.items()):
        if entry.cluster == _mark(opened, np.flatnonzero((belongs == index) & (groups == 1))):
            results[index] = Reclassification(
                **{field.name: getattr(entry, field.name) for field in fields(Reclassification)}
            )
    return results


def reclassified(opened: OpenedRun) -> Ints:
    """(n,) the class that a model which never saw the sample takes it for; −1 where none was asked."""
    known = opened.run.has(f"{RESULTS}.npy")
    return np.array(opened.run.array(RESULTS)) if known else np.full(len(opened.data), -1, np.int64)


def guilty(results: Mapping[int, Reclassification], classes: Mapping[int, ClassFinding]) -> dict[int, Reclassification]:
    """The results for clusters that Activation Clustering and reclassification both call poison.

    Reclassification alone is no proof. Take away the half of a clean class that looks like another one, such as shirts
    with short sleeves. A model that never saw that half puts it there.
    """
    return {index: result for index, result in results.items() if result.poisoned and classes[index].poisoned}


def new_labels(opened: OpenedRun, by: str) -> dict[int, int]:
    """Sample id → new label for the clusters that are `guilty`; bona fide samples keep theirs.

    Args:
        by: "source_class", the suspected source class for the whole cluster, as published; "each_sample", what the
            model that never saw the sample takes it for, where that differs from its label: for several source classes.

    Raises:
        UserError: no cluster is guilty, or an unknown way.
    """
    if by not in NEW_LABELS:
        raise UserError(
            f"There are no new labels by {by!r}.", f"Known: {', '.join(NEW_LABELS)}.", "Choose one of these."
        )
    results = reclassifications(opened)
    poisoned = guilty(results, opened.own_detections[CLUSTERING].classes) if results else {}
    if not poisoned:
        raise UserError("No suspect cluster is called poison by reclassification.", "", "Reclassify suspects first.")
    dataset, taken_for = opened.data, reclassified(opened)
    labels: dict[int, int] = {}
    for index, rows in suspect_clusters(opened, poisoned).items():
        source = poisoned[index].suspected_source_class
        new = np.full(len(rows), source) if by == "source_class" else taken_for[rows]
        moved = (new != dataset.labels[rows]) & ~dataset.bona_fide[rows]
        labels |= dict(zip(dataset.ids[rows][moved].tolist(), new[moved].tolist(), strict=True))
    return labels


def seconds_needed(run: Run, n_models: int) -> float | None:
    """About how long it takes to train `n_models` models for reclassification; None before anything was timed."""
    seconds = runs.from_scratch(run).stages.get("train")
    return None if seconds is None else seconds * n_models


def _mark(opened: OpenedRun, rows: Ints) -> str:
    """A digest of the samples of a cluster, which tells whether it is still the same."""
    return hashlib.sha256(opened.data.ids[rows].tobytes()).hexdigest()[:16]


def reclassified_clusters(opened: OpenedRun) -> list[dict[str, Any]]:
    """One entry per cluster that was reclassified: class, name, l, p, their ratio and the result in words."""
    names = opened.stored.class_names
    return [
        {"class": index, "name": names[index], **asdict(result), "words": reclassification_words(result, names)}
        for index, result in reclassifications(opened).items()
    ]


def reclassification_words(result: Reclassification, names: Sequence[str]) -> str:
    """The result of exclusionary reclassification in one sentence."""
    unseen = "by a model that never saw them"
    if not result.poisoned or result.suspected_source_class is None:
        return f"{result.own:,} of {result.n:,} are taken for their own class {unseen}: legitimate"
    source = names[result.suspected_source_class]
    if 2 * result.other >= result.n:
        return f"{result.other:,} of {result.n:,} are taken for ‘{source}’ {unseen}: poison, source class {source}"
    few = f"only {result.own:,}" if result.own else "none"
    return (
        f"{few} of {result.n:,} are taken for their own class {unseen}, "
        f"most often for ‘{source}’ ({result.other:,}): poison, from several source classes"
    )


def decision_rows(
    finding: ClassFinding,
    settings: Mapping[str, Any],
    result: Reclassification | None,
    names: Sequence[str],
) -> list[dict[str, str]]:
    """The four decisions on one class, side by side: decision, figure, poison if, says, why.

    Args:
        finding: of the class, from Activation Clustering.
        settings: that Activation Clustering ran with.
        result: of exclusionary reclassification, None before it was run.
        names: of all classes.
    """
    size, apart = settings.get("size_threshold", 0.35), settings.get("silhouette_threshold", 0.12)
    kinds = (
        (finding.size, "Relative size", "{:.0%}", f"< {size:.0%}"),
        (finding.silhouette, "Silhouette", "{:.2f}", f"≥ {apart:.2f}"),
        (finding.distance, "Distance", "{:.2f}", "< 1"),
    )
    rows = [
        _row(
            title,
            "–" if criterion.figure is None else form.format(criterion.figure),
            limit,
            criterion.poisoned,
            _why(criterion, names),
        )
        for criterion, title, form, limit in kinds
        if criterion is not None
    ]
    if result is None:
        return [*rows, {"decision": "ExRe (l/p)", "figure": "–", "poison if": "< 1", "says": OPEN, "why": ""}]
    figures = f"l = {result.own:,}, p = {result.other:,}, l/p = {ratio_words(result)} against T = {result.threshold:g}"
    words = f"{reclassification_words(result, names)} ({figures})"
    return [*rows, _row("ExRe (l/p)", ratio_words(result), f"< {result.threshold:g}", result.poisoned, words)]


def ratio_words(result: Reclassification) -> str:
    """l/p with two digits; "∞" where nothing was taken for another class."""
    return "∞" if result.ratio is None else f"{result.ratio:.2f}"


def _why(criterion: Criterion, names: Sequence[str]) -> str:
    """The reason, with the name of the class that the criterion compares with."""
    if criterion.other_class is None or criterion.figure is None:
        return criterion.reason
    other, ratio = f"‘{names[criterion.other_class]}’", f"ratio {criterion.figure:.2f}"
    if criterion.poisoned:
        return f"its centre is nearer to {other} than to its own class ({ratio}, below 1)"
    return f"its centre is nearer to its own class than to {other} ({ratio}, not below 1)"


def _row(decision: str, figure: str, limit: str, poisoned: bool, why: str) -> dict[str, str]:
    says = POISON if poisoned else CLEAN
    return {"decision": decision, "figure": figure, "poison if": limit, "says": says, "why": why}
