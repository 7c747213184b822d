"""The only caches. Each key says all that the result depends on; what is cached is never changed."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core import runs
from core.analysis import opened_run, samples, suspect_clusters
from core.analysis.advice import Advice, advice
from core.analysis.detector_table import roster as roster_of
from core.analysis.neighbours import Neighbours, digests, duplicates, nearest
from core.analysis.rules import in_force
from core.analysis.suspect_clusters import Reclassification
from core.attacks import preview
from core.attacks.preview import Preview, usable
from core.attacks.specification import Specification, decoded
from core.data import store
from core.data.collection import Problem
from core.data.preview import Preview as DataPreview
from core.data.preview import findings, read_preview
from core.data.store import DatasetInfo
from core.detectors import DETECTORS
from core.errors import UserError
from core.evaluation import results, trials
from core.evaluation.sanity import Sanity
from core.evaluation.sanity import sanity as sanity_of
from core.journal import changes, review
from core.output import figures, report
from core.output.export import exported
from core.output.pictures import data_url
from core.runs import Run
from core.types import Detection
from pages.ui.cache import stamps

MONTAGE = 24


def table(run: Run) -> pd.DataFrame:
    """The review table of the run as it stands now."""
    return _table(run.workspace, run.id, *stamps.judged(run))


def detections(run: Run) -> dict[str, Detection]:
    """What each detector said, flagged by the rule in force for it."""
    return _detections(run.workspace, run.id, stamps.made(run))


def roster(run: Run) -> pd.DataFrame:
    """Every detector: whether it ran, what it needs and flags, and how far it agrees with the leading one."""
    return _roster(run.workspace, run.id, stamps.made(run))


def advice_on(run: Run, name: str) -> Advice:
    """What to think of a detection under the rule in force for it."""
    return _advice(run.workspace, run.id, name, stamps.made(run))


def detector_curves(run: Run, name: str) -> dict[str, Any]:
    """ROC and precision–recall of a detection; empty where the truth is not known."""
    return _curves(run.workspace, run.id, name, stamps.made(run))


def reclassifications(run: Run) -> dict[int, Reclassification]:
    """Class → what exclusionary reclassification says of its smaller cluster."""
    return _reclassifications(run.workspace, run.id, stamps.made(run))


def losses(run: Run) -> NDArray[np.float32]:
    """(n, epochs) of the epochs that are finished; none where the model was loaded as it is."""
    return _losses(run.workspace, run.id, len(runs.history(run)))


def flagged(run: Run) -> pd.DataFrame:
    """The rows of the review table that a leading detector flags, most suspicious first."""
    return _flagged(run.workspace, run.id, *stamps.judged(run))


def rule_words(run: Run) -> str:
    """How many each detector flagged and by which rule; the leading ones are those shown for review."""
    return _rule_words(run.workspace, run.id, stamps.made(run))


def bands(run: Run, label: int) -> dict[str, NDArray[np.float32]]:
    """Of a class and of the bona fide samples, the (3, epochs) 10, 50 and 90 % quantiles of the losses."""
    return _bands(run.workspace, run.id, label, stamps.made(run))


def row_of(run: Run, sample: int) -> int:
    """The row of a sample in the review table."""
    return int(np.flatnonzero(_suspicions(run.workspace, run.id, stamps.made(run))["id"].to_numpy() == sample)[0])


def neighbours(run: Run, place: int) -> Neighbours:
    """The samples whose activations are nearest to those of the sample in this row."""
    return _neighbours(run.workspace, run.id, place, stamps.made(run))


def copies(run: Run, place: int) -> NDArray[np.int64] | None:
    """Rows of the samples with exactly the same image; None where the images are too many to read through."""
    known = _digests(run.workspace, run.id)
    return duplicates(known, place) if len(known) else None


def decided_by(run: Run, reviewer: str) -> frozenset[int]:
    """Ids of the samples of which this reviewer's last word is a decision."""
    return _decided_by(run.workspace, run.id, reviewer, stamps.judged(run)[1])


def map_points(run: Run, name: str) -> NDArray[np.float32]:
    """(n, 2) of a map that is drawn."""
    return _map(run.workspace, run.id, name, stamps.made(run))


def montage(rows: pd.DataFrame) -> pd.DataFrame:
    """A random handful of rows, always the same one."""
    return rows.sample(min(MONTAGE, len(rows)), random_state=0)


