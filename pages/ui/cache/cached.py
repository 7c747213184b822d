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
from core.analysis import caveats, opened_run, overview, samples, suspect_clusters
from core.analysis import decision as decisions
from core.analysis import detector_table as tables
from core.analysis import families as grouped
from core.analysis import rule_words as worded
from core.analysis.advice import Advice, advice
from core.analysis.caveats import Tally
from core.analysis.families import Family
from core.analysis.neighbours import Neighbours, digests, duplicates, nearest
from core.analysis.opened_run import OpenedRun
from core.analysis.overview import Group
from core.analysis.suspect_clusters import Reclassification
from core.attacks import preview
from core.attacks.preview import Preview, usable
from core.attacks.specification import Specification, decoded
from core.data import store
from core.data.collection import Problem
from core.data.preview import Preview as DataPreview
from core.data.preview import findings, read_preview
from core.data.store import DatasetInfo
from core.decision.states import DecidedGroup, Decision
from core.detectors import DETECTORS
from core.errors import UserError
from core.evaluation import recovered_trials, results, trials
from core.evaluation import sanity as labels_agreed
from core.evaluation.sanity import Sanity
from core.journal import changes, review
from core.output import export as exports
from core.output import figures, report
from core.output.names import IN_TEXT, told_apart
from core.runs import Run
from core.types import Detection
from pages.ui.cache import stamps
from pages.ui.cache.of_run import of_run

MONTAGE = 24  # samples shown of a cluster


@of_run(stamps.made, most=3)
def opened(run: Run) -> OpenedRun:
    """The run, opened once for each state of it: what its parts have read is read for every page."""
    return opened_run.opened(run)


@of_run(stamps.with_verdicts, most=6)
def table(run: Run) -> pd.DataFrame:
    """The review table of the run as it stands now."""
    # What the machine says is kept apart, so that a verdict does not have it read again.
    return samples.with_verdicts(suspicions(run), review.verdicts(run.workspace, run.id))


@of_run(stamps.made, most=3)
def suspicions(run: Run) -> pd.DataFrame:
    """The review table without the verdicts."""
    return samples.suspicion_table(opened(run))


@of_run(stamps.with_verdicts, most=6)
def suspects(run: Run) -> pd.DataFrame:
    """The rows of the review table that are confirmed, or that a leading detector flags, most suspicious first."""
    return samples.suspects(table(run))


@of_run(stamps.with_verdicts, most=12)
def tally(run: Run, by: str) -> Tally:
    """How many suspects there are and how many of them are undecided; see `core.analysis.caveats.tally`."""
    return caveats.tally(table(run), by)


def detections(run: Run) -> Mapping[str, Detection]:
    """What each detector said, flagged by the rule in force for it."""
    return opened(run).detections


@of_run(stamps.made, most=6)
def decision(run: Run) -> Decision | None:
    """What was decided of the run; None before."""
    return decisions.decision_of(opened(run))


@of_run(stamps.made, most=12)
def decided_words(run: Run, limits: bool = True) -> str:
    """The verdict of the decision in a sentence, with what could not be found if asked; "" before there is one."""
    return decisions.decided_words(opened(run), limits=limits, names=told_apart(opened(run).data.class_names, IN_TEXT))


@of_run(stamps.made, most=6, spinner="Reading what the detectors said …")
def detectors(run: Run) -> pd.DataFrame:
    """Every detector: whether it ran, what it needs and flags, and how far it agrees with the leading one."""
    return tables.detector_table(opened(run))


@of_run(stamps.made, most=24)
def advice_on(run: Run, name: str) -> Advice:
    """What to think of a detection under the rule in force for it."""
    subject = opened(run)
    return advice(subject.own_detections[name], subject.bona_fide, subject.rules[name])


@of_run(stamps.made, most=24)
def detector_curves(run: Run, name: str) -> dict[str, Any]:
    """ROC and precision–recall of a detection; empty where the truth is not known."""
    return results.detector_curves(opened(run), name)


