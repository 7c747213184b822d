"""How strict to be with one detector: the rule, what it flags, and what to think of that."""

import streamlit as st

from core import pipeline
from core.analysis.rules import Kind, Rule, boundary, chosen_rule, first_rule
from core.output import figures
from core.runs import Run
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache import cached
from pages.ui.cache.words import HELP, plain
from pages.ui.widgets import refusal
from pages.ui.widgets.bound import bound

TITLES = {
    "own": "Its own rule",
    "rate": "About … wrong on average",
    "outliers": "Outliers, no promise",
    "budget": "The most suspicious …",
    "threshold": "Suspicion above …",
}


def strictness(run: Run, name: str) -> None:
    """The rule in force, to be changed at once for all pages; the flagged count, advice, and the distribution."""
    detection, table = cached.detections(run)[name], cached.table(run)
    rule, key = chosen_rule(run, name, detection), f"rule-{run.id}-{name}"  # another window may have changed it
    useless = "outliers" if detection.p_values is not None else "rate"
    kinds = [kind for kind in TITLES if kind == rule.kind or kind != useless]
    common = bound(f"{key}-kind", rule.kind, lambda new: _choose(run, name, new, first_rule(new, detection).value))
    common |= for_reviewers(tip=HELP["rate"])
    st.segmented_control("How strict", kinds, format_func=TITLES.__getitem__, required=True, wrap=True, **common)
    refusal.show_kept("rule")
    words_, field = st.columns([3, 1])
    with field:
        _value(run, name, rule, key)
    with words_:
        _advice(run, name, len(table))
    trusted = table["bona_fide"].to_numpy()
    line = boundary(detection) if detection.flagged.any() else None
    chart = figures.suspicion_histogram(detection.suspicion, detection.flagged, trusted, line)
    st.plotly_chart(chart, key="suspicion")
    shown = "" if line is None else f"The dashed line is the lowest suspicion flagged, {line:.4g}. "
    st.caption(f"{shown}Counts are on a logarithmic axis, so that a few samples show.")


def _advice(run: Run, name: str, n: int) -> None:
    """What is flagged now and what to think of it, with the review budget as a button where no rate is enough."""
    n_flagged, advice = int(cached.detections(run)[name].flagged.sum()), cached.advice_on(run, name)
    st.markdown(
        f"**{n_flagged:,} of {n:,} samples are flagged** ({n_flagged / max(1, n):.1%}), "
        f"{rule_in_words(run, name)}. {plain(' '.join(advice.sentences))}"
    )
    if advice.review and advice.review != n_flagged:
        st.button(
            f"Flag the {advice.review:,} most suspicious for review",
            icon=":material/rule:",
            on_click=_choose,
            args=(run, name, "budget", advice.review),
            **for_reviewers(),
        )


def rule_in_words(run: Run, name: str) -> str:
    """The rule in force for a detector that ran, in words."""
    return plain(cached.rule_words(run, name))


def _value(run: Run, name: str, rule: Rule, key: str) -> None:
    """The field that the rule's kind asks for, if it does."""
    if rule.kind in ("own", "outliers"):
        return
    n, unit = len(cached.table(run)), 100 if rule.kind == "rate" else 1
    value = {"rate": round(100 * rule.value), "budget": min(round(rule.value), n)}.get(rule.kind, float(rule.value))
    common = bound(f"{key}-{rule.kind}", value, lambda new: _choose(run, name, rule.kind, new / unit))
    common |= for_reviewers()
    if rule.kind == "rate":
        st.number_input("Wrong on average, %", 1, 50, **common)
    elif rule.kind == "budget":
        st.number_input("Number of samples", 1, n, step=max(1, n // 200), **common)
    else:
        st.number_input("Suspicion of at least", format="%.4g", step=0.1, **common)


@decides(beside="rule")
def _choose(run: Run, name: str, kind: Kind, value: float) -> None:
    pipeline.choose_rule(run, name, Rule(kind, value))
