"""Assay on a GPU beside plain PyTorch, the card's own limit and the CPU: one command, one Markdown table.

`python -m benchmarks.gpu --data FILE`, with a file of `benchmarks.gpu_data`. It needs PyTorch, torchvision, NumPy,
SciPy, scikit-learn, pandas and Pillow only. Rows are printed as they come, so a run that is cut short leaves a table.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.on_gpu.detecting import detector_rows, made_up, network_detector_rows
from benchmarks.on_gpu.equality import equality_rows
from benchmarks.on_gpu.measuring import HEAD, Clock, Row
from benchmarks.on_gpu.networks import enlarged, network_rows
from benchmarks.on_gpu.paper import Setting, paper_rows
from benchmarks.on_gpu.plain import Case, peaks
from benchmarks.on_gpu.scale import Size, scale_rows
from benchmarks.parts.hardware import hardware
from benchmarks.parts.packed import unpacked
from core.devices import Compute, compute_for
from core.modalities.image.inputs import ImageInputs
from core.training.config import TrainConfig
from core.types import Dataset


@dataclass(frozen=True)
class Sizes:
    """How much of everything.

    Attributes:
        cases: each network with the number of images that its epochs have.
        matrix: side of the products that the limit is measured with.
        evidence: samples, features and classes of the evidence for detectors.
        equal: images of the comparison with the CPU, and how its model is trained.
        setting: of `--paper`.
        scale: of `--scale`.
    """

    cases: tuple[tuple[Case, int], ...]
    matrix: int
    evidence: tuple[tuple[int, int, int], ...]
    equal: tuple[int, TrainConfig]
    setting: Setting
    scale: Size


EQUAL = TrainConfig("convnet", 2, 64, precision="fp32", augment="crop_flip")
WHOLE = Sizes(
    cases=(
        (Case("small ResNet, 32 px", "small_resnet", 32, 128), 50_000),
        (Case("ResNet-18, 32 px", "resnet18", 32, 128, compiled=True), 50_000),
        (Case("ResNet-50, 32 px", "resnet50", 32, 128), 20_000),
        (Case("ResNet-50, 224 px", "resnet50", 224, 64, at_once=250), 5_000),
    ),
    matrix=8192,
    evidence=((50_000, 512, 10), (1_000_000, 512, 100)),
    equal=(2_000, EQUAL),
    setting=Setting(),
    scale=Size(Case("ResNet-50", "resnet50", 224, 64), 12_800, 100, 2048),
)
SMALL = Sizes(
    cases=(
        (Case("small ResNet, 16 px", "small_resnet", 16, 8), 16),
        (Case("ResNet-18, 16 px", "resnet18", 16, 4), 8),
        (Case("ResNet-50, 16 px", "resnet50", 16, 4), 4),
        (Case("ResNet-50, 72 px", "resnet50", 72, 2), 4),
    ),
    matrix=256,
    evidence=((600, 32, 3),),
    equal=(120, TrainConfig("convnet", 2, 32, precision="fp32", augment="crop_flip")),
    setting=Setting("convnet", "demo", 2, 2, 64),
    scale=Size(Case("ResNet-50", "resnet50", 224, 2), 24, 1, 64),
)


def gpu_rows(dataset: Dataset, sizes: Sizes, compute: Compute, clock: Clock, *, paper: bool = False) -> Iterator[Row]:
    """All rows; what takes longest comes last, and is named without a figure when the time is spent."""
    if paper:
        yield from paper_rows(dataset, sizes.setting, compute, clock)
        return
    matrix, convolution = peaks(compute, sizes.matrix)
    kind = "bfloat16" if compute.bf16 else "float32"
    yield Row(f"the card: {kind} products and 3 × 3 convolutions", f"{convolution / 1e12:.2f} TFLOP/s of convolutions")
    yield Row("the card: products of matrices", f"{matrix / 1e12:.2f} TFLOP/s")
    yield from equality_rows(dataset, *sizes.equal)
    for case, n in sizes.cases:
        some = enlarged(dataset, case.side, n)
        yield from network_rows(case, some, compute, convolution, clock)
    case, n = sizes.cases[0]
    yield from network_detector_rows(enlarged(dataset, case.side, n).inputs, case, compute, clock)
    for n, width, n_classes in sizes.evidence:
        yield from detector_rows(made_up(n, width, n_classes), compute, clock)


def noise(n: int = 400, n_test: int = 100) -> Dataset:
    """Made-up images of four classes, told by a bright corner, for a look at the script without any data."""
    rng = np.random.default_rng(0)
    labels = np.arange(n + n_test) % 4
    images = rng.integers(0, 120, (n + n_test, 32, 32, 3)).astype(np.uint8)
    for image, index in zip(images, labels, strict=True):
        top, left = divmod(int(index), 2)
        image[16 * top : 16 * top + 16, 16 * left : 16 * left + 16] += np.uint8(100)
    return Dataset(
        name="noise",
        ids=np.arange(n),
        inputs=ImageInputs(images[:n]),
        labels=labels[:n],
        test_inputs=ImageInputs(images[n:]),
        test_labels=labels[n:],
        class_names=("a", "b", "c", "d"),
        bona_fide=np.zeros(n, np.bool_),
    )


def main(asked: argparse.Namespace, small: Sizes = SMALL) -> Iterator[str]:
    """The table, line by line; `--small` means these sizes."""
    began = time.monotonic()
    clock, sizes = Clock(began + 60 * asked.minutes), small if asked.small else WHOLE
    if asked.small:
        torch.set_num_threads(1)  # on tiny batches, threads that wait for each other cost ten times what they do
    compute = compute_for("fp32" if asked.small else "auto")  # bfloat16 is emulated slowly by many a CPU
    dataset = unpacked(asked.data) if asked.data else noise()
    yield f"{hardware()}; {dataset.name}, {len(dataset):,} images; seed 0."
    yield ""
    yield HEAD
    found = gpu_rows(dataset, sizes, compute, clock, paper=asked.paper)
    for row in scale_rows(asked.scale, sizes.scale, compute) if asked.scale else found:
        yield row.line()
    memory = (
        f" of {torch.cuda.get_device_properties(compute.device).total_memory / 1e9:.0f} GB" if compute.on_gpu else ""
    )
    yield ""
    yield f"{time.monotonic() - began:.0f} s in all{memory and ', on a card' + memory}."


def arguments() -> argparse.ArgumentParser:
    """What may be asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--data", type=Path, help="a file of benchmarks.gpu_data; made-up images without it")
    parser.add_argument("--small", action="store_true", help="tiny sizes, to see that everything runs; for a CPU")
    parser.add_argument("--paper", action="store_true", help="BaDLoss' own setting instead, whole")
    parser.add_argument("--scale", type=Path, help="ImageNet's size at a hundredth instead, from a file in this folder")
    parser.add_argument("--minutes", type=float, default=9.0, help="after which nothing new is begun")
    return parser


if __name__ == "__main__":
    for text in main(arguments().parse_args()):
        print(text, flush=True)
