"""Images as inputs: rows of a mapped array, of which only those are read that are asked for."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from core.data import store
from core.detectors.consensus.consensus import reordered
from core.journal.changes import apply
from core.modalities.image.inputs import ImageInputs
from core.types import Changes, Evidence

ARRAY = np.arange(6 * 2 * 3, dtype=np.uint8).reshape(6, 2, 3, 1)


@pytest.mark.parametrize("rows", [slice(1, 4), [4, 0, 4], np.array([5, 2]), np.arange(6) % 2 == 0, slice(0)])
def test_rows_that_are_taken_are_those_of_the_array(rows):
    taken = ImageInputs(ARRAY).take(rows)
    assert np.array_equal(taken[:], ARRAY[rows])
    assert np.array_equal(taken.take(slice(None, None, -1))[:], ARRAY[rows][::-1])
    assert (len(taken), taken.shape, taken.nbytes) == (len(ARRAY[rows]), (2, 3, 1), ARRAY[rows].nbytes)


def test_rows_of_rows_are_read_in_their_order():
    twice = ImageInputs(ARRAY).take([5, 3, 1]).take([2, 0])
    assert np.array_equal(twice[0], ARRAY[1])
    assert np.array_equal(twice[1:], ARRAY[5:])
    assert np.array_equal(twice[np.array([True, False])], ARRAY[1:2])


def test_what_is_no_array_of_images_is_refused():
    with pytest.raises(ValueError, match="images must be"):
        ImageInputs(ARRAY[0])


def test_a_repair_and_the_order_of_the_consensus_copy_no_images(make_dataset, tmp_path):
    made = make_dataset(400, side=48, channels=3)
    dataset = store.load(tmp_path, store.save(tmp_path, made, source="test").id)
    evidence = Evidence(dataset.labels, 4, dataset.bona_fide, inputs=dataset.inputs)
    backwards = np.arange(400)[::-1]
    tracemalloc.start()
    repaired = apply(dataset, Changes(frozenset(range(50)), {60: 1}))
    turned = reordered(replace(evidence, features=np.zeros((400, 2), np.float32)), backwards)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < dataset.inputs.nbytes / 10
    assert np.array_equal(repaired.inputs[:], made.inputs[50:])
    assert np.array_equal(turned.inputs[:3], made.inputs[397:][::-1])
