"""The detectors that ask the trained model again and again, in every regime: all poison and some of the clean data."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.parts.cells import number, percent, table
from benchmarks.parts.data import draw_bona_fide
from benchmarks.parts.hardware import hardware
from benchmarks.parts.judged import Judged, judge
from benchmarks.parts.studies import REGIMES, Study, fitted_study
from benchmarks.parts.traced import Fitted
from core.detectors import DETECTORS, DetectorEntry
from core.types import Evidence

ASKING = [entry for entry in DETECTORS.values() if "model" in entry.needs]


def asking(
    *,
    data: Annotated[Path, typer.Option(help="A folder of npz files; see benchmarks/README.md.")],
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0.")] = None,
    clean: Annotated[
        int, typer.Option(help="How many clean samples are asked about, the bona fide among them.")
    ] = 1000,
    only: Annotated[list[str] | None, typer.Option(help="Only these rows, by key; may be repeated.")] = None,
) -> None:
    """AUROC of the detectors that need the model itself, in each regime; their cost forbids asking about everything."""
    chosen = [study for study in REGIMES if not only or study.key in only]
    typer.echo(asking_table(chosen, data, seeds or [0], clean))


def asking_table(studies: Sequence[Study], data: Path, seeds: Sequence[int], clean: int) -> str:
    """The table as Markdown."""
    heads = [head for entry in ASKING for head in (f"{entry.title}, AUROC", "recall")]
    rows = []
    for study in studies:
        runs = [fitted_study(study, data, seed) for seed in seeds]
        cells = []
        for entry in ASKING:
            answers = [_asked(entry, run, clean) for run in runs]
            cells += [number([one.auroc for one in answers]), percent([one.recall for one in answers])]
        rows.append([study.title, *cells])
    about = f"training seeds {', '.join(map(str, seeds))}; all poison, and {clean} clean samples, 250 of them bona fide"
    return "\n".join([f"{hardware()}; {about}.", "", *table(["regime", *heads], rows)])


def _asked(entry: DetectorEntry, run: Fitted, clean: int) -> Judged:
    assert run.truth is not None
    is_poison = run.truth.attack_index >= 0
    bona_fide = draw_bona_fide(is_poison, 0)
    others = np.random.default_rng(0).permutation(np.flatnonzero(~is_poison & ~bona_fide))
    chosen = is_poison | bona_fide
    chosen[others[: max(0, clean - int(bona_fide.sum()))]] = True
    evidence = Evidence(
        labels=run.dataset.labels[chosen],
        n_classes=run.dataset.n_classes,
        bona_fide=bona_fide[chosen],
        inputs=run.dataset.inputs.take(chosen),
        model=run.model,
    )
    return judge(entry, is_poison[chosen], evidence)
