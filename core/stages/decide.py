"""The stage that decides: the run's own model is asked, and one that is trained without the suspects."""

from functools import partial

import numpy as np
from torch import nn

from core import runs
from core.analysis.decision import save_decision
from core.analysis.opened_run import LEADING, OpenedRun
from core.analysis.recovered_triggers import save_triggers
from core.decision.decide import decide
from core.journal.changes import apply
from core.runs.plan import UNTRAINED
from core.stages.detect import gather_evidence
from core.stages.load import beginning
from core.stages.progress import Reporter
from core.training.config import restored
from core.training.loop import train
from core.types import Bools, Changes


def decide_stage(opened: OpenedRun, argument: str, reporter: Reporter) -> None:
    """Decide on the run as it is, and keep what was found.

    Args:
        opened: with activations.
        argument: "untrained" to do without the second training.
        reporter: told how far it is.
    """
    evidence = gather_evidence(opened, ("model",))
    retrain = None
    if argument != UNTRAINED and opened.run.trainable and opened.run.traced:
        retrain = partial(_trained_on, opened, reporter=reporter)
    led = opened.detections.get(LEADING)
    decision, stamps = decide(
        evidence,
        None if led is None else led.suspicion,
        opened.flagged,
        retrain,
        reporter.update,
    )
    pictures = None
    if stamps and evidence.inputs is not None:
        pictures = np.full((len(decision.groups), *evidence.inputs.shape), 127, np.uint8)
        for number, stamp in stamps.items():
            pictures[number - 1] = stamp.picture
    save_triggers(opened.run, stamps)
    save_decision(opened.run, decision, pictures)


def _trained_on(opened: OpenedRun, kept: Bools, reporter: Reporter) -> nn.Module:
    """A model of the run's configuration that saw only the samples `kept` (n,)."""
    config = restored(runs.from_scratch(opened.run).config)
    dataset = opened.data
    rest = apply(dataset, Changes(frozenset(dataset.ids[~kept].tolist())))
    model, done = beginning(opened.run, config, rest), 0

    def on_batch(fraction: float) -> None:
        reporter.update(0.4 + 0.55 * (done + fraction) / config.epochs, f"epoch {done + 1} of {config.epochs}")

    for epoch in train(model, rest, config, trace=False, on_batch=on_batch):
        done = epoch.index + 1
    return model.eval()
