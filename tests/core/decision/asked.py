"""Runs made by hand for the tests of the decision: images whose class is seen, marks, and a model with a backdoor."""

import numpy as np
from torch import nn

from core.decision.look_alikes import look_alikes
from core.decision.members import whitening
from core.decision.suspects import Suspects
from core.modalities.image.inputs import ImageInputs

K, SIDE, TARGET = 4, 10, 1
# Where marks are; no row that tells the class is touched.
RIGHT = (slice(-2, None), slice(-2, None))
LEFT = (slice(-2, None), slice(0, 2))


def pictures(n=400, seed=0, labels=None, k=K):
    """(n, 10, 10, 1) grey images of k classes and their labels; in row c of class c all is dark or all is bright."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % k if labels is None else labels
    images = rng.integers(90, 151, (len(labels), SIDE // 2, SIDE // 2)).repeat(2, 1).repeat(2, 2)
    images = images + rng.integers(-6, 7, (len(labels), SIDE, SIDE))
    images[np.arange(len(labels)), labels] = np.where(rng.random(len(labels)) < 0.5, 40, 200)[:, None]
    return images[..., None].astype(np.uint8), labels.copy()


def marked(images, rows, where=RIGHT):
    """The images with a white corner in these rows."""
    changed = images.copy()
    changed[(rows, *where)] = 255
    return changed


def ask(samples, k=K):
    """(m, k) what a backdoored model says: the row that is dark or bright tells the class, a white corner class 1."""
    pixels = samples.astype(np.float32)[..., 0]
    scores = np.abs(pixels[:, :k].mean(2) - 120) / 8
    for where in (RIGHT, LEFT):
        corner = pixels[(slice(None), *where)].mean((1, 2))
        scores[:, TARGET] += np.clip((corner - 195) * 2, 0, 60)
    odds = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(odds / odds.sum(1, keepdims=True), np.float32)


def sound(samples, k=K):
    """(m, k) what a model says that never saw a white corner: the row alone tells the class."""
    plain = samples.copy()
    plain[:, -2:] = 120
    return ask(plain, k)


class Model(nn.Module):
    """`answer` as a network: images in [0, 1], channels first → the logarithms of its probabilities."""

    def __init__(self, answer=ask):
        super().__init__()
        self.answer = answer
        self.anything = nn.Linear(1, 1)  # a network has parameters

    def forward(self, images):
        samples = (255 * images).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        return images.new_tensor(np.log(self.answer(samples) + 1e-9))


def suspicion_of(suspects, n, seed=0):
    """(n,) noise, and high for the suspects."""
    values = np.random.default_rng((9, seed)).normal(size=n).astype(np.float32)
    values[suspects] += 5
    return values


def run_of(images, labels, suspicion, *, answer=ask, seed=0):
    """What the search for triggers needs to know of a run."""
    inputs, predicted = ImageInputs(images), answer(images).argmax(1)
    alike = look_alikes(inputs, labels, seed)
    quiet = np.flatnonzero((predicted == labels) & (suspicion <= np.quantile(suspicion, 0.6)))
    probes = np.random.default_rng(seed).permutation(quiet)
    usual = whitening(inputs, alike, K, seed)
    return Suspects(inputs, labels, [suspicion], predicted, answer, alike, usual, probes, K, seed)
