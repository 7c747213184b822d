"""Attack lab: would we have caught this?"""

from math import ceil

import pandas as pd
import streamlit as st

from core import pipeline
from core.attacks.preview import EXAMPLES, Preview
from core.data import store
from core.output import figures
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache import cached
from pages.ui.cache.words import HELP
from pages.ui.lab import lab, poisoned_copy
from pages.ui.lab.attack_cards import cards
from pages.ui.lab.attack_editor import listed
from pages.ui.lab.attack_words import needs_surrogate
from pages.ui.shell import frame
from pages.ui.widgets.small import tall

frame.guard()
WORKSPACE = frame.workspace()
SHOWN = 12


def clean_data() -> dict[str, store.DatasetInfo]:
    """The clean data sets by id; without one, the page offers the demo's images and stops."""
    found = {info.id: info for info in store.describe_all(WORKSPACE) if not info.attacks}
    if not found:
        st.markdown(
            "Attacks are planted in a copy of clean data, to see whether the detectors find them. "
            "No data set here is clean."
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Use the built-in demo images, clean",
                type="primary",
                icon=":material/image:",
                on_click=decides(pipeline.store_demo),
                args=(WORKSPACE,),
                **for_reviewers(),
            )
            st.page_link("pages/data.py", label="Open data of your own", icon=":material/arrow_forward:")
        st.stop()
    return found


def choose(found: dict[str, store.DatasetInfo]) -> store.DatasetInfo:
    """The one to plant in."""
    asked = [st.session_state.get("lab-data"), st.query_params.get("data"), st.session_state.get("dataset_id")]
    names, wanted = list(found), next((key for key in asked if key in found), None)
    chosen = st.selectbox(
        "Clean data set",
        names,
        names.index(wanted) if wanted in found else 0,
        width=250,
        format_func=lambda key: f"{found[key].name} · {found[key].n:,} images",
    )
    st.session_state["lab-data"] = chosen
    return found[chosen]


def summary(previews: list[Preview], n: int, n_faults: int) -> str:
    """The whole list in one sentence."""
    attacks = [preview.attack for preview in previews]
    poison, cover = sum(one.n_poisoned for one in attacks), sum(one.n_cover for one in attacks)
    many = "1 attack poisons" if len(attacks) == 1 else f"{len(attacks)} attacks poison"
    words = f"**{many} {poison:,} of {n:,} samples ({poison / n:.1%})**"
    words += f", and {cover:,} more are cover samples" * bool(cover)
    words += f"; **{n_faults} cannot be planted as asked**" * bool(n_faults)
    return words + (
        ". Creating it takes longer: a surrogate model is trained first."
        if any(needs_surrogate(one.kind) for one in attacks)
        else "."
    )


def effects(previews: list[Preview], names: tuple[str, ...], counts: pd.DataFrame) -> None:
    """What each trigger does to an image, and what all of them do to the classes."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**What each trigger does**", help=HELP["trigger"], width="stretch")
        example = st.segmented_control(
            "Sample",
            range(EXAMPLES),
            default=0,
            key="lab-example",
            required=True,
            label_visibility="collapsed",
            format_func=lambda one: f"sample {one + 1}",
        )
    cards(previews, names, int(example))
    st.markdown("**What they do to the classes**")
    view = st.segmented_control(
        "Classes as", ("chart", "table"), default="chart", key="lab-view", required=True, label_visibility="collapsed"
    )
    if view == "chart":
        st.plotly_chart(figures.planted_counts(counts), key="lab-counts")
    else:
        st.dataframe(counts, hide_index=True, height=tall(len(counts), 12), key="lab-table")


st.title("Would we have caught this?")
sets = clean_data()
answer = st.container(key="lab-answer")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    info = choose(sets)
    lab.open_lab(info)
    lab.presets(len(info.class_names))
    lab.seed()
    found, counts, faults = cached.previews(WORKSPACE, info.id, lab.specification())
    poisoned_copy.create(info, ready=bool(found) and not faults)
answer.markdown(summary(found, info.n, len(faults)))
poisoned_copy.result()
numbers = list(lab.attacks())
n_pages = max(1, ceil(len(numbers) / SHOWN))
left, right = st.columns([1, 2], gap="large")
with left:
    st.markdown("**Attacks, all at once**")
    page = st.pagination(n_pages, key=f"lab-page-{n_pages}") if n_pages > 1 else 1
    first = (page - 1) * SHOWN
    with st.container(key="lab-list"):
        by_number = {numbers[place]: error for place, error in faults.items()}
        listed(numbers[first : first + SHOWN], by_number, info.class_names)
    with st.container(horizontal=True):
        st.button("Add an attack", icon=":material/add:", on_click=lab.add)
        with st.popover("As a file", icon=":material/description:"):
            lab.files()
    lab.said()
with right:
    if counts is not None:
        effects(found[first : first + SHOWN], info.class_names, counts)
    else:
        st.info("Choose a preset or add an attack; what it does to the images is shown here at once.")
lab.address(info.id)
st.page_link("pages/train.py", label="Next: is the model learning, and what?", icon=":material/arrow_forward:")
