"""Recovered triggers: a made-up model is asked, which takes whatever has a white corner for one class."""

from dataclasses import replace

import numpy as np
import pytest

from core.decision.chance import LEVEL, beyond_chance
from core.decision.members import whitening
from core.decision.probes import flip_rate
from core.decision.recovered import (
    CHANCE_GROUPS,
    FEWEST_IN_CORE,
    FEWEST_WITHOUT,
    MOST_KEPT,
    MOST_KEPT_FOR_TURNED,
    OWN_LOOK,
    proves,
)
from core.decision.shared import looked_at
from core.decision.triggers import MOST_KEPT_AGAIN, recovered_trigger
from core.detectors.parts.statistics import AS_WELL, p_value_by_chance
from core.modalities.image.stamps import ImageStamp, basis
from tests.core.decision.asked import LEFT, SIDE, TARGET, K, ask, marked, pictures, run_of, suspicion_of


def poisoned(*, count=36, labels=None, suspicious=True):
    """A run in which so many images of other classes carry a white corner and the label of the target."""
    images, truth = pictures(labels=labels)
    poison = np.sort(np.random.default_rng(1).choice(np.flatnonzero(truth != TARGET), count, replace=False))
    given = truth.copy()
    given[poison] = TARGET
    return run_of(marked(images, poison), given, suspicion_of(poison if suspicious else [], len(truth))), poison


def everybody(run):
    return np.ones(len(run.labels), bool)


def carriers_of(found):
    return found.rows[found.carriers.carrying]


@pytest.fixture(scope="module")
def backdoored():
    run, poison = poisoned()
    return run, poison, recovered_trigger(run, TARGET, everybody(run))


def test_the_trigger_of_the_target_is_found_with_who_carries_it(backdoored):
    _, poison, found = backdoored
    assert (found.flip_rate, found.kept) == (1.0, 0.0)
    assert found.control < 0.05
    assert np.isin(found.core, poison).all()
    assert sorted(carriers_of(found)) == sorted(poison)
    assert found.probed > 100


def test_the_p_value_is_the_least_that_so_many_chance_groups_allow(backdoored):
    assert backdoored[2].p == 1 / (1 + 20 * K - 1)


def test_no_other_class_has_a_trigger(backdoored):
    run = backdoored[0]
    assert [recovered_trigger(run, index, everybody(run)) for index in range(K) if index != TARGET] == [None] * (K - 1)


@pytest.mark.parametrize("seed", range(3))
def test_clean_data_has_none(seed):
    images, labels = pictures(seed=seed)
    run = run_of(images, labels, suspicion_of([], len(labels), seed), seed=seed)
    assert [recovered_trigger(run, index, everybody(run)) for index in range(K)] == [None] * K


def test_the_trigger_turns_images_of_others_and_leaves_the_model_its_own(backdoored):
    run, poison, found = backdoored
    fresh, truth = pictures(80, seed=50)
    rest = fresh[truth != TARGET]
    assert flip_rate(ask, found.stamp, rest, TARGET) == 1.0
    assert flip_rate(ask, found.stamp, rest, 0) == 0.0
    assert flip_rate(ask, ImageStamp("added", 1.0, np.zeros((SIDE, SIDE, 1))), rest, TARGET) == 0.0
    assert flip_rate(ask, found.stamp, rest[:0], TARGET) == 0.0
    without = found.stamp.taken_off(run.inputs[poison], np.full((len(poison), SIDE, SIDE, 1), 120.0))
    assert (ask(without).argmax(1) != TARGET).all()


def test_a_logo_on_true_samples_of_a_class_is_found_and_keeps_their_label():
    images, labels = pictures()
    logo = np.flatnonzero(labels == TARGET)[:36]
    run = run_of(marked(images, logo), labels, suspicion_of(logo, len(labels)))
    found = recovered_trigger(run, TARGET, everybody(run))
    assert found.flip_rate > 0.9
    assert found.kept > MOST_KEPT


def test_poison_that_is_most_of_its_class_is_found_and_is_not_explained_by_chance():
    labels = np.repeat(np.arange(K), [240, 60, 240, 240])
    for suspicious in (True, False):
        run, poison = poisoned(count=140, labels=labels, suspicious=suspicious)
        assert 0.65 < np.isin(np.flatnonzero(run.labels == TARGET), poison).mean() < 0.75
        found = recovered_trigger(run, TARGET, everybody(run))
        assert found.flip_rate == 1.0
        assert found.p == 1 / (20 * K)
        assert found.kept <= MOST_KEPT_AGAIN
        assert np.isin(poison, carriers_of(found)).mean() >= 0.95


