"""Neighbours and copies, checked against sorting all distances and comparing all pixels."""

import numpy as np

from core.analysis.neighbours import digests, duplicates, nearest
from core.modalities.image.inputs import ImageInputs


def test_the_nearest_are_those_of_a_full_sort_whatever_is_read_at_once():
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(200, 7)).astype(np.float16), rng.integers(0, 3, 200)
    distances = np.linalg.norm(features.astype(np.float64) - features[11].astype(np.float64), axis=1)
    order = [row for row in np.argsort(distances) if row != 11]
    for at_once in (50, 2**18):
        found = nearest(features, labels, 11, most=4, at_once=at_once)
        assert found.same.tolist() == [row for row in order if labels[row] == labels[11]][:4]
        assert found.others.tolist() == [row for row in order if labels[row] != labels[11]][:4]
        np.testing.assert_allclose(found.same_distances, distances[found.same], rtol=1e-5)


def test_a_lonely_sample_has_neighbours_in_other_classes_only():
    found = nearest(np.array([[0.0], [3.0], [4.0]], np.float32), np.array([0, 1, 1]), 0)
    assert found.same.tolist() == []
    assert found.others.tolist() == [1, 2]
    assert found.other_distances.tolist() == [3, 4]


def test_equal_distances_come_in_the_order_of_the_data():
    found = nearest(np.array([[0.0], [1.0], [-1.0], [1.0]], np.float32), np.zeros(4, np.int64), 0, most=2)
    assert found.same.tolist() == [1, 2]


def test_copies_have_the_same_pixels_to_the_last_one():
    images = np.random.default_rng(1).integers(0, 255, (6, 4, 4, 3), np.uint8)
    images[4] = images[1]
    images[5] = images[1]
    images[5, 3, 3, 2] ^= 1
    known = digests(ImageInputs(images))
    assert duplicates(known, 1).tolist() == [4]
    assert duplicates(known, 4).tolist() == [1]
    assert duplicates(known, 5).tolist() == []


def test_images_that_are_too_many_are_not_read():
    assert len(known := digests(ImageInputs(np.zeros((4, 2, 2, 1), np.uint8)), most_bytes=10)) == 0
    assert duplicates(known, 0).tolist() == []