@of_run(stamps.made, most=24)
def rule_words(run: Run, name: str) -> str:
    """The rule in force for a detector that ran."""
    return worded.rule_words(opened(run), name)


@of_run(stamps.made, most=12)
def counted_words(run: Run, by: str) -> tuple[str, str]:
    """Who flags how many samples, and by which rule; see `core.analysis.rule_words`."""
    return worded.counted_words(opened(run), by)


@of_run(stamps.made, most=12)
def beyond_words(run: Run, by: str) -> str:
    """How the flags that are counted and the decision differ; see `core.analysis.caveats`."""
    return caveats.beyond_words(opened(run), by)


@of_run(stamps.made, most=12)
def judged(run: Run) -> str:
    """How many classes were judged, and how many of them look poisoned."""
    return caveats.judged_of(opened(run), told_apart(opened(run).data.class_names, IN_TEXT))


@of_run(stamps.made, most=12)
def all_rule_words(run: Run) -> str:
    """How many each detector flagged and by which rule; the leading ones are those shown for review."""
    parts = [
        f"{DETECTORS[name].title} {int(detection.flagged.sum()):,}, {rule_words(run, name)}"
        for name, detection in detections(run).items()
    ]
    return f"Flagged: {'; '.join(parts)}." if parts else "No detector has been run."


@of_run(stamps.made, most=6)
def reclassifications(run: Run) -> dict[int, Reclassification]:
    """Class → what exclusionary reclassification says of its smaller cluster."""
    return suspect_clusters.reclassifications(opened(run))


@of_run(stamps.epochs, most=6)
def losses(run: Run) -> NDArray[np.float32]:
    """(n, epochs) of the epochs that are finished; none where the model was loaded as it is."""
    if run.model_stage == "load":
        return np.empty((len(opened(run).data), 0), np.float32)
    return np.asarray(run.array("losses"))[:, : len(runs.history(run))]


@of_run(stamps.made, most=64)
def bands(run: Run, label: int | None) -> dict[str, NDArray[np.float32]]:
    """Of a class, or of all, and of the bona fide samples, the (3, epochs) 10, 50 and 90 % quantiles of the losses."""
    data = opened(run).data
    everything = np.ones(len(data), np.bool_)
    own = {"all classes": everything} if label is None else {data.class_names[label]: np.asarray(data.labels) == label}
    groups = own | {"bona fide": data.bona_fide}
    return figures.bands(losses(run), groups)


@of_run(stamps.made, most=256)
def neighbours(run: Run, row: int) -> Neighbours:
    """The samples whose activations are nearest to those of the sample in this row of the table."""
    return nearest(run.array("activations"), opened(run).data.labels, row)


def copies(run: Run, row: int) -> NDArray[np.int64] | None:
    """Rows of the samples with exactly the same input; None where there is too much to read through."""
    read = _digests(run)
    return duplicates(read, row) if len(read) else None


@of_run(stamps.data, most=4, spinner="Looking for copies …")
def _digests(run: Run) -> Any:
    return digests(opened(run).data.inputs)


@of_run(stamps.made, most=24)
def map_points(run: Run, name: str) -> NDArray[np.float32]:
    """(n, 2) of a map that is drawn."""
    return np.array(run.array(f"map-{name}"))


@of_run(stamps.made, most=12)
def sanity(run: Run) -> Sanity | None:
    """How often a loaded model says what the labels say; None for a model that was trained here."""
    return labels_agreed.sanity(opened(run))


@of_run(stamps.decided, most=12)
def decided_by(run: Run, reviewer: str) -> frozenset[int]:
    """Ids of the samples of which this reviewer's last word is a decision."""
    rows = review.journal(run.workspace, run.id, reviewer=reviewer).drop_duplicates("sample", keep="last")
    return frozenset(rows.loc[rows["decision"] != "undecided", "sample"].tolist())


@of_run(stamps.made, most=32)
def tried_samples(run: Run, attack: trials.Tried, strength: int) -> pd.DataFrame:
    """The test images that the run's model was shown with a trigger, and what it made of them."""
    return trials.tried_samples(run, attack, strength)


