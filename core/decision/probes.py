"""Which samples a trigger is put on, those that the model has right and that nothing speaks against; how many turn."""

from collections.abc import Sequence

import numpy as np

from core.decision.suspects import Suspects
from core.modalities import modality_of
from core.modalities.recovery import Ask, Stamp
from core.types import Evidence, Floats, Ints, Samples

# Fraction of the samples, from the least suspicious, that triggers are put on.
PROBED = 0.6
# As many of other classes than that in question as are tried.
PROBES = 200
# Samples of a class that the trigger is compared with.
CONTROL = 60
# Fraction of the class that a group to begin with may be.
LARGEST_PART = 0.5
# Fewer tell no rate.
FEWEST_PROBES = 20


def probed(evidence: Evidence, suspicion: Floats, judged: Sequence[int]) -> Ints:
    """Rows that triggers are put on: the least suspicious ones that the model has right.

    They are the least suspicious of each class where one class is so large that hardly any of another would be there.
    """
    right = evidence.predicted == evidence.labels
    rows = np.flatnonzero(right & (suspicion <= np.quantile(suspicion, PROBED)))
    if all((evidence.labels[rows] != index).sum() >= PROBES for index in judged):
        return rows
    limits = np.full(evidence.n_classes, -np.inf)
    for index in np.unique(evidence.labels):
        limits[index] = np.quantile(suspicion[evidence.labels == index], PROBED)
    return np.flatnonzero(right & (suspicion <= limits[evidence.labels]))


def large_classes(labels: Ints, n_classes: int, least: int) -> tuple[list[int], dict[int, str]]:
    """The classes with at least so many samples, and of the others why they cannot be judged."""
    counts = np.bincount(labels, minlength=n_classes).tolist()
    small = {
        index: f"only {count:,} sample{'s' * (count != 1)}; {least} are needed"
        for index, count in enumerate(counts)
        if count < least
    }
    return [index for index in range(n_classes) if index not in small], small


def with_few_probes(labels: Ints, classes: Sequence[int]) -> dict[int, str]:
    """Of these classes, those that have too few probes of other classes, and why they cannot be judged.

    `labels` (p,) are those of the probes.
    """
    counts = {index: int((labels != index).sum()) for index in classes}
    return {
        index: f"only {count:,} sample{'s' * (count != 1)} of other classes to put a trigger on"
        for index, count in counts.items()
        if count < FEWEST_PROBES
    }


def flip_rate(ask: Ask, stamp: Stamp, samples: Samples, index: int) -> float:
    """The fraction of samples that a model takes for class `index` once the trigger is on them, in [0, 1]."""
    return float((ask(stamp.put_on(samples)).argmax(1) == index).mean()) if len(samples) else 0.0


def strongest(
    suspects: Suspects, rows: Ints, index: int, probes: Ints, near: Ints | None = None
) -> tuple[Stamp, float]:
    """The way to put on what these rows share that turns most probes into class `index`, and how many it turns.

    Look-alikes are looked for where `near` does not name them, (m, q).
    """
    near = suspects.alike.near(rows, index) if near is None else near
    made = modality_of(suspects.inputs).load_stamps().stamps(suspects.inputs, rows, near)
    rates = [flip_rate(suspects.ask, stamp, suspects.inputs[probes], index) for stamp in made]
    return made[int(np.argmax(rates))], float(max(rates))


def control_rate(suspects: Suspects, ranked: Ints, index: int, probes: Ints) -> float:
    """How many probes what the first of these samples of the class share turns, as a fraction."""
    chosen = suspects.alike.thinned(ranked, index, min(CONTROL, int(LARGEST_PART * len(ranked))))
    return strongest(suspects, chosen, index, probes)[1]


def rate_of_others(suspects: Suspects, index: int, probes: Ints) -> float:
    """How many probes what samples of other classes share turns into class `index`, as a fraction.

    It is the control where a sample has a trigger or has not. A class has words of its own, which turn as many; but the
    samples that have them belong to the class.
    """
    rng = np.random.default_rng((suspects.seed, index, 3))
    others = rng.permutation(np.flatnonzero(suspects.labels != index))
    half = min(len(others) // 2, CONTROL)
    near = others[half : 2 * half][:, None]
    return strongest(suspects, np.sort(others[:half]), index, probes, near)[1] if half else 0.0
