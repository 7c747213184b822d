"""Families on the review page: the cards to choose from."""

import pandas as pd
import streamlit as st

from core import pipeline
from core.analysis import families
from core.analysis.families import NO_FAMILY, PICTURES, WAITING, Family
from core.analysis.queue import holding_most, members
from core.modalities import told_row
from core.output.names import told_apart
from core.runs import Run, jobs
from core.runs.plan import FAMILIES
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache import cached
from pages.ui.cache.words import HELP
from pages.ui.shell import frame
from pages.ui.widgets import counted, pictures, refusal, view
from pages.ui.widgets.gallery import Tile, gallery

ADDRESS = "family"  # the parameter of the address that names one
FROM = "from"  # the place in the queue of the first sample on the page, among what the pages show
LONGEST = 32  # characters of a class on a card: two lines
CARDS = 620  # pixels of the list of cards, which scrolls


def chosen(run: Run) -> int | None:
    """The number that is chosen; 0 stands for suspects in no family, None for all suspects."""
    number = view.get(ADDRESS)
    numbers = {NO_FAMILY, *(family.id for family in families.families(run))}
    return int(number) if number.isdecimal() and int(number) in numbers else None


def cards(run: Run, suspects: pd.DataFrame) -> None:
    """One card a family: name, pictures, how many are decided; a click filters the gallery."""
    all_families, number = families.families(run), chosen(run)
    st.markdown("**Families**", help=HELP["family"])
    refusal.show_kept("families")
    _waiting(run, suspects, any_found=bool(all_families))
    if not all_families:
        return
    with st.container(height=CARDS, border=False):
        _button(f"All {len(suspects):,} {counted.tally(run).noun}", None, number)
        for family in all_families:
            _card(run, family, suspects[members(suspects, family.id)], number)
        stray = suspects[members(suspects, NO_FAMILY)]
        if len(stray):
            _button(f"In no family: {len(stray):,}", NO_FAMILY, number)


def _card(run: Run, family: Family, now: pd.DataFrame, number: int | None) -> None:
    names, decided = cached.info(run).class_names, int((now["verdict"] != "").sum())
    _button(f"Family {family.id} · {frame.plain(told_apart(names, LONGEST)[family.target_class])}", family.id, number)
    common(run, family, "card", 44)
    found = holding_most(now, "group")
    grouped = f"  \n{of_these(found[1], now)} in group {found[0]}" if found else ""
    st.caption(f"{len(now):,} samples, {decided / max(1, len(now)):.0%} decided{grouped}")


def of_these(count: int, rows: pd.DataFrame) -> str:
    """How many of some rows, in words."""
    return "all" if count == len(rows) else f"{count:,} of them"


def common(run: Run, family: Family, where: str, size: int, *captions: str) -> None:
    """The average of the members and what they have in common, amplified; nothing where neither was made."""
    if shown := common_tiles(run, family, *captions):
        gallery(shown, key=f"{where}-{run.id}-{family.id}", size=size)


def common_tiles(run: Run, family: Family, *captions: str) -> list[Tile]:
    """The tiles of the same; none where neither was made."""
    if not family.sources:
        return []
    first, tips = 2 * family.id - 2, ("The average of its samples.", HELP["difference"])
    addresses = [pictures.of_array(run.id, PICTURES, first + at, version=families.made(run)) for at in (0, 1)]
    texts = [told_row(run.path / f"{PICTURES}.npy", first + at) for at in (0, 1)]
    return [
        Tile(-1 - at, addresses[at], captions[at : at + 1], tooltip=tips[at], told=texts[at])
        for at in (0, 1)
        if at or captions or not texts[at]  # in the list of families, what texts share is enough
    ]


def _button(words: str, number: int | None, current: int | None) -> None:
    kind = "primary" if number == current else "secondary"
    st.button(words, key=f"choose-family-{number}", type=kind, width="stretch", on_click=choose, args=(number,))  # type: ignore[arg-type]


def _waiting(run: Run, suspects: pd.DataFrame, *, any_found: bool) -> None:
    """How many flagged samples are not grouped yet, and the button that has it done by a worker."""
    count = int((suspects["family"] == WAITING).sum())
    active = jobs.poll(run.path).active
    if active and run.waits_for(FAMILIES):
        st.caption("The families are being made.")
        frame.progress_of(run, str(FAMILIES))
    elif count and active:
        st.caption(f"{count:,} flagged samples are not grouped yet; this run is being worked on.")
    elif count:
        st.caption(f"{count:,} flagged samples are not grouped yet.")
        st.button(
            "Group again" if any_found else "Group them",
            icon=":material/workspaces:",
            on_click=_group,
            args=(run,),
            **for_reviewers(),
        )
    elif not any_found:
        st.caption("What is flagged falls into no families." if suspects["flagged"].any() else "Nothing is flagged.")


def choose(number: int | None) -> None:
    view.put(ADDRESS, "" if number is None else str(number))
    view.put(FROM, "")


@decides(beside="families")
def _group(run: Run) -> None:
    jobs.start_run(pipeline.group_again(run))
