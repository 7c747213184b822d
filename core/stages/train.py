"""The stages that make a model and measure it: it is loaded or trained, its activations read, its success counted."""

import logging
import shutil
import time
from typing import Any

import numpy as np
from torch import nn

from core import checksums, runs
from core.analysis.opened_run import OpenedRun
from core.devices import best_device
from core.evaluation import metrics
from core.files import mapped_array, write_json, writing
from core.runs import Run
from core.stages.load import beginning, save_weights, trained_model
from core.stages.progress import Reporter
from core.training.config import TrainConfig, restored
from core.training.loop import Epoch, train
from core.types import Dataset

_TRACE = ("checkpoint/last.pt", "history.json", "losses.npy")  # what an epoch adds to
PART_FOR_WRITING = 0.05  # of the time; on a GPU an epoch may take 2 seconds, and a checkpoint half of one
MOST_SECONDS = 60.0  # between two checkpoints, where epochs are that short
_log = logging.getLogger(__name__)  # ends in the worker's log


def train_stage(opened: OpenedRun, _: str, reporter: Reporter) -> None:
    """Train the model; after every epoch, or some short ones, the losses, the history and a checkpoint are on disk.

    What is lost with a worker (`is_due`) is computed again, and is the same.

    A repair that continues starts from its parent's weights; everything else from weights that were loaded to be
    trained on, or drawn from the seed.
    """
    run, dataset = opened.run, opened.data
    config = restored(run.config)
    checkpoint = run.path / "checkpoint" / "last.pt"
    with writing(checkpoint):
        checkpoint.parent.mkdir(exist_ok=True)
    resume = checkpoint if checkpoint.exists() else None
    if resume is None:  # what an earlier beginning left is written over
        checksums.forget(run.path, *_TRACE)
    run.require_intact(_TRACE[0])
    history = runs.history(run) if resume else []
    losses = _trace(run, (len(dataset), config.epochs), fresh=resume is None)
    model = _untrained(run, config, dataset)
    runs.update(run, device=str(best_device()))
    done, message, short = len(history), "the first epoch takes longest", ""

    def on_batch(fraction: float) -> None:
        reporter.update((done + fraction) / config.epochs, message + short)

    def say(words: str) -> None:
        nonlocal short
        short = f"; {words}"
        _log.warning("%s: %s", run.id, words)

    waiting: list[Epoch] = []
    written, cost = time.monotonic(), 0.0
    for epoch in train(model, dataset, config, resume=resume, on_batch=on_batch, say=say):
        history = [*history[: epoch.index], _entry(epoch, dataset)]
        waiting.append(epoch)
        began = time.monotonic()
        if is_due(began - written, cost) or epoch.index + 1 == config.epochs:
            with checksums.rewriting(run.path, *_TRACE):
                for one in waiting:
                    losses[:, one.index] = one.losses
                losses.flush()
                write_json(run.path / "history.json", history)
                epoch.checkpoint(checkpoint)
            waiting.clear()
            written = time.monotonic()
            cost = written - began
        done = epoch.index + 1
        message = f"epoch {done} of {config.epochs}, mean loss {history[-1]['train_loss']:.3f}"
        reporter.update(done / config.epochs, message + short)
    save_weights(run, model)
    checksums.forget(run.path, _TRACE[0])
    shutil.rmtree(checkpoint.parent)


def is_due(since: float, cost: float) -> bool:
    """Whether a checkpoint is due: writing takes at most a twentieth of the time, and none is older than a minute.

    Args:
        since: seconds since the last one was written, or since the training began.
        cost: seconds that writing it took; 0 before the first.

    >>> is_due(2.0, 0.5), is_due(10.0, 0.5), is_due(61.0, 9.0)
    (False, True, True)
    """
    return since >= min(cost / PART_FOR_WRITING, MOST_SECONDS)


def _entry(epoch: Epoch, dataset: Dataset) -> dict[str, Any]:
    """What `history.json` says of one epoch."""
    return {
        "epoch": epoch.index + 1,
        "train_loss": float(epoch.losses.mean()),
        "train_accuracy": float(np.mean(epoch.predicted == dataset.labels)),
        "test_loss": float(epoch.test_losses.mean()) if len(epoch.test_losses) else None,
        "test_accuracy": metrics.clean_accuracy(epoch.test_predicted, dataset.test_labels),
        "class_accuracy": metrics.class_accuracy(epoch.predicted, dataset.labels, dataset.n_classes),
        "seconds": epoch.seconds,
    }


def _trace(run: Run, shape: tuple[int, int], fresh: bool) -> np.memmap[Any, np.dtype[np.float32]]:
    """`losses.npy`, memory-mapped for writing; NaN marks epochs that are still to come."""
    path = run.path / "losses.npy"
    if fresh:
        losses = mapped_array(path, np.float32, shape)
        losses[:] = np.nan
        return losses
    before = run.array("losses")
    if before.shape != shape or before.dtype != np.float32:
        raise run.damaged("losses.npy", f"it holds {before.shape} values of {before.dtype}, not {shape} of float32")
    return np.lib.format.open_memmap(path, "r+")


def _untrained(run: Run, config: TrainConfig, dataset: Dataset) -> nn.Module:
    """What training begins with; of a continued repair the weights of its parent."""
    if run.how == "continue" and run.parent:
        return trained_model(runs.open_run(run.workspace, run.parent), dataset)
    return beginning(run, config, dataset)
