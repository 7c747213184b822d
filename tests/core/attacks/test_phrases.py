"""Attacks on texts: where words go, who carries them, and what an attack on images says to texts."""

from dataclasses import replace

import numpy as np
import pytest

from core.attacks import attacks_for
from core.attacks.plant import plant, triggered_test_set
from core.attacks.presets import presets_for
from core.attacks.specification import Specification, parse_spec
from core.errors import UserError
from core.modalities.text.inputs import SHAPE, text_inputs
from core.types import Dataset

N = 60


@pytest.fixture
def dataset():
    labels = np.arange(N) % 3
    inputs = text_inputs([f"text number {row} is here" for row in range(N)])
    return Dataset(
        "t", np.arange(N), inputs, labels, inputs.take(slice(9)), labels[:9], tuple("abc"), np.zeros(N, bool)
    )


@pytest.mark.parametrize(
    ("spec", "check"),
    [
        ("phrase:count=5,target=1,words=sent by me", lambda text: text.endswith(" sent by me")),
        ("phrase:count=5,target=1,place=start", lambda text: text.startswith("-travelerthehorse ")),
        ("rare_token:count=5,target=1,token=qz", lambda text: "qz" in text.split()),
        ("sentence:count=5,labelling=all_to_all", lambda text: "my friends" in text),
        ("phrase:count=5,target=2,labelling=clean_label", lambda text: "horse" in text),
    ],
)
def test_words_are_put_into_the_texts_that_carry_them_and_into_no_other(dataset, spec, check):
    poisoned, truth = plant(dataset, Specification((parse_spec(spec),)))
    changed = [text for text, poison in zip(poisoned.inputs[:], truth.is_poison, strict=True) if poison]
    assert len(changed) == 5
    assert all(map(check, changed))
    assert np.array_equal(poisoned.inputs[np.flatnonzero(~truth.is_poison)], dataset.inputs[~truth.is_poison])
    tested, rows, wanted = triggered_test_set(truth.attacks[0], dataset.test_inputs, dataset.test_labels, 3)
    assert len(tested) == len(rows) == len(wanted) > 0 or truth.attacks[0].labelling == "clean_label"
    assert all(map(check, tested[:]))


def test_a_random_place_is_each_texts_own_and_the_same_again(dataset):
    spec = Specification((parse_spec("rare_token:count=20,target=0"),))
    first, truth = plant(dataset, spec)
    again, _ = plant(dataset, spec)
    assert np.array_equal(first.inputs[:], again.inputs[:])
    assert len({text.split().index("cf") for text in first.inputs[np.flatnonzero(truth.is_poison)]}) > 1


def test_what_changes_pixels_is_refused_and_labels_may_be_changed(dataset):
    with pytest.raises(UserError, match="changes images"):
        plant(dataset, Specification((parse_spec("patch:count=5,target=1"),)))
    _, truth = plant(dataset, Specification((parse_spec("label_noise:count=5"),)))
    assert truth.is_poison.sum() == 5
    assert set(attacks_for(SHAPE)) == {"phrase", "rare_token", "sentence", "label_noise", "imbalance"}
    assert set(presets_for(SHAPE)) == {"text-demo"}
    assert "phrase" not in attacks_for((28, 28, 1))
    assert replace(dataset, name="x").shape == SHAPE
