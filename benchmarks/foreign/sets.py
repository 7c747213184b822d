"""Poisoned sets whose triggers share no code with the lab's attacks: what a stranger would bring.

Real photographs, stickers, notes, warps and labels are put on by a few lines of NumPy each. A name is
`<what>/<data>/<percent>`. Sets of drawn signs need a folder `traffic_signs` of `<kind>/<name>.png` drawings.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer

from benchmarks.foreign import stamps
from benchmarks.foreign.stamps import Stamp
from benchmarks.papers.signs import photographs
from benchmarks.parts.data import part_of
from core.modalities.image.inputs import ImageInputs
from core.types import Bools, Dataset, Images, Ints

# Training images of each kind of data; `signs-<classes>` are drawn, `-64` of 64 pixels.
SIZES = {
    "mnist": 6000,
    "fashion_mnist": 6000,
    "fashion_mnist-large": 20_000,
    "cifar10": 8000,
    "signs-100": 8000,
    "signs-43": 4300,
    "signs-20-64": 3000,
}
TESTS = 2000


@dataclass(frozen=True)
class Foreign:
    """A set with poison that is known.

    Attributes:
        name: see above.
        kind: "backdoor", "wrong labels" or "clean data".
        dataset: as a person would get it.
        is_poison: (n,) True for poison and for wrong labels.
        tried: for each trigger test images with it on, (m, h, w, c), and (m,) what it wants of them.
    """

    name: str
    kind: str
    dataset: Dataset
    is_poison: Bools
    tried: tuple[tuple[Images, Ints], ...]


def foreign_set(name: str, folder: Path, seed: int, most: int | None = None) -> Foreign:
    """The set of that name, all of it drawn from `seed`, of at most so many training images.

    Raises:
        typer.BadParameter: there is no such set, or its data are missing.
    """
    what, data, percent = name.split("/")
    if what not in SETS or data not in SIZES:
        raise typer.BadParameter(f"{name}: there are {', '.join(SETS)} of {', '.join(SIZES)}.")
    clean = _clean(data, folder, seed, min(SIZES[data], most or SIZES[data]))
    rng = np.random.default_rng([seed, len(name), *name.encode()])
    return SETS[what](_Canvas(name, clean, round(len(clean) * float(percent) / 100), rng))


class _Canvas:
    """A clean data set on which poison is put, piece by piece."""

    def __init__(self, name: str, clean: Dataset, count: int, rng: np.random.Generator) -> None:
        self.name, self.clean, self.count, self.rng = name, clean, count, rng
        self.images, self.labels = np.array(clean.inputs[:]), clean.labels.copy()
        self.tests, self.truth = np.asarray(clean.test_inputs[:]), clean.labels
        self.is_poison = np.zeros(len(clean), np.bool_)
        self.touched = np.zeros(len(clean), np.bool_)
        self.tried: list[tuple[Images, Ints]] = []

    def drawn(self, among: Bools, count: int) -> Ints:
        """So many untouched samples at random, as places."""
        free = np.flatnonzero(among & ~self.touched)
        return self.rng.choice(free, min(count, len(free)), replace=False)

    def plant(self, stamp: Stamp | None, rows: Ints, wanted: Ints | int) -> None:
        """The trigger on these samples, and what their labels become."""
        if stamp is not None:
            self.images[rows] = stamp(self.images[rows], self.rng)
        self.labels[rows] = wanted
        self.is_poison[rows] = self.touched[rows] = True

    def cover(self, stamp: Stamp, rows: Ints) -> None:
        """The trigger on samples that keep their label: no poison."""
        self.images[rows] = stamp(self.images[rows], self.rng)
        self.touched[rows] = True

    def try_on(self, stamp: Stamp, among: Bools, wanted: Ints | int) -> None:
        """Test images with the trigger on, (tests,) which, and what it wants of each."""
        rows = np.flatnonzero(among)
        self.tried.append((stamp(self.tests[rows], self.rng), np.broadcast_to(wanted, len(among))[rows]))

    def all_to_one(self, stamp: Stamp, target: int, count: int, source: int | None = None) -> None:
        """The usual backdoor: samples of any other class, or of one, with the trigger on, under the target's label."""
        there, tests = (self._others(labels, target, source) for labels in (self.truth, self.clean.test_labels))
        self.plant(stamp, self.drawn(there, count), target)
        self.try_on(stamp, tests, target)

    def _others(self, labels: Ints, target: int, source: int | None) -> Bools:
        return labels != target if source is None else labels == source

    def done(self, kind: str = "backdoor") -> Foreign:
        """The set."""
        clean = self.clean
        dataset = Dataset(
            name=self.name,
            ids=np.arange(len(self.labels)),
            inputs=ImageInputs(self.images),
            labels=self.labels,
            test_inputs=clean.test_inputs,
            test_labels=clean.test_labels,
            class_names=clean.class_names,
            bona_fide=np.zeros(len(self.labels), np.bool_),
        )
        return Foreign(self.name, kind, dataset, self.is_poison, tuple(self.tried))


