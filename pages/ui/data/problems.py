"""What is wrong with data, grouped by its kind: how many, what it means, and the first of each."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.data.collection import Problem
from core.data.survey import ORDER
from pages.ui.shell import frame
from pages.ui.widgets.fields import tall

MOST = 100  # problems in the table; the others are counted below it
# The worst first; a kind that only one source knows comes after these.
MEANING = {
    "unreadable": "Images that cannot be decoded; an import leaves them out.",
    "no image": "Files that are no images by their names; an import leaves them out.",
    "two labels": "The very same sample under different labels: at least one label is wrong.",
    "in both sets": "Test samples that are training samples, too: the test accuracy will look better than it is.",
    "tiny class": "Classes with fewer than 10 samples, or 1% of what the others have, are hardly learned or checked.",
    "blank": "Hardly any contrast: there is nothing to see.",
    "empty": "Not one letter or digit: there is nothing to read.",
    "broken characters": "Characters that no text has: it was read in a wrong encoding, or was damaged.",
    "too dark": "Almost all of the image is nearly black.",
    "too bright": "Almost all of the image is nearly white.",
    "odd size": "In the source it has another size than most, or one that is far from all others.",
    "odd length": "Far longer or shorter than the others.",
    "duplicate": "The very same sample more than once under one label.",
    "near duplicate": "Samples that look the same, for example an image compressed again, or a text in capitals.",
}


def left_out(problems: Sequence[Problem], counts: Mapping[str, int]) -> None:
    """What was found when the data were opened and is no sample here, folded away; what is one is a filter."""
    rest = {kind: count for kind, count in counts.items() if kind not in ORDER}
    if rest:
        st.caption(f"Left out or noted when it was opened: {sum(rest.values()):,}")
        show(problems, rest)


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
