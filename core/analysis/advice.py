"""Advice in words and numbers: how much looks poisoned, what a rule can say, what else would help.

Why a sample is suspected: the scores that a detector adds up, in plain words, as far as they speak of this sample.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd

from core.analysis.caveats import NOT_JUDGED
from core.analysis.rules import USUAL_RATE, Rule, counted_on, flags, p_values
from core.analysis.wrong import SURE, TAIL, estimated
from core.detectors.parts.calibration import FEWEST_TRUSTED
from core.detectors.parts.statistics import Reals
from core.types import Bools, Detection, Notes

# Fraction of the estimated poison that a rule has to flag before nothing more is advised than the rule.
MOST = 0.75
# Fraction of the estimated poison that has to stand above all bona fide samples before more of those would help.
APART = 0.5
# Fraction of a class below which poison may be missed. It is said, and decides nothing.
FLOOR_OF_A_CLASS = 0.005
# Bona fide samples that are advised, as in the BaDLoss paper. They can tell one wrong in ten where 4 % are poison.
USUAL_TRUSTED = 250
WORDS = {
    "density ratio": "close to its own kind, far from every trusted sample",
    "density ratio of directions": "the same, by the direction of its activation alone",
    "quantum entropy": "off in a direction that few of its class share",
    "bimodality": "in a small second group of its class",
    "independent component outliers": "far out in one independent component of its class",
    "frequency matched filter": "repeats what its class shares: a periodic pattern, or words of a text",
    "BaDLoss": "learned unlike the trusted samples, by its losses",
    "logit trajectories": "learned unlike the trusted samples, by how sure the model was",
    "class likeness": "like the most suspicious samples of its class",
    "shared pattern": "carries the pattern that suspicious samples of its class share",
}
SHORT = {
    "density ratio": "far from clean",
    "density ratio of directions": "far from clean",
    "quantum entropy": "off direction",
    "bimodality": "second group",
    "independent component outliers": "far out",
    "frequency matched filter": "repeated",
    "BaDLoss": "odd losses",
    "logit trajectories": "odd losses",
    "class likeness": "like suspects",
    "shared pattern": "pattern",
}


@dataclass(frozen=True)
class Reason:
    """One score that speaks for poison in one sample.

    Attributes:
        words: the score in plain words.
        percentile: the fraction of all samples whose score is no higher, in [0, 1].
        fraction: of this sample's suspicion that comes from this score, in [0, 1].
    """

    words: str
    percentile: float
    fraction: float


@dataclass(frozen=True)
class Advice:
    """What the bona fide samples say about a detection.

    Attributes:
        prevalence: the fraction of the other samples beyond what clean ones explain, in [0, 1]; None without p-values.
        at_least: the same from below, 99.5 % sure at the best cut; 0 shows no poison.
        enough: bona fide samples with which such a rate would flag something; None where these are enough.
        review: how many of the most suspicious samples to look at, where no rate finds nearly all that looks poisoned.
        sentences: all of it in words, the finding first.
    """

    prevalence: float | None = None
    at_least: float = 0.0
    enough: int | None = None
    review: int = 0
    sentences: tuple[str, ...] = ()


def advice(detection: Detection, bona_fide: Bools, rule: Rule) -> Advice:
    """What to think of a detection under a rule."""
    if detection.p_values is None:
        return Advice(sentences=(_without_promise(int(bona_fide.sum()), detection.notes),))
    trusted = counted_on(detection, bona_fide)
    p, rate = p_values(detection, bona_fide)[~bona_fide], rule.value if rule.kind == "rate" else USUAL_RATE
    fraction, bound = estimated(p, trusted)
    promised = int(flags(detection, bona_fide, Rule("rate", rate)).sum())
    flagged = int(flags(detection, bona_fide, rule).sum())
    beyond = int((p <= 1 / (trusted + 1)).sum())  # above every bona fide sample: a rate tells them apart last
    wrong = _likely_clean(p, fraction, beyond, flagged) if rule.kind in ("budget", "threshold") else ""
    sharing = _sharing(detection.notes)
    if not bound and not promised:
        return Advice(fraction, bound, sentences=_said(sharing or _nothing_found(trusted, detection, flagged), wrong))
    fraction = max(fraction, bound, promised * (1 - rate) / max(len(p), 1))
    about = f"By its suspicion, about {fraction:.1%} of the data look poisoned or wrongly labelled."
    if promised >= MOST * fraction * len(p):
        cut = f"A rate of {rate:.0%} wrong, on average over draws of bona fide samples, flags {promised:,}."
        cut = "" if rule.kind == "rate" else cut
        return Advice(fraction, bound, sentences=_said(about, cut, wrong))
    review = review_budget(p, fraction)
    clear = beyond / len(p)
    if promised or clear < APART * fraction:
        overlap = _overlap(rate, promised, review)
        return Advice(fraction, bound, review=review, sentences=_said(about, sharing, overlap, wrong))
    enough = bona_fide_needed(rate, clear)
    no_power = _no_power(trusted, rate, clear, enough, review)
    return Advice(fraction, bound, enough, review, _said(about, sharing, no_power, wrong))


def poisoned_left(found: Advice, table: pd.DataFrame) -> int | None:
    """About how many poisoned or wrongly labelled samples nobody took out or relabelled yet; None without an estimate.

    No fewer than the decision confirmed and nobody decided on.

    Args:
        found: what the bona fide samples say about a detection.
        table: see `core.analysis.samples.review_table`.

    >>> verdicts = ["exclude", "relabel", "keep", "", "", "", "", "", "", ""]
    >>> table = pd.DataFrame({"verdict": verdicts, "bona_fide": [False] * 8 + [True] * 2, "confirmed": False})
    >>> poisoned_left(Advice(0.5), table), poisoned_left(Advice(0.5), table.assign(confirmed=True))
    (2, 7)
    """
    confirmed = int((table["confirmed"] & (table["verdict"] == "")).sum())
    if found.prevalence is None:
        return confirmed or None
    treated = int(table["verdict"].isin(["exclude", "relabel"]).sum())
    return max(confirmed, round(found.prevalence * int((~table["bona_fide"]).sum())) - treated)


def bona_fide_needed(rate: float, fraction: float) -> int:
    """m ≥ 1/(rate · fraction) − 1: the least p-value, 1/(m + 1), passes Benjamini–Hochberg if ≤ rate · fraction."""
    return ceil(round(1 / (rate * fraction) - 1, 6)) if fraction > 0 else 0


def review_budget(p: Reals, fraction: float) -> int:
    """How many of the smallest p-values hold nine tenths of the poison that stands out; two digits, upwards."""
    order = np.sort(p)[: max(int((p <= TAIL).sum()), 1)]
    counts = np.searchsorted(order, order, side="right")
    poison = counts - order * (1 - fraction) * len(p)
    count = int(counts[np.flatnonzero(poison >= 0.9 * poison.max())[0]]) if poison.max() > 0 else len(order)
    step = int(10 ** max(len(str(count)) - 2, 0))
    return min(ceil(count / step) * step, len(p))


def least_fraction(trusted: int) -> float:
    """The smallest fraction that can show: no more clean ones lie above all `trusted` ones, with 99.5 % confidence."""
    return float(1 - (1 - SURE) ** (1 / trusted)) if trusted else 1.0


def _likely_clean(p: Reals, fraction: float, beyond: int, flagged: int) -> str:
    """How many of the flagged are clean; those above every bona fide sample cannot be told apart, only counted."""
    if not flagged:
        return ""
    counted = max(flagged, beyond)
    wrong = min((1 - fraction) * len(p) * float(np.sort(p)[counted - 1]) / counted, 1.0)
    if flagged >= beyond:
        return f"Among the {flagged:,} most suspicious, about {wrong:.0%} are probably clean."
    return (
        f"Of all {beyond:,} samples above every bona fide one, about {wrong:.0%} are probably clean; how many of the "
        "first of them cannot be told."
    )


def _no_power(trusted: int, rate: float, clear: float, enough: int, review: int) -> str:
    return (
        f"Too few for a rate of {rate:.0%} wrong: it takes {1 / (rate * (trusted + 1)):.2%} of the data above "
        f"all {trusted:,} bona fide samples, and {clear:.2%} are. About {enough:,} bona fide samples would be enough; "
        f"until then, review the {review:,} most suspicious."
    )


def _overlap(rate: float, promised: int, review: int) -> str:
    part = f"only {promised:,} of them stand out" if promised else "none of them stands out"
    return f"But {part} so far that about {rate:.0%} would be wrong on average: review the {review:,} most suspicious."


def _nothing_found(trusted: int, detection: Detection, flagged: int) -> str:
    """That nothing stands out; where some are flagged or not judged, nothing that sounds like a clean bill."""
    judged = [finding.poisoned is not None for finding in detection.classes.values() if finding.reason]
    if not all(judged):
        others = f"{NOT_JUDGED} of the other {judged.count(False):,}."
        return f"Nothing stands out in the {sum(judged):,} classes that were judged; {others}"
    least = least_fraction(trusted)
    found = "No sign by this detector."
    if flagged:
        found = "No more samples stand out than clean ones explain, so no rate can be given for what is flagged."
    return (
        f"{found} {trusted:,} bona fide samples cannot show poison below {least:.1%} of the data; "
        f"below about {FLOOR_OF_A_CLASS:.1%} of a class, or made to evade detectors, it may be missed."
    )


def _sharing(notes: Notes) -> str:
    if not notes.sharing_a_pattern:
        return ""
    who = f"{notes.sharing_a_pattern:,} suspicious samples carry a pattern that"
    if not notes.doubted:
        told = f"{who} no bona fide sample of their class carries and their look-alikes do not: probably a trigger."
    else:
        carry = "sample carries it, too, and is" if notes.doubted == 1 else "samples carry it, too, and are"
        told = (
            f"{who} ordinary ones of their class do not: probably a trigger. {notes.doubted:,} bona fide {carry} not "
            "flagged: look before you trust."
        )
    return f"{told} No rate can be promised for so few: look at them."


def _said(*sentences: str) -> tuple[str, ...]:
    return tuple(sentence for sentence in sentences if sentence)


def _without_promise(trusted: int, notes: Notes) -> str:
    if trusted >= FEWEST_TRUSTED:
        return "This was computed without p-values. Run the detector again, and an expected rate can be given."
    known = f"Only {trusted} samples are" if trusted else "No sample is"
    flagged = "what is flagged shares a pattern" if notes.sharing_a_pattern else "what is flagged are outliers"
    return (
        f"{known} known to be clean, so nothing can be said of how many are wrong: {flagged}. Name "
        f"at least {FEWEST_TRUSTED} bona fide samples, drawn at random; {USUAL_TRUSTED} are usual."
    )


def reasons(detection: Detection, place: int, most: int = 5) -> list[Reason]:
    """The scores that count most for the sample in row `place`, the strongest first; empty where it is no sum."""
    own = {name: max(float(values[place]), 0.0) for name, values in detection.scores.items()}
    total = sum(own.values())
    strongest = sorted((name for name in own if own[name] > 0), key=lambda name: -own[name])[:most]
    return [
        Reason(
            WORDS.get(name, name),
            float(np.mean(detection.scores[name] <= detection.scores[name][place])),
            own[name] / total,
        )
        for name in strongest
    ]


def top_reasons(detection: Detection, places: Sequence[int]) -> list[str]:
    """The score that counts most for each of these rows, in a word or two; "" where the suspicion is no sum.

    >>> scores = {"BaDLoss": np.float32([0, 2]), "bimodality": np.float32([0, 1])}
    >>> top_reasons(Detection(np.zeros(2, np.float32), np.zeros(2, np.bool_), scores=scores), [1, 0])
    ['odd losses', '']
    """
    if not detection.scores:
        return [""] * len(places)
    names = list(detection.scores)
    scores = np.stack([np.asarray(detection.scores[name])[list(places)] for name in names])
    return [
        SHORT.get(names[best], names[best]) if scores[best, column] > 0 else ""
        for column, best in enumerate(scores.argmax(0).tolist())
    ]
