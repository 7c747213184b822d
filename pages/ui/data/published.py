"""The data sets of the field: whether they are there, and a button that fetches one."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core import pipeline
from core.data.published.downloads import DOWNLOADS
from core.data.published.torchvision_datasets import present
from pages.ui.access import roots
from pages.ui.access.who import decides, for_reviewers
from pages.ui.shell import frame
from pages.ui.shell.job_bar import awaited
from pages.ui.widgets import refusal

# Name → title, images, and how much has to be fetched.
TITLES = {
    "mnist": ("MNIST", "70,000 digits, 28×28 grey", "12 MB"),
    "fashion_mnist": ("Fashion-MNIST", "70,000 pieces of clothing, 28×28 grey", "31 MB"),
    "cifar10": ("CIFAR-10", "60,000 photographs, 32×32, 10 classes", "170 MB"),
    "cifar100": ("CIFAR-100", "60,000 photographs, 32×32, 100 classes", "169 MB"),
    "gtsrb": ("GTSRB", "39,000 traffic signs, 43 classes", "270 MB"),
    "svhn": ("SVHN", "99,000 house numbers, 32×32", "250 MB"),
    "stl10": ("STL-10", "13,000 photographs, 96×96", "2.6 GB"),
    "imagenette": ("Imagenette", "13,000 photographs, 10 classes of ImageNet", "99 MB"),
    "imagenet": ("ImageNet", "1.3 million photographs, 1,000 classes", ""),
}
# Keys of the session.
ROOT = "known-root"
FETCHING = "fetching"


def choose(look: Callable[[str, str], None]) -> None:
    """A data set of the field, opened where it is, or fetched.

    Args:
        look: called with the folder of a data set that is there, and its title.
    """
    default = frame.workspace() / "downloads"
    st.session_state.setdefault(ROOT, str(default))
    left, right = st.columns([2, 3], gap="large")
    name = left.selectbox("Data set", list(TITLES), format_func=lambda option: TITLES[option][0], key="known-name")
    right.text_input("Folder", key=ROOT, help="The root that torchvision was given, or where to put what is fetched.")
    title, what, size = TITLES[name]
    root = refusal.attempted(lambda: _root(default))
    if root is None:
        return
    place = present(root / name).get(name) or present(root).get(name)
    st.markdown(f"**{title}**: {what}. " + ("It is there." if place else "It is not there yet."))
    if place:
        if st.button("Look at it", type="primary", icon=":material/search:", key="known-look", **for_reviewers()):
            look(str(place), title)
    elif name in DOWNLOADS:
        _fetch(name, root / name, size)
    else:
        st.caption("Its makers ask for an account; fetch it from their site, then name the folder here.")


def _root(default: Path) -> Path:
    given = Path(st.session_state[ROOT].strip() or default)
    return default if given == default else roots.allowed(given)


def _fetch(name: str, folder: Path, size: str) -> None:
    """The button that has a worker fetch a data set, and how that fares."""
    job = st.session_state.get(FETCHING)
    title = TITLES[name][0]
    if job and job[0] == name:
        if awaited(job[1], f"Fetching {title} …", leave="Back", on_leave=lambda: st.session_state.pop(FETCHING)):
            st.session_state.pop(FETCHING)
            st.rerun()
    elif st.button(
        f"Download {title} ({size})",
        icon=":material/download:",
        key="known-download",
        **for_reviewers(tip="From its makers' site, checked by its checksum; nothing is fetched before."),
    ):
        _start(name, folder)
        st.rerun()


@decides
def _start(name: str, folder: Path) -> None:
    st.session_state[FETCHING] = name, pipeline.start_download(frame.workspace(), name, folder)
