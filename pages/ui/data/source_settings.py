"""What a person says of a source where the data alone do not tell: columns, layout, and the range of its pixels."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from core.data import SOURCES, recognised
from core.errors import UserError
from core.pipeline import PreviewOf
from core.registry import Tunable, find, tunables
from pages.ui.access.who import for_reviewers
from pages.ui.cache.words import plain

# What may be said here: nothing that names another place on the machine.
FIELDS = ("image_column", "text_column", "name_column", "label_column", "split_column", "first_row", "layout", "values")


def fields(request: PreviewOf) -> dict[str, Tunable]:
    """The settings of the source of `request` that a page may ask for."""
    try:
        source = find(SOURCES, request.source, "data source") if request.source else recognised(Path(request.path))
    except UserError:
        return {}
    return {name: tunable for name, tunable in tunables(source.load()).items() if name in FIELDS}


def form(request: PreviewOf) -> Mapping[str, str] | None:
    """Fields for these settings, filled in as they were asked for; what they say once a person looks again."""
    known = fields(request)
    if not known:
        return None
    with st.form("source-settings", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        typed = {name: _field(tunable, request.settings.get(name, "")) for name, tunable in known.items()}
        if st.form_submit_button("Look again", icon=":material/search:", **for_reviewers()):
            return {name: value for name, value in typed.items() if value not in ("", known[name].default)}
    return None


def _field(tunable: Tunable, value: str) -> str:
    label, key = plain(tunable.name.replace("_", " ").capitalize()), f"source-{tunable.name}"
    if not tunable.choices:
        return st.text_input(label, value, key=key, help=tunable.help).strip()
    choices = list(map(str, tunable.choices))
    index = choices.index(value) if value in choices else 0
    return str(st.selectbox(label, choices, index, key=key, help=tunable.help))
