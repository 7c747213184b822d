"""Left out and asked again: what a model that never saw the suspects takes them for.

Poison is learned from its own kind alone. So the run's model knows a poisoned sample well, and a model that never saw
any turns from its label. The suspicious samples of a clean class are its hard ones, and some turn, too. So they are
compared with samples of the class that are as hard by the loss and were left out with them. Wrong labels turn in
another way: no model learns them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import fisher_exact

from core.decision.look_alikes import LookAlikes
from core.modalities.recovery import Ask
from core.types import Bools, Floats, Inputs, Ints, Samples

# Samples that the models are asked about at once.
AT_ONCE = 4096
# Fraction of each class, from the most suspicious, that is left out at least; and of as hard ones.
PART = 0.15
# Most suspicious samples of a class that are asked about together, and as many as hard ones.
ASKED = 60
# Fraction of a class that may be left out by suspicion alone: the other model has to know the class.
MOST_LEFT_OUT = 0.6
# As hard samples of a class that are left out with them, at least, where it has as many.
FEWEST_CONTROLS = 10
# Samples of a class that stay where others of it are known and left out, or 1 − MOST_LEFT_OUT of it if that is fewer:
# they have to teach it still.
FEWEST_KEPT = 30
# Probability of the class from which on a sample is at home there for a model.
LEARNED_AT_HOME = 0.5
# Fraction of a group that may be at home for a model that never saw it; beyond it, nothing is proven: it is a mark or a
# clean-label attack.
MOST_AT_HOME = 0.5
# Fraction of its class from which on a group is most of it, so that what it shows may be what the class looks like.
MOST_OF_CLASS = 0.5
# Effective number of other classes that such a model takes a group for, and as a fraction of these, below which they
# are few. Of 97 sneakers 69 were taken for sandals (1.1), of coats that a warp seemed to make 1.7; of own changes of
# all classes it was 6.8 to 8.9 of nine.
FEW_SOURCES = 3.0
FEW_OF_FEW = 1 / 3
# Fraction of the samples of a class that such a model saw which it has to know, to know the class.
KNOWN = 0.5
# Probability of the label from which on the run's model has learned it: covers of an attack keep it unsure.
LEARNED = 0.3
# Probability of the label below which a model that never saw the sample has turned from it.
TURNED = 0.2
# Fraction of a group that has to turn for another model to be asked about its class, and for a backdoor.
SUSPECTED = 0.5
# How many more of a group turn than of as hard ones, as a fraction, for it to be more than hard samples.
MARGIN = 0.4
# Least p-value that counts, before it is divided by the number of classes.
LEVEL = 0.01
# Probability of the label below which a model does not believe it.
DISBELIEVED = 0.05
# Mean probability of the label during the training below which the run's model hardly believed it, and the fraction of
# samples from which on these are more than the usual few: of clean data up to 0.013, 0.005 and 0.003 are (CIFAR-10), of
# a weak attack on it 0.017, 0.008 and 0.003. The fewer are wrong, the more of them are hard, so that more is asked.
HARDLY_BELIEVED = ((0.1, 0.027), (0.05, 0.02), (0.03, 0.008))
# The same at its end, below which it has not learned it.
HARDLY_LEARNED = 0.5
# Probability of another class above which the model that never saw the sample is sure.
BELIEVED = 0.8
# Fraction of samples from which on wrong labels are more than the usual few of clean data. They are named where only
# the model as it is says so, and may be wrong where its training does.
MOST_USUAL = 0.015
# Fraction of samples from which on those that merely were not learned are wrong, too; of clean data 0.015 are, and of
# what has random wrong labels 0.034.
MANY = 0.05
# Fraction of the classes that they have to be spread over.
SPREAD = 0.5


@dataclass(frozen=True)
class Asked:
    """What the two models say of samples that the second one never saw.

    Attributes:
        groups: class → rows of its most suspicious samples.
        controls: class → rows of as hard ones.
        without: (n,) True for all that were left out.
        seen, unseen: (n, k) probabilities of the run's model and of the other; 0 for samples that were not asked about.
        foreign: classes of which all parts but one were left out, as most of them may be poison.
        other: asks the second model; None where nobody can ask it any more.
    """

    groups: Mapping[int, Ints]
    controls: Mapping[int, Ints]
    without: Bools
    seen: Floats
    unseen: Floats
    foreign: Collection[int] = ()
    other: Ask | None = None

    def turned(self, rows: Ints, index: int) -> Bools:
        """(m,) True where the run's model has learned the label and the other turns from it."""
        return np.asarray((self.seen[rows, index] > LEARNED) & (self.unseen[rows, index] < TURNED))

    def fraction(self, index: int) -> float:
        """How many of a class's group turn, in [0, 1]."""
        rows = self.groups[index]
        return float(self.turned(rows, index).mean()) if len(rows) else 0.0

    def home(self, members: Ints, index: int) -> float:
        """The fraction of members, (m,), that the other model takes for class `index`, however sure it is.

        Of many classes it is sure of few: 26 of 42 clean signs of 100 kinds were taken for their class, 13 with half.
        """
        return float((self.unseen[members].argmax(1) == index).mean())

    def says_little(self, members: Ints, index: int, alike: LookAlikes) -> bool:
        """Whether that the other model turns from members, (m,) of class `index`, says little.

        It did not learn the class from what stayed of it, and they lie among the rest of the class.
        """
        kept = (alike.labels == index) & ~self.without
        known = bool(kept.any() and (self.unseen[kept, index] > LEARNED_AT_HOME).mean() >= KNOWN)
        return not known and not alike.elsewhere(members, index)

    def are_most_of_few(self, members: Ints, index: int, size: int) -> bool:
        """Whether members, (m,), are most of class `index`, of so many samples, and taken for hardly any other.

        Poison is rarely both. So they may be the class's true samples, and it is these that the other model lacks.
        """
        most = len(members) > MOST_OF_CLASS * size
        return most and are_few(sources(self, members, index), self.unseen.shape[1])

    @property
    def hard(self) -> Bools:
        """True for each control that turns, of all classes: in a class that is full of poison, the hard are poison."""
        return np.concatenate([np.zeros(0, np.bool_), *(self.turned(of, index) for index, of in self.controls.items())])

    def suspected(self) -> list[int]:
        """The classes of whose group so many turn that another model is worth its time."""
        return [index for index in self.groups if self.fraction(index) >= SUSPECTED]


