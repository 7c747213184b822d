"""What images can share that a trigger left there: fixed patterns, seen pixel by pixel or by frequencies.

What is coarse is left out: it would tell kinds of scenes. A fine pattern of a whole class marks clean-label triggers.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, dctn, fftfreq, rfft2, rfftfreq

from core.modalities.contract import Way
from core.types import Floats, Images, Inputs, Ints

# Cycles per image from which on a frequency is fine; coarser ones tell kinds of scenes. Chosen on the tuned regimes.
LOWEST_FREQUENCY = 5.0
# Frequencies that a class's pattern is looked for in, its strongest ones; chosen on the tuned regimes.
STRONGEST = 10
# Images of a class that are enough for a mean; a smaller class has no score.
SMALLEST_CLASS = 10
# Numbers that are transformed at a time: they fit a core's cache. Moves the speed and the memory only.
AT_ONCE = 2**18
# Pixels a side that templates are learned of; larger images are averaged over blocks, or thinned out.
LARGEST_SIDE = 64
# Lowest cosine that counts; the k-th cosine of a side makes k/2 cycles.
LOWEST = 2 * LOWEST_FREQUENCY
# Brightness and two differences of colour, of length 1 each: a trigger in one colour does not drown in brightness.
OPPONENTS = np.array([[1, 1, 1], [1, 1, -2], [1, -1, 0]], np.float32).T / np.sqrt([3, 6, 2], dtype=np.float32)
# Pixels a side of the images that neighbours are looked for in: too coarse for fine triggers to count.
COARSE_SIDE = 14
# Steps that a pixel's level is told in where images are asked for what they have in common.
STEPS = 32
# How many times as often as others a class has to have it: a class's own look is at many pixels and hides what is at
# few, but hardly ever is it that rare elsewhere. And standard deviations by which that is no chance.
TIMES_AS_OFTEN = (3.0, 12.0)
BEYOND_CHANCE = 6.0


def cosines(images: Floats) -> Floats:
    """(b, h, w, c) the orthonormal 2-D cosine transform of each channel."""
    return np.asarray(dctn(images, axes=(1, 2), norm="ortho"), dtype=np.float32)


def fine_patterns(images: Images | Floats) -> Floats:
    """(m, pixels) each channel less its 3×3 mean; images with sides above 64 are averaged over blocks first."""
    pixels = reduced(images)
    fine = _across(_down(pixels))
    fine *= np.float32(-1 / 9)
    fine += pixels
    return np.asarray(fine).reshape(len(pixels), -1)


def cosine_patterns(images: Images | Floats) -> Floats:
    """(m, f) cosines of high frequency, of brightness and two colour differences or, if not three, of the channels.

    The plain reference is `cosines` of the colours; a test compares the two. As products of matrices it takes a fifth
    of the time.
    """
    pixels = reduced(images)
    m, height, width, channels = pixels.shape
    across = pixels.reshape(m * height, width * channels) @ _coloured_cosines(width, channels)
    transformed = np.matmul(_cosine_matrix(height), across.reshape(m, height, width * channels))
    rows, columns = np.indices((height, width))
    far = np.hypot(rows, columns) >= min(LOWEST, max(height, width) / 3)
    far[-1, -1] = True  # even of a single pixel something is left
    return np.take(transformed.reshape(m, -1), np.flatnonzero(np.repeat(far, channels)), axis=1)


exact = False
ways: tuple[Way, ...] = (fine_patterns, cosine_patterns)


def coarse(inputs: Inputs) -> Floats:
    """(n, d) all images, averaged over blocks."""
    block = max(1, round(max(inputs.shape[:2]) / COARSE_SIDE))
    return np.concatenate([_blocks(inputs[part], block) for part in _parts(inputs, len(inputs))])


def values(inputs: Inputs) -> Floats:
    """(n, d) pixels in [0, 1]; images of more than 64 pixels a side are thinned out to at most that."""
    thinned = np.concatenate([_thinned(inputs, part) for part in _parts(inputs, len(inputs))])
    return np.asarray(thinned.reshape(len(thinned), -1) / np.float32(255))


def coincidences(inputs: Inputs, labels: Ints) -> Floats:
    """(2, n) how much each image shows at the same places as many of its class, and few others; −inf for nothing.

    No model is asked: what was pasted there is the same in all that carry it, however well it was learned. It is the
    sum of log(p / q) over pixels whose level is found in p of the class and q of the others. Those count of which p is
    at least 3, or 12, times q. Levels are told in 32 steps; of images of more than 64 pixels a side every second or
    third row and column counts.
    """
    scores = np.full((len(TIMES_AS_OFTEN), len(labels)), -np.inf, np.float32)
    total = _counted(inputs, np.arange(len(labels)))
    for index in np.unique(labels):
        rows = np.flatnonzero(labels == index)
        others, own = len(labels) - len(rows), _counted(inputs, rows)
        inside, outside = (own + 1) / (len(rows) + 2), (total - own + 1) / (others + 2)
        pooled = (total + 1) / (len(labels) + 2)
        beyond = (inside - outside) / np.sqrt(pooled * (1 - pooled) * (1 / len(rows) + 1 / max(others, 1)))
        lift = np.where(beyond > BEYOND_CHANCE, inside / outside, 1)
        weights = np.stack([np.where(lift >= times, np.log(lift), 0) for times in TIMES_AS_OFTEN]).astype(np.float32)
        for part in _parts(inputs, len(rows)) if weights.any() else ():
            found = weights[:, _steps(inputs, rows[part])].sum(2)
            scores[:, rows[part]] = np.where(found > 0, found, -np.inf)
    inputs.let_go()
    return scores


def _counted(inputs: Inputs, rows: Ints) -> NDArray[np.int64]:
    """(pixels · 32,) how many of these images have each step of level at each pixel."""
    counts = np.zeros(int(np.prod(_thinned(inputs, rows[:0]).shape[1:])) * STEPS, np.int64)
    for part in _parts(inputs, len(rows)):
        counts += np.bincount(_steps(inputs, rows[part]).ravel(), minlength=len(counts))
    return counts


def _steps(inputs: Inputs, rows: Ints) -> Ints:
    """(m, pixels) the place of each pixel's step of level among the steps of all pixels."""
    levels = _thinned(inputs, rows).reshape(len(rows), -1) // (256 // STEPS)
    return np.asarray(levels + STEPS * np.arange(levels.shape[1]), np.int64)


