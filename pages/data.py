"""Data: what am I about to trust?"""

import streamlit as st

from core.data import store
from core.data.store.sample_names import one_line
from core.modalities import MODALITIES
from core.output import figures
from core.runs import jobs
from pages.ui.access.who import for_reviewers
from pages.ui.cache import cached
from pages.ui.cache.names import names_in
from pages.ui.cache.words import HELP
from pages.ui.data import problems, source_picker
from pages.ui.lab.attack_words import aim, size, title
from pages.ui.shell import frame, journey
from pages.ui.widgets import pictures
from pages.ui.widgets.fields import one_dataset
from pages.ui.widgets.gallery import Tile, gallery

frame.guard()
WORKSPACE = frame.workspace()
STRIP = 16  # samples shown of a class

journey.question("data")
datasets = {info.id: info for info in store.describe_all(WORKSPACE)}
frame.say_damaged(store.damaged_datasets(WORKSPACE), "data set")
if not datasets or source_picker.is_open():
    if not datasets:
        st.markdown("This page will show the images and classes of a data set. Open one, or start the built-in demo.")
    source_picker.open_data(back=bool(datasets))
    st.stop()

run = frame.chosen_run()
if run and jobs.poll(run.path).active:
    st.markdown(
        f"**{frame.plain(run.name)} is being worked on.** Look around meanwhile; each page fills as its part is ready."
    )
    frame.progress_of(run)
with st.container(horizontal=True, vertical_alignment="bottom"):
    info = one_dataset("Data set", datasets, st.session_state.get("dataset_id"), run.dataset if run else "", width=420)
    st.button(
        "Open other data",
        icon=":material/folder_open:",
        on_click=lambda: st.session_state.update(opening=True),
        **for_reviewers(),
    )
st.session_state["dataset_id"] = info.id
if run and run.dataset != info.id:
    other = datasets[run.dataset].name if run.dataset in datasets else "other data"
    st.info(
        f"The run on the left, {frame.plain(run.name)}, is of {frame.plain(other)}. Its stages and flags "
        f"say nothing of {frame.plain(info.name)}.",
        icon=":material/info:",
    )


def _carried() -> str:
    """Where the bona fide samples come from, if from an earlier import of the same data."""
    words = (info.about or {}).get("bona fide")
    return f" ({frame.plain(words)})" if words else ""


ids, labels = cached.labels_of(WORKSPACE, info.id)
modality = MODALITIES[info.modality]
things = modality.offers[0]
st.markdown(
    f"**{info.n:,} training {things} in {len(info.class_names)} classes**, "
    f"{modality.described(info.shape)}, and {info.n_test:,} test {things}. "
    + (
        f"{info.n_bona_fide:,} training {things} are bona fide{_carried()}."
        if info.n_bona_fide
        else "None is known to be clean."
    ),
    help=HELP["bona fide"],
)
if info.attacks:
    attacks, names = store.planted_attacks(info), info.class_names
    planted = frame.plain("; ".join(f"{title(attack)}: {size(attack)}, {aim(attack, names)}" for attack in attacks))
    st.caption(f"Poison was planted in this data set, so that results can be checked: {planted}. No detector is told.")

called = names_in(WORKSPACE, info.id)


def _words(row: int) -> str:
    """Number and name of a sample, for whoever hovers over it."""
    return f"#{ids[row]} · {one_line(called[row])}"


chart, strips = st.columns([2, 3], gap="large")
with chart:
    st.subheader("Samples per class")
    st.plotly_chart(figures.class_counts(labels, info.class_names), key="counts")
    listed, counted = cached.findings_in(WORKSPACE, info.id)
    if counted:
        st.subheader("Problems found when it was opened")
        problems.show(listed, counted)
with strips:
    st.subheader("A few of each class, by given label")
    lines = st.container(gap="xxsmall")
    for index, name in enumerate(info.class_names[:20]):
        rows = (labels == index).nonzero()[0][:STRIP]
        with lines.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(frame.plain(name), width=110)
            texts = cached.texts_of(WORKSPACE, info.id, tuple(rows.tolist()))
            strip = [
                Tile(int(row), pictures.of_sample(info.id, int(row)), tooltip=_words(int(row)), told=text)
                for row, text in zip(rows, texts, strict=True)
            ]
            gallery(strip[:3] if any(texts) else strip, key=f"strip-{info.id}-{index}", size=44, one_row=True)
    if len(info.class_names) > 20:
        st.caption(f"20 of {len(info.class_names)} classes are shown.")
journey.go_on("train")
