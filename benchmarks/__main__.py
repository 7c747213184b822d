"""`python -m benchmarks NAME …` (or `make bench BENCH="NAME …"`): print one benchmark's table as Markdown."""

import typer

from benchmarks import (
    ablation,
    alone,
    art,
    asking,
    attacks,
    clean,
    decisions,
    demo,
    growth,
    hundredth,
    importing,
    planting,
    regimes,
    scoring,
    text,
    training,
)
from benchmarks.hostile import bombs, chaos, damages, fuzz, sessions
from benchmarks.papers import ac_mnist, ac_signs, badloss_cifar10, signs
from benchmarks.screen import brushing, deciding, lasting, opening, reruns, review, screens

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
app.command()(demo.demo)
app.command()(attacks.attacks)
app.command()(alone.alone)
app.command("badloss_cifar10")(badloss_cifar10.badloss_cifar10)
app.command()(planting.planting)
app.command()(scoring.scoring)
app.command()(training.training)
app.command()(text.text)
app.command()(art.art)
app.command("ac_mnist")(ac_mnist.ac_mnist)
app.command()(signs.signs)
app.command("ac_signs")(ac_signs.ac_signs)
app.command()(regimes.regimes)
app.command()(decisions.decisions)
app.command()(asking.asking)
app.command()(ablation.ablation)
app.command()(clean.clean)
app.command()(importing.importing)
app.command()(hundredth.hundredth)
app.command()(growth.growth)
app.command()(opening.opening)
app.command()(review.review)
app.command()(reruns.reruns)
app.command()(lasting.lasting)
app.command()(deciding.deciding)
app.command()(brushing.brushing)
app.command()(screens.screens)
app.command()(bombs.bombs)
app.command()(damages.damages)
app.command()(fuzz.fuzz)
app.command()(chaos.chaos)
app.command()(sessions.sessions)


@app.callback()
def main() -> None:
    """Each benchmark says its hardware and seeds above its table."""


if __name__ == "__main__":
    app(prog_name="python -m benchmarks")
