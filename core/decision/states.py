"""What a decision says: a state for each sample, groups with the figures of their tests, and one verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from core.types import Bools, Ints

State = Literal["none", "backdoor", "wrong label", "open", "not judged"]
# The state of sample i is STATES[decision.states[i]].
STATES: tuple[State, ...] = ("none", "backdoor", "wrong label", "open", "not judged")
NONE = 0
BACKDOOR = 1
WRONG_LABEL = 2
OPEN = 3
NOT_JUDGED = 4
CONFIRMED = (BACKDOOR, WRONG_LABEL)  # the states that a test confirms
NO_GROUP = 0


@dataclass(frozen=True)
class DecidedGroup:
    """Samples of one class that were put to the test together.

    Attributes:
        id: counted from 1.
        target_class: the given label of all members; −1 for wrong labels, which are of many classes.
        state: "backdoor", "wrong label" or "open".
        kind: what was found, in a few words.
        size: members.
        reason: the test in words, with its numbers.
        flip_rate: fraction of samples of other classes that the recovered trigger turns into this class, in [0, 1]:
            the attack success rate, estimated. None where no trigger was recovered.
        interval: the 95 % confidence interval of that, by Wilson's score.
        control: the same fraction for what other samples of the class share, or, with `home`, those of other classes.
            For a change of the whole sample it is that of a model which never saw the members.
        p: how often ordinary samples of the class do as well by chance; None where that was not asked.
        kept: fraction of the members that keep their label once the trigger is taken off, in [0, 1].
        home: fraction of the members that belong to the class by all else that they show; None where nothing tells.
        turned: fraction that the run's model has learned and a model that never saw them takes for another class.
        turned_control: the same fraction for samples of the class that are as hard.
        doubtful: samples of the class of which it is in doubt whether they are members, for each member, 0 or more;
            low = a kind of its own.
        sources: effective number of other classes that a model that never saw the members takes them for.
        source_class: the one class that the trigger was put on; None for all others.
    """

    id: int
    target_class: int
    state: State
    kind: str
    size: int
    reason: str
    flip_rate: float | None = None
    interval: tuple[float, float] | None = None
    control: float | None = None
    p: float | None = None
    kept: float | None = None
    turned: float | None = None
    turned_control: float | None = None
    doubtful: float | None = None
    sources: float | None = None
    source_class: int | None = None
    home: float | None = None


@dataclass(frozen=True)
class Decision:
    """What was decided of a run.

    Attributes:
        states: (n,) places in `STATES`.
        membership: (n,) the group of each sample, 0 for none.
        groups: in the order of their ids.
        not_judged: class → why nothing can be said of it. Not judged is not clean.
        left_out: what was not there to look at, and what that costs, in words; "" where all was there.
        least: the smallest group that could have been confirmed, in samples of one class.
        n_classes: k, those without samples included.
        doubted: (n,) True for bona fide samples that are like the members of a confirmed backdoor; () for nobody.
    """

    states: Ints
    membership: Ints
    groups: tuple[DecidedGroup, ...]
    not_judged: Mapping[int, str] = field(default_factory=dict)
    left_out: str = ""
    least: int = 0
    n_classes: int = 0
    doubted: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))

    @property
    def verdict(self) -> State:
        """The strongest state: a backdoor before wrong labels, these before what is open or was not judged.

        Samples may be open without a group, where they are suspected and no test confirms it.
        """
        there = {group.state for group in self.groups}
        if (self.states == OPEN).any():
            there.add("open")
        order: tuple[State, ...] = ("backdoor", "wrong label", "open")
        found = next((state for state in order if state in there), None)
        return found or ("not judged" if self.not_judged or not len(self.states) else "none")
