"""Rules: where a detector's suspicion ends and its flags begin, as a person chose it, kept with the run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from core import runs
from core.detectors.parts.statistics import Reals, benjamini_hochberg, robust_z, worst
from core.errors import UserError
from core.json_files import fitted
from core.runs import Run
from core.types import Bools, Detection

Kind = Literal["own", "rate", "budget", "threshold", "outliers"]
# Rate of wrong ones among the flagged that is offered first; a lower one takes more bona fide samples.
USUAL_RATE = 0.10
# Robust standard deviations from which on a suspicion is an outlier: the usual bound of Iglewicz and Hoaglin.
OUTLIER = 3.5
# Rule → the least and the largest value, and what it is in words.
ALLOWED: Mapping[str, tuple[float, float, str]] = {
    "rate": (0.01, 0.5, "The rate of wrong ones lies between 1 % and 50 %."),
    "budget": (1, 1e12, "It is a whole number of samples, at least 1."),
    "threshold": (-1e30, 1e30, "It is a number on the detector's own scale."),
}


@dataclass(frozen=True)
class Rule:
    """How strict to be with one detector.

    Attributes:
        kind: Own is the published rule. Rate is an expected fraction `value` of wrong ones among the flagged, by
            Benjamini–Hochberg on p-values. Budget is the `value` most suspicious, threshold a suspicion of `value` or
            more. Outliers is whatever lies 3.5 robust standard deviations out, which promises nothing.
        value: what the kind asks for; 0 for own and outliers.
    """

    kind: Kind = "own"
    value: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise UserError(
                f"There is no rule named {self.kind!r}.", f"Known: {', '.join(get_args(Kind))}.", "Choose one of these."
            )
        low, high, allowed = ALLOWED.get(self.kind, (0, 0, "It takes no value."))
        if not low <= self.value <= high:
            raise UserError(f"The rule {self.kind} cannot use {self.value:g}.", allowed, "Choose another value.")


def flags(detection: Detection, bona_fide: Bools, rule: Rule) -> Bools:
    """(n,) True for what the rule flags; bona fide samples only by the detector's own rule.

    Raises:
        UserError: a rate is asked for where there are no p-values.
    """
    n, candidates = len(bona_fide), ~bona_fide
    if rule.kind == "own":
        return detection.flagged
    if rule.kind == "budget":
        return worst(detection.suspicion, candidates, min(rule.value / max(n, 1), 1.0))
    if rule.kind == "threshold":
        return np.asarray(candidates & (detection.suspicion >= np.float32(rule.value)))
    if rule.kind == "outliers":
        return np.asarray(candidates & (robust_z(detection.suspicion.astype(np.float64)) > OUTLIER))
    flagged = np.zeros(n, np.bool_)
    flagged[candidates] = benjamini_hochberg(p_values(detection, bona_fide)[candidates], rule.value)
    return flagged


def counted_on(detection: Detection, bona_fide: Bools) -> int:
    """How many bona fide samples the p-values were counted on."""
    return int(bona_fide.sum()) if detection.notes.counted_on is None else detection.notes.counted_on


def p_values(detection: Detection, bona_fide: Bools) -> Reals:
    """(n,) the p-values in double precision, where ties with a rate are decided as the fractions that they are.

    Raises:
        UserError: there are none.
    """
    if detection.p_values is None:
        raise UserError(
            "No rate can be promised here.",
            "It is counted on at least 20 bona fide samples, when the detector runs.",
            "Name bona fide samples, or run the detector again.",
        )
    steps = 1 + counted_on(detection, bona_fide)
    return np.asarray(np.rint(detection.p_values.astype(np.float64) * steps) / steps)


def chosen_rules(run: Run, detections: Mapping[str, Detection]) -> dict[str, Rule]:
    """For each detector the rule chosen for it, else its own; outliers where a rate can no longer be promised."""
    chosen = runs.rules(run)
    rules = {
        name: fitted(chosen[name], Rule, f"The rule for {name}", "Choose a rule again.") if name in chosen else Rule()
        for name in detections
    }
    no_promise = [name for name, rule in rules.items() if rule.kind == "rate" and detections[name].p_values is None]
    return rules | dict.fromkeys(no_promise, Rule("outliers"))


def chosen_rule(run: Run, name: str, detection: Detection) -> Rule:
    """The rule in force for one detector of the run."""
    return chosen_rules(run, {name: detection})[name]


def boundary(detection: Detection) -> float:
    """The lowest suspicion that is flagged; the highest of all where nothing is."""
    flagged = detection.suspicion[detection.flagged]
    return float(flagged.min() if len(flagged) else detection.suspicion.max(initial=0.0))


def first_rule(kind: Kind, detection: Detection) -> Rule:
    """A rule of this kind to begin with: close to what is flagged now."""
    values = {"rate": USUAL_RATE, "budget": max(int(detection.flagged.sum()), 1), "threshold": boundary(detection)}
    return Rule(kind, values.get(kind, 0.0))
