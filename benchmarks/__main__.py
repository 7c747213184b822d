"""`python -m benchmarks NAME …` (or `make bench BENCH="NAME …"`): print one benchmark's table as Markdown."""

import typer

from benchmarks import demo

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
app.command()(demo.demo)


@app.callback()
def main() -> None:
    """Each benchmark says its hardware and seeds above its table."""


if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