def test_what_nearly_a_whole_class_carries_is_explained_by_chance():
    images, labels = pictures(labels=np.repeat(np.arange(K), [120, 700, 120, 120]))
    rows = np.flatnonzero(labels == TARGET)
    logo, few = rows[:636], rows[636:]
    suspicion = suspicion_of(logo[:36], len(labels))
    suspicion[few] -= 5
    run = run_of(marked(images, logo), labels, suspicion)
    found = recovered_trigger(run, TARGET, everybody(run))
    assert np.isin(few, carriers_of(found)).mean() < FEWEST_WITHOUT
    assert found.flip_rate == 1.0
    assert found.p > 0.5
    members = np.isin(np.arange(len(labels)), logo)
    assert looked_at(run, found, members, TARGET).own_look > 0.9
    members[logo[:280]] = False  # a half and a few more
    assert looked_at(run, found, members, TARGET).own_look > 0.9
    members[logo[:300]] = False
    assert looked_at(run, found, members, TARGET).own_look is None


def test_a_trigger_proves_nothing_where_more_stay_without_it_than_turn_with_it(backdoored):
    found = backdoored[2]
    assert proves(found)
    for rate in (0.2, 0.6):
        limit = MOST_KEPT_FOR_TURNED * rate
        assert proves(replace(found, flip_rate=rate, kept=limit))
        assert not proves(replace(found, flip_rate=rate, kept=limit + 0.01))
    assert not proves(replace(found, flip_rate=1.0, kept=MOST_KEPT + 0.01))


@pytest.mark.parametrize(("carriers", "rate", "proven"), [(23, 0.55, False), (24, 0.55, True), (23, 1.0, True)])
def test_what_a_few_carriers_share_proves_a_backdoor_only_where_it_turns_nearly_all(carriers, rate, proven, backdoored):
    found = backdoored[2]
    some = replace(found.carriers, carrying=np.arange(len(found.rows)) < carriers)
    of_words = replace(found, carriers=some, home=0.1, told=carriers, flip_rate=rate, control=0.05, kept=0.15)
    assert proves(of_words) == proven


def test_what_most_of_a_class_show_proves_nothing_where_they_are_like_one_another(backdoored):
    found = backdoored[2]
    assert found.own_look is None
    assert proves(replace(found, own_look=OWN_LOOK))
    assert not proves(replace(found, own_look=OWN_LOOK + 0.01))


def test_two_triggers_on_one_class_are_found_one_after_the_other():
    images, truth = pictures(480)
    others = np.flatnonzero(truth != TARGET)
    first, second = others[:40], others[40:72]
    given = truth.copy()
    given[others[:72]] = TARGET
    suspicion = suspicion_of(others[:72], 480)
    suspicion[first] += 5  # the most suspicious are of one kind
    run = run_of(marked(marked(images, first), second, LEFT), given, suspicion)
    found = recovered_trigger(run, TARGET, everybody(run))
    assert sorted(carriers_of(found)) == sorted(first)
    left = ~np.isin(np.arange(480), np.union1d(carriers_of(found), found.core))
    again = recovered_trigger(run, TARGET, left)
    assert sorted(carriers_of(again)) == sorted(second)
    assert not np.isin(again.core, first).any()


def test_fewer_suspects_than_a_core_needs_give_nothing(backdoored):
    run, poison, _ = backdoored
    left = np.zeros(len(run.labels), bool)
    left[poison[: FEWEST_IN_CORE - 1]] = True
    assert recovered_trigger(run, TARGET, left) is None


def test_a_model_without_a_backdoor_gives_nothing_whatever_the_images_carry(backdoored):
    run = backdoored[0]

    def sound(samples):
        """The same model on images whose lowest rows are grey."""
        plain = samples.copy()
        plain[:, -2:] = 120
        return ask(plain)

    assert recovered_trigger(replace(run, ask=sound), TARGET, everybody(run)) is None


def test_the_same_run_gives_the_same_trigger(backdoored):
    run, _, found = backdoored
    again = recovered_trigger(poisoned()[0], TARGET, everybody(run))
    assert np.array_equal(again.core, found.core)
    assert np.array_equal(carriers_of(again), carriers_of(found))
    assert np.array_equal(again.stamp.offset, found.stamp.offset)
    assert (again.flip_rate, again.control, again.p, again.kept) == (
        found.flip_rate,
        found.control,
        found.p,
        found.kept,
    )


