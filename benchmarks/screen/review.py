"""How long the server takes to answer each action of a reviewer on a large run, made up for the purpose."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer

from benchmarks.parts.hardware import hardware
from benchmarks.parts.visiting import Visit, visited
from core import runs, settings
from core.analysis import families
from core.analysis.families import Family
from core.data import store
from core.files import write_json
from core.modalities.image.inputs import ImageInputs
from core.runs.plan import ACTIVATIONS, FAMILIES, TRAIN, detection, texts
from core.training.config import TrainConfig
from core.types import Dataset, Detection
from tests.browser.server import served

ENVIRONMENT = {settings.REVIEWER: "somebody", settings.NO_DEMO: "1"}
# Of the made-up run.
FEATURES = 128
EPOCHS = 16
SIDE = 28
CLASSES = 10
DETECTORS = ("consensus", "activation_clustering", "badloss", "spectral_signatures")


def review(
    samples: Annotated[int, typer.Option(help="How many samples the made-up run has.")] = 100_000,
    repeats: Annotated[int, typer.Option(help="Of every action.")] = 5,
    flagged: Annotated[float, typer.Option(help="Fraction of the samples that detectors flag.")] = 0.02,
) -> None:
    """Milliseconds from an action's message to the last word of the answer, over some repeats of each."""
    typer.echo(f"{hardware()}; {samples:,} samples, {flagged:.0%} of them flagged; server time, one session\n")
    typer.echo(review_table(samples, repeats, flagged))


def review_table(samples: int, repeats: int, flagged: float = 0.02) -> str:
    """The table as Markdown: action, processor milliseconds and wall milliseconds, median and worst."""
    with TemporaryDirectory() as folder:
        run = made_up_run(Path(folder), samples, flagged)
        times = measured(run, repeats)
    lines = ["| action | processor ms, median | worst | wall ms, median | worst |", "|---|---:|---:|---:|---:|"]
    for name, found in times.items():
        figures = (f"{median(one):.0f} | {max(one):.0f}" for one in zip(*found, strict=True))
        lines.append(f"| {name} | {' | '.join(figures)} |")
    return "\n".join(lines)


def measured(run: runs.Run, repeats: int) -> dict[str, list[tuple[float, float]]]:
    """Action → the server's processor and wall milliseconds, once for each repeat; a first round is left out."""
    found: dict[str, list[tuple[float, float]]] = {}
    with served(run.workspace, ENVIRONMENT) as server, visited(server) as visit:
        visit.open("review")
        for turn in range(repeats + 1):
            for name, act in _actions(visit, run).items():
                processor, wall = server.processor_seconds(), time.perf_counter()
                act()
                took = 1e3 * (server.processor_seconds() - processor), 1e3 * (time.perf_counter() - wall)
                if turn:
                    found.setdefault(name, []).append(took)
    return found


def made_up_run(
    workspace: Path,
    samples: int,
    flagged: float,
    shape: tuple[int, int, int] = (SIDE, SIDE, 1),
    detectors: tuple[str, ...] = DETECTORS,
) -> runs.Run:
    """A finished run on noise, whose detectors flag a fraction of the samples, in two families."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, samples)
    images = ImageInputs(rng.integers(0, 255, (samples, *shape), np.uint8))
    names, trusted = tuple(f"class {index}" for index in range(CLASSES)), np.arange(samples) % 400 == 0
    none = images.take([]), np.empty(0, np.int64)
    dataset = Dataset("made up", np.arange(samples), images, labels, *none, names, trusted)
    info = store.save(workspace, dataset, source="benchmark")
    plan = texts([TRAIN, ACTIVATIONS, *map(detection, detectors), FAMILIES])
    run = runs.create(workspace, info, asdict(TrainConfig()), plan)
    arrays = {"predictions": labels, "final_losses": rng.random(samples, np.float32)}
    arrays |= {
        "activations": rng.random((samples, FEATURES), np.float32),
        "losses": rng.random((samples, EPOCHS), np.float32),
    }
    for name, array in arrays.items():
        runs.save_array(run, name, array)
    figures = {"train_accuracy": 0.9, "test_accuracy": None, "train_loss": 0.3, "test_loss": None, "seconds": 3.0}
    history = [{"epoch": epoch + 1, "class_accuracy": [0.9] * CLASSES, **figures} for epoch in range(EPOCHS)]
    write_json(run.path / "history.json", history)
    suspicion = rng.random(samples, np.float32)
    poison = suspicion > np.quantile(suspicion, 1 - flagged)
    for name in detectors:
        runs.save_detection(run, name, Detection(suspicion, poison, np.where(poison, 1, 0)), {}, 1.0)
    groups = [Family(1, 0, int(poison[::2].sum()), 0.9), Family(2, 1, int(poison[1::2].sum()), 0.9)]
    families.save(run, poison, np.arange(samples) % 2 + 1, groups, None)
    return runs.update(run, stages=dict.fromkeys(plan, 1.0))


def _actions(visit: Visit, run: runs.Run) -> Mapping[str, Callable[[], None]]:
    """Each thing that a reviewer does."""

    def press(key: str) -> Callable[[], None]:
        return lambda: visit.press(key)

    def enter(key: str, kind: str, value: object) -> Callable[[], None]:
        return lambda: visit.enter(key, kind, value)

    def bound(name: str, kind: str, value: object) -> Callable[[], None]:
        return lambda: visit.enter(visit.current(name), kind, value)

    return {
        "look at the page again": visit.look,
        "exclude the sample in focus": press("exclude-selection"),
        "keep the sample in focus": press("keep-selection"),
        "next undecided": press("press-skip_next"),
        "undo": press("press-undo"),
        "redo": press("press-redo"),
        "turn the page": bound("review-page", "int_value", 2),
        "turn it back": bound("review-page", "int_value", 1),
        "select all visible": press("choose-page"),
        "exclude the selection": press("exclude-selection"),
        "undo that": press("press-undo"),
        "select the whole queue": press("choose-all"),
        "select nothing": press("press-close"),
        "filter by class": bound(f"class-{run.id}", "string_value", "class 3"),
        "clear the filters": press("clear-filters"),
        "choose a family": press("choose-family-1"),
        "ask to exclude the family": press("exclude-family"),
        "exclude the family": press("confirm"),
        "undo the family": press("press-undo"),
        "all families": press("choose-family-None"),
        "its neighbours": enter("view", "string_array_value", ["Neighbours"]),
        "neighbours of the next": press("press-skip_next"),
        "its history": enter("view", "string_array_value", ["History"]),
        "its loss curve": enter("view", "string_array_value", ["Curve"]),
        "the whole screen": press("press-fullscreen"),
        "keep it there": press("keep-selection"),
        "leave it": press("press-fullscreen"),
    }
