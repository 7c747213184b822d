"""One function from a run's evidence to its decision: the numbers behind flags and words alike."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from torch import nn

from core.decision.chance import CLEAR, beyond_chance
from core.decision.changes.common import add_common
from core.decision.changes.settled import settled
from core.decision.changes.transformed import Transformed, transformed_classes
from core.decision.found import Found
from core.decision.left_out import ASKED, Asked, hardness, maybe_wrong, to_leave_out, write_answers, wrong_labels
from core.decision.members import Carriers, refined
from core.decision.own_kinds import OwnKinds
from core.decision.parts import foreign_parts, halves, smaller_clusters
from core.decision.probes import large_classes, probed, with_few_probes
from core.decision.recovered import FEWEST_IN_CORE, RecoveredTrigger, proves
from core.decision.shared import looked_at, same_trigger, with_source
from core.decision.states import NOT_JUDGED, OPEN, Decision
from core.decision.suspects import suspects_of
from core.decision.triggers import SMALLEST_CLASS, are_away, recovered_trigger, with_home
from core.detectors.consensus.consensus import consensus, reordered
from core.detectors.networks.forward import prepared, probabilities
from core.detectors.parts.statistics import ranks, ranks_in_class
from core.detectors.parts.subspaces import canonical_order
from core.devices import best_device
from core.modalities import modality_of
from core.modalities.recovery import Ask, Stamp
from core.types import Bools, Evidence, Floats, Ints, Samples

Retrain = Callable[[Bools], nn.Module]  # (n,) what to train on → a model that saw nothing else
Listen = Callable[[float, str], None]

# Groups of one class, one after the other: several attacks may share a target, and an attack may have several tokens.
MOST_GROUPS = 10
# Times that a class is searched anew without what turned out to be none.
MOST_ROUNDS = 3
# Where progress stands before and after each training that a decision may ask for.
TRAININGS = ((0.4, 0.55), (0.55, 0.65), (0.65, 0.75), (0.75, 0.86), (0.86, 0.97))
NO_TRAINING = "triggers without a fixed pattern and wrong labels, for no other model was trained"
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
        retrain: trains a model on some of the samples, five times at most; None skips what needs one.
        listen: told the fraction done, in [0, 1], and at what it is.

    Raises:
        UserError: activations are missing.

    References: own method; trigger recovery after the idea of Wang et al. 2019, exclusionary reclassification after
    Chen et al. 2018 (arXiv 1811.03728).
    """
    blind = consensus(replace(evidence, bona_fide=np.zeros_like(evidence.bona_fide))).suspicion
    first = suspicion
    if first is None:  # of the consensus, where it has anybody to trust
        first = consensus(evidence).suspicion if evidence.bona_fide.any() else blind
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
    if retrain is None:
        maker.name_changes()
    else:
        maker.ask_again(lambda kept: retrain(kept[back]))
    missed = modality_of(evidence.inputs).load_stamps().not_looked_for(evidence.inputs, evidence.model)
    found = maker.decision(flags[order], "; ".join(filter(None, ["" if retrain else NO_TRAINING, missed])))
    kept = replace(found, states=found.states[back], membership=found.membership[back], doubted=found.doubted[back])
    return kept, maker.found.stamps


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A trigger of class `index`, its `members`, (n,), if that is `plain`, and bona fide samples `alike`, (n,)."""

    index: int
    trigger: RecoveredTrigger
    members: Bools
    alike: Bools
    plain: bool


def _members(candidates: Sequence[_Candidate], n: int) -> Bools:
    """(n,) True for members of any of these."""
    return np.any([one.members for one in candidates], axis=0) if candidates else np.zeros(n, np.bool_)


class _Maker:
    """A decision in the making: what is known so far."""

    def __init__(self, evidence: Evidence, first: Floats, blind: Floats, listen: Listen) -> None:
        assert evidence.model is not None
        assert evidence.inputs is not None
        assert evidence.predicted is not None
        self.evidence, self.inputs, self.listen = evidence, evidence.inputs, listen
        self.labels, self.device = evidence.labels, best_device()
        self.network = prepared(evidence.model, self.device)
        large, self.not_judged = large_classes(self.labels, evidence.n_classes, SMALLEST_CLASS)
        probes = np.random.default_rng(evidence.seed).permutation(probed(evidence, first, large))
        few = with_few_probes(self.labels[probes], large)
        self.not_judged |= few
        self.judged = [index for index in large if index not in few]
        orders = [first] if first is blind else [first, blind]
        stamps = modality_of(evidence.inputs).load_stamps()
        asked = stamps.suspicions(evidence.inputs, self.labels, self.ask, probes, evidence.seed)
        self.named = np.zeros(len(first), np.bool_) if asked is None else np.isfinite(asked)
        orders_too = orders if asked is None else [*orders, asked]
        self.suspects = suspects_of(evidence, orders_too, self.ask, probes, halves(evidence) if asked is None else ())
        self.in_class = ranks_in_class(self.labels, orders)
        self._spans = iter(TRAININGS)
        self.found = Found(*np.zeros((2, len(self.labels)), np.int64))
        self.kinds = OwnKinds(evidence, self.suspects, np.asarray(ranks(first) / len(first), np.float32), self.found)

    def ask(self, samples: Samples) -> Floats:
        return probabilities(self.network, samples, self.inputs, self.device)

    def look_for_triggers(self) -> None:
        """Recover the triggers of each class, one after another, and let those pass that chance does not explain."""
        found: list[_Candidate] = []
        left = ~self.evidence.bona_fide
        named = np.zeros(len(left), np.bool_)
        for place, index in enumerate(self.judged):
            self.listen(0.4 * place / len(self.judged), f"class {place + 1} of {len(self.judged)}: recovering triggers")
            holding, free = list[_Candidate](), left
            for _ in range(MOST_ROUNDS):
                of_class = self._triggers_of(index, free, named)
                holding = [one for one in of_class if self._holds(one, of_class, named)]
                if len(holding) == len(of_class):
                    break
                free = free & ~_members([one for one in of_class if one not in holding], len(left))
            found += holding
            left &= ~_members(holding, len(left))
            named |= _members([one for one in holding if proves(one.trigger)], len(left))
        passing = beyond_chance([one.trigger.p for one in found], len(self.judged))
        for one in (one for one, passes in zip(found, passing, strict=True) if passes):
            seen = with_source(self.suspects, looked_at(self.suspects, one.trigger, one.members, one.index), one.index)
            self.found.add_trigger(one.index, seen, one.members, one.alike, plain=one.plain)

    def _triggers_of(self, index: int, left: Bools, named: Bools) -> list[_Candidate]:
        """Triggers of samples `left`, (n,), of a class, one after another; those `named`, (n,), have proven ones."""
        found, left, named = list[_Candidate](), left.copy(), named.copy()
        for _ in range(MOST_GROUPS):
            suspects = replace(self.suspects, named=named)
            exact = same_trigger(suspects, index, left)
            clear = exact is not None and exact.flip_rate >= CLEAR
            trigger = exact if clear else recovered_trigger(suspects, index, left) or exact
            if trigger is None:
                break
            members = np.zeros(len(left), np.bool_)
            looked_again = self._refined(trigger, index)
            members[trigger.rows[looked_again.carrying]] = True
            alike = members & self.evidence.bona_fide
            members &= left
            members[trigger.core] |= not trigger.carriers.exact
            found.append(_Candidate(index, trigger, members, alike, looked_again.plain))
            left &= ~members
            named |= members & proves(trigger)
        return found

    def _holds(self, one: _Candidate, of_class: list[_Candidate], named: Bools) -> bool:
        """Whether a trigger is one still where all others that are proven are known.

        Beside planted texts that nobody has named yet, a true kind of a class seems to belong elsewhere.
        """
        if one.trigger.home is None or not proves(one.trigger):
            return True
        proven = [other for other in of_class if other is not one and proves(other.trigger)]
        beside = replace(self.suspects, named=named | _members(proven, len(named)))
        return are_away(with_home(beside, one.trigger))

    def _refined(self, trigger: RecoveredTrigger, index: int) -> Carriers:
        described, trusted = self.suspects.described.get(index), self.evidence.bona_fide.any()
        suspicion = self.suspects.orders[0][trigger.rows] if trusted else None
        return trigger.carriers if described is None else refined(trigger.carriers, described, suspicion)

    def ask_again(self, retrain: Retrain) -> None:
        """Train without the suspects and ask that model about them; then without those alone of whom it speaks."""
        changed = self._changed()
        doubted = self.found.known.copy()
        for one in changed:
            doubted[one.doubted] = True
        groups, controls, without = to_leave_out(
            self.suspects.alike,
            self.evidence.n_classes,
            self.in_class,
            hardness(self.labels, self.evidence.trajectories, self.suspects.inputs, self.ask),
            also=doubted,
            like=self.kinds.like(self.judged, self.in_class),
        )
        asked = self._asked(retrain, groups, controls, without, {one.target_class for one in self.found.confirmed()})
        self.found.come_home(asked, self.suspects.alike)
        once_more = partial(self._trained_without, retrain)
        assert asked.other is not None
        told = settled(changed, asked.other, once_more, self.suspects, without, sizes=self.kinds.sizes)
        add = partial(self.found.add_transformed, trusted=self.evidence.bona_fide)
        proven = [one.index for one, *who in told if add(one, *who)]
        losses = self.evidence.trajectories
        believed = None if losses is None else np.exp(-losses.mean(1))
        wrong = wrong_labels(asked, self.labels, self.evidence.n_classes, believed)
        # Most of a class that was taught a change is poison: what is left of it are true samples, and a kind as well.
        suspected = [index for index in asked.suspected() if index in self.judged and index not in proven]
        if suspected:
            self._ask_about(retrain, asked, suspected, wrong)
        if not wrong.any():  # they are clusters, too
            self._ask_about_the_rest(retrain, asked)
        self.found.add_wrong_labels(wrong & (self.found.membership == 0), self.labels)
        maybe = maybe_wrong(asked, self.labels, self.evidence.n_classes, believed) & ~self.evidence.bona_fide
        self.found.states[maybe & (self.found.states == 0)] = OPEN

    def name_changes(self) -> None:
        """Name who may carry a change, where no other model can tell: that stays open."""
        for one in self._changed():
            self.found.add_transformed(one, one.kind.members, trusted=self.evidence.bona_fide)

    def _changed(self) -> list[Transformed]:
        self.listen(0.4, "asking which changes of a whole sample turn others into a class")
        asked = {index: described for index, described in self.suspects.described.items() if index in self.judged}
        known, sizes = np.where(self.found.known, self.found.membership, 0), self.kinds.sizes
        return transformed_classes(self.suspects, self.network, self.device, asked, known, sizes=sizes)

    def _ask_about(self, retrain: Retrain, before: Asked, suspected: Sequence[int], wrong: Bools) -> None:
        """Train without the members of what may be kinds of their own, and decide on each of these classes.

        Wrong labels, (n,), may lie apart in their classes, too: where there are any, suspicion or a cluster prove less.
        """
        without = self.found.known.copy()
        for index in suspected:
            rows, kind = self.kinds.kind(before, index)
            near = before.turned(rows, index)
            without[rows[near if kind is None else near | kind.near]] = True
            without[before.controls[index]] = True
        groups, controls = ({index: of[index] for index in suspected} for of in (before.groups, before.controls))
        asked = self._asked(retrain, groups, controls, without)
        self.kinds.weigh(asked, before, wrong, len(self.judged))
        add_common(self.kinds, asked, before.hard, self.network, self.device)

    def _ask_about_the_rest(self, retrain: Retrain, before: Asked) -> None:
        """Train without a cluster of each class of which nothing is confirmed: a part of another class may be one.

        And without all but one part of each class that is so large that most of it may be poison. And without all that
        may be more of a confirmed backdoor.
        """
        named, without = {group.target_class for group in self.found.confirmed()}, self.found.known.copy()
        foreign = foreign_parts(self.evidence, self.suspects.alike, self.judged, ~without)
        others = set(self.judged) - named - set(foreign)
        parts = smaller_clusters(self.evidence, others, ~without, self.kinds.beyond(others)) | foreign
        more = self.kinds.incomplete()
        if not parts and not more:
            return
        without[np.concatenate([*parts.values(), *more.values()])] = True
        drawn = np.random.default_rng(self.evidence.seed).permutation
        groups = {index: self.suspects.alike.thinned(drawn(rows), index, ASKED) for index, rows in parts.items()}
        asked = replace(self._asked(retrain, groups, {}, without, also=more), foreign=tuple(foreign))
        self.kinds.weigh(asked, before, np.zeros(len(without), np.bool_), len(self.judged))
        add_common(self.kinds, asked, before.hard, self.network, self.device)
        self.kinds.complete(asked, more)

    def _asked(
        self,
        retrain: Retrain,
        groups: dict[int, Ints],
        controls: dict[int, Ints],
        without: Bools,
        also: Collection[int] = (),
    ) -> Asked:
        """What the run's model says, and one that never saw `without`: of these, and of the classes asked about."""
        other = self._trained_without(retrain, without)
        seen = np.zeros((len(without), self.evidence.n_classes), np.float32)
        unseen = np.zeros_like(seen)
        rows = np.flatnonzero(without | np.isin(self.labels, [*groups, *also]))
        write_answers([(self.ask, seen), (other, unseen)], self.suspects.inputs, rows)
        return Asked(groups, controls, without, seen, unseen, other=other)

    def _trained_without(self, retrain: Retrain, without: Bools) -> Ask:
        """Asks a model that never saw some samples, (n,); progress goes through the span of its training."""
        begin, end = next(self._spans)
        self.listen(begin, f"training without {int(without.sum()):,} suspicious samples")
        network = prepared(retrain(~without), self.device)
        self.listen(end, "asking the model that never saw them")
        return lambda samples: probabilities(network, samples, self.inputs, self.device)

    def decision(self, flags: Bools, left_out: str) -> Decision:
        """What is known now, in the end."""
        self.kinds.name_too_many(self.judged)
        small, found = np.isin(self.labels, list(self.not_judged)), self.found
        states = np.where((found.states == 0) & (flags | self.named), OPEN, found.states)
        states = np.where((states == 0) & small, NOT_JUDGED, states)
        return Decision(
            states,
            found.membership,
            tuple(found.groups),
            self.not_judged,
            left_out,
            FEWEST_IN_CORE,
            self.evidence.n_classes,
            found.doubted,
        )
