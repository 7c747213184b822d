"""What was recorded of a training elsewhere: losses of every sample, perhaps activations, predictions, probabilities.

`recording` reads the folder that `core/recorder.py` writes; `files` reads arrays, dataset cartography and the
trajectories that BaDLoss' authors save. Nothing is unpickled.
"""

from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError
from core.types import Dataset, Floats, Ints

MAX_EPOCHS = 10_000  # as many as a training here may have
MAX_VALUES = 2**31  # of an array, 8 GB: more is no recording of a data set that fits here


@dataclass(frozen=True)
class Recorded:
    """What was recorded of n samples.

    Attributes:
        losses: (n, epochs), NaN where nothing was recorded; None where no losses were.
        activations: (n, d), NaN rows where nothing was recorded.
        predictions: (n,) class indices, −1 where nothing was recorded.
        names: n names, where samples go by them; else a sample is known by its row.
        class_names: in the order of the class indices; () where nobody said.
        notes: what a reader of the run should know, in words.
    """

    losses: Floats | None = None
    activations: Floats | None = None
    predictions: Ints | None = None
    names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        arrays = (self.losses, self.activations, self.predictions)
        return max([len(self.names), *(len(array) for array in arrays if array is not None)])


def joined(parts: "list[Recorded]") -> Recorded:
    """All that several files say of the same samples; a later one counts where two say the same.

    Raises:
        UserError: they hold different numbers of samples, or there is none.
    """
    lengths = sorted({len(part) for part in parts})
    if len(lengths) != 1:
        counts = " and ".join(f"{n:,}" for n in lengths)
        raise UserError(
            "The files are of different data." if parts else "Nothing was named that was recorded.",
            f"They hold {counts} samples." if parts else "Losses or probabilities are needed.",
            "Take files of one training." if parts else "Name --recording FOLDER, or --losses FILE.",
        )
    whole = Recorded()
    for part in parts:
        there = {key: value for key, value in vars(part).items() if value is not None and key != "notes" and len(value)}
        whole = replace(whole, **there, notes=(*whole.notes, *part.notes))
    return whole


def aligned(recorded: Recorded, dataset: Dataset, names: tuple[str, ...], skipped: int = 0) -> Recorded:
    """The recorded samples in the order of the data set, all of them complete.

    Args:
        recorded: of n samples, or of all rows of the source that the data set came from.
        dataset: whose samples are looked for.
        names: of these, in its order.
        skipped: how many images of the source could not be read; they may have been recorded.

    Raises:
        UserError: a sample of the data set was not recorded, or the classes are others.
    """
    _require_classes(recorded, dataset)
    rows = _rows(recorded, dataset, names, skipped)
    losses, notes = (None, []) if recorded.losses is None else _complete(recorded.losses[rows])
    activations = None if recorded.activations is None else np.ascontiguousarray(recorded.activations[rows])
    if activations is not None and not np.isfinite(activations).all():
        missing = int((~np.isfinite(activations).all(1)).sum())
        raise UserError(
            "Activations are missing.",
            f"{missing:,} samples of the data set have none that are numbers.",
            "Record those of every sample, or leave them out.",
        )
    predictions = None if recorded.predictions is None else recorded.predictions[rows]
    if predictions is not None and not (predictions.min() >= 0 and predictions.max() < dataset.n_classes):
        raise UserError(
            "Predictions are missing, or no classes of the data set.",
            f"They are {predictions.min()} to {predictions.max()}; classes run from 0 to {dataset.n_classes - 1}.",
            "Record the class index of every sample, or leave them out.",
        )
    return replace(
        recorded,
        losses=losses,
        activations=activations,
        predictions=predictions,
        names=names,
        notes=(*recorded.notes, *notes),
    )


def _require_classes(recorded: Recorded, dataset: Dataset) -> None:
    theirs, ours = recorded.class_names, dataset.class_names
    if theirs and theirs != ours:
        first = next((pair for pair in zip(theirs, ours, strict=False) if pair[0] != pair[1]), None)
        words = (
            f"{first[0][:60]!r} there is {first[1][:60]!r} here"
            if first
            else f"{len(theirs):,} there, {len(ours):,} here"
        )
        raise UserError(
            "The recording has other classes than the data set.",
            f"Of its classes, {words}.",
            "Load it on the data set that it was made with.",
        )


