"""Opening data: where they are, what was found there, and the import."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core import pipeline
from core.data import SOURCES, recognised
from core.errors import UserError
from core.pipeline import PreviewOf
from core.runs import jobs
from pages.ui.access import roots
from pages.ui.access.who import decides, for_reviewers, may_decide
from pages.ui.data import folders, hub, published, source_settings
from pages.ui.data.preview import ASKED, IMPORT, close, panel
from pages.ui.shell import frame
from pages.ui.shell.job_bar import running
from pages.ui.widgets import address, refusal

WAYS = {
    "path": "On this machine",
    "upload": "Upload a file",
    "known": "Well-known data sets",
    "hub": "Hugging Face Hub",
}
ALONE = (
    "A table of names and labels, or an array of labels: no images or texts are needed to look at a training that you "
    "recorded."
)
# Keys of the session.
WAY = "open-way"
PATH = "open-path"
OPENING = "opening"
REFUSED = "open-refused"  # what was asked for and refused, while its path still stands in the field
MOST_MEGABYTES = 200  # of an upload, which is held in memory; larger data are opened by their path


def is_open() -> bool:
    """Whether a person is about to open other data."""
    return bool(st.session_state.get(OPENING)) or bool(address.get(ASKED))


def open_data(*, back: bool) -> None:
    """The way to another data set, as far as it is gone; `back` says whether there is something to go back to."""
    state = st.session_state
    for key, first in ((WAY, "path"), (PATH, "")):  # what was chosen and typed outlives the pages that do not show it
        state[key] = state.get(key, first)
    open_preview = pipeline.preview_job(frame.workspace(), address.get(ASKED))
    if open_preview is None:
        _choose(back)
        return
    job, request = open_preview
    progress = jobs.poll(job)
    if progress.state == "done":
        panel(job, request, leave=_choose_another, again=partial(_again, request))
    elif progress.active:
        st.markdown(f"Looking at **{frame.plain(request.name or request.path)}**")
        running(job)
    else:
        _choose_another()
        refusal.keep(frame.job_error(progress, "The look at the data"), PATH)
        state[REFUSED] = None if request.uploaded else request
        _choose(back)


def open_other() -> None:
    """The button that leads from a data set to the choice of another one."""
    st.button(
        "Open other data",
        icon=":material/folder_open:",
        on_click=lambda: st.session_state.update({OPENING: True}),
        **for_reviewers(),
    )


def start_demo(*, first: bool = False) -> None:
    """The button that trains the built-in demo; `first` where it is the first thing to do."""
    st.button(
        "Start the demo",
        type="primary" if first else "secondary",
        icon=":material/play_circle:",
        on_click=decides(lambda: frame.start(pipeline.new_demo(frame.workspace()))),
        **for_reviewers(tip="6,000 real images, three attacks at once."),
    )
    st.button(
        "Demo of texts",
        key="text-demo",
        icon=":material/article:",
        on_click=decides(lambda: frame.start(pipeline.new_demo(frame.workspace(), kind="text"))),
        **for_reviewers(tip="3,400 real messages, two attacks at once."),
    )


def _choose(back: bool) -> None:
    """Where the data are: a path, an upload, a data set of the field or the Hub, the demo; a viewer sees no folder."""
    if not may_decide():
        st.info("Opening data is for reviewers.")
        _back(back)
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="open-bar"):
        way = st.segmented_control(
            "Where are the data?", list(WAYS), key=WAY, required=True, format_func=WAYS.__getitem__
        )
        start_demo()
        _back(back)
    if way == "upload":
        _by_upload()
    elif way == "known":
        published.choose(lambda path, title: ask(path, "torchvision_datasets", name=title))
    elif way == "hub":
        hub.choose(lambda path, name: ask(path, name=name))
    else:
        _by_path()


def _back(back: bool) -> None:
    if back:
        st.button("Back", icon=":material/arrow_back:", on_click=lambda: st.session_state.pop(OPENING))


def _by_path() -> None:
    """A path, typed or clicked together."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        with st.form("open", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(
                "Path of a file or folder", key=PATH, placeholder=f"{_first_root()}/images", help=folders.HELP
            )
            alone = st.checkbox("Labels only", key="open-labels", help=ALONE)
            if st.form_submit_button("Look at it", type="primary", icon=":material/search:", **for_reviewers()):
                _look(st.session_state[PATH], "labels_only" if alone else None)
                st.rerun()
        refusal.show_kept(PATH)
        _say_more()
        folders.browse(st.session_state.get(PATH, ""), _go, _take)
    with right:
        _kinds()


