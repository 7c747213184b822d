"""Files of others that hold losses, activations, predictions or probabilities of every sample."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.arrays.tensors import array_of, saved
from core.data.collection import MAX_FILES
from core.data.paths import own
from core.data.recorded import MAX_EPOCHS, Recorded, bounded, chances_to_losses
from core.errors import UserError
from core.types import Ints

MAX_LINE = 8 * 2**20  # characters of a line of JSON: 10,000 epochs take a hundredth of it
_EPOCH = re.compile(r"dynamics_epoch_([0-9]{1,5})\.jsonl")
_HINT = "A .npy file, a .pt file of tensors, or lines of JSON are read."


def losses_in(path: Path, known: Mapping[int, Ints]) -> Recorded:
    """Losses of every sample, (n, epochs), from `.npy`, `.pt`, `.jsonl`, or a folder of dataset cartography.

    Args:
        path: an array; a dictionary with `losses` that torch saved, as BaDLoss' authors do; lines with `losses`, as
            Assay's own export has; or `dynamics_epoch_0.jsonl` and so on, with logits.
        known: n → the given labels of n samples: those of the data set, and those of all rows of its source.

    Raises:
        UserError: it is damaged or none of these.
    """
    if path.is_dir():
        return Recorded(losses=_dynamics(path, known[max(known)]))
    if path.suffix.lower() == ".jsonl":
        return _lines(path)
    if path.suffix.lower() in (".pt", ".pth"):
        return _trajectories(path)
    return Recorded(losses=_losses(_array(path), path.name, known))


def activations_in(path: Path) -> Recorded:
    """Activations of every sample, (n, d); further axes are flattened."""
    values = _array(path) if path.suffix.lower() == ".npy" else _tensor(path, "activations")
    if values.ndim < 2:
        raise _shape(path.name, values, "(n, d)")
    return Recorded(activations=np.asarray(values.reshape(len(values), -1), np.float32))


def predictions_in(path: Path) -> Recorded:
    """The class index that the model predicts for every sample, (n,)."""
    values = _array(path) if path.suffix.lower() == ".npy" else _tensor(path, "predictions")
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise _shape(path.name, values, "(n,) of whole numbers")
    return Recorded(predictions=values.astype(np.int64))


def probabilities_in(path: Path, known: Mapping[int, Ints], n_classes: int) -> Recorded:
    """Predictions and losses from the probabilities of every class: (n, k), or (n, epochs, k) over a training.

    Raises:
        UserError: it is damaged, of another shape, or holds no probabilities.
    """
    values = _array(path) if path.suffix.lower() == ".npy" else _tensor(path, "probabilities")
    if values.ndim not in (2, 3) or values.shape[-1] != n_classes or len(values) not in known:
        n = min(known)
        raise _shape(path.name, values, f"({n:,}, {n_classes}) or ({n:,}, epochs, {n_classes})")
    labels = known[len(values)]
    chances = np.asarray(values, np.float64)
    if not np.isfinite(chances).all() or chances.min() < -1e-6 or np.abs(chances.sum(-1) - 1).max() > 1e-2:
        raise UserError(
            f"{path.name} holds no probabilities.",
            "Those of a sample are 0 or more, and their sum is 1.",
            "Save softmax(logits), not logits.",
        )
    last = chances if chances.ndim == 2 else chances[:, -1]
    epochs = chances[:, None] if chances.ndim == 2 else chances
    losses = np.stack([chances_to_losses(epochs[:, epoch], labels) for epoch in range(epochs.shape[1])], 1)
    return Recorded(losses=losses, predictions=last.argmax(1))


def _losses(values: NDArray[Any], name: str, known: Collection[int]) -> NDArray[np.float32]:
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or values.dtype.kind not in "fiu":
        raise _shape(name, values, "(n, epochs)")
    if values.shape[0] not in known and values.shape[1] in known:
        values = values.T
    if values.shape[1] > MAX_EPOCHS:
        raise _shape(name, values, f"(n, epochs) of at most {MAX_EPOCHS:,} epochs")
    return np.asarray(values, np.float32)


def _trajectories(path: Path) -> Recorded:
    """What BaDLoss' authors save: a dictionary with `losses`, (n, epochs)."""
    values = _tensor(path, "losses")
    if values.ndim != 2:
        raise _shape(path.name, values, "(n, epochs)")
    return Recorded(losses=_losses(values, path.name, (len(values),)))


