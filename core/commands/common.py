"""What all commands share: how they are declared, what they print, how they show progress."""

import inspect
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, cast

import typer

import core
from core import settings
from core.commands.circumstances import circumstances
from core.commands.late import app, command_name
from core.commands.names import named, with_ids
from core.commands.onwards import onwards
from core.errors import UserError

if TYPE_CHECKING:
    from core.json_files import Damaged
    from core.registry import Entry
    from core.runs.jobs import Progress

WORKSPACE_HELP = "Where runs and data sets are kept."
JSON_HELP = "Print one JSON document and nothing else."
# Every command takes these, and the program itself takes them before any command: its help alone describes them.
EVERYWHERE = "Everywhere: --workspace DIR, --json, --database URL; see --help without a command."
Workspace = Annotated[Path, typer.Option("--workspace", envvar=settings.WORKSPACE, help=WORKSPACE_HELP, hidden=True)]
Json = Annotated[bool, typer.Option("--json", help=JSON_HELP, hidden=True)]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything that is drawn at random.")]
DATABASE_HELP = "Where decisions are kept, sqlite:///… or postgresql+psycopg://…; by default in the workspace."
Database = Annotated[str | None, typer.Option(envvar=settings.DATABASE, help=DATABASE_HELP, hidden=True)]
HERE = Path("workspace")
# Columns that other commands ask for: they stay whole, and the rest gives way.
WHOLE = {"run", "dataset", "id", "detector"}
# Characters of a line that goes to a file or another program.
PIPED = 240
# Numbers of a list that people read, such as ids of samples: hundreds would hide the lines around them.
MOST_NUMBERS = 10
P = ParamSpec("P")


@dataclass(frozen=True)
class Program:
    """What was written before the command.

    Attributes:
        name: what people type to reach the commands.
        as_json: whether one JSON document is printed, and nothing else.
    """

    name: str = "python -m core"
    as_json: bool = False


_program: ContextVar[Program | None] = ContextVar("_program", default=None)
_quiet: ContextVar[bool] = ContextVar("_quiet", default=False)


def _called() -> Program:
    return _program.get() or Program()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"Assay {core.__version__}")
        raise typer.Exit


@app.callback()
def start(
    ctx: typer.Context,
    workspace: Annotated[Path | None, typer.Option(help=WORKSPACE_HELP, show_default="workspace")] = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    database: Annotated[str | None, typer.Option(help=DATABASE_HELP)] = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version and exit.")
    ] = False,
    architecture: Annotated[
        list[Path] | None,
        typer.Option(help="A Python file of yours whose functions (shape, n_classes) become models own:<function>."),
    ] = None,
    handed: Annotated[
        bool, typer.Option(settings.HANDED, hidden=True, help="Variables come as JSON on stdin.")
    ] = False,
) -> None:
    """Assay: find, review and remove poisoned training data.

    RUN and DATASET may be an id, the beginning of one, a name, or latest.
    """
    _program.set(Program(ctx.info_name or Program.name, as_json))
    for name, value in ((settings.WORKSPACE, workspace), (settings.DATABASE, database)):
        if value is not None:  # what is written after the command still counts more
            ctx.call_on_close(partial(_put_back, name, os.environ.get(name)))
            os.environ[name] = str(value)
    if handed:
        from core.runs.environment import take_environment

        take_environment()
    try:
        if architecture:
            from core.models.catalogue import name_architectures

            name_architectures(architecture)
    except UserError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None


