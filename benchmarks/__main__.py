"""`python -m benchmarks NAME …` (or `make bench BENCH="NAME …"`): print one benchmark's table as Markdown."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

# The files of the benchmarks in the order of the list, each with a function of its own name. Only the one
# that is called is loaded: all together take seven seconds of the processor.
FILES = (
    *("demo", "attacks", "alone", "papers.badloss_cifar10", "planting", "scoring", "training", "text", "art"),
    *("papers.ac_mnist", "papers.signs", "papers.ac_signs", "regimes", "decisions", "foreign.foreign", "asking"),
    *("ablation", "clean", "importing", "hundredth", "growth", "screen.opening", "screen.review", "screen.reruns"),
    *("screen.lasting", "screen.deciding", "screen.brushing", "screen.screens", "hostile.bombs", "hostile.damages"),
    *("hostile.fuzz", "hostile.chaos", "hostile.sessions"),
)
NAMES = {file.rpartition(".")[2]: file for file in FILES}


class Late(TyperGroup):
    """A group that loads the benchmark that is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """The names of all."""
        return list(NAMES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The benchmark of this name, loaded; None where there is none."""
        if cmd_name not in NAMES:
            return None
        alone = typer.Typer(add_completion=False)
        alone.command(cmd_name)(getattr(import_module(f"benchmarks.{NAMES[cmd_name]}"), cmd_name))
        return typer.main.get_command(alone)


app = typer.Typer(cls=Late, no_args_is_help=True, add_completion=False, help=__doc__)


@app.callback()
def main() -> None:
    """Each benchmark says its hardware and seeds above its table."""


if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
