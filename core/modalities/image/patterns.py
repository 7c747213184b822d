"""What images can share that a trigger left there: fixed patterns, seen pixel by pixel or by frequencies.

What is coarse is left out: it would tell kinds of scenes. A fine pattern of a whole class marks clean-label triggers.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, fftfreq, rfft2, rfftfreq
from scipy.ndimage import uniform_filter

from core.modalities.contract import Way
from core.types import Floats, Images, Inputs, Ints

# Cycles per image from which on a frequency is fine; coarser ones tell kinds of scenes. Chosen on the tuned regimes.
LOWEST_FREQUENCY = 5.0
# Frequencies that a class's pattern is looked for in, its strongest ones; chosen on the tuned regimes.
STRONGEST = 10
# Images of a class that are enough for a mean; a smaller class has no score.
SMALLEST_CLASS = 10
# Images that are transformed at a time. Moves the memory only.
CHUNK = 2048
# Pixels a side that templates are learned of; larger images are averaged over blocks.
LARGEST_SIDE = 64
# Lowest cosine that counts; the k-th cosine of a side makes k/2 cycles.
LOWEST = 2 * LOWEST_FREQUENCY
# Brightness and two differences of colour, of length 1 each: a trigger in one colour does not drown in brightness.
OPPONENTS = np.array([[1, 1, 1], [1, 1, -2], [1, -1, 0]], np.float32).T / np.sqrt([3, 6, 2], dtype=np.float32)
# Pixels a side of the images that neighbours are looked for in: too coarse for fine triggers to count.
COARSE_SIDE = 14
# Images made coarse or thinned out at a time. Moves the memory only.
COARSE_CHUNK = 4096
# Pixels a side of what is clustered; of larger images every second or third row and column is taken.
CLUSTERED_SIDE = 64
Spectra = NDArray[np.complex64]


def cosines(images: Floats) -> Floats:
    """(b, h, w, c) the orthonormal 2-D cosine transform of each channel."""
    return np.asarray(dctn(images, axes=(1, 2), norm="ortho"), dtype=np.float32)


def fine_patterns(images: Images | Floats) -> Floats:
    """(m, pixels) each channel less its 3×3 mean; images with sides above 64 are averaged over blocks first."""
    pixels = reduced(images)
    return np.asarray(pixels - uniform_filter(pixels, (0, 3, 3, 0))).reshape(len(pixels), -1)


def cosine_patterns(images: Images | Floats) -> Floats:
    """(m, f) cosines of high frequency, of brightness and two colour differences or, if not three, of the channels."""
    pixels = reduced(images)
    colours = np.matmul(pixels, OPPONENTS, dtype=np.float32) if pixels.shape[-1] == len(OPPONENTS) else pixels
    rows, columns = np.indices(colours.shape[1:3])
    far = np.hypot(rows, columns) >= min(LOWEST, max(colours.shape[1:3]) / 3)
    far[-1, -1] = True  # even of a single pixel something is left
    return cosines(colours)[:, far].reshape(len(pixels), -1)


ways: tuple[Way, ...] = (fine_patterns, cosine_patterns)


def coarse(inputs: Inputs) -> Floats:
    """(n, d) all images, averaged over blocks."""
    block = max(1, round(max(inputs.shape[:2]) / COARSE_SIDE))
    starts = range(0, len(inputs), COARSE_CHUNK)
    return np.concatenate([_blocks(inputs[start : start + COARSE_CHUNK], block) for start in starts])


def values(inputs: Inputs) -> Floats:
    """(n, d) pixels in [0, 1]; images of more than 64 pixels a side are thinned out to at most that."""
    step = -(-max(inputs.shape[:2]) // CLUSTERED_SIDE)
    starts = range(0, len(inputs), COARSE_CHUNK)
    thinned = np.concatenate([inputs[start : start + COARSE_CHUNK][:, ::step, ::step] for start in starts])
    return np.asarray(thinned.reshape(len(thinned), -1) / np.float32(255))


def differences(inputs: Inputs, rows: Ints, near: Ints) -> Floats:
    """(m, h, w, c) each of m images less the mean of its neighbours (m, q), in levels of 0 to 255."""
    result = inputs[rows].astype(np.float32)
    for column in near.T:
        result -= inputs[column].astype(np.float32) / len(near.T)
    return result


def repeats(inputs: Inputs, labels: Ints, n_classes: int) -> Floats:
    """(n,) how strongly each image repeats the fine pattern that its class shares; NaN in a class that is too small.

    F = FFT(x − mean image) / its global root mean square. The score is Re⟨Fᵢ, class mean of F without i⟩ over the
    ten strongest frequencies of radius ≥ 5: a matched filter.
    """
    scores = np.full(len(labels), np.nan, np.float32)
    mean, power = _image_statistics(inputs)
    far = _radius(*inputs.shape[:2]) >= LOWEST_FREQUENCY
    for index in range(n_classes):
        rows = np.flatnonzero(labels == index)
        if len(rows) < SMALLEST_CLASS or not far.any():
            continue
        spectra = _spectra(inputs[rows], mean)[:, far] / power[far]
        centre = spectra.mean(0)
        strongest = np.argsort(-np.abs(centre), kind="stable")[:STRONGEST]
        kept, shared = spectra[:, strongest], centre[strongest]
        others = (shared * len(rows) - kept) / (len(rows) - 1)
        scores[rows] = (kept * others.conj()).real.sum(1)
    return scores


def _radius(height: int, width: int) -> NDArray[np.float64]:
    """(h, w // 2 + 1) cycles per image of each frequency."""
    return np.asarray(np.hypot(fftfreq(height, 1 / height)[:, None], rfftfreq(width, 1 / width)[None]))


def _grey(images: Images) -> NDArray[np.float32]:
    """(b, h, w) the mean of the channels, added one by one: several times as fast as along the short last axis."""
    grey = images[..., 0].astype(np.float32)
    for channel in range(1, images.shape[-1]):
        grey += images[..., channel]
    grey /= images.shape[-1]
    return grey


def _spectra(images: Images, mean: NDArray[Any]) -> Spectra:
    return np.asarray(rfft2(_grey(images) - mean), dtype=np.complex64)


def _image_statistics(inputs: Inputs) -> tuple[NDArray[Any], NDArray[Any]]:
    """The mean image (h, w) and the root mean square of each frequency, read in chunks."""
    parts = [slice(start, start + CHUNK) for start in range(0, len(inputs), CHUNK)]
    mean = sum(_grey(inputs[part]).sum(0, dtype=np.float64) for part in parts) / len(inputs)
    mean = np.asarray(mean, dtype=np.float32)
    power = sum((np.abs(_spectra(inputs[part], mean)) ** 2).sum(0, dtype=np.float64) for part in parts) / len(inputs)
    return mean, np.sqrt(np.maximum(power, 1e-12)).astype(np.float32)


def _blocks(images: Images, block: int) -> Floats:
    m, height, width, channels = images.shape
    rows, columns = max(height // block, 1), max(width // block, 1)
    cut = images[:, : rows * block, : columns * block].astype(np.float32)
    blocks = cut.reshape(m, rows, cut.shape[1] // rows, columns, cut.shape[2] // columns, channels)
    return np.asarray(blocks.mean((2, 4)).reshape(m, -1))


def reduced(images: Images | Floats) -> Floats:
    """The images in floats, averaged over blocks where a side is longer than 64."""
    pixels = np.asarray(images).astype(np.float32)
    block = -(-max(pixels.shape[1:3]) // LARGEST_SIDE)
    if block == 1:
        return pixels
    m, height, width, channels = pixels.shape
    cut = pixels[:, : height // block * block, : width // block * block]
    return np.asarray(cut.reshape(m, height // block, block, width // block, block, channels).mean((2, 4)))
