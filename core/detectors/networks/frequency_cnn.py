"""A small network that tells images from copies of them that were spoiled, by their 2-D cosine transform.

The copies are spoiled at random in the ways in which triggers spoil images: blocks, noise, shadows, overlays.
"""

from collections.abc import Callable

import numpy as np
import torch
from scipy.fft import dct
from torch import Tensor, nn
from torch.nn import functional as F

from core.devices import best_device
from core.modalities.image.patterns import cosines
from core.types import Floats, Images, Inputs

# How images are spoiled is that of Zeng et al., arXiv 2104.03413. Brightness of an image that is laid over another.
OVERLAY = 0.3
# Brightness of what lies in the shadow.
DARKER = 0.5
# Mean of the noise, in [0, 1].
NOISE_MEAN = 25 / 255
# Between which the variance of the noise is drawn, in squared levels of 0 to 255.
NOISE_VARIANCE = (10.0, 70.0)
# Least side of a block, as a fraction of the image's side.
SMALLEST_BLOCK = 2 / 32
# Largest side of a block, as a fraction of the image's side.
LARGEST_BLOCK = 8 / 32
# Farthest that a block lies from the border, as a fraction of the image's side.
WIDEST_MARGIN = 6 / 32
# Channels of the three convolutions: small enough for a few hundred trusted images.
WIDTHS = (8, 16, 32)
# Untouched images in a batch, and as many spoiled ones.
HALF_BATCH = 32
# Images that are looked at together. Moves the memory only.
CHUNK = 2048
# Of Adam.
LEARNING_RATE = 1e-3


def corruption_probabilities(
    inputs: Inputs, trusted: Images, n_steps: int, seed: int, device: torch.device | None = None
) -> Floats:
    """(n,) the probability that each image is corrupted, by a network trained on `trusted` and corrupted copies of it.

    Args:
        inputs: n images.
        trusted: (m, h, w, c) uint8, images known to be untouched.
        n_steps: of training, each on as many untouched as freshly corrupted images.
        seed: of weights, batches and corruptions.
        device: where the network computes; None for the best there is.
    """
    device = device or best_device()
    network = _trained(_floats(trusted), n_steps, seed, device).eval()
    probabilities = np.empty(len(inputs), np.float32)
    with torch.inference_mode():
        for start in range(0, len(inputs), CHUNK):
            part = slice(start, start + CHUNK)
            outputs = network(transformed(_floats(inputs[part]), device))
            probabilities[part] = outputs.softmax(1)[:, 1].cpu().numpy()
    return probabilities


def detector_network(shape: tuple[int, ...]) -> nn.Module:
    """An untrained network of three convolutions, from (b, c, h, w) to the logits of untouched and corrupted."""
    height, width, channels = shape
    blocks: list[nn.Module] = []
    for inputs, outputs in zip((channels, *WIDTHS), WIDTHS, strict=False):
        blocks += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ELU()]
        blocks += [nn.MaxPool2d(2, ceil_mode=True)]
    cells = -(-height // 8) * -(-width // 8)
    return nn.Sequential(*blocks, nn.Flatten(), nn.Dropout(0.3), nn.Linear(WIDTHS[-1] * cells, 2))


def corrupted(images: Floats, others: Floats, rng: np.random.Generator) -> Floats:
    """(b, h, w, c) the images, each with one of five corruptions: white block, noise block, noise, shadow, overlay.

    Sizes are those of Zeng et al. (arXiv 2104.03413), there for images of 32 pixels, in proportion.

    Args:
        images: (b, h, w, c) in [0, 1].
        others: (m, h, w, c), images that may be laid over them.
        rng: what is drawn from.
    """
    spoiled = images.copy()
    kinds = rng.integers(len(CORRUPTIONS), size=len(images))
    for place, kind in enumerate(kinds):
        spoiled[place] = CORRUPTIONS[kind](images[place], others, rng)
    return np.clip(spoiled, 0, 1)


def white_block(image: Floats, _: Floats, rng: np.random.Generator) -> Floats:
    """A white rectangle near one of the corners."""
    return _with_block(image, np.ones, rng)


def noise_block(image: Floats, _: Floats, rng: np.random.Generator) -> Floats:
    """A rectangle of uniform noise near one of the corners."""
    return _with_block(image, rng.random, rng)


def noise(image: Floats, _: Floats, rng: np.random.Generator) -> Floats:
    """Gaussian noise over all of it, a little brighter."""
    deviation = np.sqrt(rng.uniform(*NOISE_VARIANCE)) / 255
    return image + rng.normal(NOISE_MEAN, deviation, image.shape).astype(np.float32)


def shadow(image: Floats, _: Floats, rng: np.random.Generator) -> Floats:
    """One side of a random line at half its brightness."""
    height, width = image.shape[:2]
    down, across = np.mgrid[:height, :width]
    angle = rng.uniform(0, 2 * np.pi)
    beyond = (down - rng.uniform(0, height)) * np.sin(angle) + (across - rng.uniform(0, width)) * np.cos(angle) > 0
    return np.where(beyond[..., None], DARKER * image, image).astype(np.float32)


def overlay(image: Floats, others: Floats, rng: np.random.Generator) -> Floats:
    """Another image added, at 0.3 of its brightness."""
    return np.asarray(image + np.float32(OVERLAY) * others[rng.integers(len(others))])


CORRUPTIONS = (white_block, noise_block, noise, shadow, overlay)


def _trained(clean: Floats, n_steps: int, seed: int, device: torch.device) -> nn.Module:
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else ()):
        torch.manual_seed(seed)
        network = detector_network(clean.shape[1:]).to(device)
        optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE, weight_decay=1e-4)
        answers = torch.arange(2, device=device).repeat_interleave(HALF_BATCH)
        for _ in range(n_steps):
            untouched = clean[rng.integers(len(clean), size=HALF_BATCH)]
            spoiled = corrupted(clean[rng.integers(len(clean), size=HALF_BATCH)], clean, rng)
            loss = F.cross_entropy(network(transformed(np.concatenate([untouched, spoiled]), device)), answers)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network


def _floats(images: Images) -> Floats:
    """The same in [0, 1]."""
    return np.asarray(images / np.float32(255), dtype=np.float32)


def transformed(images: Floats, device: torch.device, *, by_matrices: bool | None = None) -> Tensor:
    """(b, c, h, w) the cosine transform of images (b, h, w, c), on the device.

    Args:
        images: in [0, 1].
        device: where it goes.
        by_matrices: whether it is worked out there, as two products; by default on anything but a CPU.
    """
    if not (device.type != "cpu" if by_matrices is None else by_matrices):
        return torch.from_numpy(cosines(images)).permute(0, 3, 1, 2)
    down, across = (
        torch.from_numpy(dct(np.eye(side, dtype=np.float32), axis=0, norm="ortho")).to(device)
        for side in images.shape[1:3]
    )
    return down @ torch.from_numpy(images).to(device).permute(0, 3, 1, 2) @ across.T


def _with_block(image: Floats, fill: Callable[[tuple[int, ...]], Floats], rng: np.random.Generator) -> Floats:
    height, width, channels = image.shape
    down, across = (max(1, round(side * rng.uniform(SMALLEST_BLOCK, LARGEST_BLOCK))) for side in (height, width))
    top, left = (round(side * rng.uniform(0, WIDEST_MARGIN)) for side in (height, width))
    top = top if rng.random() < 0.5 else height - top - down
    left = left if rng.random() < 0.5 else width - left - across
    changed = image.copy()
    changed[top : top + down, left : left + across] = fill((down, across, channels))
    return changed
