"""Images by their frequencies, and fine patterns that a whole class shares: the mark of clean-label triggers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, fftfreq, rfft2, rfftfreq

from core.detectors.parts.statistics import Reals, robust_z
from core.types import Floats, Images, Inputs, Ints

# Cycles per image from which on a frequency is fine; coarser ones tell kinds of scenes. Chosen on the tuned regimes.
LOWEST_FREQUENCY = 5.0
# Frequencies that a class's pattern is looked for in, its strongest ones; chosen on the tuned regimes.
STRONGEST = 10
# Images of a class that are enough for a mean; a smaller class has no score.
SMALLEST_CLASS = 10
# Images that are transformed at a time. Moves the memory only.
CHUNK = 2048
Spectra = NDArray[np.complex64]


def cosines(images: Floats) -> Floats:
    """(b, h, w, c) the orthonormal 2-D cosine transform of each channel."""
    return np.asarray(dctn(images, axes=(1, 2), norm="ortho"), dtype=np.float32)


def matched_filter_scores(inputs: Inputs, labels: Ints, n_classes: int) -> Reals:
    """(n,) how strongly each image repeats the fine pattern that its class shares, in robust deviations; NaN if alone.

    F = FFT(x − mean image) / its global root mean square; Re⟨Fᵢ, class mean of F without i⟩ over the ten strongest
    frequencies of radius ≥ 5, as an absolute robust z within the class.
    """
    scores = np.full(len(labels), np.nan)
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
        scores[rows] = np.abs(robust_z((kept * others.conj()).real.sum(1)))
    return scores


def _radius(height: int, width: int) -> Reals:
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
