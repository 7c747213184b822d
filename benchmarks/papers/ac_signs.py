"""Activation Clustering on traffic signs as in its paper: stop signs with a sticker are labelled as speed limits."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.papers.signs import CLASSES
from benchmarks.parts.answers import Answers, answers, clustered, elsewhere, f1, within_classes
from benchmarks.parts.cells import number, percent, table
from benchmarks.parts.hardware import hardware
from benchmarks.parts.studies import Study, traced_study
from benchmarks.parts.traced import Traced
from core.attacks.specification import AttackSpec

RATIOS = (0.33, 0.15, 0.10, 0.05, 0.02)
SOURCE = list(CLASSES).index("stop")
TARGET = list(CLASSES).index("speed limit")
REPLICATED = {0.33: "90.4 %", 0.15: "85.2 %", 0.10: "68.8 %", 0.05: "57.8 %", 0.02: "52.5 %"}
BARS = {0.33: "≥ 0.99", 0.15: "≥ 0.99", 0.05: "best ≥ 0.9", 0.02: "best ≥ 0.9"}
ELSEWHERE = "clean flagged in the other classes"


def ac_signs(
    *,
    data: Annotated[Path, typer.Option(help="A folder with signs.npz, which `signs` makes.")],
    size: Annotated[int, typer.Option(help="How many training images.")] = 5000,
    epochs: int = 16,
    ratios: Annotated[list[float] | None, typer.Option("--ratio", help="May be repeated; default all five.")] = None,
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0, 1, 2.")] = None,
    cache: Annotated[Path | None, typer.Option(help="A folder to keep the trained models' traces in.")] = None,
) -> None:
    """F1 within the target class, of Activation Clustering by several rules and of every other detector."""
    studies = [signs_study(ratio, size, epochs) for ratio in ratios or RATIOS]
    typer.echo(signs_table(studies, data, seeds or [0, 1, 2], cache))


def signs_study(ratio: float, size: int, epochs: int) -> Study:
    """Stop signs with a patch among the speed limits, `ratio` of these."""
    attack = AttackSpec("patch", ratio, TARGET, labelling="one_to_one", source=SOURCE)
    key = f"ac-signs-{ratio:.2f}-{size}-{epochs}"
    return Study(key, f"{ratio:.0%} of the class", "signs", (attack,), size, epochs)


def signs_table(studies: Sequence[Study], data: Path, seeds: Sequence[int], cache: Path | None) -> str:
    """Three tables as Markdown: clustering beside the best of the others, F1 of each by every rule, and AUROC."""
    trained = [[traced_study(study, data, cache, seed) for seed in seeds] for study in studies]
    answered = [[answers(run, TARGET) for run in runs] for runs in trained]
    titles = [study.title for study in studies]
    about = f"{studies[0].size:,} images, the small ConvNet, {studies[0].epochs} epochs"
    tables = (
        _clustering_table(studies, trained, answered),
        _rows("F1 within the target class", titles, [[one.scores for one in each] for each in answered]),
        _rows("AUROC within the target class", titles, [[one.areas for one in each] for each in answered]),
    )
    lines = [f"{hardware()}; {about}; seeds {', '.join(map(str, seeds))}; mean ± sd."]
    return "\n".join([*lines, *("\n".join(["", *each]) for each in tables)])


def _clustering_table(
    studies: Sequence[Study], trained: Sequence[Sequence[Traced]], answered: Sequence[Sequence[Answers]]
) -> list[str]:
    """Activation Clustering by its rules, what it flags elsewhere, and the best answer of any other detector."""
    head = ["poison", "clean accuracy", "attack success rate", "by size, the paper's rule: accuracy", "F1", "bar"]
    head += [ELSEWHERE, "by size, split by separation: F1", ELSEWHERE]
    head += ["by size and silhouette, the default: F1", ELSEWHERE, "raw pixels, by size: F1"]
    head += ["best of the others: F1", "which", ELSEWHERE, "a replication's accuracy on GTSRB"]
    return table(head, [_line(*one) for one in zip(studies, trained, answered, strict=True)])


def _line(study: Study, runs: Sequence[Traced], found: Sequence[Answers]) -> list[str]:
    ratio = study.attacks[0].ratio
    ways = ({"decision": "size"}, {"decision": "size", "split_choice": "separation"}, {})
    by_size, apart, by_default = ([(run, clustered(run, **how)) for run in runs] for how in ways)
    best = max(found[0].scores, key=lambda name: float(np.mean([one.scores[name] for one in found])))
    return [
        study.title,
        percent([float(run.clean_accuracy) for run in runs]),
        percent([float(np.mean(run.success)) for run in runs]),
        percent([float(within_classes(run, flagged)[0][TARGET]) for run, flagged in by_size]),
        number([f1(*one, TARGET) for one in by_size]),
        BARS.get(ratio, ""),
        percent([elsewhere(*one, TARGET) for one in by_size]),
        number([f1(*one, TARGET) for one in apart]),
        percent([elsewhere(*one, TARGET) for one in apart]),
        number([f1(*one, TARGET) for one in by_default]),
        percent([elsewhere(*one, TARGET) for one in by_default]),
        number([f1(run, clustered(run, space="pixels", decision="size"), TARGET) for run in runs]),
        number([one.scores[best] for one in found]),
        best,
        percent([one.elsewhere[best] for one in found]),
        REPLICATED.get(ratio, "–"),
    ]


def _rows(what: str, titles: Sequence[str], found: Sequence[Sequence[Mapping[str, float]]]) -> list[str]:
    """One figure of every answer, a column for each study."""
    names = list(found[0][0])
    return table([what, *titles], [[name, *(number([one[name] for one in runs]) for runs in found)] for name in names])
