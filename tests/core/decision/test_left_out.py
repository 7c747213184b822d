"""Left out and asked again: two made-up tables of probabilities, against answers worked out by hand."""

import numpy as np
import pytest
from scipy.stats import hypergeom

from core.decision.left_out import (
    ASKED,
    LEVEL,
    MARGIN,
    MOST_LEFT_OUT,
    PART,
    SUSPECTED,
    Asked,
    beyond_hard,
    maybe_wrong,
    sources,
    to_leave_out,
    wrong_labels,
)
from core.decision.look_alikes import LookAlikes

K = 4


def certain(classes, probability=0.97):
    """(n, k) probabilities: this much for one class, the rest for the others alike."""
    rows = np.full((len(classes), K), (1 - probability) / (K - 1), np.float32)
    rows[np.arange(len(classes)), classes] = probability
    return rows


def turning(group, control, of=(20, 20)):
    """Asked about class 1: so many of its group and of its controls turn from their label, the others do not."""
    n = sum(of)
    unseen = np.ones(n, np.int64)
    unseen[:group] = 0
    unseen[of[0] : of[0] + control] = 0
    rows = np.arange(n)
    asked = np.ones(n, bool)
    return Asked({1: rows[: of[0]]}, {1: rows[of[0] :]}, asked, certain(np.ones(n, np.int64)), certain(unseen))


def beyond(asked, classes):
    return beyond_hard(asked.turned(asked.groups[1], 1), asked.hard, classes)


@pytest.mark.parametrize(("group", "control", "of"), [(20, 4, (20, 20)), (16, 3, (20, 20)), (9, 0, (9, 30))])
def test_the_p_value_is_that_of_the_hypergeometric_distribution(group, control, of):
    p = float(hypergeom.sf(group - 1, sum(of), group + control, of[0]))
    assert group / of[0] - control / of[1] >= MARGIN
    asked = turning(group, control, of)
    just = LEVEL / p  # so many classes may be tested before this p-value is too large
    assert asked.fraction(1) == group / of[0]
    assert asked.hard.mean() == control / of[1]
    assert beyond(asked, int(just))
    assert just > 1e6 or not beyond(asked, int(just) + 1)


@pytest.mark.parametrize(("group", "control"), [(120, 50), (90, 2)])
def test_what_is_significant_but_below_a_margin_is_no_poison(group, control):
    many = turning(group, control, (200, 200))
    assert float(hypergeom.sf(group - 1, 400, group + control, 200)) < 1e-9
    assert group / 200 < SUSPECTED or (group - control) / 200 < MARGIN
    assert not beyond(many, 1)
    assert beyond(turning(140, 10, (200, 200)), 1)


def test_a_large_margin_of_few_samples_is_no_poison():
    assert not beyond(turning(3, 0, (3, 3)), 1)


@pytest.mark.parametrize("of", [(0, 5), (5, 0)])
def test_nobody_asked_says_nothing(of):
    assert not beyond(turning(of[0], 0, of), 1)


@pytest.mark.parametrize(("size", "known", "stays"), [(80, 0, 32), (80, 30, 30), (80, 52, 28), (600, 500, 40)])
def test_so_many_of_a_class_stay_that_they_can_teach_it(size, known, stays):
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [size, 400])
    alike = LookAlikes(labels, rng.normal(size=(len(labels), 4)).astype(np.float32))
    also, everybody = np.arange(len(labels)) < known, np.ones(len(labels), bool)
    order, losses = rng.normal(size=(2, len(labels))).astype(np.float32)
    groups, controls, without = to_leave_out(alike, 2, order, np.exp(losses), also=also, like=everybody)
    assert (labels[~without] == 0).sum() == stays
    assert (0 in groups) == (0 in controls) == (known < 52 or size > 80)


def test_classes_of_whose_group_half_turn_are_suspected():
    assert turning(10, 0).suspected() == [1]
    assert turning(9, 0).suspected() == []
    assert turning(0, 0, (0, 5)).suspected() == []


def test_the_hard_samples_of_all_classes_are_compared_with():
    """In a class that is full of poison, the as hard ones are poison, too."""
    both = turning(20, 20)
    assert not beyond(both, 1)
    far = np.arange(40, 100)
    unseen = np.concatenate([both.unseen, certain(np.full(60, 3))])
    seen = np.concatenate([both.seen, certain(np.full(60, 3))])
    wider = Asked(both.groups, {**both.controls, 3: far}, np.ones(100, bool), seen, unseen)
    assert wider.hard.mean() == 0.25
    assert beyond(wider, 1)


def test_who_was_never_learned_has_not_turned():
    asked = turning(20, 0)
    unlearned = Asked(asked.groups, asked.controls, asked.without, certain(np.zeros(40, np.int64)), asked.unseen)
    assert unlearned.turned(np.arange(40), 1).sum() == 0
    assert unlearned.fraction(1) == 0
    assert not beyond(unlearned, 1)


