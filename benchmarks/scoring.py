"""BaDLoss scoring at the size of ImageNet-1k, side by side with scikit-learn's nearest neighbours."""

from typing import Annotated

import numpy as np
import typer
from sklearn.neighbors import NearestNeighbors

from benchmarks.parts.hardware import hardware
from benchmarks.parts.timing import Timed, timed
from core.detectors.parts.trajectories import bona_fide_distance
from core.types import Bools, Floats

SAMPLES = 1_280_000  # as many as ImageNet
EPOCHS = 30
BONA_FIDE = 250
NEIGHBORS = 50
REPEATS = 3  # the fastest counts
CHECKED = 20_000  # samples whose scores are compared one by one
Runs = list[Timed[Floats]]


def scoring(
    samples: Annotated[int, typer.Option(help="Trajectories to score.")] = SAMPLES,
    seed: Annotated[int, typer.Option(help="Of the made-up losses.")] = 0,
) -> None:
    """BaDLoss scores of 1,280,000 loss trajectories against 250 bona fide ones: time and memory beside scikit-learn."""
    typer.echo(scoring_table(samples, seed))


def scoring_table(samples: int, seed: int) -> str:
    """Both as Markdown: run in turn, three times each, on the same cores; the fastest run counts."""
    losses, bona_fide = falling_losses(samples, seed)
    ours: Runs = []
    theirs: Runs = []
    for _ in range(REPEATS):
        theirs.append(timed(lambda: peer_distance(losses, bona_fide)))
        ours.append(timed(lambda: bona_fide_distance(losses, bona_fide, NEIGHBORS)))
    errors = [largest_error(runs[0].result, losses, bona_fide) for runs in (theirs, ours)]
    wall, processor = (
        [min(getattr(run, key) for run in runs) for runs in (theirs, ours)] for key in ("wall", "processor")
    )
    memory = [max(run.memory for run in runs) / 1e6 for runs in (theirs, ours)]
    rows = {
        "wall time, s": [f"{value:.2f}" for value in wall],
        "processor time, s": [f"{value:.2f}" for value in processor],
        "peak of extra memory, MB": [f"{value:.0f}" for value in memory],
        "largest relative error against float64": [f"{value:.1e}" for value in errors],
    }
    about = f"{samples:,} × {EPOCHS} losses against {BONA_FIDE}, k = {NEIGHBORS}; best of {REPEATS}, run in turn"
    lines = [
        f"{hardware()}; seed {seed}; {about}.",
        "",
        "| | scikit-learn NearestNeighbors | Assay |",
        "|---|---|---|",
        *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()),
        f"| times as fast (wall; processor) | 1 | **{wall[0] / wall[1]:.1f}**; {processor[0] / processor[1]:.1f} |",
    ]
    return "\n".join(lines)


def falling_losses(samples: int, seed: int) -> tuple[Floats, Bools]:
    """(n, 30) made-up losses that fall from log 1000, each at its own pace, and 250 of them as bona fide."""
    rng = np.random.default_rng(seed)
    pace = rng.lognormal(0, 0.5, (samples, 1)).astype(np.float32)
    losses = np.log(np.float32(1000)) * np.exp(-pace * np.arange(1, EPOCHS + 1, dtype=np.float32) / 5)
    losses *= np.exp(rng.normal(0, 0.2, losses.shape).astype(np.float32))
    bona_fide = np.zeros(samples, np.bool_)
    bona_fide[rng.choice(samples, BONA_FIDE, replace=False)] = True
    return losses, bona_fide


def peer_distance(losses: Floats, bona_fide: Bools) -> Floats:
    """The mean distance to the 50 nearest, by scikit-learn; a bona fide sample counts itself there."""
    found = NearestNeighbors(n_neighbors=NEIGHBORS).fit(losses[bona_fide])
    return np.asarray(found.kneighbors(losses)[0].mean(1), np.float32)


def largest_error(found: Floats, losses: Floats, bona_fide: Bools) -> float:
    """The largest relative error of the first 20,000 that are not bona fide, against plain float64 differences."""
    rows = np.flatnonzero(~bona_fide)[:CHECKED]
    references = losses[bona_fide].astype(np.float64)
    exact = np.empty(len(rows))
    for place, row in enumerate(rows):
        exact[place] = np.sort(np.sqrt(((losses[row] - references) ** 2).sum(1)))[:NEIGHBORS].mean()
    return float((np.abs(found[rows] - exact) / exact).max())