@of_run(stamps.made, most=16)
def groups_with_trigger(run: Run) -> list[DecidedGroup]:
    """The groups of the run's decision from which a trigger was recovered."""
    return recovered_trials.groups_with_trigger(run)


@of_run(stamps.made, most=128)
def difference(run: Run, attack: trials.Tried, strength: int, row: int) -> trials.Difference:
    """What a trigger changes in one test sample: a picture of it, and what is said of it."""
    return trials.difference(run.workspace, run.dataset, attack, strength, row)


@of_run(stamps.reported, most=4, spinner="Writing the report …")
def report_html(run: Run) -> str:
    """The report, with the figures of the finished repairs."""
    return report.report_html(run)


@of_run(stamps.with_verdicts, most=4, spinner="Writing …")
def export(run: Run, what: str, ending: str) -> bytes:
    """The content of a file that `core.output.export` writes."""
    return exports.exported(opened(run), what, ending)


def decided_groups(run: Run) -> list[Group]:
    """The groups of the run's decision, with the verdicts as they stand; none before there is one."""
    if (decided := decision(run)) is None:
        return []
    return overview.decided_groups(run, table(run), decided, families(run))


@of_run(stamps.made, most=12)
def not_judged(run: Run) -> dict[str, list[int]]:
    """Why nothing is known of some classes → these classes."""
    return overview.not_judged(opened(run), decision(run))


@of_run(stamps.made, most=6)
def families(run: Run) -> list[Family]:
    """The families of what is flagged, as they were last made."""
    return grouped.families(run)


def repair_summary(run: Run) -> pd.DataFrame:
    """Per class, what the standing verdicts would change."""
    return changes.summary(opened(run).data, changes.changes_of(review.verdicts(run.workspace, run.id)))


def info(run: Run) -> DatasetInfo:
    """The description of the run's data set."""
    return store.describe(run.workspace, run.dataset)


def row_of(run: Run, sample: int) -> int:
    """The row of a sample in the review table."""
    return int(np.flatnonzero(opened(run).data.ids == sample)[0])


def montage(rows: pd.DataFrame) -> pd.DataFrame:
    """A random handful of rows, always the same one."""
    return rows.sample(min(MONTAGE, len(rows)), random_state=0)


@st.cache_resource(max_entries=8, show_spinner=False)
def labels_of(workspace: Path, dataset_id: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The ids of the samples of a stored data set, which are their rows in its source, and their given labels."""
    dataset = store.load(workspace, dataset_id)
    return np.array(dataset.ids), np.array(dataset.labels)


@st.cache_resource(max_entries=16, show_spinner=False)
def preview_of(job: Path) -> DataPreview:
    """What a look at data that are not imported yet found; the job is done."""
    return read_preview(job)


def findings_in(workspace: Path, dataset_id: str) -> tuple[tuple[Problem, ...], Mapping[str, int]]:
    """What is known to be wrong with a stored data set, and how much of each kind."""
    return _findings(workspace, dataset_id, store.describe(workspace, dataset_id).created)


@st.cache_resource(max_entries=8, show_spinner=False)
def _findings(workspace: Path, dataset_id: str, created: str) -> tuple[tuple[Problem, ...], Mapping[str, int]]:
    return findings(workspace, dataset_id)


def previews(
    workspace: Path, dataset_id: str, specification: Specification
) -> tuple[list[Preview], pd.DataFrame | None, dict[int, UserError]]:
    """What the attacks would do to a stored data set: previews, counts, and why some cannot be planted, by place."""
    return _previews(workspace, dataset_id, json.dumps(specification.as_dict()))


@st.cache_resource(max_entries=16, show_spinner=False)
def _previews(workspace: Path, dataset_id: str, text: str) -> Any:
    dataset, specification = store.load(workspace, dataset_id), decoded(text.encode(), "the list")
    places, faults = usable(dataset, specification)
    sound = replace(specification, attacks=tuple(specification.attacks[place] for place in places))
    shown, counts = preview.previews(dataset, sound) if places else ([], None)
    return shown, counts, faults
