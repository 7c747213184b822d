"""Repairs: child runs that train on what the verdicts leave."""

import math
from pathlib import Path

from core import runs
from core.data import store
from core.errors import UserError
from core.journal import revisions
from core.journal.changes import apply
from core.output.hub_push import repo_of
from core.pipeline.review import pending_changes
from core.pipeline.started import start_worker
from core.pipeline.training import CORE_PLAN
from core.runs import Run, jobs
from core.training.config import TrainConfig

REPAIRS = ("retrain", "continue")
# Epochs of continuing, unless the first training had fewer: after three, a rare word in 3 % of a class of texts still
# turned one text in ten.
LEAST_CONTINUED = 6
# Times the learning rate of the first training: at that rate itself, a rare word in 1 % of a class of texts still
# turned 12 % of others after six epochs, at three times it 4 %. Images are no less accurate so.
FASTER = 3.0
FASTEST = 0.01
MOST_REPEATS = 20  # at once; the spread of ten is known to a quarter of itself, and each is a training


def new_repair(
    run: Run,
    how: str = "retrain",
    *,
    epochs: int | None = None,
    learning_rate: float | None = None,
    revision: int | None = None,
    reviewer: str = "automatic",
) -> Run:
    """A child run that trains on a revision of the data.

    Args:
        run: with verdicts, or any other run on the data when a revision is named.
        how: "retrain", afresh with the same configuration, or "continue", from the run's own weights: Chen et al.'s
            repair by new labels, which takes a fraction of the time. Retraining a model that was only inspected starts
            from weights drawn from the seed, since those in its file may carry the backdoor.
        epochs, learning_rate: of continuing, by default `continued_epochs(run)` and `continued_rate(run)`; and of
            retraining a model that was not trained here.
        revision: the number of the one to train on; by default what is pending on the run is committed.
        reviewer: who commits then.

    Raises:
        UserError: an unknown way or revision, a model that cannot be trained, nothing decided yet, or nothing left to
            train on.
    """
    if how not in REPAIRS:
        raise UserError(
            f"There is no way to repair named {how!r}.", f"Known: {', '.join(REPAIRS)}.", "Choose one of these."
        )
    if run.recorded:
        raise UserError(
            "The training of this run took place elsewhere, so it cannot be repeated here.",
            "What to leave out is written by export --what removed_files, and by copy-clean.",
            "Train on what is left, record that, and load it as a run of its own.",
        )
    if not run.trainable:
        what = "It can only be inspected; its data can be cleaned all the same."
        raise UserError("An ONNX graph cannot be trained.", what, "Copy the clean set, and train a model on that.")
    if how == "retrain" and trained_here(run) and (epochs, learning_rate) != (None, None):
        raise UserError(
            "Retraining repeats the first training.",
            "Epochs and rate are for continuing.",
            "Leave them out, or continue.",
        )
    if not run.done("evaluate"):
        raise UserError(
            "This run is not finished.", "There is no 'before' to compare a repair with.", run.to_be_finished
        )
    changes = pending_changes(run) if revision is None else revisions.changes(run.workspace, run.dataset, revision)
    if changes == runs.read_changes(run):
        raise UserError(
            "Nothing would change.", "No sample is excluded or relabelled yet.", "Decide on some samples first."
        )
    apply(store.load(run.workspace, run.dataset), changes)
    info = store.describe(run.workspace, run.dataset)
    name, config = f"{run.name} repaired", dict(runs.from_scratch(run).config)
    if how == "retrain" and not trained_here(run):
        config["weights"] = ""
    if how == "continue":
        config |= {"epochs": continued_epochs(run), "schedule_epochs": None, "learning_rate": continued_rate(run)}
    if epochs is not None or learning_rate is not None:
        config["epochs"] = config["epochs"] if epochs is None else epochs
        config["learning_rate"] = config["learning_rate"] if learning_rate is None else learning_rate
        TrainConfig(epochs=config["epochs"], learning_rate=config["learning_rate"])  # says what cannot be used
    number = _committed(run, reviewer) if revision is None else revision
    changes = revisions.changes(run.workspace, run.dataset, number)
    return runs.create(
        run.workspace, info, config, CORE_PLAN, name=name, parent=run.id, how=how, changes=changes, revision=number
    )


