"""The rule that flags, in words, and who flags how many: said here and nowhere else."""

from collections.abc import Mapping

from core import runs
from core.analysis.opened_run import OpenedRun, leading
from core.analysis.rules import Rule, counted_on, p_values
from core.analysis.wrong import expected_words, interval_words, wrong_interval
from core.detectors import DETECTORS
from core.types import Detection, Scalar

# How the notes of the consensus begin → which of its rules that is. Only the first one says how many are wrong.
FALLBACKS = {
    "estimated prevalence": "as many as are estimated to be poison",
    "shared pattern": "those that share a pattern",
    "outliers": "outliers",
}
RATE = "false discovery rate"


def words(
    rule: Rule, settings: Mapping[str, Scalar] | None = None, fired: str = "", *, flags_none: bool = False
) -> str:
    """The rule in words.

    Args:
        rule: what is in force.
        settings: those that the detector's own rule was made with.
        fired: what the detector says of how its own rule chose, `Notes.rule`.
        flags_none: whether it flags no sample: then none of them can be wrong.

    >>> words(Rule("budget", 1200)), words(Rule(), {"reject_fraction": 0.4})
    ('the 1,200 most suspicious', 'by its own rule (reject fraction 40%)')
    >>> words(Rule(), {"false_discovery_rate": 0.1}, "outliers: too few bona fide samples")
    'by its fallback rule: outliers, no rate promised'
    >>> words(Rule("rate", 0.1), flags_none=True)
    'at a rate of 10% wrong none stands out'
    """
    return {
        "own": _own(settings or {}, fired, flags_none),
        "rate": _rate_words(rule.value, flags_none),
        "budget": f"the {rule.value:,.0f} most suspicious",
        "threshold": f"suspicion of {rule.value:.4g} or more",
        "outliers": "outliers, no rate promised",
    }[rule.kind]


def rule_words(opened: OpenedRun, name: str) -> str:
    """The rule in force for a detector that ran, in words; with a rate, also what this draw of samples says of it."""
    detection, rule = opened.detections[name], opened.rules[name]
    settings, none = runs.about_detection(opened.run, name)["settings"], not detection.flagged.any()
    said = words(rule, settings, detection.notes.rule, flags_none=none)
    return ", ".join(part for part in (said, interval_words(interval(opened, detection, rule))) if part)


def interval(opened: OpenedRun, detection: Detection, rule: Rule) -> tuple[float, float] | None:
    """What fraction of the flagged is wrong, from and to; None where the rule is no rate."""
    by_rate = rule.kind == "rate" or (rule.kind == "own" and detection.notes.rule.startswith(RATE))
    if not by_rate or detection.p_values is None:
        return None
    others = ~opened.bona_fide
    p = p_values(detection, opened.bona_fide)[others]
    return wrong_interval(p, counted_on(detection, opened.bona_fide), detection.flagged[others])


def counted_title(opened: OpenedRun, by: str = "") -> str:
    """Whose flags are counted: one detector, or the leading ones.

    Args:
        opened: the run.
        by: a detector; "" for the leading ones.
    """
    names = [by] if by else leading(opened.detections)
    titles = [DETECTORS[name].title for name in names]
    return titles[0] if len(titles) == 1 else f"any of {' and '.join(titles)}" if titles else "no detector"


def counted_words(opened: OpenedRun, by: str = "") -> tuple[str, str]:
    """Who flags how many samples, and by which rule: two parts of a sentence, for a page that makes the first bold.

    Args:
        opened: the run.
        by: a detector; "" for the leading ones.
    """
    names = [by] if by else leading(opened.detections)
    if not names:
        return "No detector has been run", ""
    flagged = opened.detections[by].flagged if by else opened.flagged
    rules = [rule_words(opened, name) for name in names]
    counts = [int(opened.detections[name].flagged.sum()) for name in names]
    several = [
        f"{DETECTORS[name].title} {count:,}, {rule}" for name, count, rule in zip(names, counts, rules, strict=True)
    ]
    said = f"{int(flagged.sum()):,} of {len(flagged):,} samples are flagged by {counted_title(opened, by)}"
    return said, rules[0] if len(names) == 1 else "; ".join(several)


def _rate_words(rate: float, flags_none: bool) -> str:
    return f"at a rate of {rate:.0%} wrong none stands out" if flags_none else expected_words(rate)


def _own(settings: Mapping[str, Scalar], fired: str, flags_none: bool) -> str:
    """What a detector's own rule is, by what it says of itself."""
    kind, fractions = fired.partition(":")[0], _fractions(settings)
    if kind == RATE and RATE.replace(" ", "_") in fractions:
        return f"by its own rule: {_rate_words(fractions[RATE.replace(' ', '_')], flags_none)}"
    if kind in FALLBACKS:
        return f"by its fallback rule: {FALLBACKS[kind]}, no rate promised"
    if "reject_fraction" in fractions:
        return f"by its own rule (reject fraction {fractions['reject_fraction']:.0%})"
    return "by its own rule"


def _fractions(settings: Mapping[str, Scalar]) -> dict[str, float]:
    """The settings that are numbers; files of before there were checksums may hold anything."""
    return {name: float(value) for name, value in settings.items() if isinstance(value, float | int)}
