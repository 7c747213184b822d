"""Training, tracing, evaluation and activations of the networks, beside the plain loop and the card's limit."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.on_gpu.measuring import Clock, Row, gigabytes, rate, times, took
from benchmarks.on_gpu.plain import CLASSES, Case, plain_epoch, plain_evaluation, products_per_image
from core.devices import Compute
from core.modalities.image.inputs import ImageInputs
from core.training.activations import choose, extract, layers
from core.training.config import TrainConfig
from core.training.evaluating import evaluate
from core.training.loop import train
from core.types import Dataset

EPOCHS = 2  # the second is timed


def enlarged(dataset: Dataset, side: int, n: int) -> Dataset:
    """The first n images, repeated where there are fewer, in colour, at that size (nearest pixels)."""
    rows = np.arange(n) % len(dataset)
    images = dataset.inputs[rows]
    nearest = np.arange(side) * images.shape[1] // side, np.arange(side) * images.shape[2] // side
    images = np.broadcast_to(images[:, nearest[0]][:, :, nearest[1]], (n, side, side, 3))
    return replace(
        dataset,
        ids=np.arange(n),
        inputs=ImageInputs(np.ascontiguousarray(images)),
        labels=dataset.labels[rows],
        test_inputs=ImageInputs(np.ascontiguousarray(images[:0])),
        test_labels=dataset.test_labels[:0],
        bona_fide=np.zeros(n, np.bool_),
    )


def network_rows(case: Case, dataset: Dataset, compute: Compute, peak: float, clock: Clock) -> Iterator[Row]:
    """The rows of one network; what takes longest comes last, and not at all when the time is spent.

    Args:
        case: the network.
        dataset: n images of its size.
        compute: where and how precisely.
        peak: operations a second of the card's convolutions.
        clock: for the whole script.
    """
    n, title = len(dataset), case.title
    levels = torch.tensor(dataset.inputs[:], device=compute.device)
    labels = torch.tensor(dataset.labels, device=compute.device)
    plain = plain_epoch(case, levels, labels, compute, EPOCHS)
    best = peak / products_per_image(case, training=True)
    config = TrainConfig("convnet", EPOCHS, case.batch, precision="bf16" if compute.bf16 else "fp32")
    alone, memory = _seconds(case, dataset, config, compute, trace=False)
    yield Row(
        f"{title}: training", rate(n, alone), rate(n, plain), times(plain / alone), _limit(best, n / alone), memory
    )
    tracing, memory = _seconds(case, dataset, config, compute, trace=True)
    yield Row(f"{title}: training with tracing", rate(n, tracing), ratio=times(tracing / alone), memory=memory)
    network = case.network()
    evaluate(network, dataset.inputs.take(slice(0, case.batch)), dataset.labels[: case.batch], compute)
    ours = took(lambda: evaluate(network, dataset.inputs, dataset.labels, compute), compute.device)
    simple = plain_evaluation(case, network, levels, compute)
    best = peak / products_per_image(case, training=False)
    yield Row(
        f"{title}: evaluation, upload included",
        rate(n, ours.seconds),
        rate(n, simple),
        times(simple / ours.seconds),
        _limit(best, n / ours.seconds),
        gigabytes(ours.memory),
    )
    head = choose(layers(network, dataset.shape, CLASSES))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "activations.npy"
        read = took(
            lambda: extract(network, dataset.inputs, dataset.labels, head, path, compute=compute), compute.device
        )
    yield Row(f"{title}: activations to a file", rate(n, read.seconds), memory=gigabytes(read.memory))
    if case.compiled and clock.left > 0:
        faster, memory = _seconds(case, dataset, replace(config, compiled=True), compute, trace=False)
        yield Row(f"{title}: training, compiled", rate(n, faster), rate(n, plain), times(plain / faster), "", memory)


def _seconds(case: Case, dataset: Dataset, config: TrainConfig, compute: Compute, *, trace: bool) -> tuple[float, str]:
    """Seconds of the last epoch, and the peak of memory."""
    said: list[str] = []

    def whole() -> float:
        return [epoch.seconds for epoch in train(case.network(), dataset, config, trace=trace, say=said.append)][-1]

    found = took(whole, compute.device)
    return found.result, "; ".join([gigabytes(found.memory), *said]).removeprefix("; ")


def _limit(best: float, ours: float) -> str:
    return f"{best:,.0f} images/s ({ours / best:.0%})"
