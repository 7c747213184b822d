"""Who carries a pattern: those in whom it was planted, and by chance no more than the p-values say."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.fft import idctn
from scipy.stats import kstest

from core.decision.look_alikes import look_alikes
from core.decision.members import FEWEST, GROWTH, ROUNDS, Carriers, Whitening, carriers, refined, whitening
from core.modalities.image import stamps as image_stamps
from core.modalities.image.inputs import ImageInputs

F = 40


def usual(n=900, seed=0):
    """Ordinary samples of classes 1 to 3, whitened: independent and of variance one."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, F)).astype(np.float32)
    nothing = np.zeros(F, np.float32)
    return Whitening(nothing, np.zeros((0, F), np.float32), nothing[:0], 1.0, 1 + np.arange(n) % 3, values)


def planted(m=200, carrying=30, strength=6.0, seed=0):
    """(m, f) a class of which the first `carrying` have a pattern of that length, and the pattern."""
    rng = np.random.default_rng((7, seed))
    values = rng.normal(size=(m, F)).astype(np.float32)
    pattern = rng.normal(size=F)
    pattern *= strength / np.linalg.norm(pattern)
    values[:carrying] += pattern.astype(np.float32)
    return values, pattern


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_pattern_is_found_from_a_part_of_those_who_carry_it(seed):
    values, _ = planted(seed=seed)
    found = carriers(usual(seed=seed), values, np.arange(15), 0, seed)
    assert found.carrying[:30].mean() >= 0.95
    assert found.carrying[30:].sum() <= 3
    assert 0.85 <= found.scores[:30].mean() <= 1.6
    assert abs(found.scores[30:].mean()) < 0.1


def test_a_core_with_some_who_do_not_carry_it_finds_who_does():
    values, _ = planted(carrying=40)
    core = np.concatenate([np.arange(20), np.arange(100, 106)])
    found = carriers(usual(), values, core, 0)
    assert found.carrying[:40].mean() >= 0.95
    assert found.carrying[100:106].sum() <= 1


def test_a_pattern_that_only_the_other_classes_have_counts_nothing():
    values, pattern = planted()
    ordinary = usual()
    everywhere = ordinary.values + np.float32(1) * pattern.astype(np.float32)
    assert carriers(ordinary, values, np.arange(15), 0).carrying.any()
    found = carriers(replace(ordinary, values=everywhere), values, np.arange(15), 0)
    assert not found.carrying.any()
    assert found.p_values[:30].mean() > 0.2


def drifting(poison=400, true=200, seed=0):
    """A class of which most have a pattern, and the rest a look that is a little like it, with what a model sees."""
    rng = np.random.default_rng((11, seed))
    values, pattern = planted(poison + true, poison, strength=4.0, seed=seed)
    look = rng.normal(size=F)
    look += pattern * (0.3 - look @ pattern / (pattern @ pattern))
    values[poison:] += (5.0 * look / np.linalg.norm(look)).astype(np.float32)
    described = rng.normal(size=(poison + true, 6))
    described[:poison, 0] += 4
    return values, described


@pytest.mark.parametrize("seed", range(3))
def test_who_has_the_look_of_the_class_is_no_carrier_where_most_of_it_are(seed):
    values, described = drifting(seed=seed)
    poison = np.arange(len(values)) < 400
    blind = carriers(usual(seed=seed), values, np.arange(30), 0, seed)
    found = carriers(usual(seed=seed), values, np.arange(30), 0, seed, described=described)
    assert blind.carrying[~poison].sum() > 1.4 * found.carrying[~poison].sum() + 3
    members = refined(found, described).carrying
    assert members[poison].mean() >= 0.97
    assert members[~poison].sum() <= 6


@pytest.mark.parametrize("described", [None, "noise"])
def test_p_values_are_uniform_where_nothing_is_shared(described):
    """Over 40 made-up classes without a pattern, a core at random: uniform to within 0.03, and never too small."""
    found = []
    for seed in range(40):
        values = np.random.default_rng((3, seed)).normal(size=(150, F)).astype(np.float32)
        core = np.random.default_rng(seed).choice(150, 20, replace=False)
        seen = None if described is None else np.random.default_rng((4, seed)).normal(size=(150, 6))
        answer = carriers(usual(1800, seed), values, core, 0, seed, described=seen)
        found.append(answer.p_values)
    p_values = np.concatenate(found)
    p_values = p_values[p_values < 1]  # 1 where no template was left to match
    assert len(p_values) > 1000
    assert kstest(p_values, "uniform").statistic < 0.03
    for level in (0.01, 0.05, 0.1):
        assert (p_values <= level).mean() <= level + 0.01


def test_shuffled_labels_give_no_carriers_but_by_chance():
    """Real carriers and all others, dealt over the classes at random: a core at random finds hardly anybody."""
    counts = []
    for seed in range(40):
        rng = np.random.default_rng((5, seed))
        mixed = rng.permutation(np.concatenate([planted(200, 30, seed=seed)[0], usual(600, seed).values]))
        ordinary = usual(600, seed)
        shuffled = replace(ordinary, values=mixed[200:])
        counts.append(carriers(shuffled, mixed[:200], rng.choice(200, 20, replace=False), 0, seed).carrying.sum())
    assert np.mean(counts) <= 0.05 * 200 * 0.2
    assert np.mean(np.array(counts) > 0) <= 0.2


def test_no_p_value_is_below_what_the_ordinary_samples_allow():
    values, _ = planted(strength=30.0)
    found = carriers(usual(300), values, np.arange(15), 0)
    assert found.p_values.min() == 1 / 301
    own_class = usual(300)
    assert carriers(own_class, values, np.arange(15), 1).p_values.min() == 1 / 201


