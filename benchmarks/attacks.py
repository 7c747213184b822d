"""What each attack does to a small ResNet on CIFAR-10, alone and with the others: is it learned, and at what cost?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.parts.cells import percent
from benchmarks.parts.data import part_of
from benchmarks.parts.hardware import hardware
from benchmarks.parts.trainings import training, tried, workspace_in
from core import runs
from core.attacks.presets import preset
from core.attacks.specification import AttackSpec
from core.data import store
from core.runs import Run
from core.training.config import TrainConfig
from core.types import Dataset, PlantedAttack

TOGETHER = "badloss-cifar10"
SIDES = ("clean model", "alone", "together")
ALONE = (
    AttackSpec("patch"),
    AttackSpec("single_pixel"),
    AttackSpec("blended_random"),
    AttackSpec("blended_pattern"),
    AttackSpec("sinusoid", 0.10),
    AttackSpec("frequency"),
    AttackSpec("narcissus", count=25),
    AttackSpec("wanet", 0.10),
    AttackSpec("label_consistent", 0.10),
    AttackSpec("patch", 0.10, labelling="all_to_all"),
    AttackSpec("patch", 0.10, labelling="one_to_one"),
)


def attacks(
    *,
    data: Annotated[Path, typer.Option(help="A folder with cifar10.npz; see benchmarks/README.md.")],
    size: Annotated[int, typer.Option(help="How many training images.")] = 20_000,
    epochs: int = 8,
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only these rows; may be repeated.")] = None,
    cache: Annotated[Path | None, typer.Option(help="A workspace to keep the runs in, and to go on from.")] = None,
) -> None:
    """Clean accuracy and attack success rate (ASR), at once and twice the strength, under each attack and under seven.

    Each trigger is tried on three models: one trained on clean data (what the trigger does without any backdoor), one
    under the attack alone, and one under `badloss-cifar10` together.
    """
    config = TrainConfig(model="small_resnet", epochs=epochs)
    typer.echo(attacks_table(part_of(data, "cifar10", size, 0), config, seeds or [0], only, cache))


def attacks_table(
    dataset: Dataset,
    config: TrainConfig,
    seeds: Sequence[int],
    only: Sequence[str] | None = None,
    cache: Path | None = None,
) -> str:
    """The table as Markdown; `only` some of its rows: "clean", "together", or a row's first column."""
    lines = []
    with workspace_in(cache) as workspace:
        trained = {
            title: [training(workspace, dataset, specs, replace(config, seed=seed)) for seed in seeds]
            for title, specs in rows_of(dataset.n_classes, only).items()
        }
        for title, found in trained.items():
            lines.append(_line(title, [_sides(run, trained, place) for place, run in enumerate(found)]))
    about = f"{len(dataset):,} images, {config.model}, {config.epochs} epochs without augmentation"
    head = ["trained under", "clean accuracy", *(f"{what}: {side}" for what in ("ASR", "ASR ×2") for side in SIDES)]
    return "\n".join(
        [
            f"{hardware()}; {about}; seeds {', '.join(map(str, seeds))}; mean ± sd.",
            "",
            f"| {' | '.join(head)} |",
            "|---" * len(head) + "|",
            *lines,
        ]
    )


def rows_of(n_classes: int, only: Sequence[str] | None = None) -> Mapping[str, tuple[AttackSpec, ...]]:
    """The lists of attacks to train under, by the name of their row; `only` some of them."""
    alone = {" ".join(filter(None, (spec.kind, spec.labelling))).replace("_", " "): (spec,) for spec in ALONE}
    rows = {"clean": (), "together": preset(TOGETHER, n_classes), **alone}
    return {title: specs for title, specs in rows.items() if not only or title in only}


def _sides(run: Run, trained: Mapping[str, Sequence[Run]], place: int) -> list[float | None]:
    """Clean accuracy, then the rates of the run's attack: on a clean model, alone, together; at once and doubled."""
    attacks, outcome = _planted(run), runs.outcome(run)
    accuracy = outcome.clean_accuracy if outcome else None
    if len(attacks) != 1:
        return [accuracy, *[None] * 6]
    beside = trained["together"][place] if "together" in trained else None
    wanted = (attacks[0].name, attacks[0].labelling)
    shared = beside and any((one.name, one.labelling) == wanted for one in _planted(beside))
    outcomes = [
        tried(trained["clean"][place], run) if "clean" in trained else None,
        outcome,
        runs.outcome(beside) if beside and shared else None,
    ]
    rates = [(one.attack_success_rate, one.doubled_attack_success_rate) if one else ({}, {}) for one in outcomes]
    return [accuracy, *(pair[which].get(attacks[0].name) for which in (0, 1) for pair in rates)]


def _planted(run: Run) -> tuple[PlantedAttack, ...]:
    return store.planted_attacks(store.describe(run.workspace, run.dataset))


def _line(title: str, found: Sequence[Sequence[float | None]]) -> str:
    """One row: mean and deviation over the seeds, a dash where nothing was measured."""
    columns = zip(*found, strict=True)
    return f"| {title} | {' | '.join(percent(column) for column in columns)} |"
