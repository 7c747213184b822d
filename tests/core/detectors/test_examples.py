"""The examples in the docstrings of detectors and their parts say what is so."""

import doctest
import inspect
from importlib import import_module

import pytest

from core.detectors import DETECTORS
from core.detectors.parts import scores, statistics, trajectories

WITH_EXAMPLES = ("activation_clustering", "badloss", "density_ratio")


@pytest.mark.parametrize("name", DETECTORS)
def test_the_example_of_a_detector_runs(name):
    assert doctest.testmod(import_module(DETECTORS[name].module)).failed == 0


@pytest.mark.parametrize("module", [scores, statistics, trajectories])
def test_the_examples_of_a_part_run(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_a_detector_shows_what_it_is_called_with(name):
    assert ">>> " in inspect.getdoc(DETECTORS[name].load())


@pytest.mark.parametrize(
    "part", [statistics.benjamini_hochberg, statistics.cross_conformal, trajectories.epoch_filter, trajectories.logits]
)
def test_a_part_that_is_used_from_python_shows_what_it_is_called_with(part):
    assert ">>> " in inspect.getdoc(part)
