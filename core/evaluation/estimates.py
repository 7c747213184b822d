"""The attack success rate where no trigger is known: estimated with the triggers that a decision recovered."""

import numpy as np
from torch import nn

from core.analysis.decision import decision_of
from core.analysis.opened_run import OpenedRun
from core.analysis.recovered_triggers import Estimate, triggers_of
from core.decision.states import NONE, DecidedGroup, Decision
from core.detectors.networks.forward import prepared, probabilities
from core.devices import best_device
from core.evaluation.recovered_trials import intended
from core.types import Dataset, Inputs, Ints

# Samples that one trigger is put on; the standard error is then at most 2.3 points.
MOST = 500


def estimates(before: OpenedRun, models: tuple[nn.Module, nn.Module], kept: Dataset, seed: int) -> list[Estimate]:
    """What the recovered triggers of confirmed backdoors do to the model before a repair and to the one after it.

    They are put on test samples of other classes, or without a test set on training samples that the repair keeps and
    the decision holds nothing against. Both models are shown the same ones.

    Args:
        before: the run that was repaired; without a decision there is nothing to estimate.
        models: of that run and of the repair.
        kept: what the repair was trained on, and its test set.
        seed: of the draw of samples.

    Raises:
        UserError: the decision or its triggers are damaged.
    """
    decision = decision_of(before)
    if decision is None:
        return []
    triggers, device = triggers_of(before.run, before.data.inputs), best_device()
    networks = [prepared(model, device) for model in models]
    found = []
    for group in decision.groups:
        if group.state != "backdoor" or group.id not in triggers:
            continue
        inputs, rows = _samples(before, decision, kept, group, seed)
        if not len(rows):
            continue
        shown = triggers[group.id].put_on(inputs[rows])
        was, now = (
            float((probabilities(network, shown, inputs, device).argmax(1) == group.target_class).mean())
            for network in networks
        )
        found.append(Estimate(group.id, group.target_class, was, now, len(rows), len(kept.test_labels) > 0))
    return found


def _samples(
    before: OpenedRun, decision: Decision, kept: Dataset, group: DecidedGroup, seed: int
) -> tuple[Inputs, Ints]:
    """Inputs and the rows of them that the group's trigger is put on."""
    labels = kept.test_labels if len(kept.test_labels) else kept.labels
    asked = intended(group, labels) >= 0
    if len(kept.test_labels):
        inputs, rows = kept.test_inputs, np.flatnonzero(asked)
    else:
        clear = before.data.ids[decision.states == NONE]
        inputs, rows = kept.inputs, np.flatnonzero(asked & np.isin(kept.ids, clear))
    return inputs, np.sort(np.random.default_rng((seed, group.target_class)).permutation(rows)[:MOST])
