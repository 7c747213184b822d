"""Covers, wrong labels, relabelled kinds and skewed data: what becomes of pixels, labels and the truth."""

from dataclasses import replace

import numpy as np
import pytest

from core.attacks.plant import plant, roles, trigger_of, triggered_test_set, with_trigger
from core.attacks.preview import previews
from core.attacks.specification import AttackSpec, Specification, parse_spec
from core.data import store
from core.errors import UserError
from core.modalities.image.inputs import ImageInputs


def asked(*texts, seed=0):
    return Specification(tuple(map(parse_spec, texts)), seed)


def test_covers_carry_the_trigger_of_any_kind_and_keep_labels_that_speak_against_it(make_dataset):
    dataset = make_dataset(200)
    poisoned, truth = plant(dataset, asked("patch:ratio=0.05,target=1,covers=0.1"))
    rows = truth.is_cover
    assert (rows.sum(), truth.attacks[0].n_cover, truth.is_poison.sum()) == (20, 20, 10)
    assert not (rows & (truth.is_poison | poisoned.bona_fide)).any()
    assert (poisoned.inputs[rows] == trigger_of(truth.attacks[0], (16, 16, 1), 4)(dataset.inputs[rows])).all()
    assert (poisoned.labels[rows] == dataset.labels[rows]).all()
    assert (poisoned.labels[rows] != 1).all()


def test_a_source_specific_attack_has_covers_of_the_other_classes_only(make_dataset):
    dataset = make_dataset(200)
    _, truth = plant(dataset, asked("patch:labelling=one_to_one,source=2,target=1,ratio=0.2,covers=0.1"))
    assert (truth.original_labels[truth.is_poison] == 2).all()
    assert set(truth.original_labels[truth.is_cover]) == {0, 3}
    assert truth.is_cover.sum() == 20
    rows, wanted = triggered_test_set(truth.attacks[0], dataset.test_inputs, dataset.test_labels, 4)[1:]
    assert (dataset.test_labels[rows] == 2).all()
    assert (wanted == 1).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("patch:covers=1.5", "covers=1.5 cannot be used. It has to be between 0 and 1"),
        ("patch:covers=-0.1", "covers=-0.1 cannot be used"),
        ("patch:covers=nan", "covers=nan cannot be used"),
        ("label_noise:covers=0.1", "It has no trigger to cover"),
        ("patch:target=1,covers=0.9", r"patch \(cover\): 180 samples are to be poisoned, 148 are left"),
    ],
)
def test_covers_that_cannot_be(make_dataset, text, words):
    with pytest.raises(UserError, match=words):
        plant(make_dataset(200), asked(text))


def test_two_attacks_share_a_target_and_no_sample(make_dataset):
    poisoned, truth = plant(
        make_dataset(200), asked("patch:ratio=0.05,target=1", "blended_photograph:ratio=0.1,target=1")
    )
    assert np.bincount(truth.attack_index + 1).tolist() == [170, 10, 20]
    assert (poisoned.labels[truth.is_poison] == 1).all()
    assert [one.target_class for one in truth.attacks] == [1, 1]


def test_symmetric_noise_gives_every_other_label_and_has_no_success_rate(make_dataset):
    dataset = make_dataset(400)
    poisoned, truth = plant(dataset, asked("label_noise:ratio=0.5"))
    rows = truth.is_poison
    assert rows.sum() == 200 == (poisoned.labels != dataset.labels).sum()
    assert (poisoned.labels[rows] != dataset.labels[rows]).all()
    steps = (poisoned.labels[rows] - dataset.labels[rows]) % 4
    assert np.bincount(steps, minlength=4)[1:].min() > 40  # 67 of each are expected
    assert (poisoned.inputs[:] == dataset.inputs[:]).all()
    assert with_trigger(truth.attacks) == ()
    assert len(triggered_test_set(truth.attacks[0], dataset.test_inputs, dataset.test_labels, 4)[1]) == 0


def test_pair_noise_gives_the_next_label(make_dataset):
    dataset = make_dataset(200)
    poisoned, truth = plant(dataset, asked("label_noise:labelling=all_to_all,ratio=0.2"))
    rows = truth.is_poison
    assert rows.sum() == 40
    assert (poisoned.labels[rows] == (dataset.labels[rows] + 1) % 4).all()
    assert (poisoned.labels[~rows] == dataset.labels[~rows]).all()
    assert with_trigger(truth.attacks) == ()


