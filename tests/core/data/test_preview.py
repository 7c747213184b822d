"""Previews: the difference, its gain and the counts per class, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from core.attacks.preview import EXAMPLES, most_touched, previews, usable
from core.attacks.specification import AttackSpec, Specification
from core.errors import UserError
from core.modalities.image.inputs import ImageInputs
from core.modalities.image.view import amplified


def test_the_largest_difference_becomes_white_and_the_others_keep_their_proportion():
    clean = np.array([[[[10], [20]], [[30], [200]]]], np.uint8)
    triggered = np.array([[[[10], [25]], [[20], [249]]]], np.uint8)  # 0, +5, -10, +49
    change = amplified(clean, triggered)
    assert (change.amount, change.scale) == ("49 of 255 levels", "× 5.2")
    assert change.samples.ravel().tolist() == [0, 26, 52, 255]  # 5 · 255/49 = 26.02, 10 · 255/49 = 52.04
    assert change.samples.dtype == np.uint8


def test_no_difference_is_black():
    image = np.full((1, 2, 2, 3), 77, np.uint8)
    change = amplified(image, image)
    assert change.amount == "0 of 255 levels"
    assert not change.samples.any()


def test_a_preview_shows_a_few_of_the_samples_that_would_be_poisoned(make_dataset):
    dataset = make_dataset(100)  # four classes in turn, 25 samples each
    dark = replace(dataset, inputs=ImageInputs(np.zeros_like(dataset.inputs[:])))
    (found,), _ = previews(dark, Specification((AttackSpec("single_pixel", 0.1, 3),)))
    assert found.attack.n_poisoned == 10
    assert len(found.rows) == EXAMPLES == 3
    assert (dataset.labels[found.rows] != 3).all()
    assert (found.change.amount, found.change.scale) == ("255 of 255 levels", "× 1")
    expected = np.zeros((3, 16, 16, 1), np.uint8)
    expected[:, 14, 14] = 255
    assert (found.clean == 0).all()
    assert (found.triggered == expected).all()
    assert (found.change.samples == expected).all()


def test_the_counts_say_where_every_sample_goes(make_dataset):
    dataset = make_dataset(100)
    asked = Specification(
        (
            AttackSpec("patch", target=0, labelling="one_to_one", source=1, count=5),
            AttackSpec("sinusoid", target=2, count=4),  # clean label: nobody moves
        )
    )
    _, counts = previews(dataset, asked)
    assert counts["class"].tolist() == list(dataset.class_names)
    assert counts["samples"].tolist() == [25, 25, 25, 25]
    assert counts["taken away"].tolist() == [0, 5, 0, 0]
    assert counts["poisoned into it"].tolist() == [5, 0, 4, 0]
    assert counts["cover samples"].tolist() == [0, 0, 0, 0]
    assert counts["samples afterwards"].tolist() == [30, 20, 25, 25]
    assert most_touched(counts, 2)["class"].tolist() == list(dataset.class_names[:2])  # 5 into, 5 away, 4 into, none
    assert most_touched(counts, 3)["class"].tolist() == list(dataset.class_names[:3])
    assert len(most_touched(counts, 9)) == 4


def test_all_to_all_moves_every_class_to_the_next_and_covers_stay(make_dataset):
    dataset = make_dataset(100)
    attack = AttackSpec("wanet", labelling="all_to_all", count=40, settings={"cover_ratio": 0.5})
    (found,), counts = previews(dataset, Specification((attack,)))
    assert found.attack.target_class is None
    gone, into = counts["taken away"].to_numpy(), counts["poisoned into it"].to_numpy()
    assert gone.sum() == 40
    assert (into == np.roll(gone, 1)).all()
    assert counts["cover samples"].sum() == 20
    assert (counts["samples afterwards"] == 25 - gone + into).all()


def test_a_trigger_that_is_still_to_be_optimised_is_not_shown(make_dataset):
    (found,), counts = previews(make_dataset(100, channels=3), Specification((AttackSpec("narcissus", count=4),)))
    assert found.triggered is None
    assert found.change is None
    assert len(found.clean) == 3
    assert counts["poisoned into it"].sum() == 4


def test_what_cannot_be_planted_is_named_and_the_rest_stays_usable(make_dataset):
    asked = Specification(
        (
            AttackSpec("patch", 0.1, 1),
            AttackSpec("patch", 0.1, 2),  # the same trigger with another target
            AttackSpec("frequency", 0.1),  # grey images
            AttackSpec("single_pixel", 0.1, 3),
        )
    )
    places, faults = usable(make_dataset(100), asked)
    assert places == [0, 3]
    assert {place: error.title for place, error in faults.items()} == {
        1: "patch and patch-2 are the same trigger with different targets.",
        2: "frequency needs colour images.",
    }


def test_nothing_wrong_and_nothing_asked(make_dataset):
    dataset = make_dataset(100)
    assert usable(dataset, Specification((AttackSpec("patch"), AttackSpec("blended_random")))) == ([0, 1], {})
    assert usable(dataset, Specification(())) == ([], {})
    with pytest.raises(UserError, match="No attack was named"):
        previews(dataset, Specification(()))
