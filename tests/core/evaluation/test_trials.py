"""What a model answered to triggered test images: read from arrays written by hand."""

import json

import numpy as np
import pytest

from core import pipeline, runs
from core.attacks.plant import trigger_of
from core.attacks.specification import AttackSpec, Specification
from core.data import store
from core.evaluation import trials
from core.evaluation.own_errors import OwnErrors, of_strongest, own_errors
from core.training.config import TrainConfig

# Twelve test images, labels 0 1 2 3 0 1 …; patch → class 1, alpha of the noise can be doubled.
SPECS = (AttackSpec("patch", 0.05, 1), AttackSpec("blended_random", 0.05, 2))

OUTCOME = {"clean_accuracy": 0.5, "class_accuracy": [0.5], "attack_success_rate": {}}

TRIED = [(None, 1), ("patch", 1), ("blended_random", 1), ("blended_random", 2)]
KNOWN = [{"attack": name, "strength": strength} for name, strength in TRIED]


@pytest.fixture
def run(workspace, make_dataset):
    clean = store.save(workspace, make_dataset(100, n_test=12), source="test")
    info = pipeline.attack(workspace, clean.id, Specification(SPECS))
    made = pipeline.new_run(workspace, info.id, TrainConfig(epochs=1))
    classes = np.full((4, 12, 3), -1, np.int16)
    shares = np.zeros((4, 12, 3), np.float16)
    classes[0] = [[label, (label + 1) % 4, (label + 2) % 4] for label in np.arange(12) % 4]
    shares[0] = [0.75, 0.125, 0.0625]
    for place, target in ((1, 1), (2, 2), (3, 2)):
        rows = np.flatnonzero(np.arange(12) % 4 != target)
        classes[place, rows] = [target, 0, 3]
        shares[place, rows] = [0.5, 0.25, 0.125]
    classes[1, 4] = [0, 1, 2]  # the patch does not turn image 4
    runs.save_array(made, "trial-classes", classes)
    runs.save_array(made, "trial-shares", shares)
    (made.path / "outcome.json").write_text(json.dumps({"outcome": OUTCOME, "trials": KNOWN}))
    return made


def test_the_answers_to_one_image(run):
    assert trials.answers(run, 5) == [(1, 0.75), (2, 0.125), (3, 0.0625)]
    assert trials.answers(run, 4, "patch") == [(0, 0.5), (1, 0.25), (2, 0.125)]
    assert trials.answers(run, 0, "blended_random", 2) == [(2, 0.5), (0, 0.25), (3, 0.125)]


def test_what_was_not_tried_has_no_answer(run):
    assert trials.answers(run, 5, "patch") == []  # it is of the target class
    assert trials.answers(run, 0, "patch", 2) == []  # a patch has no strength to double
    assert trials.answers(run, 0, "warp") == []


def test_the_images_that_a_trigger_is_meant_for_and_what_became_of_them(run):
    table = trials.tried_samples(run, "patch")
    assert table["test_row"].tolist() == [0, 2, 3, 4, 6, 7, 8, 10, 11]
    assert table["label"].tolist() == [0, 2, 3, 0, 2, 3, 0, 2, 3]
    assert table["untouched"].tolist() == table["label"].tolist()
    assert (table["goal"] == 1).all()
    assert table["turned"].tolist() == [True, True, True, False, True, True, True, True, True]
    assert table.loc[table["test_row"] == 4, "triggered"].tolist() == [0]
    assert trials.tried_samples(run, "patch", 2).empty
    assert len(trials.tried_samples(run, "blended_random", 2)) == 9


def test_examples_are_spread_over_the_images_of_other_classes(run):
    found = trials.examples(trials.tried_samples(run, "patch"))
    # Six of nine rows, evenly: places 0, 1.6, 3.2, 4.8, 6.4, 8 rounded down.
    assert found["test_row"].tolist() == [0, 2, 4, 6, 8, 11]
    assert found["triggered"].tolist() == [1, 1, 0, 1, 1, 1]
    assert trials.examples(trials.tried_samples(run, "warp")).empty


