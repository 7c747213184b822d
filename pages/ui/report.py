"""What a person takes home: files for other tools, and a copy of the clean set."""

from pathlib import Path

import streamlit as st

from core import pipeline
from core.data.published.hub_client import TOKEN
from core.output.clean_copy import forms
from core.output.export import EXPORTS
from core.output.originals import why_not
from core.runs import Run
from pages.ui.access.who import decides, for_reviewers, may_decide
from pages.ui.cache import cached
from pages.ui.shell import frame
from pages.ui.shell.job_bar import awaited
from pages.ui.shell.routes import copy_address
from pages.ui.widgets import refusal
from pages.ui.widgets.fields import one_of

FORMS = {
    "copy": "The original files",
    "archive": "One .npz file",
    "stored": "A folder of what is stored",
    "datasets": "Parquet for Hugging Face",
}
PUSH_NAME = "push-name"  # a key of the session


def files(run: Run) -> None:
    """One of the exports, in one of its formats."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        what = st.selectbox("What", list(EXPORTS), format_func=lambda key: EXPORTS[key].title, width=280)
        export = EXPORTS[what]
        ending = st.selectbox("Format", export.endings, width=120, key=f"ending-{what}")
    content = refusal.attempted(lambda: cached.export(run, what, ending))
    if content is None:
        return
    size = len(content)
    words = f"{size / 1e6:,.1f} MB" if size > 1e6 else f"{size / 1e3:,.0f} kB" if size > 1e4 else f"{size:,} bytes"
    st.caption(f"{export.help} {words}.")
    name = f"assay-{run.id}-{export.file.partition('.')[0]}{ending}"
    st.download_button("Download", content, name, icon=":material/download:", on_click="ignore")


def clean_set(run: Run) -> None:
    """The data without what was excluded: made by a worker, then found in the workspace or downloaded."""
    st.markdown("The data without what is excluded, with the new labels, for training elsewhere.")
    lacking = why_not(cached.opened(run))
    form = one_of("As", {key: FORMS[key] for key in forms(cached.opened(run))})
    if lacking:
        st.caption(f"The original files cannot be given back: {frame.plain(lacking)}.")
    key = f"copy-{run.id}"
    if st.button("Copy the clean set", icon=":material/folder_copy:", **for_reviewers()) and may_decide():
        st.session_state[key] = pipeline.start_copy(
            run, as_folder=form != "archive", files=None if form == "archive" else form
        )
    if key in st.session_state:
        job, target = st.session_state[key]
        if awaited(job, "Copying …", leave="Close", on_leave=lambda: st.session_state.pop(key)):
            _copied(target)


def push(run: Run) -> None:
    """The same on the Hugging Face Hub: sent by a worker, at a click, under a name."""
    with st.form("push", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name on the Hub", key=PUSH_NAME, placeholder="owner/name", help="Of a new data set of yours.")
        public = st.checkbox("Everybody may see it", help="Else only its owner may.")
        tip = f"Sends the clean set to huggingface.co, as the owner of {TOKEN}."
        if st.form_submit_button("Push it", icon=":material/cloud_upload:", **for_reviewers(tip=tip)):
            _push(run, st.session_state[PUSH_NAME], public)
    refusal.show_kept(PUSH_NAME)
    key = f"push-{run.id}"
    if key in st.session_state:
        job, name = st.session_state[key]
        if awaited(job, "Pushing …", leave="Close", on_leave=lambda: st.session_state.pop(key)):
            st.success(f"The clean set is on the Hub as {frame.plain(name)}.")


@decides(beside=PUSH_NAME)
def _push(run: Run, name: str, public: bool) -> None:
    st.session_state[f"push-{run.id}"] = pipeline.start_push(run, name, public=public), name.strip()


def _copied(target: Path) -> None:
    """Where the copy is, and the file itself unless it is a folder."""
    st.success(f"Written to {frame.plain(str(target))}")
    if target.is_file():
        st.link_button("Download it", copy_address(target), icon=":material/download:")
