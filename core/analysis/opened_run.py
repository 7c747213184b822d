"""A run, opened once and handed down: its data, its detections and the rules that flag samples."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core import runs
from core.analysis.rules import Rule, chosen_rules, flags
from core.data import store
from core.data.store.sample_names import sample_names
from core.journal import review
from core.journal.changes import apply
from core.json_files import Damaged
from core.runs import Run
from core.types import Bools, Dataset, Detection, Ints

CLUSTERING = "activation_clustering"  # its groups are the clusters that pages and reclassification speak of
LEADING = "consensus"  # where it ran, its flags alone are put before a person


def opened(run: Run) -> "OpenedRun":
    """The run, opened: nothing is read before it is asked for, and nothing is read twice.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from core.data.store.demo import demo
        >>> workspace = Path(tempfile.mkdtemp())
        >>> info = store.save(workspace, demo(), source="built in")
        >>> run = runs.create(workspace, info, {}, ("train",))
        >>> now = opened(run)
        >>> len(now.data), int(now.bona_fide.sum()), dict(now.detections)
        (6000, 0, {})
    """
    return OpenedRun(run)


def leading(names: Iterable[str]) -> list[str]:
    """The detectors whose flags are put before a person: the consensus where it ran, else all of them.

    >>> leading(["badloss", "consensus"]), leading(["badloss", "strip"])
    (['consensus'], ['badloss', 'strip'])
    """
    return [LEADING] if LEADING in names else list(names)


@dataclass(frozen=True)
class OpenedRun:
    """A run and what lies in its directory, each part read when it is first asked for.

    It shows the run as it was then. After a stage, a decision or a new rule, open the run again.

    Attributes:
        run: what `run.json` said.
    """

    run: Run

    @cached_property
    def stored(self) -> Dataset:
        """The data set that the run was made with, as it is stored."""
        return store.load(self.run.workspace, self.run.dataset)

    @cached_property
    def data(self) -> Dataset:
        """The n samples that the run trains on: without what a repair excludes, with its new labels.

        Bona fide are those that came so with the data, and those that a person made so since.
        """
        known = review.bona_fide(self.run.workspace, self.run.dataset, self.stored)
        return apply(replace(self.stored, bona_fide=known), runs.read_changes(self.run))

    @property
    def bona_fide(self) -> Bools:
        """(n,) True for samples known to be clean."""
        return self.data.bona_fide

    @cached_property
    def rows(self) -> Ints:
        """(n,) for each sample of the run its row in the stored data set, where its image lies."""
        order = np.argsort(self.stored.ids)
        rows: Ints = order[np.searchsorted(self.stored.ids, self.data.ids, sorter=order)]
        return rows

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What each sample of the run is called in its source, n names; "row 7" where the source gave none."""
        called = sample_names(self.run.workspace, self.run.dataset)
        return called if len(called) == len(self.data) else tuple(called[row] for row in self.rows.tolist())

    def names_of(self, samples: Iterable[int]) -> list[str]:
        """What these samples, given by id, are called in their source; "" for what is no sample of the run."""
        wanted = np.fromiter(samples, np.int64)
        places = np.flatnonzero(np.isin(self.data.ids, wanted))
        called = {int(self.data.ids[place]): self.names[place] for place in places.tolist()}
        return [called.get(sample, "") for sample in wanted.tolist()]

    @cached_property
    def _sorted_detections(self) -> tuple[dict[str, Detection], list[Damaged]]:
        return runs.sorted_detections(self.run)

    @property
    def own_detections(self) -> Mapping[str, Detection]:
        """What each detector said, flagged by its own published rule; those that are damaged are left out."""
        return self._sorted_detections[0]

    @property
    def damaged_detections(self) -> list[Damaged]:
        """The detections that cannot be read, each with its detector for an id."""
        return self._sorted_detections[1]

    def require_intact(self, names: Iterable[str]) -> None:
        """Raise UserError when the detection of one of these detectors is damaged: without it, others would count."""
        for damaged in self.damaged_detections:
            if damaged.id in names:
                raise damaged.error

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """For each detector that ran, the rule in force."""
        return chosen_rules(self.run, self.own_detections)

    @cached_property
    def detections(self) -> Mapping[str, Detection]:
        """What each detector said, flagged by the rule in force for it."""
        return {
            name: replace(detection, flagged=flags(detection, self.bona_fide, self.rules[name]))
            for name, detection in self.own_detections.items()
        }

    @cached_property
    def flagged(self) -> Bools:
        """(n,) True for samples that a leading detector flags.

        Raises:
            UserError: what would lead is damaged.
        """
        self.require_intact(leading([*self.detections, *(damaged.id for damaged in self.damaged_detections)]))
        flags = [self.detections[name].flagged for name in leading(self.detections)]
        return np.logical_or.reduce(flags) if flags else np.zeros(len(self.data), np.bool_)

    @cached_property
    def clustered_classes(self) -> Ints:
        """(n,) the class in which Activation Clustering split each sample: the given or, if set so, the predicted."""
        settings = runs.about_detection(self.run, CLUSTERING)["settings"]
        predicted = settings.get("split_by", "label") == "predicted"
        return np.array(self.run.array("predictions") if predicted else self.data.labels)