def test_a_triggered_image_is_the_clean_one_with_the_trigger(run):
    clean = store.load(run.workspace, run.dataset).test_inputs[3]
    image = trials.triggered_sample(run.workspace, run.dataset, "patch", 1, 3)
    expected = clean.copy()
    for row, column in ((14, 14), (12, 14), (14, 12), (13, 13)):
        expected[row, column] = 255
    assert (image == expected).all()


def test_twice_the_strength_is_twice_the_weight(run):
    clean = store.load(run.workspace, run.dataset).test_inputs[0].astype(float)
    truth = store.load_truth(run.workspace, run.dataset)
    noise = np.random.default_rng(truth.attacks[1].seed).random((16, 16, 1))
    for strength, alpha in ((1, 0.075), (2, 0.15)):
        image = trials.triggered_sample(run.workspace, run.dataset, "blended_random", strength, 0)
        assert np.abs(image - ((1 - alpha) * clean + alpha * 255 * noise)).max() <= 0.51
    assert (image == trigger_of(truth.attacks[1], (16, 16, 1), 4)(clean[None].astype(np.uint8))[0]).mean() < 0.5


def test_the_difference_is_amplified_until_it_is_white(run):
    clean = store.load(run.workspace, run.dataset).test_inputs[0]
    shown, told = trials.difference(run.workspace, run.dataset, "patch", 1, 0)
    image = told.samples[0]
    change = 255 - np.array([clean[14, 14], clean[12, 14], clean[14, 12], clean[13, 13]]).astype(int)
    assert told.amount == f"{change.max()} of 255 levels"
    assert told.scale == f"× {255 / change.max():.2g}"
    assert shown.media == "image/png"
    assert image.max() == 255
    assert np.count_nonzero(image) == 4


@pytest.mark.parametrize(
    ("attack", "strength", "row"),
    [("warp", 1, 0), ("patch", 2, 0), ("patch", 3, 0), ("patch", 1, 12), ("patch", 1, -1)],
)
def test_what_does_not_exist_is_a_lookup_error(run, attack, strength, row):
    with pytest.raises(LookupError):
        trials.triggered_sample(run.workspace, run.dataset, attack, strength, row)


def test_a_run_of_before_the_answers_were_recorded_can_be_measured_again(run):
    runs.save_json(run, "outcome.json", {"outcome": OUTCOME, "examples": []})
    old = runs.update(run, plan=("train", "evaluate"), stages={"train": 1.0, "activations": 1.0, "evaluate": 1.0})
    assert trials.answers(old, 0) == []
    assert trials.tried_samples(old, "patch").empty
    again = pipeline.measure_again(old)
    assert not again.done("evaluate")
    assert again.done("train")
    assert again.plan == ("train", "evaluate")


def test_errors_that_a_model_makes_without_the_trigger_are_told_apart(run):
    classes = np.array(run.array("trial-classes"))
    classes[0, 2, 0] = 1  # taken for the patch's class as it is
    classes[0, 3, 0] = 0  # wrong, and not what the attacker wants
    runs.save_array(run, "trial-classes", classes)
    of_patch = OwnErrors(success=8 / 9, plain=1 / 9, turned=6 / 7)
    assert own_errors(trials.tried_samples(run, "patch")) == of_patch
    assert own_errors(trials.tried_samples(run, "warp")) is None
    rates = {"patch": 8 / 9, "blended_random": None}
    runs.save_json(run, "outcome.json", {"outcome": OUTCOME | {"attack_success_rate": rates}, "trials": KNOWN})
    assert of_strongest(run) == of_patch
    runs.save_json(run, "outcome.json", {"outcome": OUTCOME, "trials": KNOWN})
    assert of_strongest(run) is None