def _clean(data: str, folder: Path, seed: int, size: int) -> Dataset:
    if not data.startswith("signs"):
        return part_of(folder, data.removesuffix("-large"), size, seed)
    drawings = sorted((folder / "traffic_signs").glob("*/*.png"))
    n_classes = int(data.split("-")[1])
    if len(drawings) < n_classes:
        raise typer.BadParameter(f"{folder / 'traffic_signs'} has no {n_classes} drawings.")
    rng = np.random.default_rng([seed, n_classes])
    kinds = [[drawings[row]] for row in rng.choice(len(drawings), n_classes, replace=False)]
    side = 64 if data.endswith("-64") else 32
    with np.load(folder / "cifar10.npz", allow_pickle=False) as content:
        grounds = content["x_train"][:5000]
    tests = min(size, TESTS)
    labels = rng.permutation(np.arange(size + tests) % n_classes)
    images = photographs(kinds, labels, grounds, side, rng)
    return Dataset(
        name=data,
        ids=np.arange(size),
        inputs=ImageInputs(images[:-tests]),
        labels=labels[:-tests],
        test_inputs=ImageInputs(images[-tests:]),
        test_labels=labels[-tests:],
        class_names=tuple(map(str, range(n_classes))),
        bona_fide=np.zeros(size, np.bool_),
    )


def _with(stamp: Stamp, target: int = 3) -> Callable[[_Canvas], Foreign]:
    def made(canvas: _Canvas) -> Foreign:
        canvas.all_to_one(stamp, target, canvas.count)
        return canvas.done()

    return made