def _put_back(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def command(function: Callable[P, Any]) -> Callable[P, None]:
    """A typer command that prints what `function` returns, and turns a UserError into one line and exit code 2.

    Every command takes --database beside its own options, and ends by naming the next one.
    """

    @wraps(function)
    def run(*arguments: P.args, **options: P.kwargs) -> None:
        from core.journal import database
        from core.runs import jobs

        try:
            with database.chosen(cast("str | None", options.pop("database", None))):
                whole = with_ids(options, function)
                whole["as_json"] = as_json = bool(options.get("as_json")) or _called().as_json
                _quiet.set(as_json)
                answer = function(*arguments, **whole)
                show(answer, as_json=as_json)
                if not as_json and whole.get("job") is None:
                    where = circumstances(name, whole, answer)
                    if words := onwards(name, whole, answer, _called().name, where):
                        typer.echo(f"next: {words}", err=True)
        except UserError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(2) from None
        except (jobs.Cancelled, KeyboardInterrupt):
            typer.echo("cancelled: what was finished is kept; `resume` goes on with it.", err=True)
            raise typer.Exit(130) from None

    name = command_name(function.__name__)
    own = inspect.signature(function)
    added = inspect.Parameter("database", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Database)
    vars(run)["__signature__"] = own.replace(parameters=[*map(named, own.parameters.values()), added])
    app.command(name, epilog=EVERYWHERE)(run)
    return run


def show(content: Any, *, as_json: bool) -> None:
    """Print a result: JSON for programs, a table or a list of facts for people."""
    if as_json:
        from core.files import plain

        typer.echo(json.dumps(plain(content), ensure_ascii=False))
    elif isinstance(content, list):
        from rich.console import Console
        from rich.table import Table

        table = Table()
        for heading in content[0] if content else ["nothing yet"]:
            table.add_column(heading, no_wrap=heading in WHOLE, overflow="fold")
        for entry in content:
            table.add_row(*(_text(value) for value in entry.values()))
        Console(width=None if sys.stdout.isatty() else PIPED).print(table)
    else:
        for key, value in content.items():
            rows = value if isinstance(value, list) and value and isinstance(value[0], Mapping) else None
            typer.echo(f"{key}:" if rows else f"{key}: {_text(value)}")
            for row in rows or ():
                typer.echo(f"  - {_text({name: item for name, item in row.items() if item is not None})}")


def say_damaged(damaged: "Iterable[Damaged]") -> None:
    """One line each on standard error for what cannot be listed."""
    for entry in damaged:
        typer.echo(f"damaged: {entry.error}", err=True)


def say(words: str) -> None:
    """One line on standard error for a person who waits; nothing where JSON is printed."""
    if not _quiet.get():
        typer.echo(words, err=True)


@contextmanager
def working(
    job: Path | None, reads: Path | None = None, *, limited: bool = False
) -> Iterator[Callable[[float, str], None]]:
    """A job directory that is locked and told how far the work is; without one, nobody is told.

    Args:
        job: the directory.
        reads: a file or folder of somebody else's that is read: `core.runs.limits` hold meanwhile.
        limited: whether they hold for what comes from elsewhere, too.
    """
    from core.runs import jobs, limits

    confined = limits.confined(reads, job) if reads or limited else nullcontext()
    if job is None:
        with confined:
            yield lambda fraction, message: None
        return
    with jobs.working_on(job), confined:
        yield lambda fraction, message: jobs.write(
            job, replace(jobs.poll(job), state="running", fraction=fraction, message=message)
        )


class progress_bar:
    """A progress bar on a terminal; elsewhere a line for each stage, and silence where JSON is printed."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f} %"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
        self._task = self._progress.add_task("Starting", total=1.0)
        self._in_lines, self._title = not sys.stderr.isatty() and not _quiet.get(), ""

    def __enter__(self) -> "Callable[[Progress], None]":
        self._progress.start()
        return self._listen

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _listen(self, progress: "Progress") -> None:
        if self._in_lines and progress.title != self._title:
            self._title = progress.title
            typer.echo(f"{progress.title} …", err=True)
        words = f"{progress.title}: {progress.message}" if progress.message else progress.title
        self._progress.update(self._task, completed=progress.fraction, description=words)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items()) or "–"
    if isinstance(value, list | tuple):
        more = len(value) - MOST_NUMBERS if all(isinstance(item, int) for item in value) else 0
        shown = ", ".join(map(_text, value[:MOST_NUMBERS] if more > 0 else value))
        return f"{shown} and {more:,} more (all of them: --json, or export)" if more > 0 else shown or "–"
    return "–" if value is None else str(value) or "–"


def listed(family: "Mapping[str, Entry]") -> list[dict[str, Any]]:
    """The members of a family, as plain data."""
    return [entry.as_dict() for entry in family.values()]


def key_values(pairs: Sequence[str] | None, example: str) -> dict[str, str]:
    """The settings in a list of `key=value`. Raises UserError for one without a `=`, with an example that has one."""
    parted = [pair.partition("=") for pair in pairs or []]
    if wrong := next((key for key, equals, _ in parted if not equals), None):
        raise UserError(f"--set {wrong} cannot be used.", "It has to be key=value.", f"For example --set {example}.")
    return {key: value for key, _, value in parted}
