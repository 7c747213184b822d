"""What is known of a run: the verdict in one sentence, the rule, what was not judged, how far it is, and its kin."""

import streamlit as st

from core import runs
from core.analysis import overview
from core.analysis.caveats import Tally, nothing_flagged, since_words
from core.output.names import told_apart
from core.runs import Run
from core.runs.jobs import Progress
from core.runs.plan import of_kind
from pages.ui.cache import cached, repaired
from pages.ui.cache.words import plain
from pages.ui.overview.groups import groups_of
from pages.ui.repair.outcome import cost_words, gone_words
from pages.ui.shell import frame, marks
from pages.ui.widgets import counted

HOW = "The model itself was asked: what suspects share was put on other samples."
TRAINED = "Other models were trained without the suspects."
MOST_REASONS = 3  # reasons why classes were not judged; the others are counted
MOST_KIN = 4  # repairs that are listed
LONGEST = 32  # characters of the name of a class among several
DONE = ":material/check_circle:"
OPEN = ":material/radio_button_unchecked:"


def verdict(run: Run) -> None:
    """What the run says of its data in one sentence, and by which rule."""
    sentence, rule = _words(run)
    st.header(plain(sentence), anchor=False)
    if rule:
        st.caption(plain(rule))


def _words(run: Run) -> tuple[str, str]:
    names = told_apart(cached.info(run).class_names, LONGEST)
    if not run.begun:
        return "Nothing is known yet: no model has learned these data.", ""
    if (decision := cached.decision(run)) is not None:
        least = f"Groups below {decision.least:,} samples cannot be confirmed." * bool(decision.least)
        done = f"Left out: {decision.left_out}." if decision.left_out else TRAINED
        said = " ".join(filter(None, (cached.decided_words(run, False), counted.more_words(run))))
        differ = cached.beyond_words(run, counted.counted(run))
        return said, " ".join(filter(None, (HOW, least, done, _by_whom(run), differ)))
    if run.parent and run.done("evaluate"):
        said, left_open = gone_words(run)
        judged = _by_whom(run) or "No detector has been run on this model."
        return said, " ".join(filter(None, (cost_words(run), left_open, judged)))
    if not cached.detections(run):
        return "Nothing is known yet: no detector has been run.", ""
    flagged, n = counted.suspects(run), len(cached.table(run))
    return overview.flags_words(flagged, n, groups_of(run), names), f"{_by_whom(run)} {cached.judged(run)}"


def _by_whom(run: Run) -> str:
    """Whose flags are counted, and by which rule; how many these are, where a decision has another number."""
    (said, rule), whose = cached.counted_words(run, counted.counted(run)), counted.whose(run)
    if not rule:
        return ""
    counts = counted.tally(run)
    if not counts.suspects:
        return nothing_flagged(cached.opened(run), counted.counted(run))
    if counts.confirmed:
        return f"{said}, {rule}."
    several = whose.startswith("any of ")  # each of them is named with its own rule
    return f"Flagged by {whose}{': ' if several else ', '}{rule}."


def steps(run: Run, progress: Progress) -> None:
    """The journey: what is done, and what is not."""
    counts = counted.tally(run) if cached.detections(run) else None
    count = counts.suspects if counts else 0
    decided = count - counts.undecided if counts else 0
    detecting = progress.active and any(run.waits_for(stage) for stage in of_kind(run.plan, "detect"))
    detected = bool(count) or (counts is not None and not detecting)
    done = {
        "Data": True,
        {"train": "Trained", "load": "Loaded", "record": "Recorded"}[run.model_stage]: run.begun,
        "Activations": run.has_activations,
        "Detected": detected,
        "Decided by the model": cached.decision(run) is not None,
        _reviewed(run, counts): bool(detected and decided == count and (count or not _any_flags(run))),
        "Repaired": marks.repaired(run),
    }
    with st.container(horizontal=True, gap="xsmall"):  # a step stays on its line
        for step, is_done in done.items():
            st.markdown(f"{DONE} {step}" if is_done else f":gray[{OPEN} {step}]", width="content")


def _reviewed(run: Run, counts: Tally | None) -> str:
    """What is reviewed of how many; where no detector flags anything, that there is nothing to review."""
    if counts is None or not counts.suspects:
        return "Reviewed" if counts is None or _any_flags(run) else "Nothing to review"
    return f"Reviewed {counts.suspects - counts.undecided:,} of {counts.suspects:,}"


def _any_flags(run: Run) -> bool:
    return any(one.flagged.any() for one in cached.detections(run).values())


def not_judged(run: Run) -> None:
    """The classes of which nothing is known, and why; not judged is not clean."""
    if not cached.detections(run):
        return
    names, reasons = told_apart(cached.info(run).class_names, LONGEST), cached.not_judged(run)
    if not reasons:
        return
    count = sum(map(len, reasons.values()))
    st.markdown(f"**Not judged: {count:,} of {len(names):,} classes.** Not judged is not clean.")
    for why, classes in list(reasons.items())[:MOST_REASONS]:
        whole = len(classes) == len(names)
        named = "All classes" if whole else plain(overview.listed([names[index] for index in classes]))
        st.markdown(f"- {named}: {plain(why)}.")
    if len(reasons) > MOST_REASONS:
        st.caption(f"And {len(reasons) - MOST_REASONS} more reasons.")


def lineage(run: Run) -> None:
    """The run that this one repairs, and its own repairs, each a click away, and what the newest has brought."""
    repairs = runs.children(run)
    if not (run.parent or repairs):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if run.parent:
            parent = runs.open_run(run.workspace, run.parent)
            st.markdown("This run repairs")
            _run_button(parent, parent.name)
        if repairs:
            st.markdown("Repaired as" if not run.parent else "and is repaired as")
        names = [child.name for child in repairs]
        for child in repairs[:MOST_KIN]:  # those of one name are told apart by their times
            _run_button(child, frame.label(child) if names.count(child.name) > 1 else child.name)
        if len(repairs) > MOST_KIN:
            st.caption(f"and {len(repairs) - MOST_KIN} more")
    if newest := next((child for child in repairs if child.done("evaluate")), None):
        which = "The newest repair: " if len(repairs) > 1 else ""
        since = since_words(repaired.decided_since(run, newest.id))
        st.markdown(f"{which}**{plain(gone_words(newest)[0])}** {plain(cost_words(newest))} {since}".rstrip())


def _run_button(run: Run, words: str) -> None:
    st.button(plain(words), key=f"kin-{run.id}", icon=":material/history:", on_click=frame.choose_run, args=(run,))
