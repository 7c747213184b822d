"""What there is to plant in where no data set is clean: the data of the built-in demos."""

from pathlib import Path

import streamlit as st

from core import pipeline
from core.attacks import ATTACKS
from pages.ui.access.who import decides, for_reviewers
from pages.ui.shell import journey
from pages.ui.widgets.fields import tall

LISTED = 18  # rows of the attacks that are in view at 900 pixels
# Clean data that come with the program: what they are known by, a button's words, and its looks.
DEMOS = (
    ("image", "Use the built-in demo images, clean", {"type": "primary", "icon": ":material/image:"}),
    ("text", "Use the built-in demo texts, clean", {"icon": ":material/notes:"}),
)


def no_clean_data(workspace: Path) -> None:
    """Say that no data set is clean, and offer those of the demos."""
    st.markdown(
        "Attacks are planted in a copy of clean data, to see whether the detectors find them. "
        "No data set here is clean and can carry a trigger."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        for kind, title, looks in DEMOS:
            st.button(title, on_click=_store_demo, args=(workspace, kind), **looks, **for_reviewers())
        journey.go_to("data", "Open data of your own")
    st.markdown(f"**What can be planted: {len(ATTACKS)} attacks and kinds of damage, alone or together**")
    st.dataframe(
        [{"Attack": one.title, "Makes": one.role, "What it does": one.help} for one in ATTACKS.values()],
        hide_index=True,
        height=tall(len(ATTACKS), LISTED),
        column_config={
            "Attack": st.column_config.TextColumn(width=175),
            "Makes": st.column_config.TextColumn(width=85),
        },
    )


@decides
def _store_demo(workspace: Path, kind: str) -> None:
    pipeline.store_demo(workspace, kind)
