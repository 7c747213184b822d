"""Decisions from the screen: recorded at once, or after a question when they are many; taken back, brought back."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core import pipeline
from core.analysis.caveats import bona_fide_words
from core.analysis.decision import samples_words
from core.journal import review
from core.journal.review.verdict import STANDING
from core.runs import Run
from pages.ui.access.who import decides, for_reviewers, reviewer
from pages.ui.cache import cached
from pages.ui.shell import frame
from pages.ui.shell.frame import DIALOG
from pages.ui.widgets import refusal

MOST = 60  # more than one page shows: decided on only after a question
# Decision → what its button says, and its icon; in the order of the buttons. What a sample is afterwards: `STANDING`.
WORDS = {"exclude": "Exclude", "keep": "Keep", "mark": "Unsure", "relabel": "Relabel"}
ICONS = {
    "exclude": ":material/block:",
    "keep": ":material/check:",
    "mark": ":material/help:",
    "relabel": ":material/label:",
}
REASON = "reason"
PLACE = "decision"  # where the refusal of a decision is shown


def _nothing() -> None:
    """What goes before a decision that nothing can cut short."""


@dataclass(frozen=True)
class Question:
    """A decision that waits for an answer; see `decide_or_ask`.

    It waits in the session, for the page may be drawn anew at any time, and its dialog with it. `then` says what the
    page does once the answer is yes, so that it goes when the question goes.
    """

    run: str
    ids: tuple[int, ...]
    decision: str
    what: str
    by: str
    then: str = ""


def decision_buttons(
    where: str,
    act: Callable[[str], None],
    *,
    decisions: Sequence[str] = tuple(WORDS),
    count: int | None = None,
    off: Collection[str] = (),
    tips: Mapping[str, str] | None = None,
) -> None:
    """A button for each decision, the same on every page.

    Args:
        where: what they decide on, such as "selection"; part of their keys.
        act: called with the decision whose button was pressed.
        decisions: those that have a button.
        count: of the samples, where the buttons decide on all of a family or cluster.
        off: the decisions whose buttons cannot be pressed.
        tips: decision → what hovering says.
    """
    for decision in decisions:
        whole = count is not None
        title = f"{WORDS[decision]} all {count:,}" if whole else WORDS[decision] + "…" * (decision == "relabel")
        st.button(
            title,
            key=f"{decision}-{where}",
            icon=ICONS[decision],
            type="tertiary" if whole else "primary" if decision == "exclude" else "secondary",
            on_click=act,
            args=(decision,),
            **for_reviewers(disabled=decision in off, tip=(tips or {}).get(decision)),
        )


def decide_or_ask(
    run: Run,
    ids: Sequence[int],
    decision: str,
    *,
    what: str = "",
    by: str = "",
    always: bool = False,
    then: str = "",
    once: Callable[[], None] = _nothing,
) -> bool:
    """Record a decision, or ask first: for a new label, where a bona fide sample would go, and for more than a page.

    Args:
        run: under review.
        ids: of the samples.
        decision: one of `core.journal.review.DECISIONS`.
        what: what the samples are, such as "family 3"; kept as the reason where the reviewer gives none.
        by: the detectors that brought them up.
        always: ask however few they are.
        then: what follows a yes, in the words of the question: "retrain". The page's own `after` does it.
        once: called right before it is recorded; see `pages.ui.widgets.gallery`.

    Returns:
        True when it is decided, False when a question is open or nothing could be recorded.
    """
    guaranteed = decision == "exclude" and bona_fide_among(run, ids)
    if len(ids) and (always or decision == "relabel" or len(ids) > MOST or guaranteed):
        st.session_state[DIALOG] = Question(run.id, tuple(ids), decision, what, by, then)
        return False
    return bool(decide(run, ids, decision, what=what, by=by, once=once))


@decides(beside=PLACE)
def decide(
    run: Run,
    ids: Sequence[int],
    decision: str,
    new_label: int | None = None,
    *,
    what: str = "",
    by: str = "",
    once: Callable[[], None] = _nothing,
) -> bool:
    """Record a decision; True once it is recorded. Where it is refused, that is said, and the selection stays."""
    typed, who = st.session_state.get(reason_key()), reviewer()
    once()
    count = pipeline.decide(
        run, ids, decision, reviewer=who, new_label=new_label, reason=str(typed or what), suggested_by=by
    )
    if typed:
        st.session_state[REASON] = st.session_state.get(REASON, 0) + 1
    tell(f"{STANDING[decision].capitalize()}: {samples_words(count)}", ":material/done:")
    return True


def bona_fide_among(run: Run, ids: Collection[int], *, classes: bool = True) -> str:
    """How many of these samples are bona fide, and of which classes if asked, as Markdown; "" where none is."""
    table = cached.table(run)
    guaranteed = table[table["bona_fide"]]  # first: few are bona fide, and very many may be selected
    names = cached.info(run).class_names if classes else None
    return frame.plain(bona_fide_words(guaranteed[guaranteed["id"].isin(ids)], names))


def reason_key() -> str:
    """The field of the reason; once it was used it is another one, for a reason belongs to what it was given for."""
    return f"{REASON}-{st.session_state.get(REASON, 0)}"


def undo(run: Run, once: Callable[[], None] = _nothing) -> None:
    """Take back this reviewer's latest decision, and go to it."""
    _again(run, review.undo, once, ("Taken back", "There is nothing to take back.", ":material/undo:"))


