"""A small collection as a data set in memory."""

import numpy as np

from core.datasets.collection import Collection, Part
from core.types import Dataset, Images


def gathered(collection: Collection) -> Dataset:
    """All images of a collection that holds pixels of one shape; large ones are imported into a workspace instead."""
    images, n = _images(collection.train), len(collection.train)
    tests = _images(collection.test) if len(collection.test) else images[:0]
    known = np.zeros(n, np.bool_) if collection.bona_fide is None else collection.bona_fide
    return Dataset(
        name=collection.name,
        ids=np.arange(n),
        images=images,
        labels=collection.train.labels,
        test_images=tests,
        test_labels=collection.test.labels,
        class_names=collection.class_names,
        bona_fide=known,
    )


def _images(part: Part) -> Images:
    return np.stack([np.asarray(part.read(index), np.uint8) for index in range(len(part))])
