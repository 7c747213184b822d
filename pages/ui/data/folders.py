"""The folders that the Data page may read, one click a step."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.errors import UserError
from pages.ui.access import roots
from pages.ui.access.roots import FolderEntry
from pages.ui.shell import frame
from pages.ui.widgets import refusal

HEIGHT = 300  # pixels of the list of folders
HELP = (
    "On the machine that runs Assay. This page may read the folders that the variable ASSAY_DATA names, separated by a "
    "colon; without it, the home folder and the one where Assay was started. The command line may open anything."
)


def browse(at: str, go: Callable[[str], None], take: Callable[[str], None]) -> None:
    """The folder that `at` names or lies in, as a list.

    Args:
        at: a path as it was typed; anything else shows the allowed folders themselves.
        go: called with the path of a folder that was clicked.
        take: called with the path of a file that can be opened and was clicked.
    """
    place = _folder(at)
    _crumbs(place, go)
    with st.container(height=HEIGHT, gap="xsmall", key="folder-list"):
        if place is None:
            for root in roots.roots():
                st.button(
                    frame.plain(str(root)),
                    key=f"root-{root}",
                    type="tertiary",
                    icon=":material/folder:",
                    on_click=go,
                    args=(str(root),),
                )
            return
        listed = refusal.attempted(lambda: roots.entries(place))
        if listed is None:
            return
        entries, more = listed
        for entry in entries:
            _entry(entry, go, take)
        if not entries:
            st.caption("This folder is empty.")
        if more:
            st.caption(f"{len(entries):,} of {len(entries) + more:,} are listed; type the path of any other.")


def _folder(at: str) -> Path | None:
    """The folder to list; None for the allowed folders themselves, if there are several."""
    only = roots.roots()[0] if len(roots.roots()) == 1 else None
    try:
        place = roots.allowed(at) if at.strip() else None
        return only if place is None else place if place.is_dir() else roots.allowed(place.parent)
    except UserError:
        return only


def _crumbs(place: Path | None, go: Callable[[str], None]) -> None:
    """The way from an allowed folder down to this one; every step leads back."""
    root = next((folder for folder in roots.roots() if place is not None and place.is_relative_to(folder)), None)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="folder-crumbs"):
        st.button(
            "Folders",
            key="crumb-top",
            type="tertiary",
            icon=":material/home_storage:",
            help=HELP,
            on_click=go,
            args=("",),
        )
        if place is None or root is None:
            return
        steps = [step for step in (place, *place.parents) if step.is_relative_to(root)][::-1]
        for step in steps[-4:]:
            st.markdown("/", width="content")
            name = str(step) if step == root else step.name
            st.button(frame.plain(name), key=f"crumb-{step}", type="tertiary", on_click=go, args=(str(step),))


def _entry(entry: FolderEntry, go: Callable[[str], None], take: Callable[[str], None]) -> None:
    icon = "folder" if entry.is_folder else "draft" if not entry.title else "dataset"
    kind = entry.title.partition(" (")[0]  # without the endings, which the name shows
    note = f" :gray[· {frame.plain(kind)}]" if kind else ""
    st.button(
        f"{frame.plain(entry.path.name)}{note}",
        key=f"entry-{entry.path}",
        type="tertiary",
        icon=f":material/{icon}:",
        disabled=not (entry.is_folder or entry.title),
        on_click=go if entry.is_folder else take,
        args=(str(entry.path),),
    )
