"""From a source into the workspace: images are decoded by several threads and stream to disk in their order.

Nothing holds more than a few megabytes of pixels at a time, whatever the size of the data set, and a data set is there
only once all of it is.

A place for what is not finished yet, on the same disk as where it will go.
"""

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.data import store
from core.data.collection import UNREADABLE, Collection, Part, Problem, legible
from core.data.decoding import White, decoded, sized
from core.data.store import DatasetInfo
from core.data.store.shapes import Shape
from core.data.threads import in_order, pieces
from core.errors import UserError
from core.files import write_array
from core.modalities.image.inputs import ImageInputs
from core.types import Bools, Dataset, GroundTruth, Images, Ints

PREFIX = ".unfinished-"


Listen = Callable[[float, str], None]
SIDES = (1, 1024)
_CHUNK_BYTES = 2 * 2**20
_CHUNK_IMAGES = 256
_PAUSE = 0.25
_SPARE_BYTES = 256 * 2**20


@dataclass(frozen=True)
class _Written:
    """Which images of a part went to disk, and what was wrong with the others."""

    kept: Ints
    problems: tuple[Problem, ...]


def write(
    workspace: Path,
    collection: Collection,
    *,
    shape: Shape,
    source: str,
    name: str | None = None,
    bona_fide: Bools | None = None,
    listen: Listen = lambda share, words: None,
) -> DatasetInfo:
    """Decode all of `collection` into the store and return the description of the new data set.

    Images that cannot be read are left out and listed among the problems of the data set; labels, names, bona fide
    samples and the truth stay aligned with those that are left.

    Args:
        workspace: where the data sets are.
        collection: stays open; its owner closes it.
        shape: (h, w, c) of every stored image, c = 1 or 3.
        source: where it came from, in words.
        name: what to call it; default: the collection's own name.
        bona_fide: (n,) True for samples of `collection.train` known to be clean; default: what the collection says.
        listen: told the share that is done, in [0, 1], and what is being done. What it raises ends the work, and
            nothing of the data set is left.

    Raises:
        UserError: no room on the disk, or too few images that can be read.
    """
    _require_shape(shape)
    _require_room(workspace, collection, shape)
    if bona_fide is not None:
        collection = replace(collection, bona_fide=bona_fide)
    with unfinished(workspace / "datasets") as folder:
        told = _counted(listen, len(collection.train) + len(collection.test))
        train = _stream(folder / "images.npy", collection.train, shape, collection.white, told)
        test = _stream(folder / "test_images.npy", collection.test, shape, collection.white, told)
        _require_classes(collection.train, train)
        dataset = _dataset(folder, collection, train.kept, test.kept, legible(name or collection.name))
        truth = _truth_of(collection.truth, train.kept)
        _write_origin(folder, collection, train, test, truth)
        info = replace(
            store.described(dataset, source=legible(source), truth=truth),
            n_skipped=len(train.problems) + len(test.problems),
            about={legible(key): legible(words) for key, words in collection.about.items()} or None,
        )
        return store.move_in(workspace, folder, info)


