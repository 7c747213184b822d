"""Poison is planted in a copy of a clean data set."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.attacks.plant import plant
from core.attacks.specification import Specification, decoded
from core.data import store
from core.data.store import DatasetInfo
from core.errors import UserError
from core.pipeline.started import keep_request, start_worker
from core.runs import jobs


def attack(
    workspace: Path,
    dataset_id: str,
    specification: Specification,
    name: str | None = None,
    listen: Callable[[float, str], None] = lambda fraction, message: None,
) -> DatasetInfo:
    """A poisoned copy of a stored data set; its truth and the specification are kept beside it."""
    clean = store.load(workspace, dataset_id)
    if store.describe(workspace, dataset_id).attacks:
        raise UserError(f"{dataset_id} is poisoned already.", "", "Plant all attacks at once, in the clean data set.")
    poisoned, truth = plant(clean, specification, listen=listen)
    poisoned = replace(poisoned, name=name or f"{clean.name} poisoned")
    return store.save(
        workspace, poisoned, source="planted", truth=truth, parent=dataset_id, specification=specification.as_dict()
    )


def start_attack(workspace: Path, dataset_id: str, specification: Specification, name: str = "") -> Path:
    """Start planting in a worker; returns the job's directory, to be polled. The newest data set is the result."""
    job = jobs.new_job(workspace, "attacks")
    options = {"--spec": str(keep_request(job, specification.as_dict()).resolve()), "--name": name}
    return start_worker(workspace, "attacks", "attack", [dataset_id], options, job=job)


def specification_in(path: Path) -> Specification:
    """The specification of attacks in a JSON file. Raises UserError when there is none."""
    try:
        return decoded(path.read_bytes(), str(path))
    except OSError as error:
        raise UserError(
            f"{path} cannot be read.", "It should hold a specification as JSON.", "Check the path."
        ) from error
