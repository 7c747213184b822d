"""The detectors that ask the trained model again and again, in every regime: all poison and some of the clean data."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Annotated

import numpy as np
import typer

from benchmarks.parts.cells import number, percent, table
from benchmarks.parts.data import draw_bona_fide
from benchmarks.parts.hardware import hardware
from benchmarks.parts.judged import COMPARED, Judged, judge
from benchmarks.parts.lab_regimes import LAB, held_back
from benchmarks.parts.studies import REGIMES, Study, fitted_study
from benchmarks.parts.traced import Fitted, trace
from core.detectors import DETECTORS, DetectorEntry
from core.types import Evidence

# Detectors of the field that are none of the consensus' own scores, and the lab's regimes that they are shown.
FIELD = ("heatmap_clustering", "backdoor_smoothing", "ted", "flare", "scan")
ROWS = (
    "fashion_mnist/clean/0",
    "fashion_mnist/patch/5",
    "fashion_mnist/photograph/5",
    "fashion_mnist/tact_patch/5",
    "mnist/patch/33",
    "fashion_mnist/sticker/5",
    "fashion_mnist/warp/20",
    "fashion_mnist/low_frequency/10",
    "fashion_mnist/adaptive_blend/5",
    "mnist/clean/0",
    "cifar10/clean/0",
    "fashion_mnist/clean_duplicates/0",
)
ASKING = [entry for entry in DETECTORS.values() if "model" in entry.needs]


def asking(
    *,
    data: Annotated[Path, typer.Option(help="A folder of npz files; see benchmarks/README.md.")],
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0.")] = None,
    clean: Annotated[
        int, typer.Option(help="How many clean samples are asked about, the bona fide among them.")
    ] = 1000,
    only: Annotated[list[str] | None, typer.Option(help="Only these rows, by key; may be repeated.")] = None,
    field: Annotated[
        bool, typer.Option("--field", help="The detectors of FIELD beside the consensus on regimes of the lab instead.")
    ] = False,
) -> None:
    """AUROC of the detectors that need the model itself, in each regime; their cost forbids asking about everything."""
    if field:
        regimes = {regime.name: regime.study for regime in LAB if regime.name in (only or ROWS)}
        typer.echo(field_table(regimes, data, seeds or [0]))
        return
    chosen = [study for study in REGIMES if not only or study.key in only]
    typer.echo(asking_table(chosen, data, seeds or [0], clean))


def field_table(regimes: Mapping[str, Study], data: Path, seeds: Sequence[int]) -> str:
    """The detectors of FIELD and the consensus on all samples of each regime, by its name, as Markdown."""
    rows = []
    for regime, study in regimes.items():
        runs = [fitted_study(study, data, seed) for seed in seeds]
        evidence = [replace(trace(run).evidence(), model=run.model) for run in runs]
        poison = [np.zeros(len(run.dataset), np.bool_) if run.truth is None else run.truth.is_poison for run in runs]
        for name in (COMPARED, *FIELD):
            started = process_time()
            found = [judge(DETECTORS[name], *pair) for pair in zip(poison, evidence, strict=True)]
            seconds = (process_time() - started) / len(runs)
            cells = [number([one.auroc for one in found])]
            cells += [percent([getattr(one, what) for one in found]) for what in ("precision", "recall", "flagged")]
            half = "held back" if held_back(regime) else "tuned"
            rows.append([regime, half, DETECTORS[name].title, *cells, f"{seconds:.0f}"])
    about = f"training seeds {', '.join(map(str, seeds))}; one draw of 250 bona fide samples"
    heads = ["regime", "half", "detector", "AUROC", "precision", "recall", "flagged", "processor seconds"]
    return "\n".join([f"{hardware()}; {about}.", "", *table(heads, rows)])


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
