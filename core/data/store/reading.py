"""The files of a stored data set, opened when they are as they were written, or refused in words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from core import checksums
from core.errors import UserError
from core.modalities import MODALITIES
from core.types import Inputs

HINT = "Restore it from a backup, or import the data again."
T = TypeVar("T")


def open_inputs(folder: Path, modality: str = "image") -> tuple[Inputs, Inputs]:
    """The training and the test inputs in the folder of a data set, read when they are asked for."""
    known = MODALITIES[modality]
    train, test = (_opened(folder / file, known.open_inputs) for file in known.files)
    return train, test


def open_array(path: Path) -> NDArray[Any]:
    """One array of a data set, memory-mapped unless it is empty (an empty file cannot be mapped)."""
    return _opened(path, checksums.array)


def _opened(path: Path, reader: Callable[[Path], T]) -> T:
    if path.exists() and (words := checksums.wrong(path.parent, path.name)):
        raise changed(path.parent, f"{path.name}: {words}")
    try:
        return reader(path)
    except FileNotFoundError as error:
        raise UserError(f"{path.name} of the data set {path.parent.name} is missing.", "", HINT) from error
    except Exception as error:  # damaged bytes can break a reader in any way there is
        title = f"{path.name} of the data set {path.parent.name} is damaged."
        raise UserError(title, f"{path}: {checksums.why(error)}.", HINT) from error


def checked(path: Path, content: T) -> T:
    """What was found in a file, once the file is known to be as it was written."""
    if words := checksums.wrong(path.parent, path.name):
        raise UserError(f"{path.name} of the data set {path.parent.name} is damaged.", f"{path}: {words}.", HINT)
    return content


def changed(folder: Path, why: str) -> UserError:
    """What to say of a data set whose files are not those that were imported."""
    return UserError(
        f"The data set {folder.name} was changed on disk after it was imported.",
        f"{why}. Results computed on the earlier data would no longer fit.",
        f"Import the data again, or restore {folder} from a backup.",
    )
