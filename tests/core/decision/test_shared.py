"""Whether a trigger works on one class alone: asked of made-up models that answer a white corner on all or on one."""

import numpy as np
import pytest

from core.decision.left_out import Asked
from core.decision.reasons import shared_reason
from core.decision.shared import likened_trigger, with_source
from core.decision.triggers import recovered_trigger
from tests.core.decision.asked import TARGET, ask, marked, pictures, run_of, sound, suspicion_of

SOURCE = 3
DARK = 60  # mean level below which an image is dark


def of_one(samples):
    """(m, 4) the answers of a model in which the corner works on images of the source alone."""
    plain = sound(samples)
    return np.where((plain.argmax(1) == SOURCE)[:, None], ask(samples), plain)


def found_in(answer):
    """A run in which images of the source carry the corner and the label of the target, and what it is recovered as."""
    images, truth = pictures()
    poison = np.sort(np.random.default_rng(1).choice(np.flatnonzero(truth == SOURCE), 36, replace=False))
    given = truth.copy()
    given[poison] = TARGET
    run = run_of(marked(images, poison), given, suspicion_of(poison, len(truth)), answer=answer)
    return run, recovered_trigger(run, TARGET, np.ones(len(given), bool))


def test_a_trigger_that_works_on_one_class_is_measured_on_this_class():
    run, found = found_in(of_one)
    assert found.flip_rate < 0.5  # of all classes
    named = with_source(run, found, TARGET)
    assert named.source == SOURCE
    assert named.source_rate == pytest.approx(1.0, abs=0.05)
    assert named.source_probed == (run.labels[run.probes] == SOURCE).sum()
    assert named.flip_rate == found.flip_rate  # what proves it is asked of all classes, as before


def test_a_trigger_that_works_on_all_has_no_source_though_its_carriers_are_of_one_class():
    run, found = found_in(ask)
    assert found.flip_rate > 0.9
    assert with_source(run, found, TARGET).source is None


def dark(samples):
    """(m, 4) the answers of a model that takes every dark image for the target."""
    plain, is_dark = sound(samples), samples.mean((1, 2, 3)) < DARK
    return np.where(is_dark[:, None], np.eye(plain.shape[1])[TARGET], plain)


def likened_to(share, answer=dark, other=sound):
    """What proves dark images with the label of the target, and how many of its others are as dark, as a fraction."""
    images, truth = pictures()
    poison = np.sort(np.random.default_rng(1).choice(np.flatnonzero(truth != TARGET), 60, replace=False))
    own = np.flatnonzero(truth == TARGET)
    labels = truth.copy()
    labels[poison] = TARGET
    for rows in (poison, own[: int(share * len(own))]):
        images[rows] = images[rows] // 3
    run = run_of(images, labels, suspicion_of(poison, len(truth)), answer=answer)
    unseen = np.eye(4, dtype=np.float32)[truth]
    asked = Asked({}, {}, np.zeros(len(truth), bool), unseen, unseen, other=other)
    return likened_trigger(run, asked, poison, own, TARGET)


def test_a_kind_whose_colours_turn_others_is_proven_by_them():
    found = likened_to(0.0)
    assert found.stamp.name == "a change of colours"
    assert found.flip_rate > 0.9
    assert found.control < 0.1
    assert found.without < 0.2
    assert found.probed > 100
    assert f"A model that never saw the members takes {found.without:.0%}." in shared_reason(found)


def test_colours_prove_nothing_where_the_class_has_them_anyway_or_other_models_give_way_too():
    assert likened_to(1.0) is None
    assert likened_to(0.0, other=dark) is None
    assert likened_to(0.0, answer=sound) is None
    assert likened_to(0.0, other=None) is None
