"""Planting: who is poisoned, how many, and what is never touched."""

from dataclasses import replace

import numpy as np
import pytest

from core.attacks import ATTACKS
from core.attacks.assign import assign
from core.attacks.plant import doubled, plant, trigger_of, triggered_test_set
from core.attacks.presets import PRESETS, preset
from core.attacks.specification import AttackSpec, Specification
from core.errors import UserError
from core.types import PlantedAttack

THREE = (AttackSpec("patch", 0.05, 1), AttackSpec("single_pixel", 0.03, 2), AttackSpec("blended_pattern", 0.1, 0))


def asked(*specs, seed=0):
    return Specification(specs, seed)


def again(attack):
    """The trigger of an attack planted in 16×16 grey images of four classes."""
    return trigger_of(attack, (16, 16, 1), 4)


def test_each_attack_poisons_its_share_and_no_sample_twice(make_dataset):
    dataset = make_dataset(200)
    poisoned, truth = plant(dataset, asked(*THREE, seed=1))
    assert [attack.name for attack in truth.attacks] == ["patch", "single_pixel", "blended_pattern"]
    assert [attack.n_poisoned for attack in truth.attacks] == [10, 6, 20]
    assert np.bincount(truth.attack_index + 1).tolist() == [164, 10, 6, 20]
    assert (truth.is_poison == (truth.attack_index >= 0)).all()
    for index, attack in enumerate(truth.attacks):
        rows = truth.attack_index == index
        assert (poisoned.inputs[rows] == again(attack)(dataset.inputs[rows])).all()
        assert (poisoned.labels[rows] == attack.target_class).all()
        assert (dataset.labels[rows] != attack.target_class).all()


def test_one_to_one_takes_a_share_of_the_target_class_from_the_source_class(make_dataset):
    dataset = make_dataset(200)  # 50 of each class
    specs = [AttackSpec("patch", 0.1, (one + 1) % 4, labelling="one_to_one", source=one) for one in range(4)]
    poisoned, truth = plant(dataset, asked(*specs))
    assert [attack.name for attack in truth.attacks] == [f"patch-{one}-to-{(one + 1) % 4}" for one in range(4)]
    for index, attack in enumerate(truth.attacks):
        rows = truth.attack_index == index
        assert rows.sum() == attack.n_poisoned == 5
        assert (dataset.labels[rows] == index).all()
        assert (poisoned.labels[rows] == (index + 1) % 4).all()
    _, rows, goals = triggered_test_set(truth.attacks[1], dataset.test_inputs, dataset.test_labels, 4)
    assert rows.tolist() == list(range(1, 40, 4))
    assert (goals == 2).all()


def test_all_to_all_turns_every_class_into_the_next(make_dataset):
    dataset = make_dataset(200)
    poisoned, truth = plant(dataset, asked(AttackSpec("patch", 0.2, labelling="all_to_all")))
    rows = truth.is_poison
    assert (rows.sum(), truth.attacks[0].target_class) == (40, None)
    assert (poisoned.labels[rows] == (dataset.labels[rows] + 1) % 4).all()
    assert set(dataset.labels[rows]) == {0, 1, 2, 3}
    images, tried, goals = triggered_test_set(truth.attacks[0], dataset.test_inputs, dataset.test_labels, 4)
    assert len(images) == len(tried) == 40
    assert (goals == (dataset.test_labels + 1) % 4).all()


def test_a_clean_label_attack_keeps_every_label(make_dataset):
    dataset = make_dataset(200)
    poisoned, truth = plant(dataset, asked(AttackSpec("sinusoid", 0.1, 3), AttackSpec("patch", 0.1, 3)))
    rows = truth.attack_index == 0
    assert rows.sum() == 5  # of the 50 of class 3
    assert (dataset.labels[rows] == 3).all()
    assert (poisoned.labels[rows] == 3).all()
    assert (poisoned.inputs[rows] != dataset.inputs[rows]).any((1, 2, 3)).all()
    tried = triggered_test_set(truth.attacks[0], dataset.test_inputs, dataset.test_labels, 4)[1]
    assert (dataset.test_labels[tried] != 3).all()


