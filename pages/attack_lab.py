"""Attack lab: would we have caught this?"""

from math import ceil

import pandas as pd
import streamlit as st

from core.attacks.presets import presets_for
from core.attacks.preview import EXAMPLES, Preview, most_touched
from core.data import store
from core.output import figures
from core.output.names import IN_TEXT, told_apart
from pages.ui.cache import cached
from pages.ui.cache.words import HELP
from pages.ui.lab import attack_words, lab, poisoned_copy
from pages.ui.lab.attack_cards import cards
from pages.ui.lab.attack_editor import listed
from pages.ui.lab.clean_data import no_clean_data
from pages.ui.shell import frame, journey
from pages.ui.widgets.fields import one_dataset, one_of, tall

frame.guard()
WORKSPACE = frame.workspace()
SHOWN = 12  # attacks on one page: each has three pictures


def clean_data() -> dict[str, store.DatasetInfo]:
    """The clean data sets that can carry a trigger, by id; without one, the page offers those of demos and stops."""
    every = store.describe_all(WORKSPACE)
    clean = {info.id: info for info in every if not info.attacks and presets_for(info.shape)}
    if not clean:
        no_clean_data(WORKSPACE)
        st.stop()
    return clean


def choose(datasets: dict[str, store.DatasetInfo]) -> store.DatasetInfo:
    """The data set to plant in: that of this session, of the address, or of the other pages."""
    state = st.session_state
    preferred = state.get("lab-data"), st.query_params.get("data"), state.get("dataset_id")
    chosen = one_dataset("Clean data set", datasets, *preferred, width=250)
    state["lab-data"] = chosen.id
    return chosen


def summary(previews: list[Preview], n: int, n_faults: int) -> str:
    """The whole list in one sentence."""
    attacks = [preview.attack for preview in previews]
    words = attack_words.summary(attacks, n)
    words += f"; **{n_faults} cannot be planted as asked**" * bool(n_faults)
    return words + (
        ". Creating it takes longer: a surrogate model is trained first."
        if any(attack_words.needs_surrogate(attack.kind) for attack in attacks)
        else "."
    )


def effects(previews: list[Preview], names: tuple[str, ...], counts: pd.DataFrame) -> None:
    """What each trigger does to a sample, and what all of them do to the classes."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**What each trigger does**", help=HELP["trigger"], width="stretch")
        samples = {index: f"sample {index + 1}" for index in range(EXAMPLES)}
        example = one_of("Sample", samples, key="lab-example", label_visibility="collapsed")
    cards(previews, names, example)
    st.markdown("**What they do to the classes**")
    if one_of("Classes as", ("chart", "table"), key="lab-view", label_visibility="collapsed") == "chart":
        telling = most_touched(counts, figures.MOST_BARS)
        st.plotly_chart(figures.planted_counts(telling), key="lab-counts")
        if len(telling) < len(counts):
            st.caption(f"The {len(telling)} classes that change most, of {len(counts):,}. The table has all.")
    else:
        st.dataframe(counts, hide_index=True, height=tall(len(counts), 12), key="lab-table")


journey.question("attack_lab")
sets = clean_data()
answer = st.container(key="lab-answer")
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    info = choose(sets)
    lab.open_lab(info)
    lab.presets(len(info.class_names))
    lab.seed()
    previews, counts, faults = cached.previews(WORKSPACE, info.id, lab.specification())
    poisoned_copy.create(info, ready=bool(previews) and not faults)
answer.markdown(summary(previews, info.n, len(faults)))
poisoned_copy.result()
numbers = list(lab.attacks())
n_pages = max(1, ceil(len(numbers) / SHOWN))
left, right = st.columns([1, 2], gap="large")
with left:
    st.markdown("**Attacks, all at once**")
    page = st.pagination(n_pages, key=f"lab-page-{n_pages}") if n_pages > 1 else 1
    first, names = (page - 1) * SHOWN, told_apart(info.class_names, IN_TEXT)
    with st.container(key="lab-list"):
        by_number = {numbers[place]: error for place, error in faults.items()}
        listed(numbers[first : first + SHOWN], by_number, names)
    with st.container(horizontal=True):
        st.button("Add an attack", icon=":material/add:", on_click=lab.add)
        with st.popover("As a file", icon=":material/description:"):
            lab.files()
    lab.said()
with right:
    if counts is not None:
        effects(previews[first : first + SHOWN], names, counts)
    else:
        st.info("Choose a preset or add an attack; what it does to the samples is shown here at once.")
lab.address(info.id)