def _tensor(path: Path, key: str) -> NDArray[Any]:
    content = saved(path)
    if isinstance(content, dict):
        if key not in content:
            names = ", ".join(str(name)[:40] for name in list(content)[:8])
            raise UserError(f"{path.name} holds no {key}.", f"It holds: {names}.", f"Save it under the name {key!r}.")
        content = content[key]
    values = array_of(content, f"{key} in {path.name}")
    bounded(values.shape, path.name)
    return values


def _array(path: Path) -> NDArray[Any]:
    path = own(path)
    if path.suffix.lower() != ".npy":
        raise UserError(f"{path.name} cannot be read.", _HINT, "Save it with numpy.save.")
    try:
        values: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # damaged bytes can break a reader in any way there is
        raise UserError(
            f"{path.name} cannot be read.", "It is damaged, or no array of numbers.", "Save it again."
        ) from error
    if values.dtype.kind not in "fiu" or not values.size:
        raise _shape(path.name, values, "numbers")
    bounded(values.shape, path.name)
    return values


def _lines(path: Path) -> Recorded:
    """Lines with `losses`, as Assay exports trajectories; `name` or `guid` says which sample."""
    rows: list[list[float]] = []
    names: list[str] = []
    for entry in _entries(path):
        losses = entry.get("losses")
        if not isinstance(losses, list) or not losses or not all(type(value) in (int, float) for value in losses):
            raise UserError(f"{path.name} has a line without losses.", f"It is line {len(rows) + 1:,}.", _HINT)
        rows.append(losses)
        names.append(str(entry.get("name", "")))
    if not rows or len({len(row) for row in rows}) != 1:
        raise UserError(f"{path.name} holds no trajectories of one length.", "", _HINT)
    bounded((len(rows), len(rows[0])), path.name)
    whole = len(set(names)) == len(names) and all(names)
    return Recorded(losses=np.array(rows, np.float32), names=tuple(names) if whole else ())


def _dynamics(folder: Path, labels: Ints) -> NDArray[np.float32]:
    """What dataset cartography writes while it trains: for each epoch the logits of every sample, by guid, its row."""
    found = sorted((int(match[1]), path) for path in folder.iterdir() if (match := _EPOCH.fullmatch(path.name)))
    if not found:
        inner = folder / "training_dynamics"
        if inner.is_dir() and not inner.is_symlink():
            return _dynamics(inner, labels)
        raise UserError(
            f"{folder.name} holds no training dynamics.", "Files dynamics_epoch_0.jsonl are looked for.", _HINT
        )
    losses = np.full(bounded((len(labels), len(found)), folder.name), np.nan, np.float32)
    for place, (epoch, path) in enumerate(found):
        for entry in _entries(path):
            logits, row = entry.get(f"logits_epoch_{epoch}"), entry.get("guid")
            if not isinstance(row, int) or not 0 <= row < len(labels):
                raise UserError(
                    f"{path.name} names samples that there are not.",
                    f"One guid is {str(row)[:40]}.",
                    "A guid has to be the sample's row.",
                )
            if (
                not isinstance(logits, list)
                or len(logits) <= labels[row]
                or not all(type(value) in (int, float) for value in logits)
            ):
                raise UserError(f"{path.name} lacks logits.", f"Those of sample {row} do not fit its classes.", _HINT)
            values = np.array(logits, np.float64)
            top = values.max()
            losses[row, place] = top + np.log(np.exp(values - top).sum()) - values[labels[row]]
    return losses


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    path = own(path)
    with path.open(encoding="utf-8-sig", errors="strict") as stream:
        number = 0
        try:
            while line := stream.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE or number > MAX_FILES:
                    raise UserError(f"{path.name} is too large.", f"Line {number:,}.", _HINT)
                if not line.strip():
                    continue
                entry = json.loads(line)
                if not isinstance(entry, dict):
                    raise ValueError
                yield entry
        except (ValueError, RecursionError) as error:
            raise UserError(f"Line {number + 1:,} of {path.name} is no JSON.", "", _HINT) from error


def _shape(name: str, values: NDArray[Any], wanted: str) -> UserError:
    return UserError(
        f"{name} holds {values.dtype}, {values.shape}.", f"It has to be {wanted}.", "Save it in this shape."
    )
