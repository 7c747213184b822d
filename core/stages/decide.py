"""The stage that decides: the run's own model is asked, and one that is trained without the suspects."""

from functools import partial

import numpy as np
from torch import nn

from core import runs
from core.analysis.decision import save_decision
from core.analysis.opened_run import LEADING, OpenedRun
from core.analysis.recovered_triggers import save_triggers
from core.decision.decide import TRAININGS, decide
from core.evaluation.try_recovered import try_recovered
from core.modalities import modality_of
from core.runs.plan import UNTRAINED
from core.stages.detect import gather_evidence
from core.stages.load import beginning
from core.stages.progress import Reporter
from core.stages.reclassify import trained_without
from core.training.config import restored
from core.types import Bools


def decide_stage(opened: OpenedRun, argument: str, reporter: Reporter) -> None:
    """Decide on the run as it is, and keep what was found.

    Args:
        opened: with activations.
        argument: "untrained" to do without training other models.
        reporter: told how far it is.
    """
    evidence = gather_evidence(opened, ("model",))
    trains, spans = argument != UNTRAINED and opened.run.trainable and opened.run.traced, iter(TRAININGS)

    def retrain(kept: Bools) -> nn.Module:
        return _trained_on(opened, kept, next(spans), reporter)

    led = opened.detections.get(LEADING)
    decision, stamps = decide(
        evidence,
        None if led is None else led.suspicion,
        opened.flagged,
        retrain if trains else None,
        reporter.update,
    )
    pictures = None
    if stamps and evidence.inputs is not None:
        shown = [stamps[group.id].picture if group.id in stamps else None for group in decision.groups]
        pictures = modality_of(evidence.inputs).kept(shown, evidence.inputs.shape)
    save_triggers(opened.run, stamps)
    save_decision(opened.run, decision, pictures)
    if evidence.model is not None:
        try_recovered(opened.run, opened.run, evidence.model, opened.data)


def _trained_on(opened: OpenedRun, kept: Bools, span: tuple[float, float], reporter: Reporter) -> nn.Module:
    """A model of the run's configuration that saw only the samples `kept` (n,); progress goes through `span`."""
    config = restored(runs.from_scratch(opened.run).config)

    def listen(fraction: float, message: str) -> None:
        reporter.update(span[0] + (span[1] - span[0]) * fraction, message)

    begin = partial(beginning, opened.run, config)
    return trained_without(opened.data, np.flatnonzero(~kept), config, begin, listen).eval()
