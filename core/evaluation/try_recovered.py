"""Showing a model all test samples with each recovered trigger, for the Trigger demo to show the answers."""

import numpy as np
from torch import nn

from core.analysis.recovered_triggers import triggers_of
from core.detectors.networks.forward import prepared, probabilities
from core.devices import best_device
from core.evaluation.measure import LIKELIEST
from core.evaluation.recovered_trials import groups_with_trigger, intended, save_answers
from core.runs import Run
from core.types import Dataset

# Samples that a trigger is put on at once.
AT_ONCE = 256


def try_recovered(run: Run, decided: Run, model: nn.Module, data: Dataset) -> None:
    """Keep what a model answers to all test samples with each recovered trigger; nothing where there are none.

    Args:
        run: whose answers they are.
        decided: whose triggers are tried: the run itself, or the one that it repairs.
        model: of `run`.
        data: of `run`.

    Raises:
        UserError: the decision or its triggers are damaged.
    """
    groups = groups_with_trigger(decided) if len(data.test_labels) else []
    triggers = triggers_of(decided, data.inputs) if groups else {}
    shape = len(groups), len(data.test_labels), min(LIKELIEST, data.n_classes)
    classes, likely = np.full(shape, -1, np.int16), np.zeros(shape, np.float16)
    device = best_device()
    network = prepared(model, device)
    for place, group in enumerate(groups):
        rows = np.flatnonzero(intended(group, data.test_labels) >= 0)
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            shown = triggers[group.id].put_on(data.test_inputs[part])
            found = probabilities(network, shown, data.test_inputs, device)
            first = np.argsort(-found, axis=1, kind="stable")[:, : shape[2]]
            classes[place, part], likely[place, part] = first, np.take_along_axis(found, first, 1)
    save_answers(run, decided.id, {group.id: triggers[group.id] for group in groups}, classes, likely)
