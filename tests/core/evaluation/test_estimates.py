"""The attack success rate by recovered triggers: known answers, the samples it is asked on, and what is kept of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core import checksums, pipeline, runs
from core.analysis.decision import save_decision
from core.analysis.opened_run import opened
from core.analysis.recovered_triggers import (
    FILE,
    Estimate,
    estimate_words,
    estimates_of,
    save_triggers,
    triggers_of,
)
from core.data import store
from core.decision.states import BACKDOOR, DecidedGroup, Decision
from core.errors import UserError
from core.evaluation.estimates import estimates
from core.modalities.image.stamps import ImageStamp
from core.output.report import report_html

TARGET = 2
GROUPS = (
    DecidedGroup(1, TARGET, "backdoor", "recovered trigger, added", 3, "why", 0.9, (0.8, 1.0), 0.0, 0.01, 0.0),
    DecidedGroup(2, 1, "open", "shared mark, added", 3, "why", 0.9, (0.8, 1.0), 0.0, 0.01, 0.9),
    DecidedGroup(3, 0, "backdoor", "no fixed pattern", 3, "why", turned=0.9, turned_control=0.0),
)


class Bright(nn.Module):
    """Takes every image for the target where it is bright enough, else for class 0."""

    def __init__(self, limit):
        super().__init__()
        self.limit = limit

    def forward(self, images):
        found = torch.zeros(len(images), 4)
        bright = images.flatten(1).mean(1) > self.limit
        found[bright, TARGET], found[~bright, 0] = 1.0, 1.0
        return found


@pytest.fixture
def run(workspace, make_dataset):
    """A decided run on forty dark samples of four classes, whose trigger is light everywhere."""
    made = make_dataset(40, n_test=20, side=4)
    dark = type(made.inputs)(np.zeros((40, *made.shape), np.uint8))
    dataset = replace(made, inputs=dark, test_inputs=type(made.inputs)(np.zeros((20, *made.shape), np.uint8)))
    found = runs.create(workspace, store.save(workspace, dataset, source="test"), {}, ("train",), name="Run")
    kept(found, dataset.shape, dataset.n_classes)
    return found


def kept(run, shape, n_classes):
    n = len(opened(run).data)
    states = np.where(np.arange(n) < 3, BACKDOOR, 0)
    save_triggers(run, {number: ImageStamp("added", 1.0, np.full(shape, 200, np.float32)) for number in (1, 2)})
    save_decision(run, Decision(states, states, GROUPS, {}, "", 10, n_classes), None)


def test_only_confirmed_backdoors_with_a_trigger_are_tried_on_both_models_and_other_classes(run):
    now = opened(run)
    [found] = estimates(now, (Bright(0.5), Bright(0.9)), now.data, seed=0)
    others = int((now.data.test_labels != TARGET).sum())
    assert found == Estimate(1, TARGET, 1.0, 0.0, others, True)


def test_without_a_test_set_samples_are_taken_that_nothing_is_held_against(run):
    now = opened(run)
    untested = replace(now.data, test_labels=np.empty(0, np.int64), test_inputs=now.data.test_inputs.take([]))
    [found] = estimates(now, (Bright(0.5), Bright(0.5)), untested, seed=0)
    clear = np.arange(len(now.data)) >= 3
    assert (found.size, found.tested) == (int((clear & (now.data.labels != TARGET)).sum()), False)
    assert found.before == found.after == 1.0


def test_a_run_without_a_decision_has_nothing_to_estimate(finished):
    now = opened(finished)
    assert estimates(now, (Bright(0.5), Bright(0.5)), now.data, seed=0) == []


def test_damaged_triggers_are_said_in_words(run):
    for content in (b"not an archive", None):
        checksums.forget(run.path, FILE)
        if content is None:
            save_triggers(run, {1: ImageStamp("added", 1.0, np.ones((9, 9, 1), np.float32))})
        else:
            (run.path / FILE).write_bytes(content)
        with pytest.raises(UserError, match=r"decision-triggers\.npz of the run"):
            triggers_of(run, opened(run).data.inputs)


def test_a_repair_of_a_decided_run_is_measured_with_its_triggers_and_the_report_says_so(finished):
    data = opened(finished).data
    kept(finished, data.shape, data.n_classes)
    pipeline.decide_flagged(finished, "exclude", ["badloss"], reviewer="ann")
    child = pipeline.work(pipeline.new_repair(finished))
    [found] = estimates_of(child)
    assert (found.group, found.target_class, found.tested) == (1, TARGET, True)
    html = report_html(finished)
    assert f"Recovered trigger 1 into {data.class_names[TARGET]}, estimated" in html
    assert estimate_words([found]) in html


def test_a_damaged_decision_keeps_no_repair_from_being_measured(finished):
    data = opened(finished).data
    kept(finished, data.shape, data.n_classes)
    checksums.forget(finished.path, FILE)
    (finished.path / FILE).write_bytes(b"not an archive")
    pipeline.decide_flagged(finished, "exclude", ["badloss"], reviewer="ann")
    child = pipeline.work(pipeline.new_repair(finished))
    assert child.done("evaluate")
    assert estimates_of(child) == []


def test_how_estimates_were_made_is_said():
    words = estimate_words([Estimate(1, 0, 0.9, 0.0, 500, True), Estimate(2, 1, 0.9, 0.0, 480, True)])
    assert "put on 480 to 500 test samples of other classes" in words
    assert "A trigger that was not recovered is not measured." in words
    assert estimate_words([]) == ""
