"""What is known of a run so far: the groups that were found, and the state of each sample."""

from dataclasses import dataclass, field, replace

import numpy as np

from core.decision.apart import KindFigures
from core.decision.chance import is_clear
from core.decision.changes.transformed import EXPLAINED, Transformed
from core.decision.changes.words import transformed_reason
from core.decision.left_out import LEARNED_AT_HOME, MOST_AT_HOME, Asked
from core.decision.look_alikes import LookAlikes
from core.decision.members import FEWEST
from core.decision.reasons import (
    among_reason,
    home_reason,
    joined_reason,
    kind_reason,
    most_reason,
    shared_reason,
    too_many_reason,
    trigger_reason,
    wrong_reason,
)
from core.decision.recovered import RecoveredTrigger, proves
from core.decision.shared import SharedTrigger
from core.decision.states import BACKDOOR, OPEN, WRONG_LABEL, DecidedGroup
from core.detectors.parts.trusted import usual_among_trusted
from core.modalities.elsewhere import wilson
from core.modalities.recovery import Stamp
from core.types import Bools, Ints

# What such a group is called.
MARK = "shared mark"
# Fraction of other samples that such a mark has to turn to be shown; less is what the class shows anyway.
LEAST_OF_MARK = 0.5


@dataclass
class Found:
    """A decision in the making.

    Attributes:
        states: (n,) places in `STATES`.
        membership: (n,) the group of each sample, 0 for none.
        groups: found so far.
        stamps: group → its recovered trigger.
        alike: group → (n,) True for bona fide samples that are like its members, and are none.
        exact: groups whose members have the trigger or not, or so much more of it than others that nothing else can
            tell better.
    """

    states: Ints
    membership: Ints
    groups: list[DecidedGroup] = field(default_factory=list)
    stamps: dict[int, Stamp] = field(default_factory=dict)
    alike: dict[int, Bools] = field(default_factory=dict)
    exact: set[int] = field(default_factory=set)

    @property
    def known(self) -> Bools:
        """(n,) True for members of confirmed backdoors."""
        return np.asarray(self.states == BACKDOOR)

    @property
    def doubted(self) -> Bools:
        """(n,) True for bona fide samples that are like the members of a confirmed backdoor."""
        doubted = np.zeros(len(self.states), np.bool_)
        for group in self.confirmed():
            doubted |= self.alike[group.id]
        return doubted

    def add_trigger(
        self, index: int, trigger: RecoveredTrigger, members: Bools, alike: Bools, *, plain: bool = False
    ) -> None:
        """A group of class `index` that shares a trigger; open where its members keep their label without it.

        `plain` says that it is plain who they are, by all that is known of them.
        """
        number, size = len(self.groups) + 1, int(members.sum())
        proven = proves(trigger)
        if not proven and trigger.flip_rate < LEAST_OF_MARK:
            return
        of_any = trigger.source is None
        rate = trigger.flip_rate if of_any else trigger.source_rate
        probed = trigger.probed if of_any else trigger.source_probed
        self.groups.append(
            DecidedGroup(
                number,
                index,
                "backdoor" if proven else "open",
                f"recovered trigger, {trigger.stamp.name}" if proven else f"{MARK}, {trigger.stamp.name}",
                size,
                trigger_reason(trigger, proven=proven),
                rate,
                wilson(rate, probed),
                trigger.control,
                trigger.p,
                trigger.kept,
                source_class=trigger.source,
                home=trigger.home,
            )
        )
        self.membership[members], self.stamps[number], self.alike[number] = number, trigger.stamp, alike
        self.exact |= {number} if plain or trigger.carriers.plain else set()
        self.states[members] = BACKDOOR if proven else OPEN

    def add_transformed(
        self, found: Transformed, carriers: Bools, in_doubt: Bools | None = None, *, trusted: Bools
    ) -> bool:
        """Add a group of those samples of a class, (m,), that carry a change, unless there are few.

        Open without proof, and where bona fide samples, `trusted`, (n,), carry it, too; these are no members. Those of
        whom it is `in_doubt`, (m,), are open instead. Returns whether it is a backdoor.

        What is proven takes its carriers from groups that are open. A mark that they have in common is no other one.
        Nor is a trigger that was recovered from a part of them: confirmed groups whose members carry the change are it.
        """
        inside = np.zeros(len(self.states), np.bool_)
        inside[found.rows] = carriers
        alike, usual = inside & trusted, usual_among_trusted(carriers, trusted[found.rows])
        inside &= ~trusted
        proven = found.proven and not usual and bool((inside & ~self.known).sum() >= FEWEST)
        inside &= ~self.known if proven else self.membership == 0
        if inside.sum() < FEWEST:
            return False
        if proven:
            self.take_from_open(found.index, inside, found.rows)
        maybe = np.zeros(len(self.states), np.bool_)
        maybe[found.rows] = False if in_doubt is None else in_doubt
        maybe &= ~trusted & (self.states == 0)
        self.states[maybe] = OPEN
        number = len(self.groups) + 1
        self.groups.append(
            DecidedGroup(
                number,
                found.index,
                "backdoor" if proven else "open",
                f"recovered trigger, {found.stamp.name}",
                int(inside.sum()),
                transformed_reason(found, int(maybe.sum()), usual=usual),
                found.flip_rate,
                wilson(found.flip_rate, len(found.tried)),
                found.control,
            )
        )
        self.membership[inside], self.states[inside] = number, BACKDOOR if proven else OPEN
        self.stamps[number], self.alike[number] = found.stamp, alike
        of_it = set(self.membership[found.known_too].tolist()) if proven else set()
        if same := [group for group in self.confirmed() if group.id in of_it]:
            self._join(number, same)
        return proven

    def _join(self, number: int, groups: list[DecidedGroup]) -> None:
        """Make these groups one with group `number`, whose change their members carry."""
        ids = [one.id for one in groups]
        joined = np.isin(self.membership, ids)
        self.membership[joined] = number
        self.alike[number] = np.any([self.alike[one] for one in (number, *ids)], axis=0)
        group = self.groups[number - 1]
        size, reason = group.size + int(joined.sum()), f"{group.reason} {joined_reason(groups)}"
        self.groups[number - 1] = replace(group, size=size, reason=reason)
        self.without(ids)

    def take_from_open(self, index: int, carriers: Bools, rows: Ints) -> None:
        """Take carriers, (n,), of what is proven from the open groups of their class `index`, which has these rows.

        A group that has many more of them than the rest of the class is forgotten: they are what it was found by. So is
        one of which few are left.
        """
        explained = []
        for group in self._open(index):
            members = self.membership == group.id
            inside, beside = carriers[members].mean(), carriers[rows[~members[rows]]]
            left = int((members & ~carriers).sum())
            if left < FEWEST or inside > EXPLAINED * (beside.mean() if len(beside) else 0):
                explained.append(group.id)
            self.groups[group.id - 1] = replace(group, size=left)
        self.membership[carriers], self.states[carriers] = 0, 0
        self.without(explained)

    def add_kind(
        self,
        index: int,
        members: Bools,
        beside: tuple[Bools, Bools],
        figures: KindFigures,
        *,
        confirmed: bool,
        trigger: SharedTrigger | None = None,
    ) -> None:
        """A group of class `index` that only its own kind taught; open where it is not apart from the class.

        `beside` it are bona fide samples that are like it, (n,), and others of whom it is in doubt: these are open.
        """
        number, (alike, in_doubt) = len(self.groups) + 1, beside
        in_doubt = in_doubt & (self.states == 0) & ~members
        group = DecidedGroup(
            number,
            index,
            "backdoor" if confirmed else "open",
            "no fixed pattern",
            int(members.sum()),
            kind_reason(figures, int(in_doubt.sum()), confirmed=confirmed),
            turned=figures.turned,
            turned_control=figures.control,
            doubtful=figures.doubtful,
            sources=figures.sources,
            home=figures.home,
        )
        self.groups.append(group if trigger is None else self._sharing(group, trigger))
        self.alike[number], self.states[in_doubt] = alike, OPEN
        self.membership[members], self.states[members] = number, BACKDOOR if confirmed else OPEN

    def add_to_backdoor(self, index: int, rows: Ints, in_doubt: Ints, why: str) -> int:
        """More members, rows (m,), of the largest confirmed backdoor of class `index`; those `in_doubt` are open.

        `why` says so in words. Returns the id of the group.
        """
        group = max((one for one in self.confirmed() if one.target_class == index), key=lambda one: one.size)
        self.membership[rows], self.states[rows], self.states[in_doubt] = group.id, BACKDOOR, OPEN
        size = group.size + len(rows)
        self.groups[group.id - 1] = replace(group, size=size, reason=f"{group.reason} {why}")
        return group.id

    def add_shared(self, number: int, trigger: SharedTrigger) -> None:
        """The trigger that all members of a group share."""
        self.groups[number - 1] = self._sharing(self.groups[number - 1], trigger)

    def add_too_many(self, index: int, rows: Ints, beyond: int, usual: int) -> None:
        """An open group of class `index`, its foremost rows (m,): it has so many samples `beyond` the `usual` size."""
        number, size = len(self.groups) + 1, len(rows)
        backdoor = any(group.target_class == index for group in self.confirmed())
        reason = too_many_reason(size, beyond, usual, confirmed=backdoor)
        self.groups.append(DecidedGroup(number, index, "open", "a class larger than others", size, reason))
        self.membership[rows], self.states[rows] = number, OPEN
        self.alike[number] = np.zeros(len(self.states), np.bool_)

    def _sharing(self, group: DecidedGroup, trigger: SharedTrigger) -> DecidedGroup:
        """The group with the trigger that its members share."""
        self.stamps[group.id] = trigger.stamp
        return replace(
            group,
            kind=f"recovered trigger, {trigger.stamp.name}",
            reason=f"{group.reason} {shared_reason(trigger)}",
            flip_rate=trigger.flip_rate,
            interval=wilson(trigger.flip_rate, trigger.probed),
            control=trigger.control,
            source_class=trigger.source,
        )

    def confirmed(self) -> list[DecidedGroup]:
        """The groups that are backdoors."""
        return [group for group in self.groups if group.state == "backdoor"]

    def add_wrong_labels(self, wrong: Bools, labels: Ints) -> None:
        """One group of all wrong labels; nothing where there are none."""
        if not wrong.any():
            return
        number, size = len(self.groups) + 1, int(wrong.sum())
        classes = len(np.unique(labels[wrong]))
        self.groups.append(DecidedGroup(number, -1, "wrong label", "label errors", size, wrong_reason(size, classes)))
        self.membership[wrong], self.states[wrong] = number, WRONG_LABEL

    def come_home(self, asked: Asked, alike: LookAlikes) -> None:
        """Take from a backdoor's group who is at home in the class for a model that saw none of it.

        Where most are, the group shares a mark and no wrong label. So it is no proof, and stays open. So does one of
        which that model says little. But a model may take all of a small class for a large one: where it can be told,
        what else the members show says more.
        """
        for place, group in enumerate(self.groups):
            if group.state != "backdoor":
                continue
            members = np.flatnonzero(self.membership == group.id)
            home = members[asked.unseen[members, group.target_class] > LEARNED_AT_HOME]
            if why := "" if group.home is not None else _no_proof(asked, members, group, alike):
                self.states[members] = OPEN
                self.groups[place] = replace(group, state="open", kind=MARK, reason=f"{group.reason} {why}")
            elif group.id not in self.exact:
                self.membership[home], self.states[home] = 0, 0
                self.groups[place] = replace(group, size=len(members) - len(home))
        self.without([group.id for group in self.groups if group.state == "open" and _is_faint(group)])

    def open_groups(self, index: int, *, kinds: bool) -> list[int]:
        """The ids of what is open in class `index`; or only of `kinds`, what is nearly a kind of its own."""
        return [group.id for group in self._open(index) if group.turned is not None or not kinds]

    def marks(self, index: int) -> list[int]:
        """The ids of what is open in class `index` for a mark that most of its members may have by right."""
        return [group.id for group in self._open(index) if group.kind.startswith(MARK)]

    def _open(self, index: int) -> list[DecidedGroup]:
        return [group for group in self.groups if group.target_class == index and group.state == "open"]

    def without(self, ids: list[int]) -> None:
        """Forget these groups and count the others anew."""
        kept = [group for group in self.groups if group.id not in ids]
        numbers = {group.id: place + 1 for place, group in enumerate(kept)}
        self.states[np.isin(self.membership, ids)] = 0
        self.membership[:] = [numbers.get(number, 0) for number in self.membership.tolist()]
        self.stamps = {numbers[number]: stamp for number, stamp in self.stamps.items() if number in numbers}
        self.alike = {numbers[number]: alike for number, alike in self.alike.items() if number in numbers}
        self.exact = {numbers[number] for number in self.exact if number in numbers}
        self.groups = [replace(group, id=numbers[group.id]) for group in kept]


def _no_proof(asked: Asked, members: Ints, group: DecidedGroup, alike: LookAlikes) -> str:
    """Why what the members (m,) of a group share is no proof, by a model that never saw them; "" where it is."""
    index, clear = group.target_class, is_clear(group.flip_rate or 0.0, group.control or 0.0)
    if (fraction := asked.home(members, index)) > MOST_AT_HOME:
        return home_reason(fraction)
    if not clear and asked.are_most_of_few(members, index, int((alike.labels == index).sum())):
        return most_reason()
    return among_reason() if asked.says_little(members, index, alike) else ""


def _is_faint(group: DecidedGroup) -> bool:
    return group.flip_rate is not None and group.flip_rate < LEAST_OF_MARK
