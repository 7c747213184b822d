"""How long the server takes to answer each action of a reviewer on a large run, made up for the purpose."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated
from unittest.mock import patch

import numpy as np
import typer
from streamlit.testing.v1 import AppTest

from benchmarks.hardware import hardware
from core import families, runs
from core.config import TrainConfig
from core.datasets import store
from core.families import Family
from core.types import Dataset, Detection

APP = Path(__file__).parents[1] / "app.py"
FEATURES, EPOCHS, SIDE, CLASSES = 128, 16, 28, 10
DETECTORS = ("consensus", "activation_clustering", "badloss", "spectral_signatures")


def review(
    samples: Annotated[int, typer.Option(help="How many samples the made-up run has.")] = 100_000,
    repeats: Annotated[int, typer.Option(help="Of every action.")] = 5,
    flagged: Annotated[float, typer.Option(help="Share of the samples that detectors flag.")] = 0.02,
) -> None:
    """Milliseconds from an action until the page is drawn again, each the median over some repeats."""
    typer.echo(f"{hardware()}; {samples:,} samples, {flagged:.0%} of them flagged; server time, one session\n")
    typer.echo(review_table(samples, repeats, flagged))


def review_table(samples: int, repeats: int, flagged: float = 0.02) -> str:
    """The table as Markdown: action, processor milliseconds and wall milliseconds, median and worst."""
    with TemporaryDirectory() as folder:
        run = made_up_run(Path(folder), samples, flagged)
        times = measured(run, repeats)
    lines = ["| action | processor ms, median | worst | wall ms, median |", "|---|---:|---:|---:|"]
    for name, found in times.items():
        processor, wall = zip(*found, strict=True)
        lines.append(f"| {name} | {median(processor):.0f} | {max(processor):.0f} | {median(wall):.0f} |")
    return "\n".join(lines)


def measured(run: runs.Run, repeats: int) -> dict[str, list[tuple[float, float]]]:
    """Action → its processor and wall milliseconds, once for each repeat; the first look at the page is left out."""
    with patch.dict(os.environ, ASSAY_WORKSPACE=str(run.workspace), ASSAY_REVIEWER="somebody"):
        page = AppTest.from_file(str(APP), default_timeout=60).run().switch_page("pages/review.py").run()
        assert not page.exception, page.exception
        actions = _actions(page)
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in actions}
        for _ in range(repeats):
            for name, act in actions.items():
                processor, wall = time.process_time(), time.perf_counter()
                act()
                found[name].append((1e3 * (time.process_time() - processor), 1e3 * (time.perf_counter() - wall)))
                assert not page.exception, page.exception
    return found


def made_up_run(workspace: Path, samples: int, flagged: float) -> runs.Run:
    """A finished run on noise, whose detectors flag a share of the samples, in two families."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, samples)
    images = rng.integers(0, 255, (samples, SIDE, SIDE, 1), np.uint8)
    names, trusted = tuple(f"class {index}" for index in range(CLASSES)), np.arange(samples) % 400 == 0
    none = np.empty((0, SIDE, SIDE, 1), np.uint8), np.empty(0, np.int64)
    dataset = Dataset("made up", np.arange(samples), images, labels, *none, names, trusted)
    info = store.save(workspace, dataset, source="benchmark")
    plan = ["train", "activations", *(f"detect:{name}" for name in DETECTORS), families.STAGE]
    run = runs.create(workspace, info, asdict(TrainConfig()), plan)
    arrays = {"predictions": labels, "final_losses": rng.random(samples, np.float32)}
    arrays |= {
        "activations": rng.random((samples, FEATURES), np.float32),
        "losses": rng.random((samples, EPOCHS), np.float32),
    }
    for name, array in arrays.items():
        runs.save_array(run, name, array)
    suspicion = rng.random(samples, np.float32)
    poison = suspicion > np.quantile(suspicion, 1 - flagged)
    for name in DETECTORS:
        runs.save_detection(run, name, Detection(suspicion, poison, np.where(poison, 1, 0)), {}, 1.0)
    groups = [Family(1, 0, int(poison[::2].sum()), 0.9), Family(2, 1, int(poison[1::2].sum()), 0.9)]
    families.save(run, poison, np.arange(samples) % 2 + 1, groups, None)
    return runs.update(run, stages=dict.fromkeys(plan, 1.0))


def _actions(page: AppTest) -> Mapping[str, Callable[[], object]]:
    """Each thing that a reviewer does, as the page's own buttons."""

    def click(key: str) -> Callable[[], object]:
        return lambda: page.button(key=key).click().run()

    return {
        "look at the page again": page.run,
        "exclude the sample in focus": click("exclude-selection"),
        "keep the sample in focus": click("keep-selection"),
        "next undecided": click("press-skip_next"),
        "undo": click("press-undo"),
        "redo": click("press-redo"),
        "filter by class": lambda: page.selectbox(key="given").select(3).run(),
        "clear the filters": click("clear-filters"),
        "choose a family": click("choose-family-1"),
        "ask to exclude the family": click("exclude-family"),
        "exclude the family": click("confirm"),
        "undo that": click("press-undo"),
        "all families": click("choose-family-None"),
        "its neighbours": lambda: page.segmented_control(key="view").set_value("Neighbours").run(),
        "neighbours of the next": click("press-skip_next"),
        "its history": lambda: page.segmented_control(key="view").set_value("History").run(),
        "its loss curve": lambda: page.segmented_control(key="view").set_value("Curve").run(),
    }
