"""The journey through the pages: the question of each, and the way from one to another."""

from urllib.parse import urlsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.ui.cache.words import HELP, plain

QUESTIONS = {
    "overview": "Is this data poisoned, and what do I do next?",
    "data": "What am I about to trust?",
    "train": "Is the model learning, and what?",
    "clusters": "Which classes hold two populations?",
    "trajectories": "Which samples were learned unlike the rest?",
    "detect": "Whom do I believe, and how strict am I?",
    "bona_fide": "Which samples are clean for certain?",
    "review": "Is this sample poisoned?",
    "repair": "Is the backdoor gone, and what did it cost?",
    "report": "What do I tell the others?",
    "attack_lab": "Would we have caught this?",
    "trigger": "What does the trigger do to the model?",
}


# Pages on which images are compared and marked, which a phone has no room for.
WIDE = ("clusters", "trajectories", "bona_fide", "review")
LARGER = (
    ":material/devices: **This page needs a larger screen.** On a phone, Overview and Report say what was found; "
    "open this page on a tablet or a computer to review samples."
)
ELSEWHERE = ":material/devices: Reviewing samples needs a larger screen: a tablet or a computer."  # on any other page


def question(page: str, term: str = "") -> None:
    """The page's title; `term` of `HELP` is explained beside it."""
    st.title(QUESTIONS[page], help=HELP[term] if term else None)
    with st.container(key="larger-screen"):  # the style sheet shows it where the window is narrow
        st.markdown(LARGER if page in WIDE else ELSEWHERE)


def go_on(page: str) -> None:
    """The link to the next page, with its question."""
    st.page_link(f"pages/{page}.py", label=f"Next: {_small(page)}", icon=":material/arrow_forward:")


def go_back(page: str) -> None:
    """The link to the page that led here, with its question."""
    st.page_link(f"pages/{page}.py", label=f"Back: {_small(page)}", icon=":material/arrow_back:")


def go_to(page: str, words: str) -> None:
    """A link to another page, in words that say what is done there."""
    st.page_link(f"pages/{page}.py", label=words, icon=":material/arrow_forward:")


def _small(page: str) -> str:
    return QUESTIONS[page][0].lower() + QUESTIONS[page][1:]


def begin(first: StreamlitPage) -> None:
    """From the bare address, or from one that leads nowhere, to the first page; the latter is said there."""
    path = urlsplit(st.context.url or "").path.strip("/")
    st.session_state["nowhere"] = f"There is no page named {plain(path)}." if path not in ("", "start") else ""
    st.switch_page(first)
