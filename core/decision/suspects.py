"""What is needed to ask about the groups of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.decision.look_alikes import LookAlikes, look_alikes
from core.decision.members import Whitening, whitenings
from core.detectors.consensus.signals import descriptions
from core.detectors.parts.statistics import Reals
from core.detectors.parts.subspaces import class_spaces
from core.detectors.parts.trusted import MOST_POISONED, usual_among_trusted
from core.modalities import modality_of
from core.modalities.elsewhere import at_home
from core.modalities.recovery import Ask, Stamp
from core.types import Bools, Evidence, Floats, Inputs, Ints


@dataclass(frozen=True)
class Suspects:
    """What is needed to ask about the groups of a run.

    Attributes:
        inputs, labels: n samples and (n,) their given labels.
        orders: suspicions (n,), each an order in which to suspect; higher = more suspicious.
        predicted: (n,) the model's classes.
        ask: the run's model.
        alike: look-alikes.
        usual: what is usual of residuals.
        probes: rows that triggers are put on, in random order: the least suspicious ones that the model has right.
        n_classes: k.
        seed: of everything that is drawn.
        fine: what is usual in a basis where a faint pattern may be plainer; None where there is none.
        halves: orders that begin with either half of each class; what clean halves share is plain at every pixel, so
            they are asked only for stickers and faint waves.
        same: orders, (n,) each: how much each shows exactly as many of its class do, and few others; −inf for nothing.
        trusted: (n,) True for bona fide samples; None where nobody is.
        named: (n,) members of triggers that are proven: they say nothing of where others belong. None of nobody.
        described: class → its samples' activations and trajectories, standardised, in the order of their rows; of a
            class that is missing nothing is known.
    """

    inputs: Inputs
    labels: Ints
    orders: Sequence[Floats]
    predicted: Ints
    ask: Ask
    alike: LookAlikes
    usual: Whitening
    probes: Ints
    n_classes: int
    seed: int = 0
    fine: Whitening | None = None
    halves: Sequence[Floats] = ()
    same: Sequence[Floats] = ()
    trusted: Bools | None = None
    named: Bools | None = None
    described: Mapping[int, Reals] = field(default_factory=dict)

    def home(self, stamp: Stamp, rows: Ints) -> tuple[float | None, int]:
        """The fraction of rows (m,) of one class that belong there by all but a trigger, and of how many it is.

        None where nothing tells. Who is `named` is not asked.
        """
        return at_home(stamp, self.inputs, self.labels, rows, self.named)

    def not_named(self, rows: Ints) -> Ints:
        """Those of these rows, (m,), that are no members of proven triggers."""
        return rows if self.named is None else rows[~self.named[rows]]

    def usual_for_trusted(self, carrying: Ints, index: int) -> bool:
        """Whether bona fide samples of class `index` have what these of it, (m,), have more than half as often."""
        if self.trusted is None:
            return False
        rows = np.flatnonzero(self.labels == index)
        return usual_among_trusted(np.isin(rows, carrying), self.trusted[rows], MOST_POISONED)

    def probes_of(self, index: int, most: int, source: int | None = None) -> Ints:
        """At most so many probes of other classes than `index`, or of the class `source`."""
        labels = self.labels[self.probes]
        return np.asarray(self.probes[labels != index if source is None else labels == source][:most])


def suspects_of(
    evidence: Evidence, orders: Sequence[Floats], ask: Ask, probes: Ints, halves: Sequence[Floats] = ()
) -> Suspects:
    """The suspects of a run, with their look-alikes and what is usual.

    Args:
        evidence: with inputs and the model's classes.
        orders: suspicions (n,).
        ask: the run's model.
        probes: rows that triggers are put on.
        halves: orders (n,) that begin with either half of each class.
    """
    assert evidence.inputs is not None
    assert evidence.predicted is not None
    inputs, labels, k, seed = evidence.inputs, evidence.labels, evidence.n_classes, evidence.seed
    stamps = modality_of(inputs).load_stamps()
    alike, basis = look_alikes(inputs, labels, seed), stamps.basis(inputs)
    same = tuple(stamps.coincidences(inputs, labels))
    usual, *finer = whitenings(inputs, alike, k, seed, (None,) if basis is None else (None, basis))
    fine = finer[0] if finer else None
    return Suspects(
        inputs,
        labels,
        orders,
        evidence.predicted,
        ask,
        alike,
        usual,
        probes,
        k,
        seed,
        fine,
        halves,
        same,
        trusted=evidence.bona_fide,
        described=_described(evidence),
    )


def _described(evidence: Evidence) -> dict[int, Reals]:
    """Class → its samples' activations and trajectories, in the order of their rows."""
    assert evidence.features is not None
    spaces = class_spaces(evidence.features, evidence.labels, evidence.n_classes, evidence.seed)
    return {
        int(evidence.labels[space.rows[0]]): described[np.argsort(space.rows)]
        for space, described in zip(spaces, descriptions(evidence, spaces), strict=True)
    }
