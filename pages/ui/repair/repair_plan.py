"""What a repair would change, new labels for whole clusters, and how to train on them."""

import streamlit as st

from core import pipeline
from core.analysis import suspect_clusters
from core.analysis.caveats import emptied_words, undecided_words
from core.analysis.opened_run import CLUSTERING
from core.analysis.samples import suspected
from core.output.names import told_apart
from core.runs import Run, jobs
from pages.ui.access.who import decides, for_reviewers, reviewer
from pages.ui.cache import cached
from pages.ui.cache.names import names_in_text
from pages.ui.cache.words import HELP
from pages.ui.selection.verdicts import decide_or_ask, questions, said
from pages.ui.shell import frame, journey, onward
from pages.ui.widgets import counted
from pages.ui.widgets.fields import one_of, tall

LONGEST = 32  # letters of a class's name in the table
THEN = "retrain"  # what follows the question that excludes and goes on
WAYS = {"retrain": "Retrain from scratch", "continue": "Continue training with the new labels"}
SEVERAL = "A cluster that goes to many classes has several sources. One label for all of it would be wrong for most."
LABELS = {"source_class": "the suspected source class", "each_sample": "what the new model says of each"}


def plan(run: Run) -> None:
    """What the standing verdicts would change, and the button that does it."""
    summary = cached.repair_summary(run)
    removed, moved = int(summary["excluded"].sum()), int(summary["relabelled away"].sum())
    st.header("What will change")
    st.markdown(counted.headline(run), help=cached.all_rule_words(run))
    said()
    questions(run, lambda then: _repair(run, then, None, None) if then == THEN else None)
    _relabelling(run)
    if not removed and not moved:
        _take_their_word(run)
        return
    whole, rest = int(summary["samples"].sum()), int(summary["after"].sum())
    st.markdown(f"**Left out: {removed:,} of {whole:,} samples; with another label: {moved:,}**. {rest:,} remain.")
    if emptied := emptied_words(summary):
        st.warning(frame.plain(emptied), icon=":material/warning:")
    counts = {name: st.column_config.NumberColumn(format="localized") for name in summary.columns[1:]}
    shown = summary.assign(**{"class": told_apart(tuple(summary["class"]), LONGEST)})
    st.dataframe(shown, hide_index=True, height=tall(len(summary), 12), column_config=counts)
    _left_open(run)
    _training(run, relabelled=moved > removed)


def _take_their_word(run: Run) -> None:
    """What can be done where nothing is decided: exclude all suspects, and train again in one go."""
    counts = counted.tally(run)
    if not counts.undecided:
        kept = "Every suspect is kept." if counts.confirmed else "Every flagged sample is kept."
        words = kept if counts.suspects else counted.nothing(run)
        st.info(f"{words} So nothing is left out; decide on samples in Review.")
        st.page_link("pages/review.py", label="To Review", icon=":material/rate_review:")
        onward.to_detect(run)
        return
    whom = "the word of the decision and the detectors" if counts.confirmed else "the detectors' word"
    st.info(f"Nothing is excluded or relabelled yet. Decide on samples in Review, or take {whom} for it:")
    both, made_of = _repeatable(run), _what(run)
    with st.container(horizontal=True):
        if both:
            st.button(
                f"Exclude all {counts.undecided:,} and retrain",
                key="exclude-and-retrain",
                type="primary",
                icon=":material/healing:",
                on_click=_exclude_undecided,
                args=(run, THEN),
                **for_reviewers(),
            )
        st.button(
            f"Exclude all {counts.undecided:,} {made_of}",
            type="secondary" if both else "primary",
            icon=":material/block:",
            on_click=_exclude_undecided,
            args=(run,),
            **for_reviewers(),
        )


