"""A group of texts in words: what the rest of its class lacks, its topics, and examples; nothing for pictures."""

import pandas as pd
import streamlit as st

from core.modalities.saying import Sign, Topic
from core.modalities.written import visible
from core.runs import Run
from pages.ui.cache import cached, said
from pages.ui.cache.words import HELP, plain
from pages.ui.selection.selection import tiles
from pages.ui.widgets.fields import tall
from pages.ui.widgets.gallery import gallery

SHORT = 4  # signs that are said in one line
LONGEST = 70  # characters of a sign there


def in_short(run: Run, rows: pd.DataFrame, place: str) -> None:
    """The clearest words and phrases of these rows of the review table, and what the largest topic is.

    Args:
        run: of the rows.
        rows: the group.
        place: what this part of the page is called; the style sheet has it scroll where little room is left.
    """
    found = said.summary(run, tuple(rows.index.tolist())) if len(rows) else None
    if not found or not (found.signs or found.topics):
        return
    signs = " · ".join(f"**{plain(_shortened(sign.words))}** {_fractions(sign)}" for sign in found.signs[:SHORT])
    with st.container(key=f"said-{place}"):
        if signs:
            st.markdown(signs, help=HELP["telling words"])
        if found.topics:
            topics = "; ".join(plain(_topic_words(topic)) for topic in found.topics)
            st.caption(f"Topics: {topics}.", help=HELP["topics"])


def in_full(run: Run, rows: pd.DataFrame) -> None:
    """All of them in a table, the topics, and the members that have most of the words."""
    found = said.summary(run, tuple(rows.index.tolist()))
    if found is None:
        return
    st.markdown("**Telling words**", help=HELP["telling words"])
    signs = {
        "Words": [visible(sign.words) for sign in found.signs],
        "In these": [f"{sign.here:.1%}" for sign in found.signs],
        "In the rest of the class": [f"{sign.there:.1%}" for sign in found.signs],
        "Log-odds in standard errors": [f"{sign.z:.1f}" for sign in found.signs],
    }
    st.dataframe(signs, hide_index=True, height=tall(len(found.signs), 10))
    if found.topics:
        st.markdown("**Topics**", help=HELP["topics"])
        for topic in found.topics:
            st.progress(topic.fraction, text=plain(_topic_words(topic)))
    st.markdown("**Examples**")
    gallery(tiles(run, cached.table(run).loc[list(found.examples)]), key="said-examples", size=72)


def _fractions(sign: Sign) -> str:
    return f"in {sign.here:.0%}, elsewhere {sign.there:.0%}"


def _topic_words(topic: Topic) -> str:
    return visible(", ".join(topic.words)) + f" ({topic.fraction:.0%})"


def _shortened(words: str) -> str:
    return visible(f"{words[:LONGEST]}…" if len(words) > LONGEST else words)
