"""The stage that measures the model on the test set, with and without triggers."""

from contextlib import suppress
from dataclasses import asdict

import numpy as np
from torch import nn

from core import runs
from core.analysis.opened_run import OpenedRun
from core.analysis.opened_run import opened as opened_run
from core.analysis.recovered_triggers import save_estimates
from core.data import store
from core.errors import UserError
from core.evaluation.estimates import estimates
from core.evaluation.measure import evaluate_model
from core.evaluation.removed import save_removed
from core.evaluation.try_recovered import try_recovered
from core.runs import Run
from core.stages.load import trained_model
from core.stages.progress import Reporter
from core.training.evaluating import likeliest


def evaluate_stage(opened: OpenedRun, _: str, reporter: Reporter) -> None:
    """Clean accuracy and, where triggers are known, how far each still steers the model, image by image."""
    run, dataset = opened.run, opened.data
    truth = store.load_truth(run.workspace, run.dataset)
    model = trained_model(run, dataset)
    outcome, trials, classes, shares = evaluate_model(model, dataset, truth, reporter.update)
    runs.save_array(run, "trial-classes", classes)
    runs.save_array(run, "trial-shares", shares)
    runs.save_json(run, "outcome.json", {"outcome": asdict(outcome), "trials": trials})
    with suppress(UserError):  # see `_estimate`
        try_recovered(run, run, model, dataset)
    if run.parent:
        parent = runs.open_run(run.workspace, run.parent)
        _ask_of_removed(opened, parent, model)
        _estimate(opened, parent, model)


def _ask_of_removed(opened: OpenedRun, parent: Run, model: nn.Module) -> None:
    """Keep what the repaired model says of the samples that it was not trained on."""
    before = opened_run(parent).data
    rows = np.flatnonzero(~np.isin(before.ids, opened.data.ids))
    predicted = likeliest(model, before.inputs.take(rows), 1)[0][:, 0]
    save_removed(opened.run, before.ids[rows], before.labels[rows], predicted)


def _estimate(opened: OpenedRun, parent: Run, model: nn.Module) -> None:
    """Keep how far the recovered triggers of the run that was repaired steer its model and this one."""
    before, found = opened_run(parent), []
    with suppress(UserError):  # a damaged decision is said where it stands, and keeps no repair from being measured
        try_recovered(opened.run, parent, model, opened.data)
        models = trained_model(parent, before.data), model
        found = estimates(before, models, opened.data, int(opened.run.config["seed"]))
    save_estimates(opened.run, found)
