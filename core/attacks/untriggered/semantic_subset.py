"""A kind of things within a class, all of it relabelled."""

import numpy as np
from numpy.typing import NDArray

from core.attacks.contract import Scene, Trigger
from core.modalities import modality_of
from core.types import Bools, Floats, Images, Inputs

ROUNDS = 15  # of k-means; moves the kinds a little
MOST_KINDS = 64  # that a class is divided into
FITTED = 1500  # samples that the kinds are looked for among; more move the centres little and take longer


def semantic_subset(scene: Scene) -> Trigger:
    """A trigger that changes no image: all samples of one kind within the source class get the target's label.

    k-means divides the class into kinds by their pixels, as many as make the wanted number a usual size. The kind of
    the size that is nearest to it is relabelled. The attack succeeds on test images of the same kind.

    Args:
        scene: its data, source class, seed and wanted number of samples; or its `pattern`, the centres of the kinds,
            the chosen one first. With neither, nobody can say which samples are chosen.

    Raises:
        ValueError: data without samples of the source class.

    Example:
        >>> from core.modalities.image.inputs import ImageInputs
        >>> images = ImageInputs(np.repeat(np.array([0, 9, 200, 250], np.uint8), 16).reshape(4, 4, 4, 1))
        >>> dark = np.repeat(np.float32([[0.02], [0.9]]), 16, axis=1)
        >>> semantic_subset(Scene((4, 4, 1), pattern=dark)).chosen(images).tolist()
        [True, True, False, False]

    References: Bagdasaryan et al.: How To Backdoor Federated Learning, arXiv 1807.00459 (semantic backdoors).
    """
    if scene.pattern is None and scene.inputs is None:
        return Trigger(_unchanged, chosen=_unknown)
    centres = scene.pattern if scene.pattern is not None else _kinds(scene)

    def chosen(inputs: Inputs) -> Bools:
        return np.asarray(_nearest(_points(inputs), centres) == 0)

    return Trigger(_unchanged, pattern=centres, chosen=chosen)


def _unchanged(images: Images) -> Images:
    return images


def _unknown(_: Inputs) -> Bools:
    raise ValueError("semantic_subset needs a pattern, or clean data, to say which samples it is about")


def _kinds(scene: Scene) -> Floats:
    """(kinds, d) the centres, the chosen one first."""
    if scene.inputs is None or scene.labels is None or scene.source_class is None:
        raise ValueError("semantic_subset needs a pattern, or clean data and a source class")
    points = _points(scene.inputs.take(np.flatnonzero(scene.labels == scene.source_class)))
    if not len(points):
        raise ValueError(f"the clean data has no samples of class {scene.source_class}")
    size = min(max(scene.n_poisoned, 1), len(points))
    count = min(max(2, round(len(points) / size)), len(points), MOST_KINDS)
    centres = _means(points, count, np.random.default_rng(scene.seed))
    sizes = np.bincount(_nearest(points, centres), minlength=len(centres))
    chosen = int(np.abs(sizes - size).argmin())
    return np.concatenate([centres[chosen : chosen + 1], np.delete(centres, chosen, 0)])


def _means(points: Floats, count: int, rng: np.random.Generator) -> Floats:
    """(count, d) centres by k-means, from starts that are far apart (k-means++), on some of many points."""
    points = points[np.sort(rng.permutation(len(points))[:FITTED])]
    centres = points[rng.integers(len(points))][None]
    far = _distances(points, centres)[:, 0]
    while len(centres) < count:
        weights = far / far.sum() if far.sum() > 0 else None
        centres = np.concatenate([centres, points[rng.choice(len(points), p=weights)][None]])
        far = np.minimum(far, _distances(points, centres[-1:])[:, 0])
    for _ in range(ROUNDS):
        own = _nearest(points, centres)
        centres = np.stack([points[own == at].mean(0) if (own == at).any() else centres[at] for at in range(count)])
    return np.asarray(centres, np.float32)


def _nearest(points: Floats, centres: Floats) -> NDArray[np.intp]:
    return np.asarray(_distances(points, centres).argmin(1))


def _distances(points: Floats, centres: Floats) -> NDArray[np.float64]:
    """(n, k) squared distances."""
    squares = (points**2).sum(1, dtype=np.float64)[:, None] + (centres**2).sum(1, dtype=np.float64)
    return np.asarray((squares - 2 * (points @ centres.T)).clip(0))


def _points(inputs: Inputs) -> Floats:
    """(n, d) what samples are like at large."""
    return np.asarray(modality_of(inputs).load_patterns().coarse(inputs), np.float32) / np.float32(255)
