"""Whether a trigger works on one class alone: asked of made-up models that answer a white corner on all or on one."""

import numpy as np
import pytest

from core.decision.shared import with_source
from core.decision.triggers import recovered_trigger
from tests.core.decision.asked import TARGET, ask, marked, pictures, run_of, sound, suspicion_of

SOURCE = 3


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
