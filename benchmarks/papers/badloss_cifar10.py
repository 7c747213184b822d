"""BaDLoss' seven simultaneous attacks on CIFAR-10: what every detector sees of them, and what each repair leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.parts.badloss_tables import detectors_table, removed_table, repairs_table
from benchmarks.parts.data import part_of
from benchmarks.parts.hardware import hardware
from benchmarks.parts.repairs import WAYS, detected, figures, repaired
from benchmarks.parts.trainings import training, workspace_in
from core.attacks.presets import preset
from core.detectors import DETECTORS
from core.training.config import TrainConfig
from core.types import Dataset

PRESET = "badloss-cifar10"
NEEDED = ("consensus", "badloss")


@dataclass(frozen=True)
class LoadRequest:
    """What is to be measured: the ways to repair, the detectors, whether to run these again, and the attacks."""

    ways: tuple[str, ...]
    detectors: tuple[str, ...]
    again: bool = False
    preset: str = PRESET


def badloss_cifar10(
    *,
    data: Annotated[Path, typer.Option(help="A folder with cifar10.npz; see benchmarks/README.md.")],
    size: Annotated[int, typer.Option(help="How many training images.")] = 20_000,
    epochs: int = 8,
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0.")] = None,
    only: Annotated[list[str] | None, typer.Option(help=f"Only these: {', '.join(WAYS)}; may be repeated.")] = None,
    detectors: Annotated[list[str] | None, typer.Option(help="Only these; may be repeated; default all.")] = None,
    again: Annotated[bool, typer.Option(help="Run detectors again whose answers the cache holds.")] = False,
    cache: Annotated[Path | None, typer.Option(help="A workspace to keep the runs in, and to go on from.")] = None,
) -> None:
    """Seven attacks at once: every detector's AUROC for each, and six repairs by what they remove and leave behind.

    The poisoned training and the clean one are those of `attacks`, whose cache may be given; each of the other ways
    trains once more.
    """
    asked = LoadRequest(tuple(only or WAYS), tuple(detectors or DETECTORS), again)
    if unknown := {*asked.ways, *asked.detectors} - {*WAYS, *DETECTORS}:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there is no such way or detector.")
    config = TrainConfig(model="small_resnet", epochs=epochs)
    typer.echo(badloss_table(part_of(data, "cifar10", size, 0), config, seeds or [0], asked, cache))


def badloss_table(
    dataset: Dataset, config: TrainConfig, seeds: Sequence[int], asked: LoadRequest, cache: Path | None = None
) -> str:
    """Three tables as Markdown: the repairs, whose poison each removes, and the detectors."""
    names = list(dict.fromkeys((*NEEDED, *asked.detectors)))
    found: dict[str, list[Mapping[str, float]]] = {way: [] for way in asked.ways}
    trained = []
    with workspace_in(cache) as workspace:
        for seed in seeds:
            own = replace(config, seed=seed)
            run = training(workspace, dataset, preset(asked.preset, dataset.n_classes), own)
            trained.append(detected(run, names, asked.again))
            for way in asked.ways:
                found[way].append(figures(run, repaired(run, way, dataset, own)))
        tables = (
            repairs_table(trained, found),
            removed_table(trained, found),
            detectors_table(trained, asked.detectors),
        )
    about = f"{len(dataset):,} images, {asked.preset}, {config.model}, {config.epochs} epochs without augmentation"
    lines = [f"{hardware()}; {about}; seeds {', '.join(map(str, seeds))}; mean ± sd."]
    return "\n".join([*lines, *("\n".join(["", *each]) for each in tables)])
