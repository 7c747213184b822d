"""What people write for a run or a data set: its id, the beginning of it, its name, or `latest`."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

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
    from core.pipeline.named import whole_id  # what it needs is loaded only for a command that is carried out

    parameters = inspect.signature(function).parameters
    workspace = options.get("workspace")
    for kind in HELP.keys() & options.keys():
        if workspace is not None and parameters[kind].annotation is str:
            options[kind] = whole_id(kind, options[kind], Path(workspace))
    return options