def sanity(run: Run) -> Sanity | None:
    """How often a loaded model says what the labels say; None for a model that was trained here."""
    return _sanity(run.workspace, run.id, stamps.made(run))


def info(run: Run) -> DatasetInfo:
    """The description of the run's data set."""
    return store.describe(run.workspace, run.dataset)


def report_html(run: Run, children: tuple[str, ...]) -> str:
    """The report; `children` are the finished repairs, whose figures it holds."""
    return _report(run.workspace, run.id, children, *stamps.judged(run))


def labels_of(workspace: Path, dataset_id: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The given labels and the bona fide flags of a stored data set."""
    return _labels(workspace, dataset_id)


def preview_of(job: Path) -> DataPreview:
    """What a look at data that are not imported yet found; the job is done."""
    return _preview_of(job)


def findings_in(workspace: Path, dataset_id: str) -> tuple[tuple[Problem, ...], Mapping[str, int]]:
    """What is known to be wrong with a stored data set, and how much of each kind."""
    return _findings(workspace, dataset_id, store.describe(workspace, dataset_id).created)


def previews(
    workspace: Path, dataset_id: str, asked: Specification
) -> tuple[list[Preview], pd.DataFrame | None, dict[int, UserError]]:
    """What the attacks would do to a stored data set: previews and counts of those that can be planted together, and
    why each of the others, by its place in the list, cannot."""
    return _previews(workspace, dataset_id, json.dumps(asked.as_dict()))


def tried_images(run: Run, attack: str, strength: int) -> pd.DataFrame:
    """The test images that the run's model was shown with a trigger, and what it made of them."""
    return _tried(run.workspace, run.id, attack, strength, stamps.made(run))


def difference(run: Run, attack: str, strength: int, row: int) -> tuple[str, float, int]:
    """What a trigger changes in one test image: a picture's address, its gain, and the largest change in levels."""
    return _difference(run.workspace, run.dataset, attack, strength, row)


@st.cache_resource(max_entries=6, show_spinner=False)
def _table(workspace: Path, run_id: str, stages: str, revision: int) -> pd.DataFrame:
    # What the machine says is kept apart, so that a verdict does not have it read again.
    return samples.with_verdicts(_suspicions(workspace, run_id, stages), review.verdicts(workspace, run_id))


@st.cache_resource(max_entries=3, show_spinner=False)
def _suspicions(workspace: Path, run_id: str, stages: str) -> pd.DataFrame:
    return samples.suspicion_table(runs.open_run(workspace, run_id))


@st.cache_resource(max_entries=6, show_spinner=False)
def _detections(workspace: Path, run_id: str, stages: str) -> dict[str, Detection]:
    return opened_run.detections(runs.open_run(workspace, run_id))


@st.cache_data(max_entries=6, show_spinner="Reading what the detectors said …")
def _roster(workspace: Path, run_id: str, stages: str) -> pd.DataFrame:
    return roster_of(runs.open_run(workspace, run_id))


@st.cache_data(max_entries=24, show_spinner=False)
def _advice(workspace: Path, run_id: str, name: str, stages: str) -> Advice:
    run = runs.open_run(workspace, run_id)
    detection = runs.detections(run)[name]
    return advice(detection, opened_run.training_data(run).bona_fide, in_force(run, name, detection))


@st.cache_data(max_entries=24, show_spinner=False)
def _curves(workspace: Path, run_id: str, name: str, stages: str) -> dict[str, Any]:
    return results.detector_curves(runs.open_run(workspace, run_id), name)


@st.cache_data(max_entries=6, show_spinner=False)
def _reclassifications(workspace: Path, run_id: str, stages: str) -> dict[int, Reclassification]:
    return suspect_clusters.reclassifications(runs.open_run(workspace, run_id))


@st.cache_data(max_entries=12, show_spinner=False)
def _sanity(workspace: Path, run_id: str, stages: str) -> Sanity | None:
    return sanity_of(runs.open_run(workspace, run_id))


@st.cache_resource(max_entries=6, show_spinner=False)
def _losses(workspace: Path, run_id: str, epochs: int) -> Any:
    run = runs.open_run(workspace, run_id)
    if run.model_stage == "load":
        return np.empty((len(opened_run.training_data(run)), 0), np.float32)
    return np.array(run.array("losses")[:, :epochs])


@st.cache_resource(max_entries=6, show_spinner=False)
def _flagged(workspace: Path, run_id: str, stages: str, revision: int) -> pd.DataFrame:
    return samples.flagged_samples(_table(workspace, run_id, stages, revision))


@st.cache_resource(max_entries=12, show_spinner=False)
def _rule_words(workspace: Path, run_id: str, stages: str) -> str:
    run = runs.open_run(workspace, run_id)
    words, found = samples.rules_in_words(run), _detections(workspace, run_id, stages)
    parts = [f"{DETECTORS[name].title} {int(one.flagged.sum()):,}, {words[name]}" for name, one in found.items()]
    return f"Flagged: {'; '.join(parts)}." if parts else "No detector has been run."


@st.cache_resource(max_entries=64, show_spinner=False)
def _bands(workspace: Path, run_id: str, label: int, stages: str) -> Any:
    run, known = runs.open_run(workspace, run_id), _suspicions(workspace, run_id, stages)
    members, trusted = (known["label"] == label).to_numpy(), known["bona_fide"].to_numpy()
    return figures.bands(losses(run), {info(run).class_names[label]: members, "bona fide": trusted})


@st.cache_resource(max_entries=256, show_spinner=False)
def _neighbours(workspace: Path, run_id: str, place: int, stages: str) -> Any:
    run = runs.open_run(workspace, run_id)
    labels = _suspicions(workspace, run_id, stages)["label"].to_numpy()
    return nearest(run.array("activations"), labels, place)


@st.cache_resource(max_entries=4, show_spinner="Looking for copies of images …")
def _digests(workspace: Path, run_id: str) -> Any:
    return digests(opened_run.training_data(runs.open_run(workspace, run_id)).inputs)


@st.cache_resource(max_entries=12, show_spinner=False)
def _decided_by(workspace: Path, run_id: str, reviewer: str, revision: int) -> frozenset[int]:
    rows = review.journal(workspace, run_id, reviewer=reviewer).drop_duplicates("sample", keep="last")
    return frozenset(rows.loc[rows["decision"] != "undecided", "sample"].tolist())


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


@st.cache_resource(max_entries=16, show_spinner=False)
def _preview_of(job: Path) -> DataPreview:
    return read_preview(job)


@st.cache_resource(max_entries=8, show_spinner=False)
def _findings(workspace: Path, dataset_id: str, created: str) -> tuple[tuple[Problem, ...], Mapping[str, int]]:
    return findings(workspace, dataset_id)


@st.cache_resource(max_entries=16, show_spinner=False)
def _previews(workspace: Path, dataset_id: str, text: str) -> Any:
    dataset, asked = store.load(workspace, dataset_id), decoded(text.encode(), "the list")
    places, faults = usable(dataset, asked)
    sound = replace(asked, attacks=tuple(asked.attacks[place] for place in places))
    found, counts = preview.previews(dataset, sound) if places else ([], None)
    return found, counts, faults


@st.cache_data(max_entries=32, show_spinner=False)
def _tried(workspace: Path, run_id: str, attack: str, strength: int, stages: str) -> pd.DataFrame:
    return trials.tried_images(runs.open_run(workspace, run_id), attack, strength)


@st.cache_data(max_entries=128, show_spinner=False)
def _difference(workspace: Path, dataset_id: str, attack: str, strength: int, row: int) -> tuple[str, float, int]:
    image, gain, largest = trials.difference(workspace, dataset_id, attack, strength, row)
    return data_url(image), gain, largest


def repair_summary(run: Run) -> pd.DataFrame:
    """Per class, what the standing verdicts would change."""
    return changes.summary(opened_run.training_data(run), changes.changes_of(review.verdicts(run.workspace, run.id)))


def export(run: Run, what: str, ending: str) -> bytes:
    """The content of a file that `core.output.export` writes."""
    return _export(run.workspace, run.id, f"{what}{ending}", *stamps.judged(run))


@st.cache_data(max_entries=4, show_spinner="Writing …")
def _export(workspace: Path, run_id: str, file: str, stages: str, revision: int) -> bytes:
    what, dot, ending = file.partition(".")
    return exported(runs.open_run(workspace, run_id), what, dot + ending)
