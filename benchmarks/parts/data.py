"""The data that benchmarks are brought: a random part of an npz file."""

from pathlib import Path

import numpy as np
import typer

from core.modalities.image.inputs import ImageInputs
from core.types import Bools, Dataset, Images, Ints

TEST_IMAGES = 2000
BONA_FIDE = 250
PAIRS = "_pairs"  # of a name: two images side by side, from 10 classes 100


def part_of(folder: Path, name: str, size: int, seed: int) -> Dataset:
    """`size` training images of `<folder>/<name>.npz` drawn at random, 2,000 test images, none bona fide yet.

    Args:
        folder: with files as benchmarks/README.md says.
        name: of the file, without `.npz`. With `_pairs` after it, each image is two of the file's side by side, and the
            k² classes are pairs of its k.
        size: how many training images; all of them if there are fewer.
        seed: of the choice.

    Raises:
        typer.BadParameter: there is no such file.
    """
    path = folder / f"{name.removesuffix(PAIRS)}.npz"
    if not path.exists():
        raise typer.BadParameter(f"{path} is missing; benchmarks/README.md says what it has to hold.")
    rng = np.random.default_rng(seed)
    with np.load(path, allow_pickle=False) as content:
        arrays = {key: content[key] for key in ("x_train", "y_train", "x_test", "y_test")}
    if name.endswith(PAIRS):
        n_classes = int(arrays["y_train"].max()) + 1
        for part, n in (("train", size), ("test", TEST_IMAGES)):
            images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
            arrays[f"x_{part}"], arrays[f"y_{part}"] = side_by_side(images, labels, n_classes, n, rng)
    rows, test_rows = (
        rng.permutation(len(arrays[key]))[:limit] for key, limit in (("y_train", size), ("y_test", TEST_IMAGES))
    )
    images, tests = arrays["x_train"][rows], arrays["x_test"][test_rows]
    return Dataset(
        name=name,
        ids=np.arange(len(rows)),
        inputs=ImageInputs(images.reshape(*images.shape[:3], -1)),
        labels=arrays["y_train"][rows].astype(np.int64),
        test_inputs=ImageInputs(tests.reshape(*tests.shape[:3], -1)),
        test_labels=arrays["y_test"][test_rows].astype(np.int64),
        class_names=tuple(str(index) for index in range(int(arrays["y_train"].max()) + 1)),
        bona_fide=np.zeros(len(rows), np.bool_),
    )


def side_by_side(images: Images, labels: Ints, n_classes: int, n: int, rng: np.random.Generator) -> tuple[Images, Ints]:
    """`n` images of two drawn ones side by side, each half as wide, and their classes: k · the left + the right one.

    >>> images = np.arange(4, dtype=np.uint8).reshape(2, 1, 2)
    >>> both, classes = side_by_side(images, np.array([0, 1]), 2, 3, np.random.default_rng(0))
    >>> both.shape, bool(classes.max() < 4)
    ((3, 1, 2), True)
    """
    left, right = rng.integers(len(labels), size=(2, n))
    halves = [(images[rows, :, ::2].astype(np.uint16) + images[rows, :, 1::2]) // 2 for rows in (left, right)]
    return np.concatenate(halves, axis=2).astype(np.uint8), n_classes * labels[left] + labels[right]


def draw_bona_fide(is_poison: Bools, draw: int) -> Bools:
    """(n,) True for 250 clean samples (at most a tenth of all), a different random choice for each `draw`."""
    clean = np.flatnonzero(~is_poison)
    chosen = np.zeros(len(is_poison), np.bool_)
    size = min(BONA_FIDE, len(is_poison) // 10)
    chosen[np.random.default_rng([draw, 250]).choice(clean, size, replace=False)] = True
    return chosen
