"""What is known of stored data before any training, kept for every page: a look at each sample, and who is shown."""

from pathlib import Path

import numpy as np
import streamlit as st

from core.data import store
from core.data.browsing import Choice, shown_rows
from core.data.store.sample_names import sample_names
from core.data.store.sample_sizes import sample_sizes
from core.data.survey import Survey, survey
from core.modalities import modality_of
from core.types import Ints


@st.cache_resource(max_entries=4, show_spinner="Looking at every sample …")
def survey_of(workspace: Path, dataset_id: str, part: int) -> Survey:
    """What is seen of the training (part 0) or test (part 1) samples."""
    dataset = store.load(workspace, dataset_id)
    inputs, others = (dataset.inputs, dataset.test_inputs)[:: -1 if part else 1]
    sizes = sample_sizes(workspace, dataset_id, part)
    return survey(inputs, labels_of(workspace, dataset_id, part), dataset.n_classes, others, sizes)


@st.cache_resource(max_entries=8, show_spinner=False)
def labels_of(workspace: Path, dataset_id: str, part: int) -> Ints:
    """The given labels of a part."""
    dataset = store.load(workspace, dataset_id)
    return (dataset.labels, dataset.test_labels)[part].copy()


@st.cache_resource(max_entries=8, show_spinner=False)
def names_of(workspace: Path, dataset_id: str, part: int) -> tuple[str, ...]:
    """What the samples of a part are called in their source, n names."""
    if not part:
        return sample_names(workspace, dataset_id)
    info = store.describe(workspace, dataset_id)
    return store.names(workspace, dataset_id, "test") or tuple(f"row {row}" for row in range(info.n_test))


@st.cache_resource(max_entries=64, show_spinner=False)
def rows_of(workspace: Path, dataset_id: str, part: int, choice: Choice, apart_from: str = "") -> Ints:
    """The rows that a choice leaves, in its order; see `core.data.browsing`."""
    dataset, seen = store.load(workspace, dataset_id), survey_of(workspace, dataset_id, part)
    inputs, labels = (dataset.inputs, dataset.test_inputs)[part], labels_of(workspace, dataset_id, part)
    names = names_of(workspace, dataset_id, part) if choice.text.strip() else ()
    return shown_rows(inputs, labels, names, seen, choice, apart_from=apart_from)


@st.cache_data(max_entries=256, show_spinner=False)
def texts_of(workspace: Path, dataset_id: str, part: int, rows: tuple[int, ...], most: int = 2000) -> list[str]:
    """What there is to read in some samples of a part; "" for those that are only looked at."""
    dataset = store.load(workspace, dataset_id)
    inputs = (dataset.inputs, dataset.test_inputs)[part]
    return modality_of(inputs).read(inputs, np.array(rows, np.int64), most)
