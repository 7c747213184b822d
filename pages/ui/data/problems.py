"""What is wrong with data, grouped by its kind: how many, what it means, and the first of each."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.data.collection import Problem
from pages.ui.shell import frame
from pages.ui.widgets.fields import tall

MOST = 100  # problems in the table; the others are counted below it
# The worst first; a kind that only one source knows comes after these.
MEANING = {
    "unreadable": "Images that cannot be decoded; an import leaves them out.",
    "no image": "Files that are no images by their names; an import leaves them out.",
    "two labels": "The very same image under different labels: at least one label is wrong.",
    "in both sets": "Test images that are training images, too: the test accuracy will look better than it is.",
    "tiny class": "Classes with fewer than 10 images, or 1% of what the others have, are hardly learned or checked.",
    "duplicate": "The very same image more than once under one label.",
    "near duplicate": "Images that look the same, for example compressed or scaled again.",
}


def show(problems: Sequence[Problem], counts: Mapping[str, int]) -> None:
    """A line for each kind that opens to the list of its first hundred."""
    order = [*(kind for kind in MEANING if kind in counts), *(kind for kind in counts if kind not in MEANING)]
    for kind in order:
        with st.expander(f"**{frame.plain(kind.capitalize())}** · {counts[kind]:,}"):
            if kind in MEANING:
                st.caption(MEANING[kind])
            _listed([problem for problem in problems if problem.kind == kind and problem.what], counts[kind])


def _listed(problems: Sequence[Problem], n: int) -> None:
    rows = {
        "Where": [problem.what for problem in problems[:MOST]],
        "What": [problem.detail for problem in problems[:MOST]],
    }
    st.dataframe(rows, hide_index=True, height=tall(len(rows["Where"]), 8))
    if n > MOST:
        st.caption(f"The first {len(rows['Where']):,} of {n:,} are listed.")
