"""The folder that `core/recorder.py` writes, whose docstring says what is in it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import recorder
from core.data.collection import MAX_FILES
from core.data.paths import MAX_FILE_BYTES, content
from core.data.recorded import MAX_EPOCHS, Recorded, bounded
from core.errors import UserError

_FILE = re.compile(r"[0-9]{20}-[0-9]+-[0-9a-f]{4}\.(losses|predictions|activations-([0-9]{1,6}))\.bin")
_RECORDS = 2**20  # read at once


def is_recording(path: Path) -> bool:
    """Whether a folder is one that a recorder wrote into."""
    return (path / "recording.json").is_file()


def read_recording(folder: Path) -> Recorded:
    """What was recorded in a folder; a half-written end of a file is passed over.

    Raises:
        UserError: it is no such folder, of another version, or holds what no recorder writes.
    """
    about = _json(folder, "recording.json")
    known = isinstance(about, dict) and about.get("format") == recorder.FORMAT
    n = about.get("n") if known else None
    if not isinstance(n, int) or isinstance(n, bool) or not 0 < n <= MAX_FILES:
        raise UserError(
            f"{folder.name} is no recording.",
            "recording.json does not say how many samples there are.",
            "Record with core/recorder.py.",
        )
    if about.get("version") != recorder.VERSION:
        raise UserError(
            f"The recording has version {about.get('version')!r}.", f"Known: {recorder.VERSION}.", "Update Assay."
        )
    classes = _texts(about.get("class_names", []), "class_names")
    names = _texts(_json(folder, "names.json"), "names.json") if (folder / "names.json").exists() else ()
    if names and len(names) != n:
        raise UserError(
            "names.json does not fit.", f"It holds {len(names):,} names for {n:,} samples.", "Record again."
        )
    files = sorted((match[1], match[2], path) for path in folder.iterdir() if (match := _FILE.fullmatch(path.name)))
    files.sort(key=lambda file: file[2].name)
    widths = {int(width) for _, width, _ in files if width}
    if len(widths) > 1:
        raise UserError(
            "The activations have several widths.",
            f"They are {', '.join(map(str, sorted(widths)))}.",
            "Record one layer.",
        )
    return Recorded(
        _losses([path for kind, _, path in files if kind == "losses"], n),
        _activations([path for _, width, path in files if width], n, max(widths, default=0)),
        _predictions([path for kind, _, path in files if kind == "predictions"], n),
        names,
        classes,
    )


def _losses(paths: list[Path], n: int) -> NDArray[np.float32] | None:
    epochs = max(
        (int(records["epoch"].max()) + 1 for path in paths for records in _records(path, recorder.LOSSES, n)), default=0
    )
    if not epochs:
        return None
    if epochs > MAX_EPOCHS:
        raise UserError(
            f"Epoch {epochs - 1:,} was recorded.", f"At most {MAX_EPOCHS:,} epochs are read.", "Count epochs from 0."
        )
    losses = np.full(bounded((n, epochs), "The losses"), np.nan, np.float32)
    for path in paths:
        for records in _records(path, recorder.LOSSES, n):
            if int(records["epoch"].min()) < 0:
                raise UserError("An epoch below 0 was recorded.", "", "Count epochs from 0.")
            losses[records["id"], records["epoch"]] = records["loss"]
    return losses


def _activations(paths: list[Path], n: int, d: int) -> NDArray[np.float32] | None:
    if not paths or not d:
        return None
    values = np.full(bounded((n, d), "The activations"), np.nan, np.float32)
    for path in paths:
        for records in _records(path, recorder.activations_type(d), n):
            values[records["id"]] = records["values"]
    return values


def _predictions(paths: list[Path], n: int) -> NDArray[np.int64] | None:
    if not paths:
        return None
    values = np.full(n, -1, np.int64)
    for path in paths:
        for records in _records(path, recorder.PREDICTIONS, n):
            values[records["id"]] = records["class"]
    return values


def _records(path: Path, kind: np.dtype[Any], n: int) -> Iterator[NDArray[Any]]:
    """The whole records of a file, some at a time. Raises UserError for one of a sample that there is not."""
    if path.is_symlink() or not path.is_file():
        raise UserError(f"{path.name} is no regular file.", "", "Record again.")
    at_once = max(1, _RECORDS * 16 // kind.itemsize)
    with path.open("rb") as stream:
        while piece := stream.read(at_once * kind.itemsize):
            records = np.frombuffer(piece[: len(piece) // kind.itemsize * kind.itemsize], kind)
            if not len(records):
                return
            if int(records["id"].min()) < 0 or int(records["id"].max()) >= n:
                raise UserError(f"{path.name} is damaged.", f"It names samples beyond {n - 1:,}.", "Record again.")
            yield records


def _json(folder: Path, name: str) -> Any:
    try:
        return json.loads(content(folder, name, MAX_FILE_BYTES * 4))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{name} cannot be read.", "It is no JSON.", "Record again.") from error
    except UserError as error:
        raise UserError(f"{folder} is no recording.", f"{name}: {error}", "Record with core/recorder.py.") from error


def _texts(value: Any, what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UserError(f"{what} of the recording holds no list of texts.", "", "Record again.")
    return tuple(value)
