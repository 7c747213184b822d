"""A run, opened: its data as it trains on them, its detections and rules."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from core import runs
from core.analysis.rules import judged
from core.data import store
from core.journal import review
from core.journal.changes import apply
from core.runs import Run
from core.types import Dataset, Detection, Ints

CLUSTERING = "activation_clustering"


LEADING = "consensus"


def training_data(run: Run) -> Dataset:
    """The samples that the run trains on: its data set without what a repair excludes, with its new labels.

    Bona fide are those that came so with the data, and those that a person made so since.
    """
    stored = store.load(run.workspace, run.dataset)
    known = review.bona_fide(run.workspace, run.dataset, stored)
    return apply(replace(stored, bona_fide=known), runs.read_changes(run))


def detections(run: Run) -> dict[str, Detection]:
    """What each detector of the run said, flagged by the rule in force for it."""
    return judged(run, np.array(training_data(run).bona_fide))


def rows_in_store(run: Run) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(n,) for each sample of the run its row in the stored data set, where its image lies."""
    stored = store.load(run.workspace, run.dataset).ids
    order = np.argsort(stored)
    return order[np.searchsorted(stored, training_data(run).ids, sorter=order)]


def clustered_classes(run: Run) -> Ints:
    """(n,) the class in which Activation Clustering split each sample: the given or, if set so, the predicted one."""
    by = runs.about_detection(run, CLUSTERING)["settings"].get("split_by", "label")
    return np.array(run.array("predictions") if by == "predicted" else training_data(run).labels)


def leading(names: Iterable[str]) -> list[str]:
    """The detectors whose flags are put before a person: the consensus where it ran, else all of them."""
    return [LEADING] if LEADING in names else list(names)
