"""Whose flags the pages count: one value for headline, map, legend, queue, sidebar and whatever decides on all."""

from typing import Literal

import pandas as pd
import streamlit as st

from core.analysis.caveats import Tally, nothing_flagged
from core.analysis.opened_run import leading
from core.analysis.rule_words import counted_title
from core.analysis.samples import suspects as suspects_of
from core.detectors import DETECTORS
from core.runs import Run
from pages.ui.cache import cached, said
from pages.ui.cache.words import plain
from pages.ui.widgets import address
from pages.ui.widgets.bound import bound
from pages.ui.widgets.fields import in_a_line

ADDRESS = "by"  # the parameter of the address
KEPT = "counted"  # where the session keeps it for all pages


def counted(run: Run) -> str:
    """The detector whose flags are counted; "" for the leading ones together."""
    names = list(cached.detections(run))
    kept = "" if address.stepping() else str(st.session_state.get(KEPT, ""))
    chosen = address.get(ADDRESS) or kept
    return chosen if chosen in names and [chosen] != leading(names) else ""


def count_by(by: str) -> None:
    """Let all pages count the flags of another detector; "" goes back to the leading ones."""
    st.session_state[KEPT] = by
    address.put(ADDRESS, by)


def say(run: Run) -> None:
    """Have the address say it; what a link or a step in the browser brought along is kept for the other pages."""
    st.session_state[KEPT] = counted(run)
    address.put(ADDRESS, st.session_state[KEPT])


def whose(run: Run) -> str:
    """Whose flags are counted, in words."""
    return counted_title(cached.opened(run), counted(run))


def flagged_by(run: Run) -> str:
    """The detectors whose flags are counted, as a journal keeps them."""
    return counted(run) or ", ".join(leading(cached.detections(run)))


def table(run: Run) -> pd.DataFrame:
    """The review table of the run as it stands now, in which `flagged` is what is counted."""
    by, found = counted(run), cached.table(run)
    return found.assign(flagged=found[f"{by}_flagged"]) if by else found


def suspects(run: Run) -> pd.DataFrame:
    """The rows that are confirmed or counted, most suspicious first."""
    return suspects_of(table(run)) if counted(run) else cached.suspects(run)


def tally(run: Run) -> Tally:
    """How many suspects there are, of which kind, and how many of them are undecided."""
    return cached.tally(run, counted(run))


def more_words(run: Run) -> str:
    """How many more are flagged than the decision confirmed; "" where it confirmed nothing."""
    counts = tally(run)
    if not counts.confirmed:
        return ""
    return f"{counts.beyond:,} more {'is' if counts.beyond == 1 else 'are'} flagged." if counts.beyond else ""


def headline(run: Run, *, judged: bool = True, decided: bool = True, ruled: bool = True) -> str:
    """What was decided, who flags how many samples by which rule, and how many classes were judged, as Markdown.

    Args:
        run: whose headline it is.
        judged: whether the classes are counted.
        decided: whether the decision comes first, where there is one.
        ruled: whether the rule is said; else it stands elsewhere on the page.
    """
    said, rule = cached.counted_words(run, counted(run))
    rule = rule if ruled else ""
    first = plain(cached.decided_words(run)) if decided else ""
    bold = "" if first else "**"  # one thing is
    words = f"{bold}{plain(said)}{bold}, {plain(rule)}." if rule else f"{bold}{plain(said)}.{bold}"
    beyond = plain(cached.beyond_words(run, counted(run)))
    return " ".join(filter(None, (f"**{first}**" * bool(first), words, beyond, plain(cached.judged(run)) * judged)))


def brief(run: Run) -> None:
    """The same in the line that a map leaves room for, the most important first; all of it is said on hover."""
    flags, rule = cached.counted_words(run, counted(run))
    decided = said.decided_briefly(run).removesuffix(".")
    first = [f"**{plain(one)}.**" for one in decided.split(". ") if one]
    bold, flagged_by = "" if first else "**", f"Flagged {plain(rule)}." if rule else ""
    in_a_line([*first, more_words(run), f"{bold}{plain(flags)}.{bold}", plain(cached.judged(run)), flagged_by])


def nothing(run: Run) -> str:
    """What is said where nothing is flagged by whom is counted, as Markdown."""
    return plain(nothing_flagged(cached.opened(run), counted(run)))


def others(run: Run) -> None:
    """A button for each detector that flags something, where the one that is counted does not, to count it instead."""
    now = [counted(run)] if counted(run) else leading(cached.detections(run))
    flags = {name: int(one.flagged.sum()) for name, one in cached.detections(run).items() if name not in now}
    with st.container(horizontal=True):
        for name, count in flags.items():
            words = f"Switch to {DETECTORS[name].title}: {count:,} flagged"
            icon = ":material/swap_horiz:"
            if count and st.button(words, key=f"count-{name}", icon=icon, on_click=count_by, args=(name,)):
                st.rerun()  # the list beside the filters is drawn outside of a fragment


def review_link(run: Run) -> None:
    """The link to the review of what is counted."""
    by, counts = counted(run), tally(run)
    what = "suspects" if counts.confirmed else f"flagged by {plain(whose(run))}"
    st.page_link(
        "pages/review.py",
        label=f"Review the {counts.suspects:,} {what}" if counts.suspects else "Review any sample",
        icon=":material/rate_review:",
        query_params={ADDRESS: by} if by else None,
    )


def field(run: Run, *, width: int = 175, label_visibility: Literal["visible", "collapsed"] = "visible") -> str:
    """The list to choose it from; what is chosen holds on all pages."""
    subject, chosen = cached.opened(run), counted(run)
    names = [name for name in subject.detections if [name] != leading(subject.detections)]
    st.selectbox(
        "Flagged by",
        ["", *names],
        width=width,
        format_func=lambda name: counted_title(subject, name),
        help="Headline, map, queue and the decisions on all suspects follow it, on every page but the report. What the "
        "decision confirmed is always among them.",
        label_visibility=label_visibility,
        **bound(f"counted-{run.id}", chosen, count_by),
    )
    return chosen
