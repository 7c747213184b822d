"""What samples and classes are called, kept for as long as the data set is the same."""

from collections.abc import Iterable
from pathlib import Path

import streamlit as st

from core.data.store.sample_names import is_file_name, one_line, sample_names
from core.output.names import IN_TEXT, told_apart
from core.runs import Run
from pages.ui.cache import cached, stamps
from pages.ui.cache.of_run import of_run


@of_run(stamps.data, most=2)
def names(run: Run) -> tuple[str, ...]:
    """What each sample of the run is called in its source, in the order of the review table."""
    return cached.opened(run).names


def names_of(run: Run, samples: Iterable[int]) -> list[str]:
    """What these samples are called in their source, each on one line; "" for one that has no name but its row."""
    return [one_line(name) if is_file_name(name) else "" for name in cached.opened(run).names_of(samples)]


def names_in_text(run: Run) -> tuple[str, ...]:
    """The names of the run's classes as they stand in a sentence, a heading or below a picture."""
    return told_apart(cached.info(run).class_names, IN_TEXT)


@st.cache_resource(max_entries=4, show_spinner=False)
def names_in(workspace: Path, dataset_id: str) -> tuple[str, ...]:
    """What the training samples of a stored data set are called in their source, n names."""
    return sample_names(workspace, dataset_id)
