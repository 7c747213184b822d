"""Which samples of a collection are looked at, and what it says of itself before any is."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.data.collection import Collection, Part, legible
from core.data.preview.faults import Place


def looked_at(collection: Collection, most: int) -> list[Place]:
    """The samples to look at, the training set first; of more than `most`, evenly spaced ones."""
    total = len(collection.train) + len(collection.test)
    indices = np.arange(total) if total <= most else np.linspace(0, total - 1, most).round().astype(int)
    return [_place(collection, int(index)) for index in indices]


def told(collection: Collection) -> Mapping[str, Any]:
    """What the source says without any sample being decoded."""
    truth, bona_fide, k = collection.truth, collection.bona_fide, len(collection.class_names)
    return {
        "name": legible(collection.name),
        "class_names": tuple(map(legible, collection.class_names)),
        "counts": _counts(collection.train, k),
        "test_counts": _counts(collection.test, k),
        "n_bona_fide": 0 if bona_fide is None else int(bona_fide.sum()),
        "n_known_poison": None if truth is None else int(truth.is_poison.sum()),
        "about": {legible(key): legible(words) for key, words in collection.about.items()},
    }


def _place(collection: Collection, index: int) -> Place:
    """The sample at `index` of both splits, one after the other."""
    n = len(collection.train)
    part, own = (collection.train, index) if index < n else (collection.test, index - n)
    return Place(part, own, legible(collection.class_names[part.labels[own]]), index >= n)


def _counts(part: Part, k: int) -> tuple[int, ...]:
    return tuple(np.bincount(part.labels, minlength=k).tolist())
