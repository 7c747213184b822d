"""Which samples of stored data are looked at, and in which order: by class, by problem, by what is measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np

from core.data.store.sample_names import matching
from core.data.survey import Survey
from core.modalities import modality_of
from core.modalities.contract import Trait
from core.types import Bools, Floats, Inputs, Ints

RANDOM = "random"
STORED = "as stored"
ALIKE = "alike together"
BINS = 32  # of a histogram: bars of 8 pixels, which a finger meets
ENDS = (0.002, 0.998)  # quantiles at which a histogram ends; its outer bars hold what lies beyond
SEARCHED = 2000  # characters of a sample that are searched for a text


@dataclass(frozen=True)
class Choice:
    """What a person wants to see.

    Attributes:
        label: the class index; None for all.
        problem: the kind of problem that the samples have; "" for all samples.
        ranges: name of a trait → the lowest and the highest value.
        text: part of the name, or of what there is to read; "" for all.
        order: RANDOM, STORED, ALIKE, or a trait's name, with "-" before it for the highest first.
        seed: of the random order.
    """

    label: int | None = None
    problem: str = ""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    text: str = ""
    order: str = RANDOM
    seed: int = 0


@dataclass(frozen=True)
class Histogram:
    """How often a trait has which values.

    Attributes:
        edges: (bins + 1,) of its bars; values beyond the ends are in the outer bars.
        every, shown: (bins,) counts of all samples, and of those that the other filters leave.
    """

    edges: Floats
    every: Ints
    shown: Ints


def orders(survey: Survey) -> list[str]:
    """The orders that there are, the first one as the beginning."""
    measured = [name for trait in survey.traits for name in (trait.name, f"-{trait.name}")]
    return [RANDOM, STORED, ALIKE, *measured]


def shown_rows(
    inputs: Inputs, labels: Ints, names: Sequence[str], survey: Survey, choice: Choice, *, apart_from: str = ""
) -> Ints:
    """The rows that the choice leaves, in its order; not asked is `apart_from`: "label", "problem" or a trait.

    A random order is that of all samples, from which some are left out: a filter moves no sample before another.
    """
    left: Bools = np.ones(len(labels), np.bool_)
    if choice.label is not None and apart_from != "label":
        left &= labels == choice.label
    if choice.problem and apart_from != "problem":
        left &= np.isin(np.arange(len(labels)), survey.problems.get(choice.problem, ()))
    for trait in survey.traits:
        if trait.name in choice.ranges and trait.name != apart_from:
            low, high = choice.ranges[trait.name]
            left &= (trait.values >= np.float32(low)) & (trait.values <= np.float32(high))
    if choice.text.strip():
        left &= _found(inputs, names, choice.text)
    order = _order(survey, choice, len(labels))
    return np.asarray(order[left[order]])


def histogram(trait: Trait, rows: Ints, bins: int = BINS) -> Histogram:
    """How a trait is spread over all samples, and over those in `rows`."""
    values = trait.values if len(trait.values) else np.zeros(1, np.float32)
    low, high = np.quantile(values, ENDS)
    counted = bool((values == np.rint(values)).all())
    if counted and values.max() - values.min() < bins:  # one bar a number
        edges = np.arange(int(values.min()), int(values.max()) + 2) - 0.5
    elif counted:  # as many numbers in each bar, else every few bars one would hold more of them
        first, width = np.floor(low), np.ceil((high - low + 1) / bins)
        edges = first + width * np.arange(np.ceil((high + 1 - first) / width) + 1)
    else:
        edges = np.linspace(low, high if high > low else low + 1, bins + 1)
    inside = np.clip(trait.values, edges[0], np.nextafter(edges[-1], -inf))
    every, shown = (np.histogram(some, edges)[0] for some in (inside, inside[rows]))
    return Histogram(edges.astype(np.float32), every, shown)


def widened(low: float, high: float, edges: Floats) -> tuple[float, float] | None:
    """A range that was drawn on a histogram: what ends at its ends holds what lies beyond; None for all of it."""
    span = float(edges[-1] - edges[0])
    least = -inf if low <= edges[0] + 1e-3 * span else low
    most = inf if high >= edges[-1] - 1e-3 * span else high
    return None if (least, most) == (-inf, inf) else (least, most)


def _order(survey: Survey, choice: Choice, n: int) -> Ints:
    """All rows in the order of the choice."""
    if choice.order == ALIKE:
        return np.lexsort((np.arange(n), survey.first))
    trait = next((trait for trait in survey.traits if trait.name == choice.order.removeprefix("-")), None)
    if trait is not None:
        return np.argsort(-trait.values if choice.order.startswith("-") else trait.values, kind="stable")
    return np.arange(n) if choice.order == STORED else np.random.default_rng(choice.seed).permutation(n)


def _found(inputs: Inputs, names: Sequence[str], text: str) -> Bools:
    """(n,) whether the name of a sample, or what there is to read in it, holds the text."""
    told = modality_of(inputs).read(inputs, np.arange(len(inputs)), SEARCHED)
    named = matching(names, text) if len(names) == len(inputs) else [False] * len(inputs)
    return np.array(named, np.bool_) | np.array(matching(told, text), np.bool_)