def _thinned(inputs: Inputs, rows: Ints | slice) -> Images:
    """(m, h, w, c) images with at most 64 pixels a side, of larger ones every second or third row and column."""
    step = -(-max(inputs.shape[:2]) // LARGEST_SIDE)
    return inputs[rows][:, ::step, ::step]


def differences(inputs: Inputs, rows: Ints, near: Ints) -> Floats:
    """(m, h, w, c) each of m images less the mean of its neighbours (m, q), in levels of 0 to 255."""
    result = inputs[rows].astype(np.float32)
    for column in near.T:
        result -= inputs[column].astype(np.float32) / len(near.T)
    return result


def repeats(inputs: Inputs, labels: Ints, n_classes: int) -> Floats:
    """(n,) how strongly each image repeats the fine pattern that its class shares; NaN in a class that is too small.

    F = FFT(x − mean image) / its global root mean square. The score is Re⟨Fᵢ, class mean of F without i⟩ over the
    ten strongest frequencies of radius ≥ 5: a matched filter. Images are read twice. The first time, all frequencies
    are worked out for their power; the second time, only the ten that a class needs.
    """
    scores = np.full(len(labels), np.nan, np.float32)
    means, power = _image_statistics(inputs, labels, n_classes)
    sizes = np.bincount(labels, minlength=n_classes)
    mean = np.asarray((means * sizes[:, None, None]).sum(0) / max(len(labels), 1), np.float32)
    far = np.flatnonzero(_radius(*inputs.shape[:2]) >= LOWEST_FREQUENCY)
    for index in np.flatnonzero(sizes >= SMALLEST_CLASS) if len(far) else ():
        rows = np.flatnonzero(labels == index)
        centre = rfft2(means[index] - mean).ravel()[far] / power[far]
        strongest = np.argsort(-np.abs(centre), kind="stable")[:STRONGEST]
        waves = _waves(inputs.shape[:2], far[strongest]) / power[far[strongest]]
        for part in _parts(inputs, len(rows)):
            own = (_grey(inputs[rows[part]]) - mean).reshape(len(rows[part]), -1)
            kept = own @ waves.real + 1j * (own @ waves.imag)
            others = (centre[strongest] * len(rows) - kept) / (len(rows) - 1)
            scores[rows[part]] = (kept * others.conj()).real.sum(1)
        inputs.let_go()
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


def _waves(size: tuple[int, ...], frequencies: Ints) -> NDArray[np.complex64]:
    """(h · w, f) what a frequency of `rfft2`, by its place in the flattened answer, multiplies each pixel with."""
    height, width = size
    rows, columns = np.divmod(frequencies, width // 2 + 1)
    down = np.exp(-2j * np.pi * np.outer(np.arange(height), rows) / height)
    across = np.exp(-2j * np.pi * np.outer(np.arange(width), columns) / width)
    return np.asarray((down[:, None] * across).reshape(height * width, -1), np.complex64)


def _image_statistics(inputs: Inputs, labels: Ints, n_classes: int) -> tuple[Floats, Floats]:
    """The mean image of each class (k, h, w), and the root mean square of each frequency (f,), in one reading.

    The mean square about the mean is the mean square less that of the mean.
    """
    sums = np.zeros((n_classes, *inputs.shape[:2]), np.float32)
    squares = np.zeros((inputs.shape[0], inputs.shape[1] // 2 + 1))
    for part in _parts(inputs, len(inputs)):
        grey, own = _grey(inputs[part]), labels[part]
        order = np.argsort(own, kind="stable")
        classes, starts = np.unique(own[order], return_index=True)
        sums[classes] += np.add.reduceat(grey[order], starts)
        spectra = rfft2(grey)
        squares += (spectra.real**2 + spectra.imag**2).sum(0, dtype=np.float64)
        inputs.let_go()
    n, sizes = max(len(inputs), 1), np.maximum(np.bincount(labels, minlength=n_classes), 1)
    of_mean = np.abs(rfft2(sums.sum(0, dtype=np.float64) / n)) ** 2
    power = np.sqrt(np.maximum(squares / n - of_mean, 1e-12)).astype(np.float32).ravel()
    return np.asarray(sums / sizes[:, None, None].astype(np.float32)), power


@lru_cache(maxsize=8)
def _cosine_matrix(side: int) -> NDArray[np.float32]:
    """(side, side) what turns a column of pixels into its orthonormal cosines."""
    return np.asarray(dct(np.eye(side), axis=0, norm="ortho"), np.float32)


@lru_cache(maxsize=8)
def _coloured_cosines(width: int, channels: int) -> NDArray[np.float32]:
    """(w · c, w · c) what turns a row of pixels into the cosines of its colours."""
    colours = OPPONENTS if channels == len(OPPONENTS) else np.eye(channels)
    return np.asarray(np.kron(_cosine_matrix(width).T, colours), np.float32)


def _down(values: Floats) -> Floats:
    """The sum of each pixel (b, h, w, c) and those above and below; at the edge, it stands in for what is not there."""
    sums = values.copy()
    sums[:, :-1] += values[:, 1:]
    sums[:, 1:] += values[:, :-1]
    sums[:, 0] += values[:, 0]
    sums[:, -1] += values[:, -1]
    return sums


def _across(values: Floats) -> Floats:
    """The same of its neighbours left and right; a row is one piece of memory, which is twice as fast."""
    rows, channels = values.reshape(*values.shape[:2], -1), values.shape[-1]
    sums = rows.copy()
    sums[..., :-channels] += rows[..., channels:]
    sums[..., channels:] += rows[..., :-channels]
    sums[..., :channels] += rows[..., :channels]
    sums[..., -channels:] += rows[..., -channels:]
    return sums.reshape(values.shape)


def _parts(inputs: Inputs, n: int) -> list[slice]:
    """The rows, of n, that are looked at together."""
    size = max(1, AT_ONCE // int(np.prod(inputs.shape[:2])))
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


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