def _say_more() -> None:
    """Fields for what a refused source asks to be told."""
    refused: PreviewOf | None = st.session_state.get(REFUSED)
    typed = Path(st.session_state.get(PATH, "")).expanduser()
    if refused is None or Path(refused.path) not in (typed, typed.resolve()):
        return
    settings = source_settings.form(refused)
    if settings is not None:
        st.session_state.pop(REFUSED)
        _again(refused, settings)
        st.rerun()


def _again(request: PreviewOf, settings: Mapping[str, str]) -> None:
    ask(request.path, request.source, name=request.name, uploaded=request.uploaded, settings=settings)


def _by_upload() -> None:
    """A file from the visitor's own machine."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        endings = sorted({ending.rpartition(".")[2] for entry in SOURCES.values() for ending in entry.endings})
        file = st.file_uploader(
            "A file from your computer",
            endings,
            max_upload_size=MOST_MEGABYTES,
            key="open-file",
            **for_reviewers(tip="It is deleted once it is imported, or after a day."),
        )
        off = for_reviewers(disabled=file is None)
        if st.button("Look at it", type="primary", icon=":material/search:", **off) and file:
            _look_at_upload(file)
            st.rerun()
        refusal.show_kept(PATH)
    with right:
        _kinds()


@decides(beside=PATH)
def _look_at_upload(file: UploadedFile) -> None:
    path = pipeline.keep_upload(frame.workspace(), file.name, file.getbuffer())
    recognised(path)
    ask(str(path), name=file.name.partition(".")[0] or file.name, uploaded=True)


def _kinds() -> None:
    """What can be opened, and that it is safe to try."""
    st.markdown("**What can be opened**")
    st.caption(
        "\n".join(f"- **{frame.plain(source.title)}**: {frame.plain(source.help)}" for source in SOURCES.values())
    )
    st.caption("First you see what was found; nothing is imported before. Nothing in the data is ever executed.")


@decides(beside=PATH)
def ask(
    path: str,
    source: str | None = None,
    *,
    name: str = "",
    uploaded: bool = False,
    settings: Mapping[str, str] | None = None,
) -> None:
    """Start looking at `path`; the address says so, and the page shows it from now on."""
    job = pipeline.start_preview(frame.workspace(), path, source, name=name, uploaded=uploaded, settings=settings)
    address.put(IMPORT, "")
    address.put(ASKED, job.name)


def _look(text: str, source: str | None = None) -> None:
    """Start looking at what was typed or clicked; what is wrong with it is said beside the field."""
    with refusal.kept(PATH):
        if not text.strip():
            raise UserError("No path is given.", "", "Type one, or click on a file or folder below.")
        place = roots.allowed(text)
        if source is None:
            recognised(place)
        ask(str(place), source)


def _take(path: str) -> None:
    _go(path)
    _look(path)


def _go(path: str) -> None:
    st.session_state[PATH] = path
    refusal.forget()


def _choose_another() -> None:
    """Back to the choice; what was typed is still there."""
    open_preview = pipeline.preview_job(frame.workspace(), address.get(ASKED))
    st.session_state[OPENING] = True
    close(open_preview[1] if open_preview else None)


def _first_root() -> Path:
    return next(iter(roots.roots()), Path("/"))
