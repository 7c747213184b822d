"""How long it takes to import many image files, how much memory, and how long until they are open again."""

import io
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from benchmarks.parts.hardware import hardware
from core.data import store

ROOT = Path(__file__).parents[1]
N_CLASSES = 10
DISTINCT = 200
SAMPLING = 0.02


@dataclass(frozen=True)
class Imported:
    """Wall and processor time in seconds, peak memory in bytes, and the seconds to open the result again."""

    wall: float
    processor: float
    memory: int
    reopening: float


def importing(
    small: Annotated[int, typer.Option(help="How many PNG files of 32 pixels; 0 for none.")] = 50_000,
    large: Annotated[int, typer.Option(help="How many JPEG files of 224 pixels; 0 for none.")] = 100_000,
) -> None:
    """Seconds and peak memory of `python -m core import` on generated files, each kind in a process of its own."""
    typer.echo(importing_table(small, large))


def importing_table(small: int, large: int) -> str:
    """The table as Markdown."""
    rows = []
    for n, side, kind in ((small, 32, "PNG"), (large, 224, "JPEG")):
        if n:
            found = imported(n, side, kind)
            rows.append(
                f"| {n:,} {kind} files, {side} px | {found.wall:.1f} | {found.processor:.1f} "
                f"| {found.memory / 2**20:.0f} | {found.reopening:.2f} |"
            )
    head = ["| | seconds | processor seconds | peak memory, MB | seconds to open again |", "|---|---|---|---|---|"]
    return "\n".join([f"{hardware()}.", "", *head, *rows])


def imported(n: int, side: int, kind: str) -> Imported:
    """Import `n` generated files, in a process of its own so that its memory is its own."""
    with TemporaryDirectory() as folder:
        generate(Path(folder) / "images", n, side, kind)
        wall, processor, memory = watched(["import", f"{folder}/images", "--workspace", folder])
        started = time.perf_counter()
        dataset = store.load(Path(folder), store.describe_all(Path(folder))[0].id)
        reopening = time.perf_counter() - started
        if (len(dataset), *dataset.shape) != (n, side, side, 3):
            raise ValueError(f"{len(dataset)} of {dataset.shape} were imported instead of {n} images")
    return Imported(wall, processor, memory, reopening)


def watched(arguments: list[str]) -> tuple[float, float, int]:
    """Wall and processor seconds and peak memory in bytes of `python -m core …`.

    The peak is read while it runs: what the system adds up for a child at its end begins with the parent's own memory.
    """
    started, memory = time.perf_counter(), 0
    worker = subprocess.Popen([sys.executable, "-m", "core", *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    while True:
        memory = max(memory, _peak(worker.pid))
        pid, status, used = os.wait4(worker.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(SAMPLING)
    worker.returncode = os.waitstatus_to_exitcode(status)
    if worker.returncode:
        raise ValueError(f"python -m core {arguments[0]} ended with {worker.returncode}")
    return time.perf_counter() - started, used.ru_utime + used.ru_stime, memory


def _peak(pid: int) -> int:
    """The most memory that a process has had so far, in bytes; 0 where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def generate(folder: Path, n: int, side: int, kind: str) -> None:
    """Write `n` different files in folders of classes: a few hundred images, each with many tails that mean nothing."""
    images = [_encoded(seed, side, kind) for seed in range(min(n, DISTINCT))]
    for index in range(N_CLASSES):
        (folder / f"class {index}").mkdir(parents=True)
    for index, image in zip(range(n), cycle(images), strict=False):
        path = folder / f"class {index % N_CLASSES}" / f"{index:06}.{kind.lower()}"
        path.write_bytes(image + index.to_bytes(4, "big"))


def _encoded(seed: int, side: int, kind: str) -> bytes:
    """A smooth picture with some noise, about as large as a photograph of its size."""
    rng, buffer = np.random.default_rng(seed), io.BytesIO()
    coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    pixels = np.asarray(coarse).astype(int) + rng.integers(-12, 13, (side, side, 3))
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(buffer, kind)
    return buffer.getvalue()
