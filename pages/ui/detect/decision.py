"""The decision at the top of Detect: what was confirmed, by which test, and what could not be judged."""

from dataclasses import replace

import streamlit as st

from core import pipeline
from core.analysis.decision import (
    doubted_words,
    group_figures,
    group_title,
    open_alone_words,
    samples_words,
)
from core.analysis.queue import in_decided
from core.decision.states import DecidedGroup, Decision
from core.errors import UserError
from core.output.names import middle_cut
from core.runs import Run, jobs
from core.runs.plan import of_kind, texts
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache import cached, decided_names
from pages.ui.cache.names import names_in_text
from pages.ui.cache.words import plain
from pages.ui.lab.known_triggers import see_trigger
from pages.ui.review.enlarged import enlarged
from pages.ui.review.units import enlarge_group, recovered_tiles
from pages.ui.shell import frame
from pages.ui.widgets import refusal
from pages.ui.widgets.gallery import gallery

BADGES = {
    "backdoor": ":orange-badge[backdoor]",
    "wrong label": ":yellow-badge[wrong label]",
    "open": ":blue-badge[open]",
}
WHAT = (
    "The model itself is asked. What the suspects of a class share is put on other samples, and two to five more "
    "models are trained without the suspects."
)
UNTRAINED = (
    "This model was loaded and not trained here, so no other model is trained: triggers without a fixed pattern and "
    "wrong labels cannot be looked for."
)
PICTURE = 84  # pixels
MOST_SHOWN = 8  # groups in the short line; all are below it
LONGEST = 40  # characters of a group's title there


def panel(run: Run) -> None:
    """What was decided, in short, with the proof folded away; or what a decision does and costs, and the button."""
    decision, planned = cached.decision(run), texts(of_kind(run.plan, "decide"))
    if decision is None:
        st.markdown(WHAT)
    else:
        st.markdown(f"**{plain(cached.decided_words(run))}**")
        with st.container(horizontal=True, gap="small"):
            for words in _in_short(run, decision):
                st.markdown(words, width="content")
        if doubted := doubted_words(decision):
            st.warning(doubted, icon=":material/person_alert:")
    refusal.show_kept("decision")
    progress = jobs.poll(run.path)
    if progress.active and waited(run):
        frame.progress_of(run, *planned)
    elif waited(run) and progress.error:
        refusal.show(UserError(**progress.error))
    if decision is None:
        _making(run, again=False)
        return
    with st.expander("How each group was tested, and deciding again", icon=":material/gavel:"):
        _found(run, decision)
        _making(run, again=True)
    enlarged(run)


def waited(run: Run) -> bool:
    """Whether a decision is planned and not made: what went wrong with the job is then said beside it, only there."""
    return any(run.waits_for(stage) for stage in texts(of_kind(run.plan, "decide")))


def _in_short(run: Run, decision: Decision) -> list[str]:
    """The groups with their states and sizes, and how many classes were not judged, in the room of a line or two."""
    names = names_in_text(run)
    shown = [
        f"{BADGES.get(group.state, '')} {plain(middle_cut(group_title(group, names), LONGEST))} · {group.size:,}"
        for group in decision.groups[:MOST_SHOWN]
    ]
    if len(decision.groups) > MOST_SHOWN:
        shown.append(f"and {len(decision.groups) - MOST_SHOWN:,} more groups")
    if count := len(decision.not_judged):
        shown.append(f":gray-badge[not judged] {count:,} class{'es' * (count > 1)}; not judged is not clean")
    return shown


def _found(run: Run, decision: Decision) -> None:
    """One row a group, then what is open, was not judged and was left out."""
    names = names_in_text(run)
    for group in decision.groups:
        _row(run, group, names)
    if alone := open_alone_words(decision):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{BADGES['open']} {alone}")
            _review(run, "open")
    if decision.not_judged:
        listed = (f"{names[index]} ({why})" for index, why in decision.not_judged.items())
        st.markdown(f":gray-badge[not judged] {plain('; '.join(listed))}. Not judged is not clean.")
    if decision.left_out:
        st.caption(f"Left out: {plain(decision.left_out)}.")


def _row(run: Run, group: DecidedGroup, names: tuple[str, ...]) -> None:
    """One group: its picture, what it is, and the test in figures and in words."""
    recovered = recovered_tiles(run, group)
    bare, key = [replace(tile, caption=()) for tile in recovered], f"trigger-{run.id}-{group.id}"
    is_read = any(tile.told for tile in bare)  # words are cut in the room of a picture
    *picture, about, test = st.columns([4.2, 6.8] if is_read else [1, 3.2, 6.8], vertical_alignment="center")
    if bare and not is_read:
        with picture[0]:
            gallery(bare, key=key, size=PICTURE)
    with about:
        st.markdown(f"{BADGES.get(group.state, '')} **{plain(group_title(group, names))}**")
        st.caption(f"{samples_words(group.size)} · {plain(group.kind)}")
        if is_read:
            gallery(bare, key=key, size=PICTURE)
        with st.container(horizontal=True, gap="small"):
            _review(run, group.id)
            see_trigger(run, group.id)
            table = cached.table(run)
            members = table[in_decided(table, group.id)]
            enlarge_group(run, group_title(group, names), recovered, members, key=f"decided-{group.id}")
    with test:
        figures = group_figures(group)
        st.markdown(" · ".join(f"{plain(name)}: **{plain(value)}**" for name, value in figures.items()))
        st.caption(plain(group.reason))


def _review(run: Run, decided: int | str) -> None:
    """The way to the review of a group or of a state."""
    query = {"decided": decided_names.names(run)[decided], "verdict": "All"}
    st.page_link("pages/review.py", label="Review these", icon=":material/rate_review:", query_params=query)


def _making(run: Run, *, again: bool) -> None:
    """The button, unless it is being made, the second training as a choice, and what it costs."""
    progress = jobs.poll(run.path)
    if progress.active and waited(run):
        return
    can_train = run.trainable and run.traced
    with st.container(horizontal=True, vertical_alignment="center"):
        training = can_train and st.checkbox(
            "Train up to five more models without the suspects", value=True, key="decide-train"
        )
        st.button(
            "Decide again" if again else "Decide",
            key="decide",
            type="primary" if run.has_model and not again and cached.detections(run) else "secondary",
            icon=":material/gavel:",
            on_click=_start,
            args=(run, training),
            **for_reviewers(disabled=progress.active or not run.has_model),
        )
        st.caption(_cost(run, training=training, busy=progress.active))
    if run.has_model and not can_train:
        st.caption(UNTRAINED)


def _cost(run: Run, *, training: bool, busy: bool) -> str:
    if not run.has_model:
        return "There is no model to ask."
    if busy:
        return "It waits for what is at work on this run."
    seconds = pipeline.decision_seconds(run, training=training)
    return f"Takes up to about {frame.duration(seconds or 0)}, in a process of its own: you can go on meanwhile."


@decides(beside="decision")
def _start(run: Run, training: bool) -> None:
    pipeline.start_decision(run, training=training)