def test_p_values_are_never_below_what_the_chance_groups_allow_and_exact_at_any_level():
    """Of 4,000 groups like any other, p ≤ a in a fraction a of them, to within 0.015 above."""
    rng = np.random.default_rng(0)
    p_values = np.array([p_value_by_chance(lambda own=own: rng.random() >= own, 79) for own in rng.random(4000)])
    assert p_values.min() == 1 / 80
    assert p_values.max() == 1.0
    for level in (0.0125, 0.05, 0.1, 0.25, 0.5):
        assert level - 0.03 <= (p_values <= level).mean() <= level + 0.015


def test_no_more_chance_groups_are_drawn_than_decide_anything():
    drawn = []
    assert p_value_by_chance(lambda: bool(drawn.append(1)) or len(drawn) % 2 == 0, 1999) == AS_WELL / 20
    assert len(drawn) == 20


@pytest.mark.parametrize("classes", [1, 2, 10, 43, 100, 200])
def test_one_group_alone_may_pass_the_test_over_any_number_of_classes(classes):
    assert beyond_chance([p_value_by_chance(lambda: False, CHANCE_GROUPS * classes - 1)], classes).tolist() == [True]


def test_the_test_over_all_classes_by_hand():
    assert beyond_chance([], 10).tolist() == []
    assert beyond_chance([0.01], 10).tolist() == [False]  # limit 0.005
    assert beyond_chance([0.01, 0.01], 10).tolist() == [True, True]  # limits 0.005 and 0.01
    assert beyond_chance([0.02, 0.005, 0.9], 10).tolist() == [False, True, False]
    assert beyond_chance([0.02] * 6, 4).tolist() == [True] * 6  # more groups than classes
    assert LEVEL == 0.05


GRADIENT = np.linspace(-1, 1, SIDE)[None, :, None] * np.ones((SIDE, 1, 1))


def brightest_right(samples):
    """(m, k) what a model says that takes images for the target that are much brighter on the right."""
    slope = (samples.astype(np.float32) * GRADIENT).mean((1, 2, 3)) / float((GRADIENT**2).mean())
    odds = np.log(np.maximum(ask(samples), 1e-9))
    odds[:, TARGET] += np.clip((slope - 30) * 2, 0, 60)
    odds = np.exp(odds - odds.max(1, keepdims=True))
    return np.asarray(odds / odds.sum(1, keepdims=True), np.float32)


def shaded(seed, poisoned):
    """All images are somewhat brighter on one side, and poison much brighter on the right; none of it is left clean."""
    rng, n = np.random.default_rng(seed), 800
    images, truth = pictures(n, seed)
    slope, suspects = rng.normal(0, 15, n), rng.choice(np.flatnonzero(truth != TARGET), 60, replace=False)
    if poisoned:
        slope[suspects] = rng.normal(45, 8, len(suspects))
        truth[suspects] = TARGET
    else:
        suspects = np.flatnonzero(truth == TARGET)[np.argsort(-slope[truth == TARGET])[:60]]
    images = np.rint(images + slope[:, None, None, None] * GRADIENT).clip(0, 255).astype(np.uint8)
    run = run_of(images, truth, suspicion_of(suspects, n), answer=brightest_right)
    return run, replace(run, fine=whitening(run.inputs, run.alike, K, 0, basis(run.inputs)))


@pytest.mark.parametrize("seed", [0, 1, 4])
def test_what_look_alikes_have_of_a_smooth_overlay_is_found_beside_any_samples(seed):
    by_look_alikes, by_any = shaded(seed, poisoned=True)
    found = recovered_trigger(by_look_alikes, TARGET, everybody(by_look_alikes))
    assert found is None or not proves(found)
    found = recovered_trigger(by_any, TARGET, everybody(by_any))
    assert found is not None
    assert proves(found)
    assert found.flip_rate - found.control > 0.5


@pytest.mark.parametrize("seed", range(3))
def test_the_brightest_of_a_clean_class_prove_nothing_beside_any_samples(seed):
    _, by_any = shaded(seed, poisoned=False)
    found = recovered_trigger(by_any, TARGET, everybody(by_any))
    assert found is None or not (proves(found) and beyond_chance([found.p], K)[0])