def noise(fraction, classes=range(K), n=400):
    """Labels of which this fraction, in these classes, is of the next class, and what two models say that see it."""
    truth = np.arange(n) % K
    labels = truth.copy()
    for index in classes:
        rows = np.flatnonzero(truth == index)
        labels[rows[: round(fraction * n / len(classes))]] = (index + 1) % K
    says = certain(truth)
    return labels, Asked({}, {}, np.ones(n, bool), says, says.copy()), labels != truth


@pytest.mark.parametrize("fraction", [0.03, 0.2])
def test_label_noise_in_all_classes_is_wrong_labels(fraction):
    labels, asked, wrong = noise(fraction)
    assert wrong.any()
    assert np.array_equal(wrong_labels(asked, labels, K), wrong)


def test_the_usual_few_are_nobody():
    labels, asked, wrong = noise(0.01)
    assert wrong.sum() == 4
    assert not wrong_labels(asked, labels, K).any()


def test_wrong_labels_of_one_class_alone_are_no_label_noise():
    labels, asked, wrong = noise(0.1, classes=[2])
    assert wrong.mean() >= 0.05
    assert not wrong_labels(asked, labels, K).any()


def test_wrong_labels_of_one_class_beside_the_usual_few_of_others_are_no_label_noise():
    labels, asked, wrong = noise(0.01)
    more = np.flatnonzero(~wrong & (labels == 1))[:20]
    labels[more] = 2
    assert (labels != np.arange(len(labels)) % K).mean() >= 0.05
    assert not wrong_labels(asked, labels, K).any()


def test_labels_of_one_class_alone_are_no_label_noise():
    labels = np.zeros(8, np.int64)
    asked = Asked({}, {}, np.ones(8, bool), certain(labels + 1), certain(labels + 1))
    assert not wrong_labels(asked, labels, 2).any()


def test_a_label_that_one_of_the_models_believes_is_not_wrong():
    labels, asked, wrong = noise(0.2)
    for name in ("seen", "unseen"):
        tables = {"seen": asked.seen, "unseen": asked.unseen}
        tables[name] = certain(labels)
        assert not wrong_labels(Asked({}, {}, asked.without, **tables), labels, K).any()
    kept = Asked({}, {}, ~wrong, asked.seen, asked.unseen)  # who was not left out was not asked
    assert not wrong_labels(kept, labels, K).any()


def test_models_that_disagree_or_are_unsure_say_nothing():
    labels, asked, _ = noise(0.2)
    another = certain((np.arange(len(labels)) + 2) % K)
    assert not wrong_labels(Asked({}, {}, asked.without, asked.seen, another), labels, K).any()
    truth = np.arange(len(labels)) % K
    hardly = certain(truth, 0.7)
    hardly[np.arange(len(labels)), labels] = 0.01
    assert not wrong_labels(Asked({}, {}, asked.without, asked.seen, hardly), labels, K).any()


def unlearned(fraction):
    """Labels of which this fraction is wrong, half-believed by the run's model and by no other; who they are."""
    labels, asked, wrong = noise(fraction)
    seen = asked.seen.copy()
    seen[wrong] = 0.02
    seen[wrong, labels[wrong]], seen[wrong, np.flatnonzero(wrong) % K] = 0.4, 0.55
    return labels, Asked({}, {}, asked.without, seen, asked.unseen), wrong


def test_half_believed_labels_are_wrong_where_they_are_many():
    labels, asked, wrong = unlearned(0.2)
    assert np.array_equal(wrong_labels(asked, labels, K), wrong)
    labels, asked, wrong = unlearned(0.04)
    assert wrong.any()
    assert not wrong_labels(asked, labels, K).any()


def test_a_label_that_was_hardly_believed_while_the_model_was_trained_is_wrong():
    labels, asked, wrong = unlearned(0.04)
    assert np.array_equal(wrong_labels(asked, labels, K, np.where(wrong, 0.05, 0.9)), wrong)
    assert not wrong_labels(asked, labels, K, np.full(len(labels), 0.5)).any()


@pytest.mark.parametrize(("fraction", "believed", "named"), [(0.02, 0.08, 0), (0.04, 0.08, 1), (0.02, 0.02, 1)])
def test_the_fewer_are_disbelieved_the_less_of_a_label_is_believed(fraction, believed, named):
    labels, asked, wrong = noise(fraction)
    told = np.where(wrong, believed, 0.9)
    assert wrong_labels(asked, labels, K, told).sum() == named * wrong.sum()


def test_of_few_wrong_labels_those_that_were_believed_more_are_left_out():
    labels, asked, wrong = noise(0.02)
    told = np.where(wrong, np.where(np.arange(len(labels)) < 40, 0.02, 0.08), 0.9)
    assert np.array_equal(wrong_labels(asked, labels, K, told), wrong & (told < 0.03))


@pytest.mark.parametrize(("fraction", "maybe"), [(0.01, 0), (0.02, 1)])
def test_labels_that_are_too_few_to_be_named_may_be_wrong(fraction, maybe):
    labels, asked, wrong = noise(fraction)
    told = np.where(wrong, 0.08, 0.9)
    assert not wrong_labels(asked, labels, K, told).any()
    assert maybe_wrong(asked, labels, K, told).sum() == maybe * wrong.sum()
    one_class = noise(0.1, classes=[2])
    assert not maybe_wrong(one_class[1], one_class[0], K, np.where(one_class[2], 0.01, 0.9)).any()