def _stream(path: Path, part: Part, shape: Shape, white: White, told: Callable[[int], None]) -> _Written:
    """Write the images of `part` one after the other as the rows of one array."""
    size = max(1, min(_CHUNK_IMAGES, _CHUNK_BYTES // int(np.prod(shape))))
    kept, problems, index = [], [], 0

    def prepare(piece: range) -> list[Images | Problem]:
        return [_image(part, place, shape, white) for place in piece]

    with path.open("wb") as stream, closing(in_order(prepare, pieces(len(part), size))) as prepared:
        _write_header(stream, 0, shape)
        for results in prepared:
            for result in results:
                if isinstance(result, Problem):
                    problems.append(result)
                else:
                    stream.write(result.data)
                    kept.append(index)
                index += 1
            told(len(results))
        _write_header(stream, len(kept), shape)
        os.fsync(stream.fileno())
    return _Written(np.asarray(kept, np.int64), tuple(problems))


def _write_header(stream: BinaryIO, n_images: int, shape: Shape) -> None:
    """The array's header at the start of the file; NumPy leaves room in it for the number of rows to grow."""
    stream.seek(0)
    described = {"descr": "|u1", "fortran_order": False, "shape": (n_images, *shape)}
    np.lib.format.write_array_header_1_0(stream, described)


def _image(part: Part, index: int, shape: Shape, white: White) -> Images | Problem:
    try:
        return np.ascontiguousarray(sized(decoded(part.read(index), white), *shape))
    except UserError as error:
        why = f"{error.title} {error.detail}".strip()
    except OSError as error:
        why = f"It cannot be read: {error.strerror or type(error).__name__}."
    return Problem(UNREADABLE, legible(part.names[index]), legible(why))


def _dataset(folder: Path, collection: Collection, train: Ints, test: Ints, name: str) -> Dataset:
    """The data set that the images in `folder` make up; its small arrays are written beside them."""
    bona_fide = np.zeros(len(collection.train), np.bool_) if collection.bona_fide is None else collection.bona_fide
    dataset = Dataset(
        name=name,
        ids=np.arange(len(train)),
        inputs=ImageInputs(store.open_array(folder / "images.npy")),
        labels=collection.train.labels[train].astype(np.int64),
        test_inputs=ImageInputs(store.open_array(folder / "test_images.npy")),
        test_labels=collection.test.labels[test].astype(np.int64),
        class_names=tuple(map(legible, collection.class_names)),
        bona_fide=bona_fide[train],
    )
    for key in ("ids", "labels", "test_labels", "bona_fide"):
        write_array(folder / f"{key}.npy", getattr(dataset, key))
    return dataset


def _write_origin(
    folder: Path, collection: Collection, train: _Written, test: _Written, truth: GroundTruth | None
) -> None:
    """Keep the samples' names, what was wrong with the source, and what it says of its own poison."""
    if truth:
        store.write_truth(folder, truth)
    parts = {"train": (collection.train, train), "test": (collection.test, test)}
    names = {key: [legible(part.names[row]) for row in written.kept] for key, (part, written) in parts.items()}
    store.write_origin(folder, names, (*collection.problems, *train.problems, *test.problems))


def _truth_of(truth: GroundTruth | None, kept: Ints) -> GroundTruth | None:
    """What is known of the samples that are left."""
    if truth is None:
        return None
    counts = np.bincount(truth.attack_index[kept][truth.is_poison[kept]], minlength=len(truth.attacks))
    attacks = tuple(replace(one, n_poisoned=int(n)) for one, n in zip(truth.attacks, counts, strict=True))
    return replace(
        truth,
        is_poison=truth.is_poison[kept],
        attack_index=truth.attack_index[kept],
        original_labels=truth.original_labels[kept],
        is_cover=truth.is_cover[kept],
        attacks=attacks,
    )


def _counted(listen: Listen, total: int) -> Callable[[int], None]:
    """Adds up how many images are done and says so, four times a second at most."""
    done, spoken = 0, 0.0

    def told(more: int) -> None:
        nonlocal done, spoken
        done += more
        if time.monotonic() - spoken > _PAUSE or done == total:
            spoken = time.monotonic()
            listen(0.99 * done / max(total, 1), f"{done:,} of {total:,} images")

    return told


def _require_shape(shape: Shape) -> None:
    height, width, channels = shape
    if not (SIDES[0] <= min(height, width) and max(height, width) <= SIDES[1]) or channels not in (1, 3):
        raise UserError(
            f"Images cannot be kept as {height} × {width} with {channels} channels.",
            f"A side has {SIDES[0]} to {SIDES[1]} pixels; 1 channel is grey, 3 are colour.",
            "Choose another size.",
        )


def _require_room(workspace: Path, collection: Collection, shape: Shape) -> None:
    needed = (len(collection.train) + len(collection.test)) * int(np.prod(shape))
    there = next(folder for folder in (workspace, *workspace.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if needed > free - _SPARE_BYTES:
        raise UserError(
            f"{needed / 2**30:.1f} GB are needed at {workspace}, and {free / 2**30:.1f} GB are free.",
            f"Every image is kept as {shape[0]} × {shape[1]} pixels.",
            "Make room, or choose a smaller size.",
        )


def _require_classes(part: Part, written: _Written) -> None:
    if len(np.unique(part.labels[written.kept])) >= 2:
        return
    first = written.problems[0] if written.problems else None
    raise UserError(
        f"Of {len(part):,} training images, {len(written.kept):,} can be read, of fewer than two classes.",
        f"The first that cannot: {first.what}: {first.detail}" if first else "All have the same label.",
        "At least two classes are needed to train a classifier.",
    )


@contextmanager
def unfinished(parent: Path) -> Iterator[Path]:
    """A new folder in `parent` that is gone afterwards; so are earlier ones whose maker was killed."""
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(f"{PREFIX}*"):
        with _held(left) as free:
            if free:
                shutil.rmtree(left, ignore_errors=True)
    folder = parent / f"{PREFIX}{secrets.token_hex(4)}"
    folder.mkdir()
    with _held(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Hold the folder's own lock, which vanishes with its holder; False where another process has it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)
