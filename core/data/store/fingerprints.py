"""What tells one stored data set from another: a SHA-256 that a run remembers of the data that it was made with."""

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np

from core.modalities import modality_of
from core.types import Dataset


def complete(class_names: Sequence[str], digests: Mapping[str, str]) -> str:
    """The fingerprint of a data set, which covers all that a result rests on.

    Args:
        class_names: of all classes, in their order.
        digests: name → SHA-256 of each file of ids, labels, bona fide flags, training and test samples.
    """
    return hashlib.sha256(json.dumps([list(class_names), sorted(digests.items())]).encode()).hexdigest()


def sampled(dataset: Dataset) -> str:
    """The fingerprint that data sets of schema 1 carry: of shape, ids, labels and a bounded part of the inputs."""
    shapes = tuple((len(inputs), *inputs.shape) for inputs in (dataset.inputs, dataset.test_inputs))
    digest = hashlib.sha256(repr(shapes).encode())
    labels, tests = (np.ascontiguousarray(array).tobytes() for array in (dataset.labels, dataset.test_labels))
    digest.update(np.ascontiguousarray(dataset.ids).tobytes() + labels)
    for part in modality_of(dataset.inputs).sampled(dataset.inputs):
        digest.update(part)
    digest.update(tests)
    return digest.hexdigest()
