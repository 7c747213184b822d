"""What a run's model answered when it was shown test images with and without each planted or recovered trigger."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core import runs
from core.attacks import Trigger
from core.attacks.plant import doubled, trigger_of, with_trigger
from core.data import store
from core.data.store import DatasetInfo
from core.evaluation.recovered_trials import (
    RecoveredTrigger,
    groups_with_trigger,
    intended,
    recovered_answers,
    stamp_of,
)
from core.modalities import modality_of
from core.modalities.contract import Change, Painter
from core.modalities.shown import Shown
from core.runs import Run
from core.types import Ints, PlantedAttack, Samples

# A planted attack by its name, or what a decision recovered.
Tried = str | RecoveredTrigger
Difference = tuple[Shown, Change]  # what a trigger changes in one sample: its picture, and what is said of it
EXAMPLES_PER_TRIGGER = 6  # as many as stand side by side


def attacks(info: DatasetInfo) -> tuple[PlantedAttack, ...]:
    """The attacks of a stored data set that a model can be tried on: those whose trigger is known."""
    return with_trigger(store.planted_attacks(info))


def answers(run: Run, row: int, attack: Tried | None = None, strength: int = 1) -> list[tuple[int, float]]:
    """The likeliest classes of one test image and their probabilities; empty when it was not tried.

    Args:
        run: an evaluated run.
        row: of the test image.
        attack: the name of a planted attack, or a recovered trigger; None for the image as it is.
        strength: 1, or 2 for twice the trigger's strength.
    """
    tried = _answered(run, attack, strength)
    if tried is None:
        return []
    classes, probabilities = (array[row] for array in tried)
    return [(int(index), float(likely)) for index, likely in zip(classes, probabilities, strict=True) if index >= 0]


def tried_samples(run: Run, attack: Tried, strength: int = 1) -> pd.DataFrame:
    """One row for each test image that was tried with a trigger; none when the trigger was not.

    Columns: test_row, label (its true class), goal (what the trigger is to make of it). Then untouched and triggered,
    the model's classes without and with the trigger, and turned (the trigger reached its goal).
    """
    tried, plain = _answered(run, attack, strength), _answered(run, None, 1)
    if tried is None or plain is None:
        return pd.DataFrame(columns=["test_row", "label", "goal", "untouched", "triggered", "turned"])
    labels = np.asarray(store.load(run.workspace, run.dataset).test_labels)
    goals, triggered = _goals(run, attack, labels), tried[0][:, 0]
    rows = np.flatnonzero((goals >= 0) & (triggered >= 0))
    columns = {"test_row": rows, "label": labels[rows], "goal": goals[rows], "untouched": plain[0][rows, 0]}
    table = pd.DataFrame({**columns, "triggered": triggered[rows]})
    return table.assign(turned=table["triggered"] == table["goal"])


def _goals(run: Run, attack: Tried, labels: Ints) -> Ints:
    """(m,) what the trigger is to make of each test image; −1 for those that it is not meant for."""
    if isinstance(attack, RecoveredTrigger):
        decided = runs.open_run(run.workspace, attack.run)
        return intended(next(one for one in groups_with_trigger(decided) if one.id == attack.group), labels)
    info = store.describe(run.workspace, run.dataset)
    planted = next(each for each in store.planted_attacks(info) if each.name == attack)
    return planted.intended_classes(labels, len(info.class_names))


def _answered(run: Run, attack: Tried | None, strength: int) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """The likeliest classes of each test image and their probabilities, (m, 3) each; None where that was not tried."""
    if isinstance(attack, RecoveredTrigger):
        return recovered_answers(run, attack) if strength == 1 else None
    known, trial = runs.trials(run), {"attack": attack, "strength": strength}
    if trial not in known:
        return None
    place, (classes, probabilities) = known.index(trial), _tried(run, len(known))
    return classes[place], probabilities[place]


def _tried(run: Run, n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The likeliest classes, (n, test images, m), and their probabilities."""
    info = store.describe(run.workspace, run.dataset)
    shape = n, info.n_test, None
    return run.array("trial-classes", shape, len(info.class_names)), run.array("trial-shares", shape)


def shown_triggered(workspace: Path, dataset_id: str, attack: Tried, strength: int, row: int) -> Shown:
    """What `triggered_sample` gives, as a picture."""
    sample = triggered_sample(workspace, dataset_id, attack, strength, row)
    return modality_of(store.load(workspace, dataset_id).test_inputs).shown(sample)


def triggered_sample(workspace: Path, dataset_id: str, attack: Tried, strength: int, row: int) -> Samples:
    """One test sample of a stored data set with a planted or recovered trigger on it.

    Raises:
        LookupError: no such attack, strength, trigger or row.
        UserError: no such data set or run.
    """
    inputs = store.load(workspace, dataset_id).test_inputs
    if not 0 <= row < len(inputs):
        raise LookupError(f"There are {len(inputs)} test samples; {row} is not one of them.")
    sample: Samples = _painter(workspace, dataset_id, attack, strength)(np.array(inputs[row : row + 1]))[0]
    return sample


def examples(tried: pd.DataFrame) -> pd.DataFrame:
    """A few rows of `tried_samples`, spread evenly over all.

    >>> examples(pd.DataFrame({"test_row": range(100)}))["test_row"].tolist()
    [0, 19, 39, 59, 79, 99]
    """
    return tried.iloc[np.linspace(0, len(tried) - 1, min(EXAMPLES_PER_TRIGGER, len(tried))).astype(int)]


def difference(workspace: Path, dataset_id: str, attack: Tried, strength: int, row: int) -> Difference:
    """What a trigger changes in one test sample: a picture of it, and what is said of it."""
    inputs = store.load(workspace, dataset_id).test_inputs
    clean = np.array(inputs[row : row + 1])
    change = modality_of(inputs).amplified(clean, _painter(workspace, dataset_id, attack, strength)(clean))
    return modality_of(inputs).shown(change.samples[0]), change


def _painter(workspace: Path, dataset_id: str, attack: Tried, strength: int) -> Painter:
    """What puts the trigger on samples."""
    if not isinstance(attack, RecoveredTrigger):
        return _trigger(workspace, dataset_id, attack, strength)
    decided = runs.open_run(workspace, attack.run)
    if decided.dataset != dataset_id or strength != 1:
        raise LookupError(f"{dataset_id} has no trigger of {attack.run} at strength {strength}.")
    return stamp_of(decided, attack).put_on


@lru_cache(maxsize=64)
def _trigger(workspace: Path, dataset_id: str, name: str, strength: int) -> Trigger:
    truth, info = store.load_truth(workspace, dataset_id), store.describe(workspace, dataset_id)
    attack = next((attack for attack in with_trigger(truth.attacks) if attack.name == name), None) if truth else None
    stronger = doubled(attack) if attack and strength == 2 else attack
    if truth is None or stronger is None or strength not in (1, 2):
        raise LookupError(f"{dataset_id} has no attack {name} at strength {strength}.")
    return trigger_of(stronger, info.shape, len(info.class_names), truth.patterns.get(name))
