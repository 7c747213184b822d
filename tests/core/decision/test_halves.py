"""Where half of a class is poison that no suspicion ranks: its halves are asked, for stickers and faint waves alone."""

from dataclasses import replace

import numpy as np
import pytest

from core.decision.halves import halves
from core.decision.triggers import recovered_trigger
from core.modalities.image.moved import MovedStamp
from core.types import Evidence
from tests.core.decision.asked import LEFT, TARGET, K, ask, marked, pictures, run_of, suspicion_of

SIDE = 20


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