def to_leave_out(
    alike: LookAlikes, n_classes: int, suspicion: Floats, losses: Floats, *, also: Bools, like: Bools
) -> tuple[dict[int, Ints], dict[int, Ints], Bools]:
    """The groups, their controls, and (n,) all that is to be left out.

    Args:
        alike: look-alikes, which know the labels and tell near-duplicates.
        n_classes: k.
        suspicion: (n,) higher = more suspicious.
        losses: (n,) of the run's model, by which controls are as hard.
        also: (n,) members of groups that are known already.
        like: (n,) samples that are like the most suspicious of their class, to be left out as well, as far as most of
            the class stays; the most suspicious first.
    """
    groups, controls, without = {}, {}, also.copy()
    for index in range(n_classes):
        of_class = alike.labels == index
        rows = np.flatnonzero(of_class & ~also)
        spare = len(rows) - min(FEWEST_KEPT, int((1 - MOST_LEFT_OUT) * of_class.sum()))
        if len(rows) < 4 or spare < 2 * min(FEWEST_CONTROLS, len(rows) // 3):
            continue
        ranked = rows[np.argsort(-suspicion[rows], kind="stable")]
        top = ranked[: min(max(int(PART * len(ranked)), min(ASKED, len(ranked) // 3)), spare // 2)]
        groups[index] = alike.thinned(top, index, ASKED)
        rest = ranked[len(top) :]
        most = min(max(int(PART * len(ranked)), FEWEST_CONTROLS), spare - len(top))
        controls[index] = _as_hard(losses, groups[index][:most], rest[~like[rest]])
        without[top] = without[controls[index]] = True
        rest = ranked[like[ranked] & ~without[ranked]]
        without[rest[: max(min(int(MOST_LEFT_OUT * len(ranked)), spare) - len(top) - len(controls[index]), 0)]] = True
    return groups, controls, without


def hardness(labels: Ints, trajectories: Floats | None, inputs: Inputs, ask: Callable[[Samples], Floats]) -> Floats:
    """(n,) how hard each sample is: its mean loss in the last epochs, or that of the model as it is.

    Args:
        labels: (n,) as given.
        trajectories: (n, e) losses; None asks the model.
        inputs: n samples.
        ask: the run's model, (m, …) samples → (m, k) probabilities.
    """
    if trajectories is not None:
        return np.asarray(trajectories[:, -3:].mean(1), np.float32)
    parts = [slice(start, start + AT_ONCE) for start in range(0, len(inputs), AT_ONCE)]
    own = np.concatenate([ask(inputs[part])[np.arange(len(labels[part])), labels[part]] for part in parts])
    return np.asarray(-np.log(np.maximum(own, 1e-7)), np.float32)


def beyond_hard(group: Bools, hard: Bools, n_classes: int) -> bool:
    """Whether more of a class's group turn than hard samples do by chance.

    The exact test of Fisher 1934 compares the two, divided among the classes by Bonferroni; a margin keeps what is
    merely significant out.

    Args:
        group: (m,) True for each of the group that turns.
        hard: (c,) the same of all controls.
        n_classes: that are asked about.
    """
    if not len(group) or not len(hard):
        return False
    table = [[int(group.sum()), int((~group).sum())], [int(hard.sum()), int((~hard).sum())]]
    p = float(fisher_exact(table, alternative="greater").pvalue)
    enough = group.mean() >= SUSPECTED and group.mean() - hard.mean() >= MARGIN
    return p <= LEVEL / n_classes and bool(enough)


def sources(asked: Asked, members: Ints, index: int) -> float:
    """The effective number of other classes that members (m,) of class `index` are taken for: e to their entropy.

    1 if all of them are taken for the same class, and 0 if there are none.
    """
    elsewhere = asked.unseen[members].copy()
    elsewhere[:, index] = 0
    return effective(
        np.bincount(elsewhere.argmax(1), minlength=elsewhere.shape[1]) if len(members) else np.zeros(1, np.int64)
    )


def effective(counts: Ints) -> float:
    """The effective number of classes that are counted, (k,): e to the entropy of their fractions; 0 for none."""
    fractions = counts[counts > 0] / max(counts.sum(), 1)
    return float(np.exp(-(fractions * np.log(fractions)).sum())) if len(fractions) else 0.0


def are_few(count: float, n_classes: int) -> bool:
    """Whether an effective number of other classes is small."""
    return count < min(FEW_SOURCES, FEW_OF_FEW * (n_classes - 1))


def write_answers(told: Sequence[tuple[Ask, Floats]], inputs: Inputs, rows: Ints) -> None:
    """Ask each model about these rows, some at a time, and write what it says into its (n, k)."""
    for part in np.array_split(rows, max(len(rows) // AT_ONCE, 1)):
        samples = inputs[part]
        for ask, answers in told:
            answers[part] = ask(samples)


def wrong_labels(asked: Asked, labels: Ints, n_classes: int, believed: Floats | None = None) -> Bools:
    """(n,) True where a model that never saw the sample is sure of another class, and the run's model believes it.

    Of clean data, some hard samples are like that. So it is the stricter the fewer they are, and takes those that the
    run's model did not learn either only where they are many. Only in at least half of the classes, and with as many
    where the class that has most is left aside. Nobody otherwise.

    Args:
        asked: what the models say.
        labels: (n,) as given.
        n_classes: k.
        believed: (n,) mean probability of the label while the run's model was trained, in [0, 1]; None asks it now.
    """
    levels, unlearned = _levels(asked, labels, believed)
    disbelieved, _ = levels[0]
    if _are_spread(unlearned, labels, n_classes, MANY):
        return np.asarray(disbelieved | unlearned)
    nobody = np.zeros(len(labels), np.bool_)
    return next((wrong for wrong, least in levels if _are_spread(wrong, labels, n_classes, least)), nobody)


def maybe_wrong(asked: Asked, labels: Ints, n_classes: int, believed: Floats | None = None) -> Bools:
    """(n,) True for labels that may be wrong, where they are more than clean data has; arguments as above.

    Too many of them may be hard samples for them to be named.
    """
    disbelieved, _ = _levels(asked, labels, believed)[0][0]
    return disbelieved & _are_spread(disbelieved, labels, n_classes, MOST_USUAL)


def _levels(asked: Asked, labels: Ints, believed: Floats | None) -> tuple[list[tuple[Bools, float]], Bools]:
    """Labels hardly believed by each limit, (n,), with the fraction needed; and others that were not learned, (n,)."""
    own = np.arange(len(labels)), labels
    seen = asked.seen[own]
    elsewhere = asked.without & (asked.unseen[own] < DISBELIEVED) & (asked.unseen.max(1) > BELIEVED)
    agreed = asked.seen.argmax(1) == asked.unseen.argmax(1)
    if believed is None:
        levels = [(elsewhere & agreed & (seen < DISBELIEVED), MOST_USUAL)]
    else:
        levels = [(elsewhere & (believed < limit), least) for limit, least in HARDLY_BELIEVED]
    return levels, elsewhere & agreed & (seen < HARDLY_LEARNED) & ~levels[0][0]


def _are_spread(wrong: Bools, labels: Ints, n_classes: int, least: float) -> bool:
    """Whether wrong labels are in many classes, and at least that fraction without the class that has most of them."""
    of_class = np.bincount(labels[wrong], minlength=n_classes)
    # An attack that was hardly learned has wrong labels, too, all in one class: the others alone have to have many.
    others = labels != of_class.argmax()
    return bool(wrong[others].sum() >= least * max(others.sum(), 1) and (of_class > 0).mean() >= SPREAD)


def _as_hard(losses: Floats, group: Ints, rest: Ints) -> Ints:
    """For each of the group one of the rest, none twice, with the nearest loss."""
    logs = np.log(losses + 1e-4)
    free = rest.copy()
    chosen = []
    for row in group:
        if not len(free):
            break
        place = int(np.abs(logs[free] - logs[row]).argmin())
        chosen.append(int(free[place]))
        free = np.delete(free, place)
    return np.array(chosen, np.int64)
