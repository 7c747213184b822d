"""Folders of the `datasets` library: saved to disk (Arrow), or as they lie on the hub (Parquet)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.data.collection import Collection
from core.data.paths import inside
from core.data.splits import nearly_split_of, split_of
from core.data.tables.csv_files import csv_rows
from core.data.tables.rows import Rows, collected
from core.errors import UserError
from core.json_files import read_json

MAX_JSON_BYTES = 4 * 2**20  # names of 100,000 classes; it takes twenty times as much in memory


_LISTING = "metadata.csv"


def recognises(path: Path) -> bool:
    """Whether the folder holds what `save_to_disk` writes, or Parquet files."""
    path = snapshot(path)
    saved = (path / "dataset_dict.json").is_file() or (path / "dataset_info.json").is_file()
    return saved or bool(parquet_folders(path)) or (path / _LISTING).is_file() or bool(_listings(path))


def hugging_face(path: Path, *, image_column: str = "", label_column: str = "", links_within: str = "") -> Collection:
    """The data set in a folder of the `datasets` library, read without that library.

    Args:
        path: what `save_to_disk` wrote (`dataset_dict.json`, or `dataset_info.json` beside `.arrow` files). Or Parquet
            files named after their split (`data/train-00000-of-00002.parquet`, `mnist_test.parquet`). Or images with a
            `metadata.csv`, perhaps in each split. The hub's cache (`datasets--owner--name`) and a snapshot
            in it are such folders, too.
        image_column: name of the column of images; empty guesses it.
        label_column: name of the column of labels; empty guesses it.
        links_within: a folder that links may lead into; empty for none, or for the blobs of the hub's cache.

    Raises:
        UserError: the folder is none of these, a file is damaged, or the columns are not found.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = (Path(folder) / "metadata.csv").write_text("file_name,label\\nmew.png,cat\\nwoof.png,dog\\n")
        ...     for name in ("mew.png", "woof.png"):
        ...         (Path(folder) / name).touch()
        ...     pets = hugging_face(Path(folder))
        ...     print(pets.class_names, pets.train.names)
        ('cat', 'dog') ('mew.png', 'woof.png')
    """
    links_within, path = links_within or _blobs(path), snapshot(path)
    if (path / "dataset_dict.json").is_file():
        listed = _json(path, "dataset_dict.json").get("splits")
        names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
        parts = {name: _saved(_below(path, name), image_column, label_column) for name in names}
    elif (path / "dataset_info.json").is_file():
        parts = {"train": _saved(path, image_column, label_column)}
    elif (path / _LISTING).is_file():
        rows = csv_rows(path / _LISTING, image_column, label_column, "", links_within)
        folders = [name.replace("\\", "/").partition("/")[0] for name in rows.names]
        if rows.splits is None and all(nearly_split_of(folder) for folder in set(folders)):
            rows = replace(rows, splits=[nearly_split_of(folder) or "" for folder in folders])
        return collected(rows, path.resolve().name)
    elif _listings(path):
        parts = {
            split: csv_rows(file, image_column, label_column, "", links_within)
            for split, file in _listings(path).items()
        }
    else:
        parts = _sharded(path, image_column, label_column, links_within)
    if not parts:
        raise UserError(f"{path.name} holds no split.", "Arrow or Parquet files are needed.", "Save it again.")
    return collected(_joined(parts), path.resolve().name)


def saved_splits(path: Path) -> dict[str, tuple[Path, list[Path]]]:
    """Split → its folder and the `.arrow` files there, of what `save_to_disk` wrote; {} for any other folder."""
    if (path / "dataset_dict.json").is_file():
        listed = _json(path, "dataset_dict.json").get("splits")
        names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
        folders = {name: _below(path, name) for name in names}
    else:
        folders = {"train": path} if (path / "dataset_info.json").is_file() else {}
    found = {name: (folder, sorted(folder.glob("*.arrow"))) for name, folder in folders.items()}
    return {name: entry for name, entry in found.items() if entry[1]}


def _saved(folder: Path, image_column: str, label_column: str) -> Rows:
    """One split as `save_to_disk` writes it."""
    from core.data.tables.arrow_files import arrow_rows

    state = _json(folder, "state.json")
    if state.get("_indices_data_files") or state.get("_indices_files"):
        raise UserError(
            f"{folder.name} is a selection of other files.",
            "Only whole files are read.",
            "Call flatten_indices() before save_to_disk().",
        )
    listed = state.get("_data_files")
    names = (
        [str(entry.get("filename")) for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    )
    names = names or sorted(entry.name for entry in folder.glob("*.arrow"))
    if not names:
        raise UserError(f"{folder.name} holds no .arrow files.", "", "Save the data set again.")
    features = _json(folder, "dataset_info.json").get("features")
    files = [inside(folder, name) for name in names]
    return arrow_rows(files, features if isinstance(features, dict) else {}, image_column, label_column)


def _sharded(path: Path, image_column: str, label_column: str, links_within: str) -> dict[str, Rows]:
    """Parquet files, by the split that their names begin with; without any such name, all are of the training set."""
    from core.data.tables.parquet_files import parquet_rows

    folders = parquet_folders(path)
    by_split = {nearly_split_of(folder.name): folder for folder in folders}
    if len(folders) > 1 and "train" in by_split and None not in by_split and len(by_split) == len(folders):
        return {
            str(split): parquet_rows(
                [inside(folder, file.name, links_within) for file in sorted(folder.glob("*.parquet"))],
                *(image_column, label_column, "", links_within),
            )
            for split, folder in by_split.items()
        }
    if len(folders) > 1:
        raise UserError(
            f"{path.name} holds several data sets.",
            f"They are: {', '.join(file.name for file in folders[:20])}.",
            "Open one of these folders.",
        )
    files: dict[str, list[Path]] = {}
    for file in sorted(folders[0].glob("*.parquet")) if folders else ():
        split = nearly_split_of(file.stem) or re.split(r"[-_.]", file.stem)[0]
        files.setdefault(split, []).append(inside(folders[0], file.name, links_within))
    if not any(map(split_of, files)):
        files = {"train": sorted(file for several in files.values() for file in several)} if files else {}
    return {
        split: parquet_rows(several, image_column, label_column, "", links_within) for split, several in files.items()
    }


def snapshot(path: Path) -> Path:
    """The files of the hub's cache for a data set: its main snapshot, or the only one; any other folder itself."""
    if not (path / "snapshots").is_dir() or not path.name.startswith("datasets--"):
        return path
    snapshots = {folder.name: folder for folder in (path / "snapshots").iterdir() if folder.is_dir()}
    main = path / "refs" / "main"
    revision = main.read_text("utf-8", "replace")[:100].strip() if main.is_file() else ""
    return snapshots.get(revision, next(iter(snapshots.values())) if len(snapshots) == 1 else path)


