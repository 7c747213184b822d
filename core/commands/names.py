"""What people write for a run or a data set: its id, the beginning of it, its name, or `latest`."""

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import UserError

LATEST = "latest"
HELP = {
    "run": "The run: its id, the beginning of it, its name, or latest.",
    "dataset": "The data set: its id, the beginning of it, its name, or latest.",
}


ARGUMENTS = {**HELP, "detector": "The name of the detector; the command detectors lists all."}


def named(parameter: inspect.Parameter) -> inspect.Parameter:
    """The parameter of a command, with help where it names a run, a data set or a detector."""
    if parameter.name in ARGUMENTS and parameter.annotation is str:
        return parameter.replace(annotation=Annotated[str, typer.Argument(help=ARGUMENTS[parameter.name])])
    return parameter


def with_ids(options: dict[str, Any], function: Callable[..., Any]) -> dict[str, Any]:
    """The options of a command, with whole ids for whatever was written in place of them.

    Raises:
        UserError: what was written begins several ids, or is the name of several.
    """
    parameters = inspect.signature(function).parameters
    workspace = options.get("workspace")
    for kind in HELP.keys() & options.keys():
        if workspace is not None and parameters[kind].annotation is str:
            options[kind] = whole_id(kind, options[kind], Path(workspace))
    return options


def whole_id(kind: str, text: str, workspace: Path) -> str:
    """The id of the run or data set that `text` means; the text itself where it means none.

    Args:
        kind: "run" or "dataset".
        text: as it was written.
        workspace: where to look.

    Raises:
        UserError: it may mean several.
    """
    from core import runs
    from core.data import store

    if kind == "run":
        known = [(run.id, run.name) for run in runs.all_runs(workspace)]
    else:
        known = [(info.id, info.name) for info in store.describe_all(workspace)]
    ids = [number for number, _ in known]
    if text in ids or not known:
        return text
    if text == LATEST:
        return ids[0]
    for meant in (
        [number for number, name in known if name == text],
        [number for number in ids if _begins(number, text)],
    ):
        if len(meant) == 1:
            return meant[0]
        if meant:
            raise _several(kind, text, meant)
    return text


def _begins(number: str, text: str) -> bool:
    return bool(text) and number.startswith(text)


def _several(kind: str, text: str, meant: Sequence[str]) -> UserError:
    what = "runs" if kind == "run" else "data sets"
    return UserError(
        f"{text!r} may be one of {len(meant)} {what}.", f"It may be {', '.join(meant)}.", "Write more of it."
    )
