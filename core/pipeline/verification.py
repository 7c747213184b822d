"""Verification: every file of a run and of its data set, compared with what was written."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from safetensors import safe_open

from core import checksums, runs
from core.data import store
from core.errors import UserError
from core.json_files import read_json

State = Literal["ok", "damaged", "missing", "not recorded"]
_OF_JOBS = ("progress.", "worker.", "limits.", "checksums.")  # beginnings of files that no result rests on


@dataclass(frozen=True)
class Verified:
    """What was found of one file.

    Attributes:
        file: with its folder, below the workspace.
        state: not recorded: of before there were checksums, and it can be opened.
        why: what is wrong with it or not known of it, or empty.
    """

    file: str
    state: State
    why: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing speaks against the file."""
        return self.state in ("ok", "not recorded")


def verify(workspace: Path, run_id: str) -> list[Verified]:
    """Every file of a run and of its data set, hashed and opened whatever its size.

    Raises:
        UserError: there is no such run.
    """
    folder = workspace / "runs" / run_id
    if run_id not in {entry.name for entry in (workspace / "runs").glob("*")}:
        runs.open_run(workspace, run_id)  # which says so
    files = list(_files_of(workspace, folder))
    try:
        dataset = read_json(folder / "run.json", dict[str, Any], "The run", "").get("dataset")
    except UserError:
        return files  # its description is among what is damaged, and tells nothing
    data = workspace / "datasets" / str(dataset)
    if not data.is_dir():
        return [*files, Verified(f"datasets/{dataset}", "missing", "The data set is gone")]
    files += _files_of(workspace, data)
    try:
        runs.open_run(workspace, run_id)
        store.load(workspace, data.name)
    except UserError as error:
        if all(file.sound for file in files):
            files.append(Verified(f"datasets/{dataset}", "damaged", str(error)))
    return files


def _files_of(workspace: Path, folder: Path) -> Iterator[Verified]:
    place = folder.relative_to(workspace)
    if (folder / checksums.LOCK).exists() and not (folder / checksums.FILE).exists():
        yield Verified(f"{place}/{checksums.FILE}", "missing", "There were checksums, and nothing can be compared")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and _counts(path)}
    try:
        recorded = set(checksums.recorded(folder))
    except UserError as error:
        yield Verified(f"{place}/{checksums.FILE}", "damaged", str(error))
        recorded = set()
    for name in sorted(there | recorded):
        if name in recorded:
            words = checksums.wrong(folder, name, thoroughly=True)
            state: State = "missing" if not (folder / name).exists() else "damaged" if words else "ok"
        else:
            words = _unreadable(folder / name)
            state = "damaged" if words else "not recorded"
            words = words or "It has no checksum: it can be opened, and whether it was changed is not known"
        yield Verified(f"{place}/{name}", state, words)


def _counts(path: Path) -> bool:
    return not (path.name.startswith((".", *_OF_JOBS)) or path.suffix in (".lock", ".tmp"))


def _unreadable(path: Path) -> str:
    """Why a file without a checksum cannot be opened; empty where it can, or nobody here knows its kind."""
    try:
        if path.suffix == ".npy":
            checksums.array(path)
        elif path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                [arrays[name] for name in arrays]
        elif path.suffix == ".json":
            json.loads(path.read_bytes())
        elif path.suffix == ".safetensors":
            with safe_open(path, "np") as weights:
                [weights.get_tensor(name) for name in weights.keys()]  # noqa: SIM118 - no mapping
    except Exception as error:  # noqa: BLE001 - damaged bytes can break a reader in any way there is
        return checksums.why(error)
    return ""