def test_cover_samples_keep_their_label_and_are_no_poison(make_dataset):
    dataset = make_dataset(200)
    poisoned, truth = plant(
        dataset, asked(AttackSpec("wanet", 0.05, 0, {"cover_ratio": 3}), AttackSpec("patch", 0.3, 1))
    )
    assert (truth.attacks[0].n_cover, truth.is_cover.sum()) == (30, 30)
    assert not (truth.is_cover & (truth.is_poison | poisoned.bona_fide)).any()
    assert (poisoned.labels[truth.is_cover] == dataset.labels[truth.is_cover]).all()
    assert (poisoned.inputs[truth.is_cover] != dataset.inputs[truth.is_cover]).any((1, 2, 3)).all()


def test_an_attack_that_only_one_class_can_serve_chooses_first(make_dataset):
    dataset = make_dataset(200)
    greedy = [AttackSpec("patch", count=140, target=0), AttackSpec("sinusoid", 0.9, 3)]
    for seed in range(3):
        _, truth = plant(dataset, asked(*greedy[:1], AttackSpec("sinusoid", 0.1, 3), seed=seed))
        assert np.bincount(truth.attack_index + 1).tolist() == [55, 140, 5]
    with pytest.raises(UserError, match="patch: 140 samples are to be poisoned, 105 are left"):
        plant(dataset, asked(*greedy))


def test_an_optimised_pattern_is_used_and_kept(make_dataset):
    dataset, pattern = make_dataset(200), np.full((16, 16, 1), 10 / 255, np.float32)
    poisoned, truth = plant(dataset, asked(AttackSpec("narcissus", count=4, target=2)), patterns={"narcissus": pattern})
    rows = truth.is_poison
    assert (poisoned.inputs[rows] == np.clip(dataset.inputs[rows].astype(int) + 10, 0, 255)).all()
    assert np.array_equal(truth.patterns["narcissus"], pattern)
    attack = truth.attacks[0]
    once = trigger_of(attack, dataset.shape, 4, pattern)(dataset.test_inputs[:])
    twice = trigger_of(doubled(attack), dataset.shape, 4, pattern)(dataset.test_inputs[:])
    assert (once == np.clip(dataset.test_inputs[:].astype(int) + 10, 0, 255)).all()
    assert (twice == np.clip(dataset.test_inputs[:].astype(int) + 20, 0, 255)).all()


def test_only_attacks_with_a_strength_are_doubled():
    def planted(kind, **settings):
        return PlantedAttack(kind, kind, 0, settings, 0, 1)

    assert doubled(planted("patch")) is None
    assert doubled(planted("blended_pattern", alpha=0.1)).settings == {"alpha": 0.2}
    assert doubled(planted("blended_pattern", alpha=0.6)).settings == {"alpha": 1.0}
    assert doubled(planted("frequency", magnitude=30.0)).settings["magnitude"] == 60.0
    assert {name for name, entry in ATTACKS.items() if entry.strength} == {
        "blended_pattern",
        "blended_random",
        "blended_photograph",
        "adaptive_blend",
        "adaptive_patch",
        "reflection",
        "low_frequency",
        "sample_noise",
        "sinusoid",
        "frequency",
        "narcissus",
    }


def test_what_is_not_poisoned_stays_and_the_original_labels_are_kept(make_dataset):
    dataset = make_dataset(200)
    before = dataset.inputs[:].copy(), dataset.labels.copy()
    poisoned, truth = plant(dataset, asked(*THREE))
    clean = ~truth.is_poison
    assert (poisoned.inputs[clean] == dataset.inputs[clean]).all()
    assert (poisoned.labels[clean] == dataset.labels[clean]).all()
    assert (truth.original_labels == dataset.labels).all()
    assert (dataset.inputs[:] == before[0]).all()
    assert (dataset.labels == before[1]).all()
    assert poisoned.test_inputs is dataset.test_inputs


@pytest.mark.parametrize(("ratio", "count"), [(0.01, 2), (0.012, 2), (0.013, 3), (0.0001, 1)])
def test_the_count_is_the_rounded_share(make_dataset, ratio, count):
    _, truth = plant(make_dataset(200), asked(AttackSpec("patch", ratio, 0)))
    assert truth.is_poison.sum() == count == truth.attacks[0].n_poisoned