def _blobs(path: Path) -> str:
    """Where the links of the hub's cache lead, for a data set in it or one of its snapshots; "" elsewhere."""
    entry = next(
        (place for place in (path.resolve(), *path.resolve().parents) if place.name.startswith("datasets--")), None
    )
    return str(entry / "blobs") if entry and (entry / "snapshots").is_dir() else ""


def _listings(path: Path) -> dict[str, Path]:
    """Split → the `metadata.csv` in its folder of images."""
    folders = sorted(folder for folder in path.iterdir() if folder.is_dir()) if path.is_dir() else []
    listings = {split: folder / _LISTING for folder in folders if (split := nearly_split_of(folder.name))}
    return {split: file for split, file in listings.items() if file.is_file()} if "train" in listings else {}


def parquet_folders(path: Path) -> list[Path]:
    """Where the Parquet files are: here, in `data`, or in a folder for each configuration."""
    for folder in (path, path / "data"):
        if any(folder.glob("*.parquet")):
            return [folder]
    below = (
        sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.is_symlink())
        if path.is_dir()
        else []
    )
    found = [folder for folder in below if any(folder.glob("*.parquet"))]
    if not found and len(below) == 1 and any(below[0].glob("*/*.parquet")):
        return parquet_folders(below[0])  # of the only configuration, as the hub's conversion has it
    return found


def _joined(parts: Mapping[str, Rows]) -> Rows:
    """The rows of all splits as one table with a column of splits."""
    every = list(parts.items())
    starts = np.cumsum([0, *(len(rows.names) + len(rows.left_out) for _, rows in every[:-1])]).tolist()
    places = [(rows, row) for _, rows in every for row in range(len(rows.names))]
    return Rows(
        [f"{split}: {name}" for split, rows in every for name in rows.names],
        [label for _, rows in every for label in rows.labels],
        lambda row: places[row][0].read(places[row][1]),
        [split for split, rows in every for _ in rows.names],
        _common([rows.class_names for _, rows in every]),
        [replace(problem, what=f"{split}: {problem.what}") for split, rows in every for problem in rows.problems],
        {
            start + place: (f"{split}: {name}", split)
            for (split, rows), start in zip(every, starts, strict=True)
            for place, (name, _) in rows.left_out.items()
        },
    )


def _common(names: Sequence[Sequence[str] | None]) -> Sequence[str] | None:
    if any(classes != names[0] for classes in names):
        raise UserError("The splits name different classes.", "", "Give them the same features, and save them again.")
    return names[0]


def _below(path: Path, name: str) -> Path:
    folder = (path / name.replace("\0", "")).resolve()
    if folder.name != name or folder.parent != path.resolve() or not folder.is_dir():
        raise UserError(f"{path.name} names a split that is not there.", f"It is called {name[:60]!r}.", "Copy it all.")
    return folder


def _json(folder: Path, name: str) -> dict[str, Any]:
    """What a JSON file of the folder holds, {} where there is none."""
    if not (folder / name).is_file():
        return {}
    path, hint = inside(folder, name), "Save the data set again."
    if path.stat().st_size > MAX_JSON_BYTES:
        raise UserError(f"{name} is larger than {MAX_JSON_BYTES:,} bytes.", "It describes a data set in words.", hint)
    return read_json(path, dict[str, Any], f"{name} of {folder.name}", hint)
