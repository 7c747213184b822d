"""Data: what am I about to trust?"""

import streamlit as st

from core import figures, jobs, pipeline
from core.datasets import SOURCES, store
from core.errors import UserError
from pages.ui import cached, frame
from pages.ui.attack_words import aim, size, title
from pages.ui.gallery import Tile, gallery
from pages.ui.words import HELP

frame.guard()
WORKSPACE = frame.workspace()
STRIP = 16


def open_data() -> None:
    """The form that imports a file by its path, and the demo's button."""
    with st.form("open", border=False):
        path = st.text_input(
            "Path of an .npz file on this machine", placeholder="/data/images.npz", help=SOURCES["npz"].help
        )
        left, right = st.columns(2)
        name = left.text_input("Name", placeholder="the file's name")
        known = right.text_input("Bona fide ids (optional)", placeholder="/data/clean_ids.txt", help=HELP["bona fide"])
        if st.form_submit_button("Import", type="primary", icon=":material/upload_file:") and path:
            st.session_state["import"] = pipeline.start_import(WORKSPACE, path.strip(), name.strip(), known.strip())
    st.button("Start the demo", icon=":material/play_circle:", help="6,000 real images, three attacks at once.",
              on_click=lambda: frame.start(pipeline.new_demo(WORKSPACE)))  # fmt: skip
    if "import" in st.session_state:
        importing()


@st.fragment(run_every=0.5)
def importing() -> None:
    """How the running import fares; its end draws the page again."""
    progress = jobs.poll(st.session_state["import"])
    if progress.active:
        st.progress(progress.share, text="Importing …")
    elif progress.error:
        frame.show_error(UserError(**progress.error))
    elif progress.state == "done":
        st.session_state.pop("import")
        st.session_state["dataset_id"] = store.describe_all(WORKSPACE)[0].id
        st.rerun()
    else:
        st.warning(f"The import was {progress.state}. Start it again.")


st.title("What am I about to trust?")
found = {info.id: info for info in store.describe_all(WORKSPACE)}
if not found:
    st.markdown(
        "This page will show the images and classes of a data set. Open one, or let the built-in demo show you around."
    )
    open_data()
    st.stop()

run = frame.chosen_run()
if run and jobs.poll(run.path).active:
    st.markdown(
        f"**{frame.plain(run.name)} is being worked on.** Look around meanwhile; each page fills as its part is ready."
    )
    frame.progress_of(run)
wanted = st.session_state.get("dataset_id") or (run.dataset if run else "")
with st.container(horizontal=True, vertical_alignment="bottom"):
    names = list(found)
    chosen = st.selectbox("Data set", names, index=names.index(wanted) if wanted in found else 0, width=420,
                          format_func=lambda key: f"{found[key].name} · {found[key].n:,} images")  # fmt: skip
    with st.popover("Open other data", icon=":material/folder_open:"):
        open_data()
st.session_state["dataset_id"] = chosen
info = found[chosen]
labels, bona_fide = cached.labels_of(WORKSPACE, chosen)
height, width, channels = info.shape
st.markdown(
    f"**{info.n:,} training images in {len(info.class_names)} classes**, {height}×{width} "
    f"{'grey' if channels == 1 else 'colour'}, and {info.n_test:,} test images. "
    + (f"{info.n_bona_fide:,} training images are bona fide." if info.n_bona_fide else "None is known to be clean."),
    help=HELP["bona fide"],
)
if info.attacks:
    attacks, names = store.planted_attacks(info), info.class_names
    planted = frame.plain("; ".join(f"{title(one)}: {size(one)}, {aim(one, names)}" for one in attacks))
    st.caption(f"Poison was planted in this data set, so that results can be checked: {planted}. No detector is told.")

chart, strips = st.columns([2, 3], gap="large")
with chart:
    st.subheader("Samples per class")
    st.plotly_chart(figures.class_counts(labels, info.class_names), key="counts")
with strips:
    st.subheader("A few of each class, by given label")
    for index, name in enumerate(info.class_names[:20]):
        rows = (labels == index).nonzero()[0][:STRIP]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(frame.plain(name), width=110)
            strip = [Tile(int(row), f"thumb/{chosen}/{row}.png", tooltip=f"#{row}") for row in rows]
            gallery(strip, key=f"strip-{chosen}-{index}", selected=(), size=44, selectable=False,
                    one_row=True)  # fmt: skip
    if len(info.class_names) > 20:
        st.caption(f"20 of {len(info.class_names)} classes are shown.")
st.page_link("pages/train.py", label="Next: is the model learning, and what?", icon=":material/arrow_forward:")
