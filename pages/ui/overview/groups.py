"""A card for each group that was decided on or, before there is a decision, for each family of what is flagged."""

from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from core.analysis import families, overview
from core.analysis.decision import alone, open_alone_words
from core.analysis.overview import Group
from core.analysis.queue import holding_most
from core.journal import review
from core.modalities import told_row
from core.runs import Run
from pages.ui.cache import cached, decided_names
from pages.ui.cache.names import names_in_text
from pages.ui.cache.words import HELP, plain
from pages.ui.lab.known_triggers import see_trigger
from pages.ui.review.enlarged import enlarge_button, enlarged
from pages.ui.review.families import ADDRESS, of_these
from pages.ui.selection.remarks import summary
from pages.ui.selection.selection import tiles
from pages.ui.widgets import counted, pictures
from pages.ui.widgets.gallery import Tile, gallery

DECIDED = "decided"  # the parameter of the address that names a group of the decision
CARDS = 9  # that are drawn; the others are counted
MEMBERS = 5  # shown on a card, the most suspicious
NARROWEST = 286  # pixels of a card
PICTURE = 76  # pixels of the picture of what the members have in common
ENLARGED = 3  # members that are enlarged beside that picture
FEW_TEXTS = 3  # members that are read, where they are texts
THUMB = 40  # pixels of a member


def groups_of(run: Run) -> list[Group]:
    """The groups of the run's decision; without one, the families of what is counted."""
    if cached.decision(run) is not None:
        return cached.decided_groups(run)
    return overview.family_groups(counted.suspects(run), cached.families(run))


def cards(run: Run) -> None:
    """What each group looks like, where it may come from, how sure that is, and what is left to decide."""
    if not cached.detections(run):
        return
    groups = groups_of(run)
    shown = groups[:CARDS]
    if (decision := cached.decision(run)) is not None and (words := open_alone_words(decision)):
        left = (counted.table(run)["verdict"].to_numpy()[alone(decision)] == "").any()
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"Open: {words}" if left else f"{words} All of them are decided.")
            query = {DECIDED: decided_names.names(run)["open"], "verdict": "All"}
            st.page_link("pages/review.py", label="Look at them", icon=":material/rate_review:", query_params=query)
    if not shown:
        return
    with st.grid(min_column_width=NARROWEST, gap="small"):
        for group in shown:
            with st.container(border=True, gap="xsmall", height="stretch"):
                _card(run, group)
    enlarged(run)
    if len(groups) > CARDS:
        st.caption(f"{CARDS} of {len(groups):,} groups are shown, and {len(groups) - CARDS:,} more are on Review.")


def _card(run: Run, group: Group) -> None:
    names, size = names_in_text(run), len(group.rows)
    number = f"{'Group' if group.decided else 'Family'} {group.number}"  # as Detect and Review call it
    st.markdown(f"**{number} · {plain(overview.source_words(group, names))}**")
    words = plain(group.state)
    st.markdown(f":orange[:material/warning: {words}]" if group.suspected else words)
    said = review.notes(run.workspace, run.id, "group" if group.decided else "family").get(group.number)
    if said:
        st.caption(plain(summary(said)))
    text = told_row(run.path / f"{group.picture[0]}.npy", group.picture[1]) if group.picture else ""
    with st.container(horizontal=not text, vertical_alignment="center", gap="xsmall"):
        if group.picture:
            _picture(run, group, text)
        with st.container(gap="xxsmall"):
            pictured = f"  \n{group.pictured.capitalize()}" if group.pictured else ""
            left = f"{group.undecided:,} of them undecided" if group.undecided else "all decided"
            left = "all undecided" if group.undecided == size else left
            beyond = "" if (group.rows["flagged"] | group.rows["confirmed"]).any() else ", none of them flagged"
            found = holding_most(group.rows, "family") if group.decided else None
            kin = f"  \n{of_these(found[1], group.rows)} in family {found[0]}" if found else ""
            st.caption(f"{size:,} samples{beyond}{kin}  \n{left}{pictured}")
            with st.container(horizontal=True, gap="xxsmall"):
                _review(run, group)
                if group.decided:
                    see_trigger(run, group.number)
    _members(run, group, group.rows.head(MEMBERS))


def _review(run: Run, group: Group) -> None:
    """The way to its members on Review: the undecided first, all of them where nothing is left."""
    named = {DECIDED: decided_names.names(run)[group.number]} if group.decided else {ADDRESS: str(group.number)}
    words = f"Review these {group.undecided:,}" if group.undecided else f"Look at these {len(group.rows):,}"
    query = named if group.undecided else named | {"verdict": "All"}
    st.page_link("pages/review.py", label=words, icon=":material/rate_review:", query_params=query)


def _picture(run: Run, group: Group, text: str) -> None:
    """What the members have in common: magnified, or in words."""
    name, row = group.picture or ("", 0)
    version = families.made(run)  # another version is fetched anew
    address = pictures.of_array(run.id, name, row, version=version)
    tile = Tile(-1, address, tooltip=group.pictured or HELP["difference"], told=text)
    with st.container(width="stretch" if text else PICTURE + 8):
        gallery([tile], key=f"picture-{run.id}-{name}-{row}", size=PICTURE)
    shown = [replace(tile, caption=tuple(filter(None, (group.pictured,))))]
    title, beside = overview.source_words(group, names_in_text(run)), partial(tiles, run, group.rows.head(ENLARGED))
    enlarge_button(run, title, shown, group.rows, key=f"{name}-{row}", beside=beside)


def _members(run: Run, group: Group, rows: pd.DataFrame) -> None:
    bare = [replace(tile, caption=(), badge="", words="", settled=False) for tile in tiles(run, rows)]
    bare = bare[:FEW_TEXTS] if any(tile.told for tile in bare) else bare
    key = f"members-{run.id}-{'decided' if group.decided else 'family'}-{group.number}"
    gallery(bare, key=key, size=THUMB, one_row=True)