def test_hard_samples_beside_random_wrong_labels_are_not_wrong():
    """Those that are merely not learned have to be many by themselves."""
    labels, asked, wrong = unlearned(0.08)
    told = np.where(wrong, 0.05, 0.9)
    told[np.flatnonzero(wrong)[::3]] = 0.4  # as the hard ones of a class
    assert np.array_equal(wrong_labels(asked, labels, K, told), wrong & (told < 0.1))


@pytest.fixture(scope="module")
def left():
    """Four classes of 100, some of class 0 known already; suspicion and losses at random."""
    rng = np.random.default_rng(0)
    alike = LookAlikes(np.arange(400) % K, rng.normal(size=(400, 8)).astype(np.float32))
    suspicion, losses = rng.random(400).astype(np.float32), rng.lognormal(-4, 2, 400).astype(np.float32)
    also = np.zeros(400, bool)
    also[[0, 4, 8]] = True
    like = np.arange(400) == int(np.argmin(suspicion))
    return alike, suspicion, losses, also, to_leave_out(alike, K, suspicion, losses, also=also, like=like)


def test_the_most_suspicious_of_each_class_are_left_out_and_who_is_known_is_not_asked(left):
    alike, suspicion, _, also, (groups, controls, without) = left
    assert set(groups) == set(controls) == set(range(K))
    assert without[also].all()
    assert without[np.argmin(suspicion)]  # it is like those that are suspicious
    for index, rows in groups.items():
        assert (alike.labels[rows] == index).all()
        assert not also[rows].any()
        own = np.flatnonzero((alike.labels == index) & ~also)
        assert suspicion[rows].min() > np.median(suspicion[own])
        assert without[rows].all()
        assert without[controls[index]].all()


def test_controls_are_as_hard_none_twice_none_a_suspect_and_a_small_part_of_the_class(left):
    alike, suspicion, losses, also, (groups, controls, _) = left
    for index, rows in controls.items():
        assert len(rows) == len(set(rows.tolist())) == int(PART * ((alike.labels == index) & ~also).sum())
        assert not set(rows.tolist()) & set(groups[index].tolist())
        assert (alike.labels[rows] == index).all()
        assert not also[rows].any()
        assert np.argmin(suspicion) not in rows
        own = np.log(losses[(alike.labels == index) & ~also] + 1e-4)
        apart = np.abs(np.log(losses[rows] + 1e-4) - np.log(losses[groups[index][: len(rows)]] + 1e-4))
        assert np.median(apart) < 0.15 * own.std()


def test_at_most_so_many_of_a_class_are_asked_and_tiny_classes_are_left_alone():
    labels = np.concatenate([np.zeros(997, np.int64), np.ones(3, np.int64)])
    rng = np.random.default_rng(1)
    alike = LookAlikes(labels, rng.normal(size=(1000, 8)).astype(np.float32))
    scores = rng.random(1000).astype(np.float32)
    groups, controls, without = to_leave_out(
        alike, 2, scores, scores, also=np.zeros(1000, bool), like=np.zeros(1000, bool)
    )
    assert set(groups) == {0}
    assert len(groups[0]) == len(controls[0]) == ASKED
    assert not without[labels == 1].any()


def test_a_class_of_which_all_are_like_its_suspects_is_not_left_out_whole(left):
    alike, suspicion, losses, also, _ = left
    groups, _, without = to_leave_out(alike, K, suspicion, losses, also=also, like=np.ones(400, bool))
    for index, rows in groups.items():
        own = np.flatnonzero((alike.labels == index) & ~also)
        assert without[own].sum() == int(MOST_LEFT_OUT * len(own))
        assert without[rows].all()
        assert suspicion[own[without[own]]].min() > suspicion[own[~without[own]]].max()


def test_every_possible_control_is_used_before_there_are_none():
    alike = LookAlikes(np.repeat([0, 1], 10), np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32))
    losses = np.arange(20, dtype=np.float32)
    also = np.zeros(20, bool)
    also[10:] = True
    groups, controls, without = to_leave_out(alike, 2, losses, losses, also=also, like=np.zeros(20, bool))
    assert groups[0].tolist() == [9, 8, 7]
    assert sorted(controls[0].tolist()) == [4, 5, 6]
    assert without.sum() == 16


def test_sources_count_the_classes_that_members_are_taken_for():
    unseen = certain(np.array([1, 1, 1, 1, 0, 2, 3, 3]))
    asked = Asked({}, {}, np.ones(8, bool), unseen, unseen)
    assert sources(asked, np.arange(4), 0) == pytest.approx(1)
    assert sources(asked, np.array([0, 5, 6]), 0) == pytest.approx(3)
    assert sources(asked, np.array([0, 1, 6, 7]), 0) == pytest.approx(2)
    assert sources(asked, np.arange(0), 0) == 0
    assert sources(asked, np.array([4, 4, 4]), 0) == pytest.approx(1)  # the own class is no other one
