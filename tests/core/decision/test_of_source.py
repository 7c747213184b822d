"""What a kind that is taken for one class shares: a corner that a made-up model answers on this class alone."""

from dataclasses import replace

import numpy as np
import pytest

from core.decision.left_out import Asked
from core.decision.of_source import kind_with_trigger, source_trigger
from core.decision.taken_for import kinds_by_source
from tests.core.decision.asked import TARGET, ask, marked, pictures, run_of, sound, suspicion_of

SOURCE = 3
LIMITS = (0.3, 0.2)


def of_one(samples):
    """(m, 4) the answers of a model in which the corner works on images of the source alone."""
    plain = sound(samples)
    return np.where((plain.argmax(1) == SOURCE)[:, None], ask(samples), plain)


def a_run(answer=of_one, other=sound, too=0.0):
    """Images of the source with the corner and the label of the target, what is asked of them, and which they are.

    Of the target's own images a part, `too`, have the corner as well.
    """
    images, truth = pictures()
    rng = np.random.default_rng(1)
    poison = np.sort(rng.choice(np.flatnonzero(truth == SOURCE), 36, replace=False))
    own = np.flatnonzero(truth == TARGET)
    labels = truth.copy()
    labels[poison] = TARGET
    images = marked(images, np.concatenate([poison, own[: int(too * len(own))]]))
    run = run_of(images, labels, suspicion_of(poison, len(truth)), answer=answer)
    seen = np.eye(4, dtype=np.float32)[labels]
    unseen = np.eye(4, dtype=np.float32)[truth]
    asked = Asked({}, {}, np.zeros(len(truth), bool), seen, unseen, other=other)
    return run, asked, poison


def found_in(run, asked, rank=0.99, doubt=0.0):
    """Who of the target is said to have a trigger of one source, as rows; None for nobody."""
    rows = np.flatnonzero(run.labels == TARGET)
    rng = np.random.default_rng(2)
    described = rng.normal(size=(len(rows), 6))
    described[asked.unseen[rows, SOURCE] > 0.5] += 3 - doubt
    kinds = kinds_by_source(described, (asked.seen[rows], asked.unseen[rows]), TARGET, LIMITS)
    kind = kind_with_trigger(run, asked, kinds, (rows, described, np.full(len(rows), rank, np.float32)), TARGET)
    return None if kind is None else rows[kind.members]


def test_what_turns_the_class_that_its_members_are_taken_for_proves_them():
    run, asked, poison = a_run()
    assert found_in(run, asked).tolist() == poison.tolist()


def test_it_is_measured_beside_others_of_the_class_and_a_model_that_never_saw_the_members():
    run, asked, poison = a_run()
    rows = np.flatnonzero(run.labels == TARGET)
    ranks = np.full(len(rows), 0.5, np.float32)
    found = source_trigger(run, asked, (rows, np.isin(rows, poison), ranks), (SOURCE, TARGET))
    assert (found.source, found.classes) == (SOURCE, 1)
    assert found.flip_rate == pytest.approx(1.0, abs=0.05)
    assert max(found.control, found.without) < 0.1
    assert found.probed == (run.labels[run.probes] == SOURCE).sum()


@pytest.mark.parametrize(
    "how",
    [
        {"other": of_one},  # whatever it saw, a model gives way
        {"answer": sound},  # nobody learned it
        {"too": 0.9},  # the class has it as well
        {"other": None},  # nobody can be asked
    ],
)
def test_what_others_give_way_to_or_have_as_well_proves_nothing(how):
    run, asked, _ = a_run(**how)
    assert found_in(run, asked) is None


def test_only_the_most_suspicious_kinds_are_asked_about():
    run, asked, _ = a_run()
    assert found_in(run, asked, rank=0.5) is None


def test_hard_samples_that_are_taken_for_the_class_are_no_members():
    run, asked, poison = a_run()
    hard = np.flatnonzero((run.labels == TARGET) & (asked.unseen[:, TARGET] > 0.5))[:12]
    unseen = asked.unseen.copy()
    unseen[hard] = np.eye(4, dtype=np.float32)[SOURCE]
    named = found_in(run, replace(asked, unseen=unseen), doubt=1.5)
    assert np.isin(named, hard).sum() <= 1
    assert np.isin(poison, named).mean() > 0.9