def redo(run: Run, once: Callable[[], None] = _nothing) -> None:
    """Bring back what this reviewer took back last, and go to it."""
    _again(run, review.redo, once, ("Brought back", "There is nothing to bring back.", ":material/redo:"))


def questions(run: Run, after: Callable[[str], None]) -> None:
    """The dialog of the question that is open, if one is; `after` is called with its `then` once it is answered with
    yes."""
    question = st.session_state.get(DIALOG)
    if not isinstance(question, Question) or question.run != run.id:  # that of another run, which the page left
        return
    number = samples_words(len(question.ids))
    if question.decision == "relabel":
        st.dialog(f"Which label for {number}?", width="medium", on_dismiss=frame.put_away)(_pick)(run, question, after)
    else:
        whole = f"{WORDS[question.decision]} {number}" + f" and {question.then}" * bool(question.then)
        title = f"Unsure about {number}?" if question.decision == "mark" else f"{whole}?"
        st.dialog(title, on_dismiss=frame.put_away)(_confirm)(run, question, after)


def tell(words: str, icon: str) -> None:
    """Have `said` show a short note: what a callback draws itself is lost where only a part of the page is drawn."""
    st.session_state.setdefault("told", []).append((words, icon))


def said() -> None:
    """What became of the latest decision, and what went wrong with it."""
    for words, icon in st.session_state.pop("told", ()):
        st.toast(words, icon=icon)
    with st.container(key="refused"):  # stays in view right above the bar, however long the page is
        refusal.show_kept(PLACE)


def _confirm(run: Run, question: Question, after: Callable[[str], None]) -> None:
    _say_bona_fide(run, question)
    st.markdown("Whatever was decided on them before is replaced. Undo takes it back.")
    with st.container(horizontal=True):
        words = f"{WORDS[question.decision]} {len(question.ids):,}" + f" and {question.then}" * bool(question.then)
        if st.button(words, type="primary", icon=ICONS[question.decision], shortcut="Enter", key="confirm"):
            _answered(run, question, None, after)
        if st.button("Cancel", key="cancel-question"):
            frame.put_away()
            st.rerun()


def _pick(run: Run, question: Question, after: Callable[[str], None]) -> None:
    """A button per class, with its number as its key, or a list where classes are many."""
    names, likely = cached.info(run).class_names, _likely(run, question.ids)
    label = None
    _say_bona_fide(run, question)
    if len(names) <= 10:
        with st.container(horizontal=True):
            for index, name in enumerate(names):
                kind = "primary" if index == likely else "secondary"
                if st.button(frame.plain(name), key=f"label-{index}", type=kind, shortcut=str(index)):  # type: ignore[arg-type]
                    label = index
        st.caption("Highlighted: what the model predicts for most of them. A class's number is its key.")
    else:
        chosen = st.selectbox("New label", range(len(names)), likely, format_func=lambda index: names[index])
        if st.button(f"Relabel {len(question.ids):,}", type="primary", key="confirm", shortcut="Enter"):
            label = chosen
    if label is not None:
        _answered(run, question, label, after)


def _say_bona_fide(run: Run, question: Question) -> None:
    if words := bona_fide_among(run, question.ids):
        st.warning(f"{words}. They were called clean.", icon=":material/verified:")


def _answered(run: Run, question: Question, label: int | None, after: Callable[[str], None]) -> None:
    # Taken out right before it is recorded: a second click finds nothing, and what cuts this short leaves it open.
    if st.session_state.get(DIALOG) == question:
        about = {"what": question.what, "by": question.by, "once": frame.put_away}
        if decide(run, question.ids, question.decision, label, **about):
            after(question.then)
    st.rerun()


def _likely(run: Run, ids: Sequence[int]) -> int:
    """The class that the model predicts for most of the samples; the first where it predicts none."""
    table = cached.table(run)
    most = table.loc[table["id"].isin(ids), "predicted"].mode()
    return int(most.iloc[0]) if len(most) else 0


@decides(beside=PLACE)
def _again(run: Run, act: Callable[..., int], once: Callable[[], None], words: tuple[str, str, str]) -> None:
    who, (done, nothing, icon) = reviewer(), words
    once()
    count = act(run.workspace, run.id, reviewer=who)
    if count:
        last = review.journal(run.workspace, run.id, reviewer=who, last=1)
        st.session_state[f"goto-{run.id}"] = int(last["sample"].iloc[0])
    tell(f"{done}: {samples_words(count)}" if count else nothing, icon)
