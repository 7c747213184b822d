"""What is wrong with a collection as a whole: images that occur twice, and classes with hardly any."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.data.collection import Collection, Part, Problem, legible
from core.modalities.image.duplicates import Glance, lookalikes, repeats

# What only a comparison of images or classes finds; the rest comes to light at an import, too.
KINDS = ("two labels", "in both sets", "tiny class", "duplicate", "near duplicate")
FEWEST_SAMPLES = 10  # of a class: below, neither a test set nor a detector has anything to count
SMALLEST_FRACTION = 0.01  # of the average class: below, a model does well without ever answering it


@dataclass(frozen=True)
class Place:
    """One image of a collection.

    Attributes:
        part: the split that it is in.
        index: its place there.
        class_name: its given label in words.
        is_test: whether the split is the test set.
    """

    part: Part
    index: int
    class_name: str
    is_test: bool

    @property
    def name(self) -> str:
        """What the source calls it."""
        return legible(self.part.names[self.index])


def tiny_classes(collection: Collection) -> list[Problem]:
    """A problem for each class with fewer than 10 training images, or less than 1 % of what classes have on average."""
    counts = np.bincount(collection.train.labels, minlength=len(collection.class_names))
    least = max(FEWEST_SAMPLES, SMALLEST_FRACTION * counts.mean())
    average = f"{counts.mean():,.1f}".removesuffix(".0")
    return [
        Problem("tiny class", legible(name), f"{_images(n)}; the average class has {average}.")
        for name, n in zip(collection.class_names, counts.tolist(), strict=True)
        if n < least
    ]


def duplicates(
    places: Sequence[Place], glances: Sequence[Glance], listen: Callable[[float], None] = lambda fraction: None
) -> list[Problem]:
    """A problem for each image that is the same as an earlier one, or looks like it.

    Args:
        places: where each image is, the training set before the test set.
        glances: what each shows, in the same order.
        listen: told the fraction that is done.
    """
    return duplicates_among(places, repeats(glances), lookalikes(glances, listen), "image")


def duplicates_among(
    places: Sequence[Place], same: Sequence[tuple[int, int]], alike: Sequence[tuple[int, int]], kind: str
) -> list[Problem]:
    """A problem for each pair (later, first) of samples of one `kind`, in a word, that are the same or look alike."""
    found = [_same(places[later], places[earlier], kind) for later, earlier in same]
    return found + [_alike(places[later], places[earlier]) for later, earlier in alike]


def _same(place: Place, first: Place, kind: str) -> Problem:
    if place.class_name != first.class_name:
        return Problem("two labels", place.name, f"{_labelled(place)} It is the same {kind} as {_called(first)}.")
    if place.is_test != first.is_test:
        return Problem("in both sets", place.name, f"This test {kind} is the same as the training {kind} {first.name}.")
    return Problem("duplicate", place.name, f"It is the same {kind} as {first.name}.")


def _alike(place: Place, first: Place) -> Problem:
    where = " of the training set" if place.is_test and not first.is_test else ""
    if place.class_name != first.class_name:
        return Problem("near duplicate", place.name, f"{_labelled(place)} It looks like {_called(first)}{where}.")
    return Problem("near duplicate", place.name, f"It looks like {first.name}{where}.")


def _labelled(place: Place) -> str:
    return f"Labelled {place.class_name}."


def _called(place: Place) -> str:
    return f"{place.name}, which is labelled {place.class_name}"


def _images(n: int) -> str:
    return f"{n:,} training image{'' if n == 1 else 's'}"