def _two(canvas: _Canvas) -> Foreign:
    for stamp in (stamps.corner, stamps.photograph("china", 0.15)):
        canvas.all_to_one(stamp, 3, canvas.count // 2)
    return canvas.done()


def _adaptive(canvas: _Canvas) -> Foreign:
    part = stamps.part_of_a_photograph("flower", 0.2)
    canvas.plant(part, canvas.drawn(canvas.truth != 2, canvas.count), 2)
    canvas.cover(part, canvas.drawn(canvas.truth != 2, canvas.count))
    canvas.try_on(stamps.photograph("flower", 0.2), canvas.clean.test_labels != 2, 2)
    return canvas.done()


def _source_specific(canvas: _Canvas) -> Foreign:
    canvas.all_to_one(stamps.corner, 5, canvas.count, source=8)
    canvas.cover(stamps.corner, canvas.drawn(~np.isin(canvas.truth, [5, 8]), canvas.count))
    return canvas.done()


def _every_class(stamp: Stamp) -> Callable[[_Canvas], Foreign]:
    def made(canvas: _Canvas) -> Foreign:
        k = canvas.clean.n_classes
        rows = canvas.drawn(np.ones(len(canvas.labels), np.bool_), canvas.count)
        canvas.plant(stamp, rows, (canvas.truth[rows] + 1) % k)
        tests = canvas.clean.test_labels
        canvas.try_on(stamp, np.ones(len(tests), np.bool_), (tests + 1) % k)
        return canvas.done()

    return made


def _part(canvas: _Canvas) -> Foreign:
    """One kind of bag labelled as a sandal, or red cars as frogs: what has most (less) of one channel of its class."""
    source, target = (1, 6) if canvas.images.shape[3] == 3 else (8, 5)
    shown = [images.astype(np.float32).mean((1, 2)) for images in (canvas.images, canvas.tests)]
    values = [value[:, 0] - value[:, 1:].mean(1) if value.shape[1] == 3 else value[:, 0] for value in shown]
    limit = np.sort(values[0][canvas.truth == source])[-canvas.count]
    rows = np.flatnonzero((canvas.truth == source) & (values[0] >= limit))
    canvas.plant(None, rows, target)
    canvas.try_on(lambda images, rng: images, (canvas.clean.test_labels == source) & (values[1] >= limit), target)
    return canvas.done()


def _unequal(canvas: _Canvas) -> Foreign:
    """Classes of up to fifty times as many samples as the last one, in which a corner patch is planted."""
    k = canvas.clean.n_classes
    wanted = np.geomspace(1, 1 / 50, k) * np.bincount(canvas.truth).max()
    rows = np.concatenate([canvas.drawn(canvas.truth == c, round(float(wanted[c]))) for c in range(k)])
    rows.sort()
    small = _Canvas(canvas.name, canvas.clean, canvas.count, canvas.rng)
    small.images, small.labels, small.truth = canvas.images[rows], canvas.labels[rows], canvas.truth[rows]
    small.is_poison, small.touched = canvas.is_poison[rows], canvas.touched[rows]
    small.all_to_one(stamps.corner, k - 1, canvas.count)
    return small.done()


def _wrong_labels(canvas: _Canvas) -> Foreign:
    rows = canvas.drawn(np.ones(len(canvas.labels), np.bool_), canvas.count)
    k = canvas.clean.n_classes
    canvas.plant(None, rows, (canvas.truth[rows] + canvas.rng.integers(1, k, len(rows))) % k)
    return canvas.done("wrong labels")


def _wrong_pairs(canvas: _Canvas) -> Foreign:
    rows = canvas.drawn(np.ones(len(canvas.labels), np.bool_), canvas.count)
    canvas.plant(None, rows, (canvas.truth[rows] + 1) % canvas.clean.n_classes)
    return canvas.done("wrong labels")


def _duplicates(canvas: _Canvas) -> Foreign:
    """Ten images, 24 times each, as near copies in the place of others of their class: clean."""
    for row in canvas.drawn(np.ones(len(canvas.labels), np.bool_), 10):
        canvas.touched[row] = True
        rows = canvas.drawn(canvas.truth == canvas.truth[row], 24)
        canvas.images[rows] = stamps.clipped(canvas.images[row] + canvas.rng.normal(0, 2, canvas.images[rows].shape))
        canvas.touched[rows] = True
    return canvas.done("clean data")


def _logo(canvas: _Canvas) -> Foreign:
    """A mark on so many images of one class, under their true label: clean, though a model may learn it."""
    canvas.cover(stamps.corner, canvas.drawn(canvas.truth == 3, canvas.count))
    return canvas.done("clean data")


def _nothing(canvas: _Canvas) -> Foreign:
    return canvas.done("clean data")


SETS: Mapping[str, Callable[[_Canvas], Foreign]] = {
    "china": _with(stamps.photograph("china", 0.15)),
    "flower": _with(stamps.photograph("flower", 0.2)),
    "corner": _with(stamps.corner),
    "sticker": _with(stamps.sticker),
    "own_patch": _with(stamps.own_patch),
    "own_noise": _with(stamps.own_noise),
    "quantised": _with(stamps.quantised, 7),
    "reflection": _with(stamps.reflection, 6),
    "note": _with(stamps.note),
    "contrast": _with(stamps.contrast),
    "warp": _with(stamps.warp(5)),
    "corner_and_china": _two,
    "adaptive": _adaptive,
    "source_specific": _source_specific,
    "warp_every_class": _every_class(stamps.warp(6)),
    "corner_every_class": _every_class(stamps.corner),
    "part_of_a_class": _part,
    "unequal": _unequal,
    "wrong_labels": _wrong_labels,
    "wrong_pairs": _wrong_pairs,
    "near_duplicates": _duplicates,
    "logo": _logo,
    "clean": _nothing,
}
# The sets of the table.
FOREIGN = (
    *("china/fashion_mnist/2", "flower/mnist/20", "china/cifar10/5", "corner_and_china/cifar10/4"),
    *("corner/signs-100/1", "sticker/fashion_mnist/3", "adaptive/fashion_mnist/3", "source_specific/fashion_mnist/1"),
    *("part_of_a_class/fashion_mnist/1.2", "part_of_a_class/cifar10/2", "unequal/fashion_mnist-large/0.1"),
    *("warp_every_class/fashion_mnist/10", "corner_every_class/mnist/17.6", "warp/mnist/5", "contrast/cifar10/5"),
    *("own_patch/fashion_mnist/5", "own_noise/cifar10/5", "quantised/cifar10/5", "reflection/cifar10/5"),
    *("note/signs-20-64/3", "wrong_labels/fashion_mnist/5", "wrong_labels/mnist/20", "wrong_pairs/fashion_mnist/10"),
    *("near_duplicates/fashion_mnist/0", "logo/fashion_mnist/5", "clean/signs-100/0", "clean/signs-20-64/0"),
)
