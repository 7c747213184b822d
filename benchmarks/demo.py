"""The built-in demo over several seeds: before and after excluding what is flagged."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.parts.hardware import hardware
from core import pipeline


def demo(
    seeds: Annotated[list[int] | None, typer.Option("--seed", help="May be repeated; default 0, 1, 2.")] = None,
) -> None:
    """Clean accuracy, attack success rates, samples removed and detector quality of the demo, mean ± sd over seeds."""
    typer.echo(demo_table(seeds or [0, 1, 2], pipeline.whole_demo))


def demo_table(seeds: Sequence[int], journey: Callable[[Path, int], dict[str, Any]]) -> str:
    """The table as Markdown; `journey(workspace, seed)` returns what `python -m core demo --json` prints."""
    with tempfile.TemporaryDirectory() as folder:
        results = [journey(Path(folder) / str(seed), seed) for seed in seeds]
    lines = [
        f"{hardware()}; seeds {', '.join(map(str, seeds))}; mean ± sd.",
        "",
        "| | before | after |",
        "|---|---|---|",
    ]
    sides = [[result[side] for result in results] for side in ("before", "after")]
    lines.append(_row("clean accuracy", *([one["clean_accuracy"] for one in side] for side in sides)))
    for name in results[0]["before"]["attack_success_rate"]:
        rates = ([one["attack_success_rate"][name] for one in side] for side in sides)
        lines.append(_row(f"attack success rate, {name.replace('_', ' ')}", *rates))
    removed = [result["removed"] for result in results]
    lines.append(f"| samples removed | | {np.mean(removed):.0f} ± {np.std(removed):.0f} |")
    lines += ["", "| detector | AUROC | precision | recall | flagged |", "|---|---|---|---|---|"]
    for name in results[0]["detectors"]:
        found = [result["detectors"][name] for result in results]
        shares = " | ".join(_percent([one[key] for one in found]) for key in ("precision", "recall"))
        auroc, flagged = [one["auroc"] for one in found], [one["flagged"] for one in found]
        count = f"{np.mean(flagged):.0f} ± {np.std(flagged):.0f}"
        lines.append(f"| {name} | {np.mean(auroc):.3f} ± {np.std(auroc):.3f} | {shares} | {count} |")
    seconds = [result["seconds"] for result in results]
    return "\n".join([*lines, "", f"{np.mean(seconds):.0f} s a seed, both trainings and all maps included."])


def _row(name: str, before: Sequence[float], after: Sequence[float]) -> str:
    return f"| {name} | {_percent(before)} | {_percent(after)} |"


def _percent(values: Sequence[float]) -> str:
    return f"{100 * np.mean(values):.1f} ± {100 * np.std(values):.1f} %"
