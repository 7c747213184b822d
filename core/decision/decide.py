"""One function from a run's evidence to its decision: the numbers behind flags and words alike."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from torch import nn

from core.decision.left_out import CONFIRMED, Asked, speaks_of_poison, to_leave_out, wrong_labels
from core.decision.look_alikes import look_alikes
from core.decision.members import FEWEST, refined, whitening
from core.decision.reasons import trigger_reason, turned_reason, wilson, wrong_reason
from core.decision.states import BACKDOOR, NOT_JUDGED, OPEN, WRONG_LABEL, DecidedGroup, Decision
from core.decision.triggers import (
    FEWEST_IN_CORE,
    MOST_GROUPS,
    MOST_KEPT,
    SMALLEST_CLASS,
    RecoveredTrigger,
    Suspects,
    recovered_trigger,
)
from core.detectors.consensus.consensus import consensus, reordered
from core.detectors.consensus.signals import descriptions
from core.detectors.networks.forward import prepared, probabilities
from core.detectors.parts.statistics import Reals, benjamini_hochberg, ranks
from core.detectors.parts.subspaces import canonical_order, class_spaces
from core.devices import best_device
from core.modalities.contract import Stamp
from core.types import Bools, Evidence, Floats, Ints, Samples

Retrain = Callable[[Bools], nn.Module]  # (n,) what to train on → a model that saw nothing else
Listen = Callable[[float, str], None]

# Fraction of the samples, from the least suspicious, that triggers are put on.
PROBED = 0.6
# Level of the test on a recovered trigger, over all classes, by Benjamini and Hochberg 1995.
LEVEL = 0.05
# Probability of the class from which on a sample is at home there for a model that never saw it.
LEARNED_AT_HOME = 0.5
# Fraction of a group, or of its core, that may be at home; beyond it, all stay: the attack is clean-label, or the
# other model saw enough of it.
MOST_AT_HOME = 0.5
NO_TRAINING = "no second training: triggers without a fixed pattern and wrong labels were not looked for"
NO_MODEL = "no model or no samples to show it: nothing was put to the test"


def decide(
    evidence: Evidence,
    suspicion: Floats | None = None,
    flagged: Bools | None = None,
    retrain: Retrain | None = None,
    listen: Listen = lambda fraction, message: None,
) -> tuple[Decision, dict[int, Stamp]]:
    """What the model itself says of the suspicious samples of each class, and the triggers recovered, by group.

    Args:
        evidence: needs `features`; without `model` and `inputs` no class can be judged.
        suspicion: (n,) of a detector that ran; None asks the consensus.
        flagged: (n,) what that detector flags: open where no test confirms it.
        retrain: trains a model on some of the samples; None skips what needs one.
        listen: told the fraction done, in [0, 1], and at what it is.

    Raises:
        UserError: activations are missing.

    References: own method; trigger recovery after the idea of Wang et al. 2019, exclusionary reclassification after
    Chen et al. 2018 (arXiv 1811.03728).
    """
    blind = consensus(replace(evidence, bona_fide=np.zeros_like(evidence.bona_fide))).suspicion
    first = suspicion if suspicion is not None else _trusting(evidence, blind)
    flags = np.zeros(len(blind), np.bool_) if flagged is None else flagged
    if evidence.model is None or evidence.inputs is None or evidence.predicted is None:
        why = dict.fromkeys(range(evidence.n_classes), "its model cannot be asked")
        states = np.where(flags, OPEN, NOT_JUDGED)
        return Decision(states, np.zeros(len(blind), np.int64), (), why, NO_MODEL, 0, evidence.n_classes), {}
    assert evidence.features is not None  # or there were no consensus
    order = canonical_order(evidence.features)
    back, quiet = np.argsort(order), blind[order]
    maker = _Maker(reordered(evidence, order), quiet if first is blind else first[order], quiet, listen)
    maker.look_for_triggers()
    if retrain is not None:
        maker.ask_again(lambda kept: retrain(kept[back]))
    found = maker.decision(flags[order], "" if retrain is not None else NO_TRAINING)
    return replace(found, states=found.states[back], membership=found.membership[back]), maker.stamps


def beyond_chance(p_values: Sequence[float], classes: int) -> Bools:
    """(g,) True for groups that pass Benjamini–Hochberg over all judged classes; one without a group counts as p = 1.

    >>> beyond_chance([0.005, 0.03], 10).tolist(), beyond_chance([0.006], 10).tolist()
    ([True, False], [False])
    """
    others = [1.0] * (classes - len(p_values))
    return benjamini_hochberg(np.array([*p_values, *others]), LEVEL)[: len(p_values)]


class _Maker:
    """A decision in the making: what is known so far."""

    def __init__(self, evidence: Evidence, first: Floats, blind: Floats, listen: Listen) -> None:
        assert evidence.model is not None
        assert evidence.inputs is not None
        assert evidence.predicted is not None
        self.evidence, self.listen = evidence, listen
        self.labels, self.device = evidence.labels, best_device()
        self.network = prepared(evidence.model, self.device)
        counts = np.bincount(self.labels, minlength=evidence.n_classes)
        self.judged = [index for index in range(evidence.n_classes) if counts[index] >= SMALLEST_CLASS]
        self.too_small = {
            index: f"only {counts[index]:,} samples; {SMALLEST_CLASS} are needed"
            for index in range(evidence.n_classes)
            if index not in self.judged
        }
        alike = look_alikes(evidence.inputs, self.labels, evidence.seed)
        usual = whitening(evidence.inputs, alike, evidence.n_classes, evidence.seed)
        right = evidence.predicted == self.labels
        quiet = first <= np.quantile(first, PROBED)
        probes = np.random.default_rng(evidence.seed).permutation(np.flatnonzero(right & quiet))
        orders = [first] if first is blind else [first, blind]
        self.suspects = Suspects(
            evidence.inputs,
            self.labels,
            orders,
            evidence.predicted,
            self.ask,
            alike,
            usual,
            probes,
            evidence.n_classes,
            evidence.seed,
        )
        self.in_class = _ranks_in_class(self.labels, orders)
        self.membership = np.zeros(len(self.labels), np.int64)
        self.states = np.zeros(len(self.labels), np.int64)
        self.groups: list[DecidedGroup] = []
        self.stamps: dict[int, Stamp] = {}
        self.cores: dict[int, Ints] = {}

    def ask(self, samples: Samples) -> Floats:
        return probabilities(self.network, samples, self.suspects.inputs, self.device)

    def look_for_triggers(self) -> None:
        """Recover the triggers of each class, one after another, and let those pass that chance does not explain."""
        found: list[tuple[int, RecoveredTrigger, Bools]] = []
        left = ~self.evidence.bona_fide
        for place, index in enumerate(self.judged):
            self.listen(0.4 * place / len(self.judged), f"class {place + 1} of {len(self.judged)}: recovering triggers")
            for _ in range(MOST_GROUPS):
                trigger = recovered_trigger(self.suspects, index, left)
                if trigger is None:
                    break
                members = np.zeros(len(left), np.bool_)
                members[trigger.rows[self._refined(trigger, index)]] = True
                members &= left
                members[trigger.core] = True
                found.append((index, trigger, members))
                left &= ~members
        passing = beyond_chance([trigger.p for _, trigger, _ in found], len(self.judged))
        for (index, trigger, members), passes in zip(found, passing, strict=True):
            if passes:
                self._add_trigger(index, trigger, members)

    def _refined(self, trigger: RecoveredTrigger, index: int) -> Bools:
        described = self._described.get(index)
        return trigger.carriers.carrying if described is None else refined(trigger.carriers, described)

    @cached_property
    def _described(self) -> dict[int, Reals]:
        """Class → its samples' activations and trajectories, in the order of their rows."""
        assert self.evidence.features is not None
        spaces = class_spaces(self.evidence.features, self.labels, self.evidence.n_classes, self.evidence.seed)
        return {
            int(self.labels[space.rows[0]]): described[np.argsort(space.rows)]
            for space, described in zip(spaces, descriptions(self.evidence, spaces), strict=True)
        }

    def _add_trigger(self, index: int, trigger: RecoveredTrigger, members: Bools) -> None:
        number, size = len(self.groups) + 1, int(members.sum())
        proven = trigger.kept <= MOST_KEPT
        self.groups.append(
            DecidedGroup(
                number,
                index,
                "backdoor" if proven else "open",
                f"recovered trigger, {trigger.stamp.name}" if proven else f"shared mark, {trigger.stamp.name}",
                size,
                trigger_reason(trigger, proven=proven),
                trigger.flip_rate,
                wilson(trigger.flip_rate, trigger.probed),
                trigger.control,
                trigger.p,
                trigger.kept,
            )
        )
        self.membership[members], self.stamps[number], self.cores[number] = number, trigger.stamp, trigger.core
        self.states[members] = BACKDOOR if proven else OPEN

    def ask_again(self, retrain: Retrain) -> None:
        """Train without the suspects, and ask that model about them."""
        known = self.states == BACKDOOR
        groups, controls, without = to_leave_out(
            self.suspects.alike, self.evidence.n_classes, self.in_class, self._losses(), known
        )
        self.listen(0.4, f"training without {int(without.sum()):,} suspicious samples")
        network = prepared(retrain(~without), self.device)
        self.listen(0.95, "asking the model that never saw them")
        rows = np.flatnonzero(without)
        seen = np.zeros((len(without), self.evidence.n_classes), np.float32)
        unseen = np.zeros_like(seen)
        samples = self.suspects.inputs[rows]
        seen[rows], unseen[rows] = self.ask(samples), probabilities(network, samples, self.suspects.inputs, self.device)
        asked = Asked(groups, controls, without, seen, unseen)
        self._come_home(asked)
        for index in (index for index in self.judged if index in groups):
            turned, control, poison = speaks_of_poison(asked, index, len(self.judged))
            if poison:
                self._add_turned(asked, index, turned, control)
        self._add_wrong_labels(wrong_labels(asked, self.labels, self.evidence.n_classes) & (self.membership == 0))

    def _come_home(self, asked: Asked) -> None:
        """Take from a backdoor's group who is at home in the class for a model that saw neither."""
        for place, group in enumerate(self.groups):
            members = np.flatnonzero(self.membership == group.id)
            at_home = asked.unseen[:, group.target_class] > LEARNED_AT_HOME
            home, core = members[at_home[members]], self.cores[group.id]
            if (
                group.state != "backdoor"
                or at_home[core].mean() > MOST_AT_HOME
                or len(home) > MOST_AT_HOME * len(members)
            ):
                continue
            self.membership[home], self.states[home] = 0, 0
            self.groups[place] = replace(group, size=len(members) - len(home))

    def _add_turned(self, asked: Asked, index: int, turned: float, control: float) -> None:
        candidates = np.flatnonzero((self.labels == index) & asked.without & (self.membership == 0))
        members = candidates[asked.turned(candidates, index)]
        if len(members) < FEWEST:
            return
        number, confirmed = len(self.groups) + 1, turned >= CONFIRMED
        self.groups.append(
            DecidedGroup(
                number,
                index,
                "backdoor" if confirmed else "open",
                "no fixed pattern",
                len(members),
                turned_reason(turned, control, confirmed=confirmed),
                turned=turned,
                turned_control=control,
            )
        )
        self.membership[members], self.states[members] = number, BACKDOOR if confirmed else OPEN

    def _add_wrong_labels(self, wrong: Bools) -> None:
        if not wrong.any():
            return
        number, size = len(self.groups) + 1, int(wrong.sum())
        classes = len(np.unique(self.labels[wrong]))
        self.groups.append(DecidedGroup(number, -1, "wrong label", "label errors", size, wrong_reason(size, classes)))
        self.membership[wrong], self.states[wrong] = number, WRONG_LABEL

    def _losses(self) -> Floats:
        """(n,) how hard each sample is: its mean loss in the last epochs, or that of the model as it is."""
        if self.evidence.trajectories is not None:
            return np.asarray(self.evidence.trajectories[:, -3:].mean(1), np.float32)
        inputs, size = self.suspects.inputs, 4096
        parts = [slice(start, start + size) for start in range(0, len(inputs), size)]
        own = np.concatenate(
            [self.ask(inputs[part])[np.arange(len(self.labels[part])), self.labels[part]] for part in parts]
        )
        return np.asarray(-np.log(np.maximum(own, 1e-7)), np.float32)

    def decision(self, flags: Bools, left_out: str) -> Decision:
        """What is known now, in the end."""
        small = np.isin(self.labels, list(self.too_small))
        states = np.where((self.states == 0) & flags, OPEN, self.states)
        states = np.where((states == 0) & small, NOT_JUDGED, states)
        return Decision(
            states,
            self.membership,
            tuple(self.groups),
            self.too_small,
            left_out,
            FEWEST_IN_CORE,
            self.evidence.n_classes,
        )


def _trusting(evidence: Evidence, blind: Floats) -> Floats:
    """The suspicion of the consensus where it has anybody to trust, else the one that trusts nobody."""
    return consensus(evidence).suspicion if evidence.bona_fide.any() else blind


def _ranks_in_class(labels: Ints, orders: list[Floats]) -> Floats:
    """(n,) the higher of a sample's relative ranks within its class, in (0, 1]: small classes count like large ones."""
    highest = np.zeros(len(labels), np.float32)
    for index in np.unique(labels):
        rows = np.flatnonzero(labels == index)
        for order in orders:
            highest[rows] = np.maximum(highest[rows], ranks(order[rows]) / len(rows))
    return highest
