"""Work that a worker does for somebody who waits: how it is started, what was asked for, and what came of it.

An import, a preview, a download, an attack, a model that is loaded and a copy of the clean set all begin here. The
work of a run begins with `core.runs.jobs.start_run`: a run has a directory and a plan of its own.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from core.files import write_json
from core.json_files import read_json
from core.runs import jobs

REQUEST = "asked.json"
RESULT = "result.json"
T = TypeVar("T")


def start_worker(
    workspace: Path,
    kind: str,
    command: str,
    arguments: Sequence[str],
    options: Mapping[str, str | Sequence[str] | None] | None = None,
    *,
    flags: Sequence[str] = (),
    job: Path | None = None,
) -> Path:
    """Start `python -m core <command>` as a job; returns the job's directory, to be polled.

    Args:
        workspace: where to; the worker is told it, too.
        kind: the folder of such jobs, such as "imports".
        command: of the command line; it takes `--job`.
        arguments: of the command, absolute paths among them. None is taken for an option.
        options: of the command, by name; one without a value is left out, one of several is repeated.
        flags: options without a value.
        job: a directory that holds something for the worker already; None makes a new one.
    """
    job = job or jobs.new_job(workspace, kind)
    places = {"--job": str(job.resolve()), "--workspace": str(workspace.resolve())}
    parts = [command]
    for name, value in [*places.items(), *(options or {}).items()]:
        values = [value] if isinstance(value, str) else value or []
        parts += [f"{name}={value}" for value in values if value]
    jobs.start(job, [*parts, *flags, "--", *arguments])
    return job


def keep_request(job: Path, request: Mapping[str, Any]) -> Path:
    """Write what was asked for into a job's directory; returns the file."""
    write_json(job / REQUEST, request)
    return job / REQUEST


def request_of(job: Path, shape: type[T], owner: str, hint: str) -> T:
    """What was asked for in a job's directory. Raises UserError where that is missing or damaged."""
    return read_json(job / REQUEST, shape, owner, hint)


def keep_result(job: Path, **result: str) -> None:
    """Say in a job's directory what came of it: the id of a data set or run."""
    write_json(job / RESULT, result)


def result_of(job: Path, name: str, owner: str, hint: str) -> str:
    """What came of a finished job, "" where it says nothing of that. Raises UserError where it is damaged."""
    return read_json(job / RESULT, dict[str, str], owner, hint).get(name, "")
