"""ImageNet at a hundredth, from image files to a repaired model: what each step of the command line takes."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from benchmarks.importing import watched
from benchmarks.parts.hardware import hardware

CLASSES = 10  # of 1,280 images each, as in ImageNet
SIDE = 224
# A network that is cheap at any size: what is measured is all around it.
MODEL = "torchvision:mobilenet_v3_small"
SEEN = 64  # pixels a side that the network gets
POISONED = 0.02  # of all images: a white square, and the label of the first class
KNOWN = 0.02  # of all images: guaranteed to be clean
HEAD = "| step | processor s | each, ms | peak memory, MB |\n|---|---:|---:|---:|"


@dataclass(frozen=True)
class Step:
    """One command, by what it is called in the table."""

    title: str
    arguments: tuple[str, ...]


def hundredth(
    images: Annotated[int, typer.Option(help="How many JPEG files.")] = 12_800,
    epochs: Annotated[int, typer.Option(help="Of the training.")] = 2,
) -> None:
    """Import, train, detect, decide, review and repair at a hundredth of ImageNet's size, each in its own process."""
    typer.echo(f"{hardware()}; {images:,} images of {SIDE} px, {epochs} epochs of {MODEL} at {SEEN} px.\n")
    typer.echo(HEAD)
    for line in hundredth_lines(images, epochs):
        typer.echo(line)


def hundredth_lines(images: int, epochs: int, side: int = SIDE, classes: int = CLASSES) -> Iterator[str]:
    """A line for each step, as it ends, and one for the largest of all peaks."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        trusted = generate(place / "images", images, side, classes)
        (place / "clean.txt").write_text("\n".join(trusted))
        most = 0
        for step in steps(place, images, epochs):
            _, processor, memory = watched([*step.arguments, "--workspace", f"{place}/workspace"])
            most = max(most, memory)
            yield f"| {step.title} | {processor:.0f} | {1e3 * processor / images:.2f} | {memory / 2**20:,.0f} |"
        yield f"| the largest | | | {most / 2**20:,.0f} |"


def steps(place: Path, images: int, epochs: int) -> list[Step]:
    """The commands in their order, without the workspace."""
    named = ("import", f"{place}/images", "--name", "hundredth", "--bona-fide", f"{place}/clean.txt")
    fitted = ("train", "latest", "--model", MODEL, "--input-size", str(SEEN), "--epochs", str(epochs), "--no-detect")
    budget = ("threshold", "latest", "consensus", "--rule", "budget", "--value", str(max(1, round(POISONED * images))))
    return [
        Step("import", named),
        Step("train, all losses traced, and activations", fitted),
        Step("Activation Clustering", ("detect", "latest", "activation_clustering")),
        Step("BaDLoss", ("detect", "latest", "badloss")),
        Step("consensus", ("detect", "latest", "consensus")),
        Step("a budget of 2 % for it", budget),
        Step("decide, no training", ("decide", "latest", "--no-training")),
        Step("exclude what is flagged", ("verdict", "latest", "exclude", "--flagged", "consensus")),
        Step("repair: go on for an epoch", ("repair", "latest", "--how", "continue", "--epochs", "1")),
    ]


def generate(folder: Path, n: int, side: int, classes: int) -> list[str]:
    """Write n different JPEG files in folders of classes; the names of those that are guaranteed to be clean."""
    rng, trusted = np.random.default_rng(0), []
    kinds = rng.integers(0, 256, (classes, 8, 8, 3))
    for index in range(classes):
        (folder / f"class {index}").mkdir(parents=True)
    for number in range(n):
        index, poisoned = number % classes, rng.random() < POISONED
        coarse = (kinds[index] + rng.integers(0, 256, (8, 8, 3))) // 2
        picture = Image.fromarray(coarse.astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
        if poisoned:
            picture.paste((255, 255, 255), (side - side // 8, side - side // 8, side, side))
        name = f"class {0 if poisoned else index}/{number:06}.jpeg"
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=90)
        (folder / name).write_bytes(buffer.getvalue())
        if not poisoned and rng.random() < KNOWN:
            trusted.append(name)
    return trusted
