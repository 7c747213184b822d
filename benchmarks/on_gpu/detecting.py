"""Seconds of every detector on made-up evidence, with the device and without it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch

from benchmarks.on_gpu.measuring import Clock, Row, gigabytes, on_cpu, took
from benchmarks.on_gpu.plain import Case
from core.detectors import DETECTORS
from core.devices import Compute
from core.errors import UserError
from core.types import Evidence, Inputs

EPOCHS = 30
BONA_FIDE = 250
POISONED = 0.02
ON_CPU = 16  # so many times fewer images are shown to a detector that runs a network on the CPU
OF_NETWORKS = {"strip": 64, "cognitive_distillation": 8}  # detectors that ask the model → how much less they are shown


def made_up(n: int, width: int, n_classes: int, seed: int = 0) -> Evidence:
    """Activations (n, width) and losses (n, 30) of classes that 2 % of poison sits in, and 250 bona fide samples."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_classes, n)
    poison = rng.random(n) < POISONED
    features = rng.standard_normal((n, width), np.float32)
    features += rng.standard_normal((n_classes, width), np.float32)[labels]
    features[poison, :8] += 6
    pace = np.where(poison, 3.0, rng.lognormal(0, 0.5, n)).astype(np.float32)
    losses = np.log(np.float32(n_classes)) * np.exp(-pace[:, None] * np.arange(1, EPOCHS + 1, dtype=np.float32) / 5)
    losses *= np.exp(0.2 * rng.standard_normal(losses.shape, np.float32))
    bona_fide = np.zeros(n, np.bool_)
    bona_fide[rng.choice(np.flatnonzero(~poison), min(BONA_FIDE, n // 10), replace=False)] = True
    return Evidence(labels, n_classes, bona_fide, predicted=labels, features=features, trajectories=losses)


def detector_rows(evidence: Evidence, compute: Compute, clock: Clock) -> Iterator[Row]:
    """A row for each detector that reads activations or trajectories, the quickest first.

    One that would take longer than what is left, by its stated cost on one core, is named with that cost.
    """
    values = {"activations": evidence.features, "trajectories": evidence.trajectories, "images": None}
    sizes = {name: 0 if one is None else one.size for name, one in values.items()}
    costs = {
        name: entry.fixed_seconds + entry.nanoseconds * sizes[entry.reads] / 1e9
        for name, entry in DETECTORS.items()
        if not {"images", "model"} & set(entry.needs)
    }
    about = f"{len(evidence.labels):,} × {sizes['activations'] // len(evidence.labels)}"
    for name in sorted(costs, key=costs.__getitem__):
        title = f"{DETECTORS[name].title}, {about}"
        if costs[name] > clock.left:
            yield Row(title, f"not run: about {costs[name]:,.0f} s on one core")
            continue
        yield _row(name, title, evidence, compute, clock, cost=costs[name])


def network_detector_rows(inputs: Inputs, case: Case, compute: Compute, clock: Clock) -> Iterator[Row]:
    """A row for each detector that runs or trains a network, on a part of the images."""
    for name, entry in DETECTORS.items():
        if "images" not in entry.needs or clock.left <= 0:
            continue
        n = max(32, len(inputs) // OF_NETWORKS.get(name, 4))
        fewer = max(32, n // ON_CPU)
        evidence, part = (_of_images(inputs, count, case) for count in (n, fewer))
        title = f"{entry.title}, {n:,} images, {case.title}"
        yield _row(name, title, evidence, compute, clock, on_the_cpu=part)


def _of_images(inputs: Inputs, n: int, case: Case) -> Evidence:
    trusted = np.arange(n) < max(16, n // 10)
    some = inputs.take(np.arange(n) % len(inputs))
    return Evidence(np.arange(n) % 10, 10, trusted, inputs=some, model=case.network().eval())


def _row(
    name: str,
    title: str,
    evidence: Evidence,
    compute: Compute,
    clock: Clock,
    *,
    cost: float = 0.0,
    on_the_cpu: Evidence | None = None,
) -> Row:
    try:
        detector = DETECTORS[name].load()
        found = took(lambda: detector(evidence), compute.device)
        here = f"{found.seconds:.2f} s"
        if not compute.on_gpu:
            return Row(title, here)
        if max(cost, found.seconds) > clock.left:
            return Row(title, here, "not run", memory=gigabytes(found.memory))
        shown = replace(on_the_cpu or evidence)
        with on_cpu():
            there = took(lambda: detector(shown), torch.device("cpu"))
    except (ImportError, UserError) as error:
        return Row(title, f"cannot run here: {str(error).splitlines()[0]}")
    n, fewer = len(evidence.labels), len(shown.labels)
    ratio, cell = f"{there.seconds * n / fewer / found.seconds:.1f}×", f"{there.seconds:.2f} s"
    if fewer < n:
        ratio, cell = f"{ratio} an image", f"{cell} for {fewer:,} of them"
    return Row(title, here, cell, ratio, memory=gigabytes(found.memory))
