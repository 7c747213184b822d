"""What is decided on as one: the family, the cluster or the group that the review shows, and the three decisions."""

from functools import partial

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.analysis import families
from core.analysis.decision import PICTURES, group_title, has_picture, picture_words
from core.analysis.families import Family
from core.analysis.opened_run import CLUSTERING
from core.analysis.queue import Filter, holding_most, in_cluster, in_decided, members
from core.decision.states import DecidedGroup
from core.modalities import told_row
from core.runs import Run
from core.runs.plan import of_kind, texts
from pages.ui.cache import cached, decided_names
from pages.ui.cache.cluster_names import KINDS
from pages.ui.cache.words import HELP, plain
from pages.ui.review.averages import average_of
from pages.ui.review.enlarged import enlarge_button
from pages.ui.review.families import ADDRESS, chosen, common_tiles, of_these
from pages.ui.review.group_words import in_short
from pages.ui.selection.remarks import remarks
from pages.ui.selection.selection import tiles
from pages.ui.selection.verdicts import decide_or_ask, decision_buttons
from pages.ui.shell import frame
from pages.ui.widgets import counted, pictures
from pages.ui.widgets.gallery import Tile, gallery

OFFERED = ("exclude", "keep", "relabel")
LARGE = 96  # pixels of what a family has in common
MARGINS = 12  # pixels around such a picture
MEMBERS = 3  # of a family, the most suspicious, that are enlarged beside it


def head(run: Run, table: pd.DataFrame, suspects: pd.DataFrame, conditions: Filter) -> None:
    """What the chosen cluster, group or family is, and the decisions on all of it."""
    number, cluster, decided = chosen(run), conditions.cluster, conditions.decided
    if cluster is not None:
        _cluster(run, table[in_cluster(table, cluster)], cluster)
    elif group := _group_of(run, decided):
        _group(run, table[in_decided(table, decided)], group)
    elif family := next((listed for listed in families.families(run) if listed.id == number), None):
        _family(run, suspects[members(suspects, family.id)], family)


def _family(run: Run, now: pd.DataFrame, family: Family) -> None:
    names = cached.info(run).class_names
    title = families.title(family, names, len(now))
    description = f"**{frame.plain(title)}.** {frame.plain(families.description(family, names))}"
    common = common_tiles(run, family, "average", "difference")
    with _beside(common, key=f"head-{run.id}-{family.id}"):
        st.markdown(description)
        if found := holding_most(now, "group"):
            group, count = found
            name = decided_names.names(run)[group]
            _link(f"{of_these(count, now)} in group {group} of the decision", {"decided": name})
    with st.container(key="unit-actions", horizontal=True, vertical_alignment="center", gap="xsmall"):
        _decisions(run, now, "family", f"family {family.id}", counted.flagged_by(run))
        beside = partial(_most_suspicious, run, now)
        enlarge_button(run, title, common, now, key=f"family-{family.id}", words="Enlarge", beside=beside)
        remarks(run, "family", family.id)
    in_short(run, now, "unit")


def _cluster(run: Run, now: pd.DataFrame, cluster: tuple[int, int]) -> None:
    """Of the two that Activation Clustering finds in a class, one: all its samples, flagged or not."""
    index, which = cluster
    name, flagged = cached.info(run).class_names[index], int(now[f"{CLUSTERING}_flagged"].sum())
    words = f"{KINDS[which].capitalize()} of {name}: {len(now):,} samples"
    description = f"**{frame.plain(words)}.** Activation Clustering flags {flagged:,} of them."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(description, width="stretch")
        _decisions(run, now, "cluster", f"{KINDS[which]} of {name}", CLUSTERING)
    in_short(run, now, "unit")
    gallery([average_of(run, index, which, "average")], key=f"cluster-{run.id}-{index}-{which}", size=96)


def _group_of(run: Run, decided: int | str | None) -> DecidedGroup | None:
    decision = cached.decision(run)
    groups = decision.groups if decision and isinstance(decided, int) else ()
    return next((group for group in groups if group.id == decided), None)


def _group(run: Run, now: pd.DataFrame, group: DecidedGroup) -> None:
    """A group of the decision, with its proof: all its samples, flagged or not."""
    title, recovered = group_title(group, cached.info(run).class_names), recovered_tiles(run, group)
    with _beside(recovered, key=f"group-{run.id}-{group.id}"):
        st.markdown(f"**{plain(title)}: {len(now):,} samples.** {plain(group.reason)}")
        if found := holding_most(now, "family"):
            number, count = found
            _link(f"{of_these(count, now)} in family {number}", {ADDRESS: str(number)})
    with st.container(key="unit-actions", horizontal=True, vertical_alignment="center", gap="xsmall"):
        _decisions(run, now, "group", f"group {group.id} of the decision", "decision")
        enlarge_group(run, title, recovered, now, key=f"group-{group.id}")
        remarks(run, "group", group.id)
    in_short(run, now, "unit")


def _link(words: str, query: dict[str, str]) -> None:
    """The way from a family to the group that has most of it, and back: their numbers differ."""
    words = words[0].upper() + words[1:]
    st.page_link("pages/review.py", label=words, icon=":material/link:", query_params=query | {"verdict": "All"})


def recovered_tiles(run: Run, group: DecidedGroup) -> list[Tile]:
    """The tile of the trigger that was recovered of a group of the decision; none where none was kept."""
    if not has_picture(run, group):
        return []
    # Another number for another decision: its picture is fetched anew.
    version = round(1000 * sum(run.stages.get(stage, 0.0) for stage in texts(of_kind(run.plan, "decide"))))
    picture = pictures.of_array(run.id, PICTURES, group.id - 1, version=version)
    text, words = told_row(run.path / f"{PICTURES}.npy", group.id - 1), picture_words(group)
    said = ("recovered trigger", *filter(None, (words,)))
    return [Tile(-1, picture, said, tooltip=words or HELP["recovered"], told=text)]


def enlarge_group(run: Run, title: str, recovered: list[Tile], now: pd.DataFrame, *, key: str) -> None:
    """The button that shows what was recovered large, beside the most suspicious members; none where nothing was."""
    beside = partial(_most_suspicious, run, now)
    enlarge_button(run, title, recovered, now, key=key, words="Enlarge", beside=beside)


def _most_suspicious(run: Run, now: pd.DataFrame) -> list[Tile]:
    return tiles(run, now.sort_values("suspicion", ascending=False, kind="stable").head(MEMBERS))


def _beside(shown: list[Tile], key: str) -> DeltaGenerator:
    """The place beside these pictures, or below them where they are words: the gallery below is in view with both."""
    read = any(tile.told for tile in shown)
    with st.container(key="unit-head", horizontal=not read, gap="small"):
        if shown:
            width = "stretch" if read else (LARGE + MARGINS) * len(shown) + MARGINS
            with st.container(key="unit-pictures", width=width):
                gallery(shown, key=key, size=LARGE)
        return st.container(key="unit-words")


def _decisions(run: Run, now: pd.DataFrame, kind: str, what: str, by: str) -> None:
    """A button for each decision on all of these samples; what they are is kept as the reason."""
    ids = now["id"].tolist()
    decided = set(now["verdict"])
    decision_buttons(
        kind,
        lambda decision: decide_or_ask(run, ids, decision, what=what, by=by, always=True),
        decisions=OFFERED,
        count=len(ids),
        off=(decided - {"relabel"}) if len(decided) == 1 else () if ids else OFFERED,
    )
