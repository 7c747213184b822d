"""What there is to plant in where no data set is clean: the data of the built-in demos."""

from pathlib import Path

import pandas as pd
import streamlit as st

from core import pipeline
from core.attacks import ATTACKS
from pages.ui.access.who import decides, for_reviewers
from pages.ui.shell import journey

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
    # Not a dataframe: its cells have one line, which cuts what an attack does.
    st.table(
        pd.DataFrame({"Makes": one.role, "What it does": one.help} for one in ATTACKS.values()).set_index(
            pd.Index([one.title for one in ATTACKS.values()], name="Attack")
        )
    )


@decides
def _store_demo(workspace: Path, kind: str) -> None:
    pipeline.store_demo(workspace, kind)
