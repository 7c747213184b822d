"""Comments and tags, where a sample, a family or a group is looked at."""

import streamlit as st

from core.analysis.decision import samples_words
from core.journal import review
from core.journal.review.notes import LONGEST_COMMENT, LONGEST_TAG, About, Kind, Notes
from core.runs import Run
from pages.ui.access.who import decides, for_reviewers, reviewer
from pages.ui.cache.words import plain
from pages.ui.selection.selection import selected
from pages.ui.selection.verdicts import tell

MOST = 10  # comments shown, the newest


def remarks(run: Run, about: About, number: int) -> None:
    """What was said of it, and the fields that add to it."""
    said = review.notes(run.workspace, run.id, about).get(number, Notes())
    place = f"{about}-{number}"
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
        for tag in said.tags:
            st.button(
                plain(tag),
                key=f"untag-{place}-{tag}",
                icon=":material/sell:",
                type="tertiary",
                on_click=_say,
                args=(run, about, (number,), "untag", tag),
                **for_reviewers(tip="Take this tag off"),
            )
        with st.popover("Note", icon=":material/comment:", type="tertiary"):
            _fields(run, about, number, place)
    for one in said.comments[-MOST:][::-1]:
        st.caption(f"{plain(one.reviewer)}, {one.created[:16].replace('T', ' ')}: {plain(one.text)}")


def on_selection(run: Run) -> None:
    """A button that opens the fields for all that is selected."""
    empty = not len(selected(run))
    with st.popover("", icon=":material/sell:", type="tertiary", help="Comment on these, or tag them", disabled=empty):
        if not empty:
            _fields(run, "sample", None, "selection")


def summary(said: Notes) -> str:
    """Tags and the latest comment in one line.

    >>> summary(Notes(("odd", "sticker")))
    'Tags: odd, sticker.'
    """
    parts = [f"Tags: {', '.join(said.tags)}." if said.tags else ""]
    if said.comments:
        last = said.comments[-1]
        parts.append(f"{last.reviewer}: {last.text[:160]}")
    return " ".join(part for part in parts if part)


def _fields(run: Run, about: About, number: int | None, place: str) -> None:
    """A comment and a tag; of samples, on all that are selected where this one is, or where it is None."""
    count = len(_numbers(run, about, number))
    where = f"on {count:,} selected samples" if count > 1 else f"on this {about}"
    for kind, title, most in (("comment", "Comment", LONGEST_COMMENT), ("tag", "Tag", LONGEST_TAG)):
        key = f"{kind}-{place}"
        st.text_input(f"{title} {where}", key=key, max_chars=most)
        st.button(
            f"Add {kind}", key=f"add-{key}", on_click=_typed, args=(run, about, number, kind, key), **for_reviewers()
        )


def _numbers(run: Run, about: About, number: int | None) -> tuple[int, ...]:
    ids = tuple(selected(run).tolist()) if about == "sample" else ()
    return ids if number is None or number in ids else (number,)


def _typed(run: Run, about: About, number: int | None, kind: Kind, key: str) -> None:
    # The selection is read when the button is pressed: what was drawn with it may be older.
    if count := _say(run, about, _numbers(run, about, number), kind, str(st.session_state.get(key, ""))):
        st.session_state[key] = ""
        if about == "sample":
            tell(f"{'Tagged' if kind == 'tag' else 'Commented on'}: {samples_words(count)}", ":material/sell:")


@decides(beside="decision")
def _say(run: Run, about: About, numbers: tuple[int, ...], kind: Kind, text: str) -> int:
    return review.note(run.workspace, run.id, numbers, kind, text, reviewer=reviewer(), about=about)