def repeat_repair(child: Run, times: int) -> list[Run]:
    """So many repetitions of a repair, with the seeds that follow, each ready to be worked on.

    What is left out and relabelled, and how it is trained, stay the same: how far the figures spread is chance.

    Raises:
        UserError: it is no repair, or not between 1 and `MOST_REPEATS` times.
    """
    if child.parent is None:
        raise UserError(f"{child.id} is not a repair.", "", "Name a repair, or repair the run first.")
    if not 1 <= times <= MOST_REPEATS:
        raise UserError(f"A repair cannot be repeated {times} times.", "", f"Choose 1 to {MOST_REPEATS}.")
    changes, info = runs.read_changes(child), store.describe(child.workspace, child.dataset)
    alike = [
        other
        for other in runs.children(runs.open_run(child.workspace, child.parent))
        if runs.read_changes(other) == changes and other.how == child.how
    ]
    last = max(int(other.config["seed"]) for other in alike)
    return [
        runs.create(
            child.workspace,
            info,
            {**child.config, "seed": seed},
            CORE_PLAN,
            name=f"{child.name.partition(', seed ')[0]}, seed {seed}",
            parent=child.parent,
            how=child.how,
            changes=changes,
            revision=runs.revision_of(child),
        )
        for seed in range(last + 1, last + 1 + times)
    ]


def start_repeats(child: Run, times: int) -> Path:
    """Start repeating a repair in a worker, one seed after the other; returns the job's directory."""
    return start_worker(child.workspace, "repeats", "repeat-repair", [child.id], {"--times": str(times)})


def _committed(run: Run, reviewer: str) -> int:
    """The revision that holds all that was decided on the run, committed now where it was not yet."""
    if not revisions.pending(run):
        return revisions.base(run)
    return revisions.commit(run, f"To repair {run.name}", "Committed with the repair.", reviewer=reviewer).number


def trained_here(run: Run) -> bool:
    """Whether there was a first training for a repair to repeat; False for a model that was only inspected."""
    return runs.from_scratch(run).model_stage == "train"


def continued_epochs(run: Run) -> int:
    """For how many epochs a repair goes on training by default: a quarter of a full training, at least six.

    After a shorter training it is as many as that had, or three.
    """
    first = int(runs.from_scratch(run).config["epochs"])
    return min(max(LEAST_CONTINUED, math.ceil(first / 4)), max(3, first))


def continued_rate(run: Run) -> float:
    """The learning rate with which a repair goes on training by default: three times that of the first, up to 0.01.

    Few samples have a new label, and a backdoor is let go of slowly at the first rate. A model that was not trained
    here keeps the rate: what is known of its own training is not known here.
    """
    first = float(runs.from_scratch(run).config["learning_rate"])
    return faster(first) if trained_here(run) else first


def faster(rate: float) -> float:
    """Three times a learning rate, up to 0.01, and never less than the rate itself.

    >>> faster(0.001), faster(0.005), faster(0.05)
    (0.003, 0.01, 0.05)
    """
    return max(rate, min(FASTER * rate, FASTEST))


def start_copy(run: Run, *, as_folder: bool, files: str | None = None) -> tuple[Path, Path]:
    """Start copying the clean set in a worker; returns the job's directory, to be polled, and the place of the copy."""
    job = jobs.new_job(run.workspace, "copies")
    target = job / (f"{run.dataset}-clean" + ("" if as_folder else ".npz"))
    options = {"--to": str(target.resolve()), "--files": files}
    start_worker(run.workspace, "copies", "copy-clean", [run.id], options, job=job)
    return job, target


def start_push(run: Run, name: str, *, public: bool = False) -> Path:
    """Start pushing the clean set to the Hub in a worker; returns the job's directory, to be polled.

    Raises:
        UserError: `name` is not that of a data set.
    """
    flags = ["--public"] if public else []
    return start_worker(run.workspace, "copies", "push-clean", [run.id, repo_of(name)], flags=flags)
