"""What each decision on a cluster says, in words and figures, for screens and reports."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.suspects import Reclassification
from core.types import Scalar

POISON, CLEAN, OPEN = "poison", "clean", "not asked"
STANDING: Mapping[str, str] = {  # what a sample is after a decision
    "exclude": "excluded", "keep": "kept", "relabel": "relabelled", "mark": "unsure", "undecided": "taken back"
}  # fmt: skip


def reclassification_words(found: Reclassification, names: Sequence[str]) -> str:
    """The verdict of exclusionary reclassification in one sentence."""
    unseen = "by a model that never saw them"
    if not found.poisoned or found.suspected_source_class is None:
        return f"{found.own:,} of {found.n:,} are taken for their own class {unseen}: legitimate"
    source = names[found.suspected_source_class]
    if 2 * found.other >= found.n:
        return f"{found.other:,} of {found.n:,} are taken for ‘{source}’ {unseen}: poison, source class {source}"
    few = f"only {found.own:,}" if found.own else "none"
    return (
        f"{few} of {found.n:,} are taken for their own class {unseen}, "
        f"most often for ‘{source}’ ({found.other:,}): poison, from several source classes"
    )


def decision_rows(
    note: Mapping[str, Scalar],
    settings: Mapping[str, Any],
    found: Reclassification | None,
    names: Sequence[str],
) -> list[dict[str, str]]:
    """The four decisions on one class, side by side: decision, figure, poison if, says, why.

    Args:
        note: of the class, from Activation Clustering.
        settings: that Activation Clustering ran with.
        found: the verdict of exclusionary reclassification, None before it was asked.
        names: of all classes.
    """
    size, apart = settings.get("size_threshold", 0.35), settings.get("silhouette_threshold", 0.12)
    kinds = (
        ("size", "Relative size", "size_fraction", "{:.0%}", f"< {size:.0%}"),
        ("silhouette", "Silhouette", "silhouette", "{:.2f}", f"≥ {apart:.2f}"),
        ("distance", "Distance", "distance_ratio", "{:.2f}", "< 1"),
    )
    rows = [
        _row(title, form.format(note[figure]) if figure in note else "–", limit, bool(note[f"{kind}_poisoned"]), why)
        for kind, title, figure, form, limit in kinds
        if f"{kind}_poisoned" in note
        for why in (_distance_words(note, names) if kind == "distance" else str(note[f"{kind}_reason"]),)
    ]
    if found is None:
        return [*rows, {"decision": "ExRe (l/p)", "figure": "–", "poison if": "< 1", "says": OPEN, "why": ""}]
    figures = f"l = {found.own:,}, p = {found.other:,}, l/p = {ratio_words(found)} against T = {found.threshold:g}"
    words = f"{reclassification_words(found, names)} ({figures})"
    return [*rows, _row("ExRe (l/p)", ratio_words(found), f"< {found.threshold:g}", found.poisoned, words)]


def ratio_words(found: Reclassification) -> str:
    """l/p with two digits; "∞" where nothing was taken for another class."""
    return "∞" if found.ratio is None else f"{found.ratio:.2f}"


def _distance_words(note: Mapping[str, Scalar], names: Sequence[str]) -> str:
    if "distance_ratio" not in note:
        return str(note["distance_reason"])
    other, ratio = f"‘{names[int(note['distance_class'])]}’", f"ratio {note['distance_ratio']:.2f}"
    if note["distance_poisoned"]:
        return f"its centre is nearer to {other} than to its own class ({ratio}, below 1)"
    return f"its centre is nearer to its own class than to {other} ({ratio}, not below 1)"


def _row(decision: str, figure: str, limit: str, poisoned: bool, why: str) -> dict[str, str]:
    says = POISON if poisoned else CLEAN
    return {"decision": decision, "figure": figure, "poison if": limit, "says": says, "why": why}
