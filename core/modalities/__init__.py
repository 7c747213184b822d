"""Modalities: what is particular to one kind of input stands in one folder here, behind one contract."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from core.modalities import image, labels
from core.modalities.contract import Modality
from core.modalities.shown import Shown
from core.types import Inputs, Samples

MODALITIES: dict[str, Modality] = {image.name: image, labels.name: labels}
if find_spec("pyarrow"):  # a machine that only computes may lack it, and then it reads no texts
    from core.modalities import text

    MODALITIES[text.name] = text


def modality_of(inputs: Inputs) -> Modality:
    """The modality that these inputs are of."""
    return MODALITIES[inputs.modality]


def of_shape(shape: tuple[int, ...]) -> Modality:
    """The modality of samples of that shape, for networks that are looked at without data."""
    return next(modality for modality in MODALITIES.values() if modality.dimensions == len(shape))


def places_of(shape: tuple[int, ...]) -> int:
    """How many places of such a sample a network looks at (`Batches.places`). Loads torch."""
    return of_shape(shape).load_batches().places(shape)


def files_of(folder: Path, part: int) -> list[str]:
    """The file of the training (part 0) or test (part 1) inputs of a data set; none where its folder has none."""
    names = (modality.files[part] for modality in MODALITIES.values())
    return [name for name in names if (folder / name).exists()]


def shown_input(folder: Path, part: int, row: int) -> Shown:
    """One training (part 0) or test (part 1) sample of the data set in a folder; only that one is read.

    Raises:
        LookupError: there are no inputs, or no such row.
    """
    for file in files_of(folder, part):
        modality = next(each for each in MODALITIES.values() if each.files[part] == file)
        try:
            inputs = _opened(modality.name, folder / file, (folder / file).stat().st_mtime_ns)
        except (OSError, ValueError) as error:
            raise LookupError(f"{file} holds no inputs.") from error
        if not 0 <= row < len(inputs):
            raise LookupError(f"{file} has {len(inputs)} rows; {row} is not one of them.")
        return modality.shown(inputs[row])
    raise LookupError(f"{folder.name} holds no inputs.")


def shown_row(path: Path, row: int) -> Shown:
    """One of the few samples that were kept in an array (`Modality.kept`); only that one is read.

    Raises:
        LookupError: there is no such file, no such row, or the file holds no samples.
    """
    modality, sample = _kept(path, row)
    return modality.shown(sample)


def told_row(path: Path, row: int) -> str:
    """What there is to read in one of these; "" where it is only looked at, or is not there."""
    try:
        modality, sample = _kept(path, row)
    except LookupError:
        return ""
    return modality.told(sample)


def _kept(path: Path, row: int) -> tuple[Modality, Samples]:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        modality = next((each for each in MODALITIES.values() if each.kept_dimensions == array.ndim - 1), None)
        if modality is None or not 0 <= row < len(array):
            raise LookupError(f"{path.name} has no sample {row}.")
        return modality, modality.kept_row(array, row)
    except (OSError, ValueError) as error:
        raise LookupError(f"{path.name} holds no samples.") from error


@lru_cache(maxsize=32)
def _opened(modality: str, path: Path, _modified: int) -> Inputs:
    """The inputs in a file; one that is written anew has another modification time and is opened anew."""
    return MODALITIES[modality].open_inputs(path)