def test_bona_fide_samples_are_never_touched(make_dataset):
    trusted = np.arange(100) < 60
    dataset = replace(make_dataset(100), bona_fide=trusted)
    poisoned, truth = plant(dataset, asked(AttackSpec("patch", 0.3, 0)))  # all 30 untrusted samples of other classes
    assert truth.is_poison.sum() == 30
    assert not (truth.is_poison & trusted).any()
    assert (poisoned.bona_fide == trusted).all()


def test_without_bona_fide_samples_a_tenth_at_most_250_is_drawn_from_the_clean_ones(make_dataset):
    for n, expected in ((120, 11), (3000, 250)):
        poisoned, truth = plant(make_dataset(n, side=4), asked(AttackSpec("patch", 0.05, 0)))
        assert poisoned.bona_fide.sum() == expected
        assert not (poisoned.bona_fide & truth.is_poison).any()


def test_everything_follows_from_the_seed(make_dataset):
    dataset, specs = make_dataset(100), [AttackSpec("patch", 0.1), AttackSpec("blended_random", 0.1)]
    first, second = plant(dataset, asked(*specs, seed=4)), plant(dataset, asked(*specs, seed=4))
    assert (first[0].inputs[:] == second[0].inputs[:]).all()
    assert (first[1].attack_index == second[1].attack_index).all()
    assert first[1].attacks == second[1].attacks
    targets = [plant(dataset, asked(*specs, seed=seed))[1].attacks[0].target_class for seed in range(20)]
    assert set(targets) == {0, 1, 2, 3}


def test_the_triggered_test_set_leaves_the_target_class_out(make_dataset):
    dataset = make_dataset()
    _, truth = plant(dataset, asked(AttackSpec("patch", 0.05, 3)))
    images, rows, goals = triggered_test_set(truth.attacks[0], dataset.test_inputs, dataset.test_labels, 4)
    assert (goals == 3).all()
    assert rows.tolist() == [row for row in range(40) if row % 4 != 3]
    assert (images[:, 14, 14] == 255).all()
    assert (images[:][:, :12] == dataset.test_inputs[rows][:, :12]).all()


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (AttackSpec("patch", 0.0), "ratio=0 cannot be used"),
        (AttackSpec("patch", -0.1), "ratio=-0.1 cannot be used"),
        (AttackSpec("patch", 1.5), "ratio=1.5 cannot be used"),
        (AttackSpec("patch", float("nan")), "ratio=nan cannot be used"),
        (AttackSpec("patch", 0.1, 4), "target=4 is no class. Classes run from 0 to 3"),
        (AttackSpec("patch", 0.1, -1), "target=-1 is no class"),
        (AttackSpec("patch", 0.1, 0, labelling="clean_label"), "It can be: all_to_one, one_to_one, all_to_all"),
        (AttackSpec("narcissus", 0.1, labelling="all_to_all"), "labelling=all_to_all cannot be used"),
        (AttackSpec("patch", 0.1, 0, source=1), "source=1 is for one-to-one attacks"),
        (AttackSpec("patch", 0.1, 1, labelling="one_to_one", source=1), "source=1 is the target class, too"),
        (AttackSpec("patch", 0.1, labelling="one_to_one", source=9), "source=9 is no class. Classes run from 0 to 3"),
        (AttackSpec("patch", 0.1, 1, labelling="all_to_all"), "All-to-all has no single target"),
        (AttackSpec("patch", count=0), "count=0 cannot be used. It has to be at least 1"),
        (
            AttackSpec("patch", 1.0, 1, labelling="one_to_one", source=0, count=26),
            "26 samples are to be poisoned",
        ),
        (AttackSpec("wanet", 0.3, 0, {"cover_ratio": 4}), "wanet (cover): 120 samples are to be poisoned, 70 are left"),
        (AttackSpec("frequency", 0.1, 0), "frequency needs colour images. These are grey"),
        (AttackSpec("patch", 0.9, 0), "90 samples are to be poisoned, 75 are left"),
        (AttackSpec("patch", 0.1, 0, {"alpha": 0.1}), "patch has no setting named 'alpha'. It has: place"),
        (AttackSpec("blended_random", 0.1, 0, {"beta": 1}), "It has: alpha"),
        (AttackSpec("warp", 0.1, 0), "There is no attack named 'warp'. Known: patch"),
    ],
)
def test_what_cannot_be_planted_is_said(make_dataset, spec, words):
    with pytest.raises(UserError) as caught:
        plant(make_dataset(100), asked(spec))
    assert words in str(caught.value)


