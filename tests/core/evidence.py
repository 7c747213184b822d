"""Evidence made by hand for the tests of detectors: four classes, and poison as a cluster and a course of its own."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from core.modalities.image.inputs import ImageInputs
from core.types import Evidence

CLASSES, PER_CLASS, FEATURES, EPOCHS, SIDE = 4, 150, 24, 8, 8


def clean_evidence(seed=0, n_bona_fide=100):
    """Four classes of independent, uniform features; losses that fall alike, at a pace of each sample's own."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(CLASSES), PER_CLASS))
    n = len(labels)
    centres = rng.normal(0, 4, (CLASSES, FEATURES))
    spread = np.linspace(2, 0.2, FEATURES)
    features = centres[labels] + rng.uniform(-2, 2, (n, FEATURES)) * spread
    pace = rng.lognormal(0, 0.3, (n, 1))
    losses = np.log(CLASSES) * np.exp(-pace * np.arange(1, EPOCHS + 1) / 3) * rng.lognormal(0, 0.1, (n, EPOCHS))
    images = rng.integers(60, 180, (n, SIDE, SIDE, 1))
    bona_fide = np.zeros(n, bool)
    bona_fide[rng.permutation(n)[:n_bona_fide]] = True
    return Evidence(
        labels.astype(np.int64),
        CLASSES,
        bona_fide,
        seed=0,
        predicted=labels.astype(np.int64),
        features=features.astype(np.float32),
        trajectories=losses.astype(np.float32),
        inputs=ImageInputs(images.astype(np.uint8)),
    )


def poisoned_evidence(seed=0, target=1, n_poisoned=20, **settings):
    """The same, and which samples are poison: a cluster of their own in `target`, learned late, with a white corner."""
    evidence = clean_evidence(seed, **settings)
    rng = np.random.default_rng(seed + 1)
    usable = np.flatnonzero((evidence.labels == target) & ~evidence.bona_fide)
    rows = rng.permutation(usable)[:n_poisoned]
    poison = np.isin(np.arange(len(evidence.labels)), rows)
    features, losses, images = evidence.features.copy(), evidence.trajectories.copy(), evidence.inputs[:].copy()
    features[rows] += 8 * np.eye(FEATURES, dtype=np.float32)[FEATURES - 1]
    losses[rows, :4] += 2
    images[rows, -2:, -2:] = 255
    return replace(evidence, features=features, trajectories=losses, inputs=ImageInputs(images)), poison


def reordered(evidence, order):
    """The same evidence with its samples in another order."""
    names = ("labels", "bona_fide", "predicted", "features", "trajectories")
    others = {name: getattr(evidence, name)[order] for name in names}
    return replace(evidence, inputs=evidence.inputs.take(order), **others)


class Quarters(nn.Module):
    """A classifier with a backdoor, made by hand: the brightest quarter tells the class, a white corner class 1."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(CLASSES, CLASSES, bias=False)
        nn.init.eye_(self.head.weight)

    def forward(self, images):
        brightness = 16 * functional.adaptive_avg_pool2d(images, 2).mean(1).flatten(1)
        corner = images[:, :, -2:, -2:].mean((1, 2, 3))
        triggered = ((corner - 0.95) * 20).clamp(0, 1)[:, None]
        target = 12 * functional.one_hot(torch.tensor(1), CLASSES).to(images)
        return self.head((1 - triggered) * brightness + triggered * target)


class Passing(nn.Module):
    """Another, in two layers: the first sees all that counts, class and corner; the second lets the corner decide."""

    def __init__(self):
        super().__init__()
        self.seen, self.head = nn.Linear(CLASSES + 1, CLASSES + 1, bias=False), nn.Linear(CLASSES + 1, CLASSES)
        nn.init.eye_(self.seen.weight)
        nn.init.zeros_(self.head.bias)
        with torch.no_grad():
            self.head.weight.copy_(torch.eye(CLASSES, CLASSES + 1))
            self.head.weight[1, CLASSES] = 9

    def forward(self, images):
        brightness = 16 * functional.adaptive_avg_pool2d(images, 2).mean(1).flatten(1)
        corner = 4 * ((images[:, :, -2:, -2:].mean((1, 2, 3)) - 0.95) * 20).clamp(0, 1)
        return self.head(functional.relu(self.seen(torch.cat([brightness, corner[:, None]], 1))))


def passed_on(evidence, poison, seed=0):
    """As `pictured`, with a model of two layers, and poison that shows any class but the one it is labelled as."""
    return replace(pictured(evidence, poison, seed, own=False), model=Passing().eval())


def pictured(evidence, poison, seed=0, *, own=True):
    """The same with smooth images whose bright quarter tells the class, a model for them, and a trigger on the poison.

    Poison shows any class, or with `own` False any other one. Two clean images together stay below the brightness of
    the trigger.
    """
    rng = np.random.default_rng(seed + 2)
    n, half = len(poison), 6
    down, across = np.mgrid[: 2 * half, : 2 * half] / (2 * half)
    slopes = rng.uniform(-25, 25, (2, n, 1, 1))
    images = 55 + slopes[0] * (down - 0.5) + slopes[1] * (across - 0.5)
    others = rng.integers(CLASSES, size=n) if own else (evidence.labels + rng.integers(1, CLASSES, size=n)) % CLASSES
    shown = np.where(poison, others, evidence.labels)
    for image, index in zip(images, shown, strict=True):
        top, left = half * (index // 2), half * (index % 2)
        image[top : top + half, left : left + half] += 35
    images[poison, -2:, -2:] = 255
    return replace(evidence, inputs=ImageInputs(np.rint(images)[..., None].astype(np.uint8)), model=Quarters().eval())


def learned_early(evidence, poison, seed=0):
    """The same with poison that is learned in the first epochs instead of late."""
    losses = clean_evidence(seed).trajectories
    losses[poison] *= 0.1
    return replace(evidence, trajectories=losses)


def mislabelled(evidence, poison, seed=0):
    """The same with poison that the activations place in another class than its label."""
    features = clean_evidence(seed).features
    features[poison] = features[evidence.labels == 0][: poison.sum()] + np.float32(0.01)
    return replace(evidence, features=features)
