"""Whether a trigger works on one class alone: asked of made-up models that answer a white corner on all or on one."""

from dataclasses import replace

import numpy as np
import pytest

from core.decision.left_out import Asked
from core.decision.reasons import shared_reason
from core.decision.recovered import proves
from core.decision.shared import likened_trigger, same_trigger, with_source
from core.decision.triggers import recovered_trigger
from core.modalities.image.patterns import coincidences
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


def pasted_on(rows_of, *, answer=ask, relabelled=True):
    """A run in which some images, of whom no suspicion knows, have the corner; and who they are."""
    images, truth = pictures()
    rng = np.random.default_rng(1)
    of_class = images[np.arange(len(truth)), truth, :, 0]  # exactly 40 or 200, but no class is that exact
    images[np.arange(len(truth)), truth, :, 0] = (
        np.where(of_class < 120, 1, -1) * rng.integers(60, size=of_class.shape) + of_class
    )
    some = np.sort(rng.choice(np.flatnonzero(rows_of(truth)), 36, replace=False))
    labels = truth.copy()
    labels[some] = TARGET if relabelled else labels[some]
    images = marked(images, some)
    run = run_of(images, labels, suspicion_of([], len(truth)), answer=answer)
    return replace(run, same=coincidences(run.inputs, labels)), some


def elsewhere(truth):
    return truth != TARGET


def test_what_carriers_have_exactly_is_found_whatever_anybody_suspects():
    run, poison = pasted_on(elsewhere)
    everybody = np.ones(len(run.labels), bool)
    found = same_trigger(run, TARGET, everybody)
    assert found.rows[found.carriers.carrying].tolist() == poison.tolist()
    assert np.isin(found.core, poison).all()
    assert (found.flip_rate, found.kept, found.carriers.exact) == (1.0, 0.0, True)
    assert proves(found)
    assert found.p <= 0.0125
    assert [same_trigger(run, index, everybody) for index in (0, 2, 3)] == [None] * 3
    assert same_trigger(run, TARGET, ~np.isin(np.arange(len(run.labels)), poison)) is None
    assert same_trigger(replace(run, same=()), TARGET, everybody) is None


def test_what_nobody_learned_is_no_trigger_and_neither_is_a_logo_on_true_samples():
    run, _ = pasted_on(elsewhere, answer=sound)
    everybody = np.ones(len(run.labels), bool)
    assert same_trigger(run, TARGET, everybody) is None
    run, _ = pasted_on(lambda truth: truth == TARGET, relabelled=False)
    assert same_trigger(run, TARGET, everybody) is None


def test_a_class_half_of_which_is_drawn_exactly_alike_is_not_accused():
    images, truth = pictures()  # half of each class have a row of exactly 40, the others of exactly 200
    run = run_of(images, truth, suspicion_of([], len(truth)))
    same = coincidences(run.inputs, truth)
    assert np.isfinite(same[0]).mean() > 0.9
    everybody = np.ones(len(truth), bool)
    assert [same_trigger(replace(run, same=same), index, everybody) for index in range(4)] == [None] * 4


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