def _relabelling(run: Run) -> None:
    """One click that relabels the clusters which reclassification calls poison."""
    results = cached.reclassifications(run)
    guilty = suspect_clusters.guilty(results, cached.detections(run)[CLUSTERING].classes) if results else {}
    if not guilty:
        return
    names = [frame.plain(name) for name in names_in_text(run)]
    listed = ", ".join(
        f"{names[index]} → {names[result.suspected_source_class]} ({result.other:,} of {result.n:,})"
        for index, result in guilty.items()
        if result.suspected_source_class is not None
    )
    st.markdown(
        f"**Reclassification calls {len(guilty)} suspect clusters poison**, with their suspected source "
        f"classes: {listed}.",
        help=HELP["reclassification"],
    )
    mixed = any(2 * result.other < result.n for result in guilty.values())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        field = {"format_func": lambda key: LABELS[key].capitalize(), "help": SEVERAL, "width": 320}
        by = st.selectbox("New label", list(LABELS), int(mixed), **field)
        total = sum(result.n for result in guilty.values())
        st.button(
            f"Relabel {total:,} suspects to {LABELS[by]}",
            icon=":material/label:",
            on_click=_relabel,
            args=(run, by),
            **for_reviewers(),
        )


def _training(run: Run, *, relabelled: bool) -> None:
    """How to train on what is left, and the button that does it."""
    if run.recorded:
        st.info(
            "The training took place elsewhere, so it is not repeated here. Take the files to remove, or the clean "
            "set, from Report; train on what is left, and load what you record as another run."
        )
        journey.go_to("report", "To the files to remove")
        return
    if not run.trainable:
        st.info("An ONNX graph cannot be trained. Take the clean set from Report, and train any model on it.")
        return
    repeats = pipeline.trained_here(run)
    first = "continue" if relabelled else "retrain"  # what is usual changes with what was decided, and so does the key
    how = one_of("How", WAYS, first=first, key=f"how-{relabelled}", help=HELP["continue"])
    epochs, rate = None, None
    if not repeats:
        st.caption(
            "This model was loaded as it is. From scratch starts from weights drawn at random, for those loaded "
            "may carry the backdoor; continuing fine-tunes them."
        )
    if how == "continue" or not repeats:
        usual = pipeline.continued_epochs(run) if how == "continue" else int(run.config["epochs"])
        with st.container(horizontal=True):
            epochs = st.number_input("Epochs", 1, 1000, usual, width=160)
            usual_rate = pipeline.continued_rate(run) if how == "continue" else float(run.config["learning_rate"])
            rate = st.number_input("Learning rate", 1e-6, 1.0, usual_rate, format="%.5f", width=160)
    title = "Continue training" if how == "continue" else "Retrain"
    # No callback: its arguments would be those of before a number that was typed just now.
    words = "Trains a model on what is left, beside this one, and compares the two."
    if st.button(title, type="primary", icon=":material/healing:", **for_reviewers(tip=words)):
        _repair(run, how, epochs, rate)
        st.rerun()


def _left_open(run: Run) -> None:
    """What is suspected and undecided, and the ways on: exclude it, go on as it is, or go back to Review."""
    counts = counted.tally(run)
    words = undecided_words(counts, counted.whose(run))
    if not words:
        return
    st.warning(f"{words} Exclude them, review them, or go on with what was decided.", icon=":material/rule:")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Exclude all {counts.undecided:,} undecided",
            icon=":material/block:",
            on_click=_exclude_undecided,
            args=(run,),
            **for_reviewers(),
        )
        st.page_link("pages/review.py", label="Back to Review", icon=":material/rate_review:")


def _repeatable(run: Run) -> bool:
    """Whether the training can be repeated as it was, without another question."""
    return run.trainable and not run.recorded and pipeline.trained_here(run)


def _exclude_undecided(run: Run, then: str = "") -> None:
    """Ask as Review does, then exclude the undecided suspects: a decision that was made stands."""
    table = counted.table(run)
    ids = table.loc[suspected(table) & (table["verdict"] == ""), "id"].tolist()
    about = {"what": _what(run), "by": counted.flagged_by(run)}
    decide_or_ask(run, ids, "exclude", **about, always=True, then=then)


def _what(run: Run) -> str:
    """What the suspects are, as the reason for what is decided on all of them."""
    by = f"flagged by {counted.whose(run)}"
    return f"confirmed or {by}" if counted.tally(run).confirmed else by


@decides
def _relabel(run: Run, by: str) -> None:
    count = pipeline.relabel_suspects(run, by, reviewer=reviewer())
    st.toast(f"Relabelled: {count:,} samples", icon=":material/done:")


@decides
def _repair(run: Run, how: str, epochs: int | None, rate: float | None) -> None:
    jobs.start_run(pipeline.new_repair(run, how, epochs=epochs, learning_rate=rate, reviewer=reviewer()))
