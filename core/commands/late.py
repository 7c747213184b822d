"""Commands whose files are loaded only when one of them is called; their list needs none of them.

Loading all takes three times as long as printing the list. So names and first lines are taken from the source, where a
function below `@command` is a command.
"""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

# The files of commands, in the order of the list.
FILES = ("server", "data", "detection", "notes", "recorded", "review", "repairs", "training")
HELP = "Assay: find, review and remove poisoned training data."


class Late(TyperGroup):
    """A group that knows its commands by name, and loads the file of the one that is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        loaded, self.commands = self.commands, {}
        for file in FILES:
            for name, words in listed(file):
                self.commands[name] = loaded.get(name) or _Named(name, file, words)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called, loaded, with its arguments."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, found.load() if isinstance(found, _Named) else found, rest


def listed(file: str) -> Iterator[tuple[str, str]]:
    """The name and the words of every command in a file of this folder, without loading it."""
    source = (Path(__file__).parent / f"{file}.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(mark) == "command" for mark in node.decorator_list):
            yield command_name(node.name), inspect.cleandoc(ast.get_docstring(node) or "")


def command_name(function: str) -> str:
    """What a function is called on the command line: `load_model` is `load-model`, `runs_` is `runs`."""
    return function.rstrip("_").replace("_", "-")


class _Named(TyperCommand):
    """What the list shows of a command that is not loaded yet."""

    def __init__(self, name: str, file: str, words: str) -> None:
        super().__init__(name, help=words)
        self._file = file

    def load(self) -> Any:
        """The command itself."""
        import_module(f"core.commands.{self._file}")
        group = typer.main.get_command(app)
        return group.commands[self.name]  # type: ignore[attr-defined]


app = typer.Typer(
    cls=Late,
    no_args_is_help=True,
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"]},
)