def test_a_core_grows_by_a_factor_a_round_at_most():
    values, _ = planted(7000, 7000, strength=9.0)  # all of the class carry the pattern
    found = carriers(usual(), values, np.arange(8), 0)
    assert found.carrying.sum() == 8 * GROWTH**ROUNDS


@pytest.mark.parametrize("seed", range(8))
def test_a_small_core_teaches_both_halves(seed):
    values, _ = planted(200, 40, strength=9.0)
    found = carriers(usual(), values, np.arange(FEWEST), 0, seed)
    assert found.carrying[:40].mean() >= 0.95
    assert found.carrying[40:].sum() <= 4


@pytest.mark.parametrize("size", range(1, FEWEST // 2))
def test_too_few_teach_nothing(size):
    values, _ = planted()
    found = carriers(usual(), values, np.arange(size), 0)
    assert not found.carrying.any()
    assert (found.p_values == 1).all()


def test_a_second_look_by_all_that_is_known_takes_back_who_matches_by_chance():
    rng = np.random.default_rng(0)
    poison = np.arange(200) < 30
    description = rng.normal(size=(200, 6))
    description[poison] += 4
    scores = np.where(poison, 1.0, 0.0) + rng.normal(0, 0.2, 200)
    carrying = poison.copy()
    carrying[:3], carrying[100:104] = False, True  # three missed, four by chance
    found = Carriers(carrying, scores, np.where(carrying, 0.001, 0.6))
    assert np.array_equal(refined(found, description).carrying, poison)


@pytest.mark.parametrize("tells", [True, False])
def test_in_a_second_look_suspicion_tells_where_it_can_and_does_no_harm_where_it_cannot(tells):
    rng = np.random.default_rng(0)
    poison = np.arange(400) < 100
    description = rng.normal(size=(400, 6)) + np.where(poison, 0.5, 0.0)[:, None]
    scores = np.where(poison, 1.2, 0.0) + rng.normal(0, 0.5, 400)
    found = Carriers(scores > 0.6, scores, np.ones(400))
    suspicion = (rng.normal(size=400) + (6 * poison if tells else 0)).astype(np.float32)
    without, with_it = (refined(found, description, *more).carrying for more in ((), (suspicion,)))
    wrong = [int((who != poison).sum()) for who in (without, with_it)]
    assert wrong[0] > 15
    assert wrong[1] <= (4 if tells else 1.25 * wrong[0])


def test_where_the_match_is_plain_suspicion_is_not_asked():
    rng = np.random.default_rng(0)
    poison = np.arange(400) < 100
    description, scores = rng.normal(size=(400, 6)), np.where(poison, 3.0, 0.0) + rng.normal(0, 0.4, 400)
    found = Carriers(scores > 1.5, scores, np.ones(400))
    assert found.plain
    misleading = rng.normal(size=400).astype(np.float32) + 6 * (np.arange(400) % 4 == 0)
    assert np.array_equal(refined(found, description, misleading).scores, refined(found, description).scores)


def test_a_second_look_needs_enough_of_both():
    few = Carriers(np.arange(50) < FEWEST - 1, np.zeros(50), np.ones(50))
    assert np.array_equal(refined(few, np.zeros((50, 2))).carrying, few.carrying)
    most = Carriers(np.arange(50) <= 50 - FEWEST, np.zeros(50), np.full(50, 0.01))
    assert np.array_equal(refined(most, np.zeros((50, 2))).carrying, most.carrying)


def test_what_is_usual_has_variance_one_in_every_direction_and_for_what_is_left():
    rng = np.random.default_rng(0)
    images = np.clip(rng.normal(120, 30, (600, 8, 8, 1)) + rng.normal(0, 20, (600, 1, 8, 1)), 0, 255).astype(np.uint8)
    inputs, labels = ImageInputs(images), np.arange(600) % 3
    found = whitening(inputs, look_alikes(inputs, labels), 3)
    count = len(found.directions)
    assert found.values.shape == (len(found.owner), count + 64)
    assert set(np.bincount(found.owner).tolist()) == {150}
    assert found.values[:, :count].std(0) == pytest.approx(np.ones(count), abs=0.1)
    assert np.abs(found.values.mean(0)).max() < 0.1
    again = whitening(inputs, look_alikes(inputs, labels), 3)
    assert np.array_equal(found.values, again.values)


def waved(fraction, seed=0, n=600, side=16):
    """Smooth pictures of two classes; so many of the first carry a faint fine wave. Inputs, labels, who carries it."""
    rng = np.random.default_rng(seed)
    distance = np.hypot(*np.meshgrid(np.arange(side), np.arange(side)))
    amplitudes = rng.normal(size=(n, side, side)) * 300 / (1 + distance) ** 1.5
    labels = np.arange(n) % 2
    wave = (rng.random(n) < fraction) & (labels == 0)
    amplitudes[wave, 13, 13] += 36
    images = 128 + idctn(amplitudes, axes=(1, 2), norm="ortho")[..., None]
    return ImageInputs(images.clip(0, 255).astype(np.uint8)), labels, wave


def test_a_faint_wave_is_carried_plainly_where_each_cosine_counts_alike():
    inputs, labels, wave = waved(0.3)
    alike, rows = look_alikes(inputs, labels), np.flatnonzero(labels == 0)
    left = image_stamps.residuals(inputs, rows, alike.near(rows, 0))
    core = np.flatnonzero(wave[rows])[:30]
    found = []
    for basis in (None, image_stamps.basis(inputs)):
        usually = whitening(inputs, alike, 2, basis=basis)
        found.append(carriers(usually, usually.whitened(left), core, 0).carrying)
    assert found[0][wave[rows]].mean() < 0.1
    assert found[1][wave[rows]].mean() > 0.5
    assert found[1][~wave[rows]].mean() < 0.05
