"""ImageNet's size at a hundredth: images of 224 pixels in a mapped file, each step timed alone, then a training."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks.on_gpu.detecting import made_up
from benchmarks.on_gpu.measuring import Row, gigabytes, rate, took
from benchmarks.on_gpu.plain import Case
from core.detectors import DETECTORS
from core.devices import Compute
from core.errors import UserError
from core.modalities.image.batches import Resident, augmentation
from core.modalities.image.inputs import ImageInputs
from core.modalities.image.store import open_inputs
from core.training.config import TrainConfig
from core.training.steps import Fitting, planned, trained

PER_CLASS = 1280  # as in ImageNet, which has 1,000 classes
AUGMENTED = 64  # images that are cropped and resized together


@dataclass(frozen=True)
class Size:
    """How much of everything.

    Attributes:
        case: the network, its images' size and its batch.
        images: in the file.
        steps: of training.
        width: features of the made-up activations.
    """

    case: Case
    images: int
    steps: int
    width: int


def scale_rows(folder: Path, size: Size, compute: Compute) -> Iterator[Row]:
    """A row for reading, for augmentation, for training from the file, and for each detector that reads arrays.

    Args:
        folder: where the file of images is written; it is deleted afterwards.
        size: how much of everything.
        compute: where and how precisely.
    """
    path = folder / "scale.npy"
    try:
        inputs = _written(path, size.images, size.case.side)
        yield from _training_rows(inputs, size.case, size.steps, compute)
    finally:
        path.unlink(missing_ok=True)
    yield from _detector_rows(size.images, size.width, compute)


def _training_rows(inputs: ImageInputs, case: Case, steps: int, compute: Compute) -> Iterator[Row]:
    n, moving = len(inputs), Resident(inputs, compute.device)
    about = f"{n:,} images of {case.side} px"
    parts = torch.randperm(n).split(case.batch)
    read = took(lambda: sum(len(batch) for batch in moving.streamed(parts)), compute.device)
    yield Row(f"{about}, {inputs.nbytes / 1e9:.2f} GB mapped: read in random order, as floats", _each(n, read.seconds))
    changed = augmentation("resized_crop_flip")
    batch = moving.batch(torch.arange(min(n, AUGMENTED)))
    draws = changed.draws(len(batch), torch.Generator().manual_seed(0)).to(compute.device)
    resized = took(lambda: changed.apply(batch, draws), compute.device)
    yield Row(f"{about}: cropped, resized and mirrored", _each(len(batch), resized.seconds))
    used = inputs.take(slice(steps * case.batch))
    config = TrainConfig(epochs=1, batch_size=case.batch, augment="resized_crop_flip")
    network = case.network().to(compute.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    labels = torch.arange(len(used), device=compute.device) % 10
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3, fused=compute.on_gpu or None)
    fitting = Fitting(config, compute, network, optimizer, changed, lambda fraction: None, lambda words: None)
    plan = planned(len(used), config, changed, 0, labels)
    whole = took(lambda: trained(network, Resident(used, compute.device), plan, fitting, 1), compute.device)
    title = f"{about}: {case.title}, {len(plan.rows)} steps of training from the file"
    yield Row(title, _each(len(used), whole.seconds), memory=gigabytes(whole.memory))


def _detector_rows(n: int, width: int, compute: Compute) -> Iterator[Row]:
    evidence = made_up(n, width, max(1, n // PER_CLASS))
    for entry in DETECTORS.values():
        if {"images", "model"} & set(entry.needs):
            continue
        try:
            found = took(partial(entry.load(), evidence), compute.device)
        except (ImportError, UserError) as error:
            yield Row(entry.title, f"cannot run here: {str(error).splitlines()[0]}")
            continue
        yield Row(f"{entry.title}, {n:,} × {width}, {evidence.n_classes} classes", _each(n, found.seconds))


def _written(path: Path, n: int, side: int) -> ImageInputs:
    rng = np.random.default_rng(0)
    images = np.lib.format.open_memmap(path, "w+", np.uint8, (n, side, side, 3))
    for start in range(0, n, AUGMENTED):
        images[start : start + AUGMENTED] = rng.integers(0, 256, images[start : start + AUGMENTED].shape, np.uint8)
    images.flush()
    return open_inputs(path)


def _each(n: int, seconds: float) -> str:
    return f"{1e3 * seconds / n:.3g} ms each, {rate(n, seconds)}"
