"""Runs are made, found and followed from repair to repair."""

import platform
import re
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core import checksums
from core.data.store import DatasetInfo, describe
from core.errors import UserError
from core.files import LEFT_SECONDS, write_json, writing
from core.json_files import Damaged, sorted_out
from core.runs.run import Run, read, write
from core.types import Changes

_PACKAGES = ("torch", "torchvision", "timm", "onnxruntime", "scikit-learn", "umap-learn", "numpy")
UNFINISHED = ".unfinished"  # the folder in `runs` that new runs are made in


@dataclass(frozen=True)
class _Changes:
    """What a repair does to the data, as `changes.json` keeps it."""

    excluded: tuple[int, ...] = ()
    relabelled: Mapping[int, int] = field(default_factory=dict)
    revision: int | None = None


def create(
    workspace: Path,
    dataset: DatasetInfo,
    config: Mapping[str, Any],
    plan: Sequence[str],
    *,
    name: str | None = None,
    parent: str | None = None,
    how: str = "",
    changes: Changes | None = None,
    revision: int | None = None,
    detector_settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Run:
    """A new run directory in which nothing is done yet.

    It gets its name when it is whole: whoever is killed in here leaves no folder that is no run.
    """
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%d-%H%M%S}-{dataset.id[:40]}-{secrets.token_hex(2)}"
    path = workspace / "runs" / run_id
    unfinished = workspace / "runs" / UNFINISHED / run_id
    with writing(path):
        unfinished.mkdir(parents=True)
    run = Run(
        path=path,
        id=run_id,
        created=now.isoformat(timespec="microseconds"),
        name=name or dataset.name,
        dataset=dataset.id,
        fingerprint=dataset.fingerprint,
        config=dict(config),
        plan=tuple(plan),
        detector_settings=dict(detector_settings or {}),
        parent=parent,
        how=how,
        versions=_versions(),
    )
    if changes:
        relabelled = {str(key): value for key, value in sorted(changes.relabelled.items())}
        content = {"excluded": sorted(changes.excluded), "relabelled": relabelled, "revision": revision}
        with checksums.rewriting(unfinished, "changes.json"):
            write_json(unfinished / "changes.json", content)
    write(replace(run, path=unfinished))
    unfinished.replace(path)
    return run


def sweep_unfinished(workspace: Path, older: float = LEFT_SECONDS) -> None:
    """Delete what is left of runs whose maker was killed."""
    for unfinished in (workspace / "runs" / UNFINISHED).glob("*"):
        with suppress(OSError):
            if time.time() - unfinished.stat().st_mtime > older:
                shutil.rmtree(unfinished)


def open_run(workspace: Path, run_id: str) -> Run:
    """The run called `run_id`, its data set checked to be the one it was made with.

    Raises:
        UserError: no such run, a damaged `run.json`, a newer schema, or data that changed.
    """
    path = workspace / "runs" / run_id / "run.json"
    if not re.fullmatch(r"[a-z0-9-]+", run_id) or not path.exists():
        known = ", ".join(run.id for run in all_runs(workspace)) or "none yet"
        remedy = "Train one first." if known == "none yet" else "Choose one of these."
        raise UserError(f"There is no run {run_id!r}.", f"Known: {known}.", remedy)
    run = read(path)
    if describe(workspace, run.dataset).fingerprint != run.fingerprint:
        raise UserError(
            f"The data set {run.dataset} is no longer the one this run was made with.",
            "Its fingerprint differs.",
            "Restore the data set, or train a new run on it.",
        )
    return run


def all_runs(workspace: Path) -> list[Run]:
    """All readable runs, newest first; `damaged_runs` are the others."""
    runs, _ = sorted_out((workspace / "runs").glob("*/run.json"), read)
    return sorted(runs, key=lambda run: (run.created, run.id), reverse=True)


def damaged_runs(workspace: Path) -> list[Damaged]:
    """The runs that cannot be read, by name; a directory without `run.json` is none."""
    return sorted_out(sorted((workspace / "runs").glob("*/run.json")), read)[1]


def read_changes(run: Run) -> Changes:
    """What a repair run leaves out or relabels; empty for a first run."""
    kept = run.kept("changes.json", _Changes, _Changes())
    return Changes(frozenset(kept.excluded), kept.relabelled)


def revision_of(run: Run) -> int | None:
    """The number of the data set's revision that a repair trains on; None for a first run, and for older repairs."""
    return run.kept("changes.json", _Changes, _Changes()).revision


def from_scratch(run: Run) -> Run:
    """The run whose configuration trains such a model from nothing: itself, or what a continued repair goes back to."""
    while run.how == "continue" and run.parent:
        run = open_run(run.workspace, run.parent)
    return run


def first_of(run: Run) -> Run:
    """The run that a chain of repairs began with: itself, where it is no repair."""
    while run.parent:
        run = open_run(run.workspace, run.parent)
    return run


def children(run: Run) -> list[Run]:
    """The repairs of this run, newest first."""
    return [other for other in all_runs(run.workspace) if other.parent == run.id]


def _versions() -> dict[str, str]:
    """Python and the packages that a result may depend on, as far as they are installed."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found