def test_no_attack_and_too_many_attacks(make_dataset):
    with pytest.raises(UserError, match="No attack was named"):
        plant(make_dataset(100), asked())
    with pytest.raises(UserError, match=r"single_pixel: 50 samples are to be poisoned, 25 are left"):
        plant(make_dataset(100), asked(AttackSpec("patch", 0.5, 0), AttackSpec("single_pixel", 0.5, 0)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (AttackSpec("patch", 0.1, 1), AttackSpec("patch", 0.1, 2)),
        (AttackSpec("patch", 0.1, 1), AttackSpec("patch", 0.1, labelling="all_to_all")),
        (AttackSpec("patch", 0.1, 1), AttackSpec("patch", 0.1, 2, labelling="one_to_one", source=0)),
    ],
)
def test_one_trigger_cannot_want_two_classes(make_dataset, first, second):
    with pytest.raises(UserError, match="are the same trigger with different targets"):
        plant(make_dataset(100), asked(first, second))


def test_different_triggers_or_sources_may_want_different_classes(make_dataset):
    pairs = [AttackSpec("patch", 0.1, 1 - one, labelling="one_to_one", source=one) for one in (0, 1)]
    noises = [AttackSpec("blended_random", 0.1, one) for one in (0, 1)]
    grids = [AttackSpec("blended_pattern", 0.05, one, {"alpha": 0.1 * (1 + one)}) for one in (0, 1)]
    _, truth = plant(make_dataset(200), asked(*pairs, *noises, *grids))
    assert len({attack.name for attack in truth.attacks}) == 6


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "text-demo"])
def test_every_preset_can_be_planted_in_colour_images_of_ten_classes(make_dataset, name):
    pattern = np.full((32, 32, 3), 0.05, np.float32)
    dataset = make_dataset(3000, side=32, channels=3, n_classes=10, n_test=20)
    poisoned, truth = plant(dataset, asked(*preset(name, 10)), patterns={"narcissus": pattern})
    kinds = {"ac-mnist": 10, "badloss-cifar10": 7, "badloss-gtsrb": 6, "badloss-imagenette": 5, "demo": 3}
    assert len(truth.attacks) == kinds[name]
    changed = (poisoned.inputs[:] != dataset.inputs[:]).any((1, 2, 3))
    assert (changed == truth.is_poison).mean() > 0.999  # a white corner stays white under a white pixel
    assert truth.is_poison.sum() == sum(attack.n_poisoned for attack in truth.attacks)


def test_the_counts_of_the_presets_are_those_of_the_papers():
    def counts(name, n, n_classes):
        sizes = np.full(n_classes, n // n_classes)
        labels = np.repeat(np.arange(n_classes), sizes)
        assigned = assign(labels, np.zeros(n, np.bool_), (32, 32, 3), n_classes, asked(*preset(name, n_classes)))
        return {attack.name: attack.n_poisoned for attack in assigned.attacks}

    cifar = counts("badloss-cifar10", 50_000, 10)
    assert cifar == dict.fromkeys(list(cifar)[:4], 500) | {"sinusoid": 500, "frequency": 500, "narcissus": 25}
    assert sum(cifar.values()) == 3025
    signs = counts("badloss-gtsrb", 43_000, 43)
    assert (signs["patch"], signs["single_pixel"], signs["sinusoid"]) == (860, 1720, 300)
    pairs = counts("ac-mnist:ratio=0.33", 60_000, 10)
    assert set(pairs.values()) == {1980}
    assert list(pairs)[:2] == ["patch-0-to-1", "patch-1-to-2"]
