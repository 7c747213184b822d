"""Parts of a class: its halves, its smaller cluster, and all but its own where most of it may be poison."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from core.decision.apart import LARGEST
from core.decision.decide import decide
from core.decision.look_alikes import look_alikes
from core.decision.parts import foreign_parts, halves, smaller_clusters
from core.decision.states import BACKDOOR
from core.decision.triggers import recovered_trigger
from core.modalities.image.moved import MovedStamp
from core.types import Evidence
from tests.core.decision.asked import LEFT, TARGET, K, Model, ask, marked, pictures, run_of, sound, suspicion_of
from tests.core.decision.test_decide import evidence_of

SIDE = 20
PALE = 12  # spread of levels below which an image has low contrast


def split_class(n=120, seed=0):
    """Activations of two classes, of which the second is two populations; who is of its first."""
    rng = np.random.default_rng(seed)
    labels, first = np.arange(n) % 2, np.arange(n) < n // 2
    features = rng.normal(size=(n, 12)).astype(np.float32)
    features[(labels == 1) & first, 0] += 12
    return Evidence(labels, 2, np.zeros(n, np.bool_), features=features), first[labels == 1]


def test_each_half_comes_first_in_one_of_the_orders():
    evidence, first = split_class()
    one, other = (order[evidence.labels == 1] for order in halves(evidence))
    half = first.sum()
    leading = {tuple(first[np.argsort(-order)[:half]]) for order in (one, other)}
    assert leading == {(True,) * half, (False,) * half}


def test_a_class_of_one_sample_has_no_halves():
    evidence = Evidence(np.array([0, 0, 0, 1]), 2, np.zeros(4, np.bool_), features=np.eye(4, 6, dtype=np.float32))
    assert halves(evidence)[0][3] == 0


def half_poisoned():
    """Images of twice the size, of a class of which half carries a sticker at random places; a model that knows it."""
    small, truth = pictures()
    images = np.kron(small, np.ones((1, 2, 2, 1), np.uint8))
    rng = np.random.default_rng(3)
    patch = rng.choice([0, 255], (4, 4, 1)).astype(np.float32)
    sticker = MovedStamp(patch, np.ones((4, 4), np.bool_), 1.0, (SIDE, SIDE), np.zeros_like(patch))
    poison = np.sort(rng.choice(np.flatnonzero(truth != TARGET), 100, replace=False))
    images[poison] = sticker.put_on(images[poison])
    given = truth.copy()
    given[poison] = TARGET

    def answer(samples):
        odds = ask(samples[:, ::2, ::2])
        odds[sticker.carried(samples)] = np.eye(K, dtype=np.float32)[TARGET]
        return odds

    return run_of(images, given, suspicion_of([], len(given)), answer=answer), poison


def first_of(rows, n):
    order = np.random.default_rng(0).random(n).astype(np.float32)
    order[rows] += 1
    return order


def test_a_sticker_in_half_of_a_class_is_found_from_that_half():
    run, poison = half_poisoned()
    left = np.ones(len(run.labels), np.bool_)
    asked = replace(run, halves=(first_of([], len(left)), first_of(poison, len(left))))
    found = recovered_trigger(asked, TARGET, left)
    assert sorted(found.rows[found.carriers.carrying]) == sorted(poison)
    assert found.stamp.name == "pasted at any place"
    assert found.control < 0.2


@pytest.mark.parametrize("as_half", [True, False])
def test_what_is_plain_at_every_pixel_is_not_asked_of_halves(as_half):
    images, truth = pictures()
    poison = np.flatnonzero(truth != TARGET)[:90]
    given = truth.copy()
    given[poison] = TARGET
    order = first_of(poison, len(given))
    run = run_of(marked(images, poison, LEFT), given, suspicion_of([], len(given)) if as_half else order)
    run = replace(run, orders=[suspicion_of([], len(given))], halves=[order]) if as_half else run
    assert (recovered_trigger(run, TARGET, np.ones(len(given), np.bool_)) is None) == as_half


def clustered(fraction, n=400):
    """Features of four classes, of which class 1 has a cluster of this fraction; who is in it."""
    rng = np.random.default_rng(5)
    labels = np.arange(n) % K
    rows = np.flatnonzero(labels == TARGET)
    members = rows[: round(fraction * len(rows))]
    features = rng.normal(size=(n, 12)).astype(np.float32)
    features[members, 0] += 12
    return Evidence(labels, K, np.zeros(n, bool), features=features), members


def left_out(evidence, left=None, beyond=None):
    left = np.ones(len(evidence.labels), bool) if left is None else left
    return smaller_clusters(evidence, [TARGET], left, beyond or {})


@pytest.mark.parametrize(("fraction", "there"), [(0.2, True), (LARGEST + 0.05, False)])
def test_the_smaller_cluster_of_a_class_is_left_out_unless_it_is_too_much_of_it(fraction, there):
    evidence, members = clustered(fraction)
    found = left_out(evidence)
    assert list(found) == [TARGET] * there
    assert not there or np.array_equal(found[TARGET], members)


def test_the_smaller_cluster_of_a_class_that_is_clearly_too_large_may_be_nearly_half_of_it():
    evidence, members = clustered(LARGEST + 0.1)
    assert not left_out(evidence)
    found = left_out(evidence, beyond={TARGET: len(members)})
    assert np.array_equal(found[TARGET], members)


def test_known_poison_is_of_no_cluster():
    evidence, members = clustered(0.2)
    assert not np.isin(left_out(evidence, ~np.isin(np.arange(400), members)).get(TARGET, []), members).any()


def mostly_poison(n=800, k=8, poisoned=300, sources=range(8)):
    """Images of eight classes: so many of the others are labelled 1, and their lowest rows are even, which a model has
    learned. Nothing makes them suspicious."""
    images, truth = pictures(n + poisoned, k=k)
    images[:, -2:] |= 1
    other = np.flatnonzero(np.isin(truth, sources) & (truth != TARGET))
    poison = np.sort(np.random.default_rng(4).choice(other, poisoned, replace=False))
    images[poison, -2:] &= 0xFE
    labels = truth.copy()
    labels[poison] = TARGET

    def taught(samples):
        says = ask(samples, k)
        says[(samples[:, -2:] % 2 == 0).all((1, 2, 3))] = np.eye(k)[TARGET]
        return says

    return evidence_of(images, labels, truth, poison, answer=taught, k=k), poison


def decided(evidence, poison):
    def trained(kept):
        """Learns what most of a class is."""
        few = kept[poison].sum() < 0.5 * (kept & (evidence.labels == TARGET)).sum()
        return Model(partial(sound, k=8) if few else evidence.model.answer)

    return decide(evidence, suspicion_of([], len(evidence.labels)), retrain=trained)[0]


def test_poison_that_is_most_of_a_class_is_named_though_nothing_makes_it_suspicious():
    evidence, poison = mostly_poison()
    assert len(poison) >= 0.6 * (evidence.labels == TARGET).sum()
    decision = decided(evidence, poison)
    [group] = [group for group in decision.groups if group.state == "backdoor"]
    assert group.target_class == TARGET
    assert "all parts of the class but one" in group.reason
    named = np.flatnonzero(decision.states == BACKDOOR)
    assert np.isin(named, poison).mean() >= 0.97
    assert np.isin(poison, named).mean() >= 0.9


def pale(samples):
    """(m, 8) the answers of a model that takes every image of low contrast for the target."""
    says = sound(samples, 8)
    says[samples.std((1, 2, 3)) < PALE] = np.eye(8)[TARGET]
    return says


def test_a_kind_is_proven_by_its_colours_where_these_turn_others():
    images, truth = pictures(1200, k=8)
    poison = np.sort(np.random.default_rng(4).choice(np.flatnonzero(truth != TARGET), 100, replace=False))
    images[poison] = np.rint(120 + 0.25 * (images[poison].astype(float) - 120))
    labels = truth.copy()
    labels[poison] = TARGET
    evidence = evidence_of(images, labels, truth, poison, answer=pale, k=8)
    decision = decided(evidence, poison)
    [group] = [group for group in decision.groups if group.state == "backdoor"]
    assert (group.target_class, group.kind) == (TARGET, "recovered trigger, a change of colours")
    assert group.flip_rate > 0.9
    assert "A model that never saw the members takes 0%." in group.reason
    named = np.flatnonzero(decision.states == BACKDOOR)
    assert np.isin(named, poison).mean() >= 0.97
    assert np.isin(poison, named).mean() >= 0.9


def test_most_of_a_large_class_that_is_taken_for_few_classes_may_be_a_kind_of_it():
    evidence, poison = mostly_poison(n=1400, sources=[0, 2, 3, 4])
    assert decided(evidence, poison).verdict == "none"


def test_the_part_that_stays_is_the_one_whose_look_alikes_are_of_the_class():
    evidence, poison = mostly_poison()
    alike = look_alikes(evidence.inputs, evidence.labels)
    found = foreign_parts(evidence, alike, range(8), np.ones(len(evidence.labels), bool))
    assert list(found) == [TARGET]
    assert np.isin(found[TARGET], poison).mean() >= 0.95
    assert np.isin(poison, found[TARGET]).mean() >= 0.95


def test_a_class_of_usual_size_without_its_known_poison_stays_whole():
    evidence, poison = mostly_poison()
    alike = look_alikes(evidence.inputs, evidence.labels)
    assert not foreign_parts(evidence, alike, range(8), ~np.isin(np.arange(len(evidence.labels)), poison))