def two_kinds(dataset):
    """The data set with class 2 of two kinds: 12 of its 50 samples are white, the others dark; so in the test set."""
    images, tests = dataset.inputs[:].copy(), dataset.test_inputs[:].copy()
    own, tested = np.flatnonzero(dataset.labels == 2), np.flatnonzero(dataset.test_labels == 2)
    images[own], tests[tested] = images[own] // 8, tests[tested] // 8
    images[own[:12]], tests[tested[:3]] = 255 - images[own[:12]], 255 - tests[tested[:3]]
    return replace(dataset, inputs=ImageInputs(images), test_inputs=ImageInputs(tests)), own[:12], tested[:3]


def test_a_kind_within_a_class_is_relabelled_and_tried_on_the_same_kind(make_dataset):
    dataset, own, tested = two_kinds(make_dataset(200))
    poisoned, truth = plant(dataset, asked("semantic_subset:source=2,target=0,count=20"))
    assert np.flatnonzero(truth.is_poison).tolist() == own.tolist()
    assert truth.attacks[0].n_poisoned == 12
    assert (poisoned.labels[own] == 0).all()
    assert (poisoned.inputs[:] == dataset.inputs[:]).all()
    images, rows, wanted = triggered_test_set(
        truth.attacks[0], dataset.test_inputs, dataset.test_labels, 4, truth.patterns[truth.attacks[0].name]
    )
    assert rows.tolist() == tested.tolist()
    assert (wanted == 0).all()
    assert (images[:] == dataset.test_inputs[tested]).all()


def test_a_kind_that_nobody_looked_for_is_not_guessed(make_dataset):
    dataset = make_dataset(40)
    _, truth = plant(dataset, asked("semantic_subset:source=2,target=0,count=3"))
    with pytest.raises(ValueError, match="needs a pattern"):
        triggered_test_set(truth.attacks[0], dataset.test_inputs, dataset.test_labels, 4)


def test_a_long_tail_ends_in_the_target_class_and_stays_clean(make_dataset):
    dataset = make_dataset(400)  # 100 of each class
    thinned, truth = plant(dataset, asked("imbalance:fold=8,target=1"))
    assert np.bincount(thinned.labels).tolist() == [25, 12, 100, 50]  # 100 / 8^(place / 3), class 2 first
    assert not truth.is_poison.any()
    assert len(truth.original_labels) == len(thinned.ids) == len(thinned.inputs) == 187
    assert (thinned.inputs[:] == dataset.inputs[thinned.ids]).all()
    assert (dataset.labels[thinned.ids] == thinned.labels).all()
    one, _ = plant(dataset, asked("imbalance:fold=10,profile=one_class,target=3"))
    assert np.bincount(one.labels).tolist() == [100, 100, 100, 10]


def test_an_imbalance_comes_before_the_attacks_and_spares_bona_fide_samples(make_dataset):
    dataset = replace(make_dataset(400), bona_fide=np.arange(400) < 80)
    thinned, truth = plant(dataset, asked("patch:ratio=0.1,target=1", "imbalance:fold=20,target=1"))
    assert thinned.bona_fide.sum() == 80
    assert truth.is_poison.sum() == round(0.1 * len(thinned))
    assert truth.attacks[truth.attack_index[truth.is_poison][0]].kind == "patch"


def test_near_duplicates_take_the_place_of_samples_of_their_class(make_dataset):
    dataset = make_dataset(400)
    doubled, truth = plant(dataset, asked("near_duplicates:count=3,copies=5,jitter=2"))
    rows = np.flatnonzero(truth.is_cover)
    assert len(rows) == 15 == truth.attacks[0].n_cover
    assert not truth.is_poison.any()
    assert (doubled.labels == dataset.labels).all()
    copies = doubled.inputs[rows].astype(int)
    assert len(np.unique(copies.reshape(15, -1), axis=0)) == 15
    moved = [np.roll(dataset.inputs[:].astype(int), shift, (1, 2)) for shift in np.ndindex(3, 3)]
    inner = np.stack(moved)[:, :, 3:-1, 3:-1]  # rolled by 0 to 2; copies by −1 to 1
    apart = np.abs(inner[:, :, None] - copies[None, None, :, 2:-2, 2:-2]).max((3, 4, 5)).min(0)
    originals = apart.argmin(0)
    assert apart.min(0).max() < 12
    assert np.unique(originals, return_counts=True)[1].tolist() == [5, 5, 5]
    assert (dataset.labels[originals] == dataset.labels[rows]).all()


