"""The consensus without one of its parts at a time: what each of them is worth, and that none is idle."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.parts.cells import percent, table
from benchmarks.parts.hardware import hardware
from benchmarks.parts.judged import COMPARED, Judged, measured, worst_and_mean
from benchmarks.parts.studies import CLEAN, REGIMES, Study, traced_study
from core.detectors.consensus.consensus import SCORES, STEPS, consensus_without

NOTHING = "nothing"


def ablation(
    *,
    data: Annotated[Path, typer.Option(help="A folder of npz files; see benchmarks/README.md.")],
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0, 1, 2.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only these rows of `regimes` and `clean`, by key.")] = None,
    cache: Annotated[Path | None, typer.Option(help="A folder to keep the trained models' traces in.")] = None,
) -> None:
    """The consensus with each of its parts left out, over all rows of `regimes` and `clean`."""
    studies = [study for study in (*REGIMES, *CLEAN) if not only or study.key in only]
    typer.echo(ablation_table(studies, data, seeds or [0, 1, 2], cache))


def ablation_table(studies: Sequence[Study], data: Path, seeds: Sequence[int], cache: Path | None) -> str:
    """The table as Markdown."""
    answers: dict[str, list[tuple[Study, Judged]]] = {part: [] for part in (NOTHING, *SCORES, *STEPS)}
    for study in studies:
        for seed in seeds:
            run = traced_study(study, data, cache, seed)
            for part, found in answers.items():
                detection = consensus_without(() if part == NOTHING else (part,), run.evidence())
                found.append((study, measured(COMPARED, detection, run.is_poison)))
    head = ["left out", "AUROC, worst / mean", "worst in", "precision", "recall", "lowest recall of a regime"]
    rows = [_row(part, found) for part, found in answers.items()]
    about = f"training seeds {', '.join(map(str, seeds))}, one draw of 250 bona fide samples each"
    return "\n".join([f"{hardware()}; {about}.", "", *table([*head, "clean data flagged, worst run"], rows)])


def _row(part: str, found: Sequence[tuple[Study, Judged]]) -> list[str]:
    poisoned = [(study.title, answer) for study, answer in found if study.attacks]
    titles = list(dict.fromkeys(title for title, _ in poisoned))
    recalls = {title: float(np.mean([one.recall for name, one in poisoned if name == title])) for title in titles}
    lowest = min(recalls, key=recalls.__getitem__)
    clean = [answer.flagged for study, answer in found if not study.attacks]
    return [
        part,
        worst_and_mean([answer.auroc for _, answer in poisoned]),
        min(poisoned, key=lambda one: one[1].auroc)[0],
        percent([answer.precision for _, answer in poisoned]),
        percent([answer.recall for _, answer in poisoned]),
        f"{recalls[lowest]:.1%}: {lowest}",
        f"{max(clean):.2%}" if clean else "–",
    ]