def _rows(recorded: Recorded, dataset: Dataset, names: tuple[str, ...], skipped: int) -> Ints:
    n, ids = len(recorded), np.asarray(dataset.ids)
    if recorded.names:
        return _by_name(recorded.names, names)
    rows = int(ids.max(initial=-1)) + 1  # of the source, as far as they came in
    if rows <= n <= rows + skipped:
        return ids
    if n == len(dataset):
        return np.arange(n)  # a list of what was imported, without what was left out there
    raise UserError(
        f"{n:,} samples were recorded, and the data set has {len(dataset):,}.",
        f"Its last sample is row {rows - 1:,} of the source. Which is which cannot be told.",
        "Load it on the data set that it was made with, or give Recorder the names.",
    )


def _by_name(theirs: tuple[str, ...], ours: tuple[str, ...]) -> Ints:
    there, here = _below(theirs), _below(ours)
    places = {name: row for row, name in enumerate(there)}
    lacking = [name for name in here if name not in places]
    if lacking or len(places) != len(there):
        what = f"{lacking[0][:200]!r} was not recorded" if lacking else "a name was recorded twice"
        raise UserError("The recording is not of this data set.", f"{what}.", "Compare the names of the samples.")
    return np.array([places[name] for name in here], np.int64)


def _below(names: tuple[str, ...]) -> list[str]:
    """The names without the folder that all of them lie in."""
    paths = [PurePosixPath(name.replace("\\", "/")).parts for name in names]
    depth, longest = 0, min((len(parts) - 1 for parts in paths), default=0)
    while depth < longest and len({parts[depth] for parts in paths}) == 1:
        depth += 1
    return ["/".join(parts[depth:]) for parts in paths]


def _complete(losses: Floats) -> tuple[Floats | None, list[str]]:
    """The losses without the epochs that most samples lack; a gap is filled from the epoch before, or after."""
    values = np.array(losses, np.float32)
    values[~np.isfinite(values)] = np.nan
    lacking = np.isnan(values)
    never = lacking.all(1) if values.shape[1] else np.ones(len(values), bool)
    if never.any():
        raise UserError(
            f"The loss of {int(never.sum()):,} samples was never recorded.",
            f"The first is row {int(never.argmax()):,} of the data set.",
            "Record every training sample.",
        )
    kept = lacking.mean(0) < 0.5
    if not kept.any():
        raise UserError("No epoch was recorded whole.", "Each lacks most of the samples.", "Record every batch.")
    notes = [] if kept.all() else [f"{int((~kept).sum()):,} epochs were left out, which lack most of the samples."]
    values, gaps = values[:, kept], int(lacking[:, kept].sum())
    if gaps:
        notes.append(f"{gaps:,} losses are missing or no numbers; each takes that of the epoch before.")
        for epoch in range(1, values.shape[1]):
            values[:, epoch] = np.where(np.isnan(values[:, epoch]), values[:, epoch - 1], values[:, epoch])
        for epoch in range(values.shape[1] - 2, -1, -1):
            values[:, epoch] = np.where(np.isnan(values[:, epoch]), values[:, epoch + 1], values[:, epoch])
    if np.isnan(values).any():
        raise UserError("The loss of some samples was recorded in left out epochs only.", "", "Record every batch.")
    return np.ascontiguousarray(values), notes


def bounded(shape: tuple[int, ...], what: str) -> tuple[int, ...]:
    """The shape. Raises UserError for one of more values than any recording has."""
    if int(np.prod(shape, dtype=object)) > MAX_VALUES:
        raise UserError(
            f"{what} would hold {' × '.join(map(str, shape))} values.",
            f"At most {MAX_VALUES:,} are read.",
            "Record fewer.",
        )
    return shape


def chances_to_losses(chances: NDArray[np.floating], labels: Ints) -> Floats:
    """(n,) −log of the probability of each sample's given label, of (n, k)."""
    picked = np.take_along_axis(np.asarray(chances), labels[:, None], 1)[:, 0]
    return np.asarray(-np.log(np.clip(picked, 1e-12, 1.0)), np.float32)
