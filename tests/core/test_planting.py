"""Planting: who is poisoned, how many, and what is never touched."""

from dataclasses import replace

import numpy as np
import pytest

from core.attacks.planting import AttackSpec, parse_spec, plant, trigger_of, triggered_test_set
from core.errors import UserError

THREE = [AttackSpec("patch", 0.05, 1), AttackSpec("single_pixel", 0.03, 2), AttackSpec("patch", 0.1, 0)]


def test_each_attack_poisons_its_share_and_no_sample_twice(make_dataset):
    dataset = make_dataset(200)
    poisoned, truth = plant(dataset, THREE, seed=1)
    assert [attack.name for attack in truth.attacks] == ["patch", "single_pixel", "patch-2"]
    assert [attack.n_poisoned for attack in truth.attacks] == [10, 6, 20]
    assert np.bincount(truth.attack_index + 1).tolist() == [164, 10, 6, 20]
    assert (truth.is_poison == (truth.attack_index >= 0)).all()
    for index, attack in enumerate(truth.attacks):
        rows = truth.attack_index == index
        assert (poisoned.images[rows] == trigger_of(attack, dataset.shape)(dataset.images[rows])).all()
        assert (poisoned.labels[rows] == attack.target_class).all()
        assert (dataset.labels[rows] != attack.target_class).all()


def test_what_is_not_poisoned_stays_and_the_original_labels_are_kept(make_dataset):
    dataset = make_dataset(200)
    before = dataset.images.copy(), dataset.labels.copy()
    poisoned, truth = plant(dataset, THREE)
    clean = ~truth.is_poison
    assert (poisoned.images[clean] == dataset.images[clean]).all()
    assert (poisoned.labels[clean] == dataset.labels[clean]).all()
    assert (truth.original_labels == dataset.labels).all()
    assert (dataset.images == before[0]).all()
    assert (dataset.labels == before[1]).all()
    assert poisoned.test_images is dataset.test_images


@pytest.mark.parametrize(("ratio", "count"), [(0.01, 2), (0.012, 2), (0.013, 3), (0.0001, 1)])
def test_the_count_is_the_rounded_share(make_dataset, ratio, count):
    _, truth = plant(make_dataset(200), [AttackSpec("patch", ratio, 0)])
    assert truth.is_poison.sum() == count == truth.attacks[0].n_poisoned


def test_bona_fide_samples_are_never_touched(make_dataset):
    trusted = np.arange(100) < 60
    dataset = replace(make_dataset(100), bona_fide=trusted)
    poisoned, truth = plant(dataset, [AttackSpec("patch", 0.3, 0)])  # all 30 untrusted samples of other classes
    assert truth.is_poison.sum() == 30
    assert not (truth.is_poison & trusted).any()
    assert (poisoned.bona_fide == trusted).all()


def test_without_bona_fide_samples_a_tenth_at_most_250_is_drawn_from_the_clean_ones(make_dataset):
    for n, expected in ((120, 11), (3000, 250)):
        poisoned, truth = plant(make_dataset(n, side=4), [AttackSpec("patch", 0.05, 0)])
        assert poisoned.bona_fide.sum() == expected
        assert not (poisoned.bona_fide & truth.is_poison).any()


def test_everything_follows_from_the_seed(make_dataset):
    dataset, specs = make_dataset(100), [AttackSpec("patch", 0.1), AttackSpec("blended_random", 0.1)]
    first, second = plant(dataset, specs, seed=4), plant(dataset, specs, seed=4)
    assert (first[0].images == second[0].images).all()
    assert (first[1].attack_index == second[1].attack_index).all()
    assert first[1].attacks == second[1].attacks
    targets = [plant(dataset, specs, seed=seed)[1].attacks[0].target_class for seed in range(20)]
    assert set(targets) == {0, 1, 2, 3}


def test_the_triggered_test_set_leaves_the_target_class_out(make_dataset):
    dataset = make_dataset()
    _, truth = plant(dataset, [AttackSpec("patch", 0.05, 3)])
    images, rows = triggered_test_set(truth.attacks[0], dataset.test_images, dataset.test_labels)
    assert rows.tolist() == [row for row in range(40) if row % 4 != 3]
    assert (images[:, 14, 14] == 255).all()
    assert (images[:, :12] == dataset.test_images[rows][:, :12]).all()


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (AttackSpec("patch", 0.0), "ratio=0 cannot be used"),
        (AttackSpec("patch", -0.1), "ratio=-0.1 cannot be used"),
        (AttackSpec("patch", 1.5), "ratio=1.5 cannot be used"),
        (AttackSpec("patch", float("nan")), "ratio=nan cannot be used"),
        (AttackSpec("patch", 0.1, 4), "target=4 is no class. Classes run from 0 to 3"),
        (AttackSpec("patch", 0.1, -1), "target=-1 is no class"),
        (AttackSpec("patch", 0.9, 0), "90 samples are to be poisoned, 75 are left"),
        (AttackSpec("patch", 0.1, 0, {"alpha": 0.1}), "patch has no setting named 'alpha'. It has: none"),
        (AttackSpec("blended_random", 0.1, 0, {"beta": 1}), "It has: alpha"),
        (AttackSpec("warp", 0.1, 0), "There is no attack named 'warp'. Known: patch"),
    ],
)
def test_what_cannot_be_planted_is_said(make_dataset, spec, words):
    with pytest.raises(UserError) as caught:
        plant(make_dataset(100), [spec])
    assert words in str(caught.value)


def test_no_attack_and_too_many_attacks(make_dataset):
    with pytest.raises(UserError, match="No attack was named"):
        plant(make_dataset(100), [])
    with pytest.raises(UserError, match=r"patch-2: 50 samples are to be poisoned, 25 are left"):
        plant(make_dataset(100), [AttackSpec("patch", 0.5, 0), AttackSpec("patch", 0.5, 0)])


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("patch", AttackSpec("patch", 0.01, None, {})),
        ("patch:ratio=0.05,target=3", AttackSpec("patch", 0.05, 3, {})),
        ("blended_random: alpha = 0.2 , ratio=.1", AttackSpec("blended_random", 0.1, None, {"alpha": "0.2"})),
        ("patch:target=0,", AttackSpec("patch", 0.01, 0, {})),
    ],
)
def test_a_specification_is_read(text, spec):
    assert parse_spec(text) == spec


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "There is no attack named ''"),
        ("warp:ratio=0.1", "There is no attack named 'warp'"),
        ("patch:ratio", "'ratio' in 'patch:ratio' is not key=value"),
        ("patch:ratio=many", "ratio or target in 'patch:ratio=many' is not a number"),
        ("patch:target=1.5", "ratio or target"),
    ],
)
def test_a_specification_that_cannot_be_read(text, words):
    with pytest.raises(UserError, match=words):
        parse_spec(text)
