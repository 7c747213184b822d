"""Repairs: child runs that train on what the verdicts leave."""

import math

from core import runs
from core.config import TrainConfig
from core.datasets import store
from core.errors import UserError
from core.pipeline.deciding import pending_changes
from core.pipeline.running import CORE_PLAN
from core.repair import apply
from core.runs import Run

REPAIRS = ("retrain", "continue")


def new_repair(run: Run, how: str = "retrain", *, epochs: int | None = None, learning_rate: float | None = None) -> Run:
    """A child run that trains on what the verdicts leave.

    Args:
        run: with verdicts.
        how: "retrain", afresh with the same configuration, or "continue", from the run's own weights: Chen et al.'s
            repair by new labels, which takes a fraction of the time.
        epochs, learning_rate: of continuing only; by default `continued_epochs(run)` and the run's own rate.

    Raises:
        UserError: an unknown way, nothing decided yet, or nothing left to train on.
    """
    if how not in REPAIRS:
        raise UserError(f"There is no way to repair named {how!r}.", f"Known: {', '.join(REPAIRS)}.")
    if how == "retrain" and (epochs, learning_rate) != (None, None):
        raise UserError("Retraining repeats the first training.", "Epochs and rate belong to continuing.", "Continue.")
    if not run.done("evaluate"):
        raise UserError(
            "This run is not finished.", "There is no 'before' to compare a repair with.", "Let it finish first."
        )
    changes = pending_changes(run)
    if changes == runs.read_changes(run):
        raise UserError(
            "Nothing would change.", "No sample is excluded or relabelled yet.", "Decide on some samples first."
        )
    apply(store.load(run.workspace, run.dataset), changes)
    info = store.describe(run.workspace, run.dataset)
    name, config = f"{run.name} repaired", dict(runs.from_scratch(run).config)
    if how == "continue":
        config |= {"epochs": continued_epochs(run) if epochs is None else epochs, "schedule_epochs": None}
        config |= {"learning_rate": config["learning_rate"] if learning_rate is None else learning_rate}
        TrainConfig(epochs=config["epochs"], learning_rate=config["learning_rate"])  # says what cannot be used
    return runs.create(run.workspace, info, config, CORE_PLAN, name=name, parent=run.id, how=how, changes=changes)


def continued_epochs(run: Run) -> int:
    """For how many epochs a repair goes on training by default: a quarter of a full training, at least three."""
    return max(3, math.ceil(int(runs.from_scratch(run).config["epochs"]) / 4))
