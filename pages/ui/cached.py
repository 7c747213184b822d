"""The only caches. Each key says all that the result depends on; what is cached is never changed."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core import repair, report, review, runs, samples
from core.datasets import store
from core.datasets.store import DatasetInfo
from core.runs import Run
from core.types import Detection

MONTAGE = 24


def table(run: Run) -> pd.DataFrame:
    """The review table of the run as it stands now."""
    return _table(run.workspace, run.id, *_stamp(run))


def detections(run: Run) -> dict[str, Detection]:
    """What each detector said."""
    return _detections(run.workspace, run.id, _stamp(run)[0])


def losses(run: Run) -> NDArray[np.float32]:
    """(n, epochs) of the epochs that are finished."""
    return _losses(run.workspace, run.id, len(runs.history(run)))


def map_points(run: Run, name: str) -> NDArray[np.float32]:
    """(n, 2) of a map that is drawn."""
    return _map(run.workspace, run.id, name, _stamp(run)[0])


def montage(rows: pd.DataFrame) -> pd.DataFrame:
    """A random handful of rows, always the same one."""
    return rows.sample(min(MONTAGE, len(rows)), random_state=0)


def info(run: Run) -> DatasetInfo:
    """The description of the run's data set."""
    return store.describe(run.workspace, run.dataset)


def report_html(run: Run, children: tuple[str, ...]) -> str:
    """The report; `children` are the finished repairs, whose figures it holds."""
    return _report(run.workspace, run.id, children, *_stamp(run))


def labels_of(workspace: Path, dataset_id: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The given labels and the bona fide flags of a stored data set."""
    return _labels(workspace, dataset_id)


def _stamp(run: Run) -> tuple[str, int]:
    """Changes whenever a stage, a detection or a verdict of the run does."""
    made = sorted((path.name, path.stat().st_mtime_ns) for path in (run.path / "detections").glob("*.json"))
    return repr((sorted(run.stages.items()), made)), review.revision(run.workspace, run.id)


@st.cache_data(max_entries=6, show_spinner=False)
def _table(workspace: Path, run_id: str, stages: str, revision: int) -> pd.DataFrame:
    return samples.review_table(runs.open_run(workspace, run_id))


@st.cache_resource(max_entries=6, show_spinner=False)
def _detections(workspace: Path, run_id: str, stages: str) -> dict[str, Detection]:
    return runs.detections(runs.open_run(workspace, run_id))


@st.cache_resource(max_entries=6, show_spinner=False)
def _losses(workspace: Path, run_id: str, epochs: int) -> Any:
    return np.array(runs.open_run(workspace, run_id).array("losses")[:, :epochs])


@st.cache_resource(max_entries=24, show_spinner=False)
def _map(workspace: Path, run_id: str, name: str, stages: str) -> Any:
    return np.array(runs.open_run(workspace, run_id).array(f"map-{name}"))


@st.cache_data(max_entries=4, show_spinner="Writing the report …")
def _report(workspace: Path, run_id: str, children: tuple[str, ...], stages: str, revision: int) -> str:
    return report.report_html(runs.open_run(workspace, run_id))


@st.cache_resource(max_entries=8, show_spinner=False)
def _labels(workspace: Path, dataset_id: str) -> Any:
    dataset = store.load(workspace, dataset_id)
    return np.array(dataset.labels), np.array(dataset.bona_fide)


def repair_summary(run: Run) -> pd.DataFrame:
    """Per class, what the standing verdicts would change."""
    return repair.summary(samples.training_data(run), repair.changes_of(review.verdicts(run.workspace, run.id)))


def samples_csv(run: Run) -> str:
    """The sample table as CSV."""
    return _csv(run.workspace, run.id, *_stamp(run))


@st.cache_data(max_entries=4, show_spinner=False)
def _csv(workspace: Path, run_id: str, stages: str, revision: int) -> str:
    return samples.sample_table(runs.open_run(workspace, run_id)).to_csv(index=False)
