"""A small network that tells corrupted images from untouched ones by their 2-D cosine transform."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.detectors.corruptions import corrupted
from core.detectors.frequencies import cosines
from core.types import Floats, Images

WIDTHS, HALF_BATCH, CHUNK, LEARNING_RATE = (8, 16, 32), 32, 2048, 1e-3


def corruption_probabilities(images: Images, trusted: Images, n_steps: int, seed: int) -> Floats:
    """(n,) the probability that each image is corrupted, by a network trained on `trusted` and corrupted copies of it.

    Args:
        images: (n, h, w, c) uint8.
        trusted: (m, h, w, c) uint8, images known to be untouched.
        n_steps: of training, each on as many untouched as freshly corrupted images.
        seed: of weights, batches and corruptions.
    """
    network = _trained(_floats(trusted), n_steps, seed).eval()
    probabilities = np.empty(len(images), np.float32)
    with torch.inference_mode():
        for start in range(0, len(images), CHUNK):
            part = slice(start, start + CHUNK)
            outputs = network(_inputs(_floats(images[part])))
            probabilities[part] = outputs.softmax(1)[:, 1].numpy()
    return probabilities


def detector_network(shape: tuple[int, int, int]) -> nn.Module:
    """An untrained network of three convolutions, from (b, c, h, w) to the logits of untouched and corrupted."""
    height, width, channels = shape
    blocks: list[nn.Module] = []
    for inputs, outputs in zip((channels, *WIDTHS), WIDTHS, strict=False):
        blocks += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ELU()]
        blocks += [nn.MaxPool2d(2, ceil_mode=True)]
    cells = -(-height // 8) * -(-width // 8)
    return nn.Sequential(*blocks, nn.Flatten(), nn.Dropout(0.3), nn.Linear(WIDTHS[-1] * cells, 2))


def _trained(clean: Floats, n_steps: int, seed: int) -> nn.Module:
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        network = detector_network(clean.shape[1:])
        optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE, weight_decay=1e-4)
        answers = torch.arange(2).repeat_interleave(HALF_BATCH)
        for _ in range(n_steps):
            untouched = clean[rng.integers(len(clean), size=HALF_BATCH)]
            spoiled = corrupted(clean[rng.integers(len(clean), size=HALF_BATCH)], clean, rng)
            loss = F.cross_entropy(network(_inputs(np.concatenate([untouched, spoiled]))), answers)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network


def _floats(images: Images) -> Floats:
    """The same in [0, 1]."""
    return np.asarray(images / np.float32(255), dtype=np.float32)


def _inputs(images: Floats) -> Tensor:
    """(b, c, h, w) the cosine transform, as it is."""
    return torch.from_numpy(cosines(images)).permute(0, 3, 1, 2)