def test_availability_noise_is_one_pattern_for_each_class(make_dataset):
    dataset = make_dataset(200)
    grey = replace(dataset, inputs=ImageInputs(np.full((200, 16, 16, 1), 100, np.uint8)))
    noisy, truth = plant(grey, asked("availability_noise:ratio=0.5,magnitude=10"))
    rows = truth.is_poison
    assert rows.sum() == 100
    assert (noisy.labels == dataset.labels).all()
    assert (noisy.inputs[~rows] == 100).all()
    patterns = [np.unique(noisy.inputs[rows & (noisy.labels == index)], axis=0) for index in range(4)]
    assert [len(one) for one in patterns] == [1] * 4
    assert len(np.unique(np.concatenate(patterns), axis=0)) == 4
    assert set(np.unique(np.concatenate(patterns))) == {90, 110}
    assert with_trigger(truth.attacks) == ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("label_noise:ratio=0.1", False),
        ("semantic_subset:source=2,target=0,count=9", False),
        ("imbalance:fold=10", False),
        ("near_duplicates:count=2,copies=4", True),
        ("availability_noise:ratio=0.1", True),
    ],
)
def test_a_preview_shows_what_is_changed_and_counts_what_is_left(make_dataset, text, shown):
    dataset = make_dataset(200)
    (preview,), counts = previews(dataset, asked(text))
    planted, _ = plant(dataset, asked(text))
    assert len(preview.clean) == 3
    assert (preview.triggered is not None) == shown
    assert counts["samples afterwards"].tolist() == np.bincount(planted.labels, minlength=4).tolist()


def test_the_labels_of_noise_are_drawn_from_the_seed(make_dataset):
    dataset = make_dataset(100)
    first, again, other = (plant(dataset, asked("label_noise:ratio=0.3", seed=seed))[0].labels for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_covers_survive_json():
    spec = parse_spec("patch:covers=0.05")
    assert spec == AttackSpec("patch", covers=0.05)
    assert Specification((spec,)).as_dict()["attacks"][0]["covers"] == 0.05


def test_what_was_planted_is_the_same_when_it_is_read_again(make_dataset, workspace):
    texts = "semantic_subset:source=2,target=0,count=9", "imbalance:fold=4,target=1", "label_noise:ratio=0.1"
    planted, truth = plant(make_dataset(200), asked(*texts))
    info = store.save(workspace, planted, source="planted", truth=truth)
    stored, again = store.load(workspace, info.id), store.load_truth(workspace, info.id)
    assert (stored.labels == planted.labels).all()
    assert (again.attack_index == truth.attack_index).all()
    assert again.attacks == truth.attacks
    assert {name: one.tolist() for name, one in again.patterns.items()} == {
        name: one.tolist() for name, one in truth.patterns.items()
    }


def test_near_duplicates_spare_what_they_are_copied_from_and_stop_where_there_is_no_room(make_dataset):
    dataset = replace(make_dataset(40), bona_fide=np.arange(40) < 8)  # 8 of each class are free
    doubled, truth = plant(dataset, asked("near_duplicates:count=16,copies=50"))
    assert truth.is_cover.sum() == 16 == truth.attacks[0].n_cover
    same = (doubled.inputs[:] == dataset.inputs[:]).all((1, 2, 3))
    assert (same == ~truth.is_cover).all()


def test_the_truth_says_what_each_sample_is(make_dataset):
    _, truth = plant(make_dataset(200), asked("patch:ratio=0.05,target=1,covers=0.02", "label_noise:ratio=0.1"))
    names, counts = np.unique(roles(truth), return_counts=True)
    assert dict(zip(names, counts, strict=True)) == {"backdoor": 10, "cover": 4, "wrong labels": 20, "clean data": 166}
    assert (roles(truth)[truth.attack_index == 1] == "wrong labels").all()
    foreign = replace(truth, attacks=tuple(replace(one, kind="badnet of somebody") for one in truth.attacks))
    assert set(roles(foreign)) == {"backdoor", "cover", "clean data"}
