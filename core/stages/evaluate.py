"""The stage that measures the model on the test set, with and without triggers."""

from dataclasses import asdict

from core import runs
from core.analysis.opened_run import OpenedRun
from core.data import store
from core.evaluation.measure import evaluate_model
from core.stages.load import trained_model
from core.stages.progress import Reporter


def evaluate_stage(opened: OpenedRun, _: str, reporter: Reporter) -> None:
    """Clean accuracy and, where triggers are known, how far each still steers the model, image by image."""
    run, dataset = opened.run, opened.data
    truth = store.load_truth(run.workspace, run.dataset)
    outcome, trials, classes, shares = evaluate_model(trained_model(run, dataset), dataset, truth, reporter.update)
    runs.save_array(run, "trial-classes", classes)
    runs.save_array(run, "trial-shares", shares)
    runs.save_json(run, "outcome.json", {"outcome": asdict(outcome), "trials": trials})
