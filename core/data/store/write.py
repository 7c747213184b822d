"""From a source into the workspace: images are decoded by several threads and stream to disk in their order.

Nothing holds more than a few megabytes of pixels at a time, whatever the size of the data set. A data set is there only
once all of it is: until then it lies in a folder of its own on the same disk.
"""

import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.data import store
from core.data.collection import UNREADABLE, Collection, Part, Problem, legible, pixels
from core.data.decoding import decoded, sized
from core.data.store import DatasetInfo
from core.data.store.reading import open_inputs
from core.data.store.sample_sizes import SIZES
from core.data.store.shapes import Shape
from core.data.store.unfinished import unfinished
from core.data.store.versions import Earlier, carried_over
from core.data.threads import in_order, pieces
from core.errors import UserError
from core.files import write_array
from core.modalities import MODALITIES
from core.modalities.labels import inputs as labels_only
from core.modalities.text.inputs import strings
from core.types import Bools, Dataset, GroundTruth, Images, Ints, Samples

Listen = Callable[[float, str], None]
Size = tuple[int, ...]  # of a sample in its source: (height, width) of an image, () where there is none
Prepare = Callable[[bytes | Images | str], tuple[Samples, Size]]
SIDES = (1, 1024)  # pixels: the least and the most that a side of a stored image has
CHUNK_BYTES = 2 * 2**20  # of pixels that a thread prepares in one go
CHUNK_IMAGES = 256  # that a thread prepares in one go: a cancelled import stops after these
# Of a sample on disk, roughly, where its shape does not say it.
BYTES = {"text": 2**11, "labels": labels_only.BYTES}
PAUSE_SECONDS = 0.25  # between two words about progress: a page asks no more often
_SPARE_BYTES = 256 * 2**20  # that stay free on the disk: for journals, and for the run that comes next


@dataclass(frozen=True)
class _Written:
    """Which images of a part went to disk, their sizes in the source, and what was wrong with the others."""

    kept: Ints
    sizes: tuple[Size, ...]
    problems: tuple[Problem, ...]


def write(
    workspace: Path,
    collection: Collection,
    *,
    shape: Shape,
    source: str,
    name: str | None = None,
    bona_fide: Bools | None = None,
    earlier: Earlier | None = None,
    opening: store.Opening | None = None,
    listen: Listen = lambda fraction, words: None,
    chunk_bytes: int = CHUNK_BYTES,
    chunk_images: int = CHUNK_IMAGES,
    pause_seconds: float = PAUSE_SECONDS,
) -> DatasetInfo:
    """Decode all of `collection` into the store and return the description of the new data set.

    Images that cannot be read are left out and listed among the problems of the data set; labels, names, bona fide
    samples and the truth stay aligned with the others. A sample's id is its row in the source, so ids have gaps there.
    Data of the same name and content are kept beside the earlier ones, as another version.

    Args:
        workspace: where the data sets are.
        collection: stays open; its owner closes it.
        shape: (h, w, c) of every stored image, c = 1 or 3.
        source: where it came from, in words.
        name: what to call it; default: the collection's own name.
        bona_fide: (n,) True for samples of `collection.train` known to be clean; default: what the collection says.
        opening: how the source was opened.
        earlier: the version whose bona fide samples are carried over where `bona_fide` and the collection name none.
        listen: told the fraction that is done, and what is being done. What it raises ends the work, and nothing of
            the data set is left.
        chunk_bytes, chunk_images: of pixels, and of images, that a thread prepares in one go.
        pause_seconds: between two words to `listen`.

    Raises:
        UserError: no room on the disk, or too few images that can be read.
    """
    prepare, size = PREPARED[collection.modality](collection, shape, chunk_images, chunk_bytes)
    _require_room(workspace, collection, shape)
    if bona_fide is not None:
        collection = replace(collection, bona_fide=bona_fide)
    title, modality = legible(name or collection.name), MODALITIES[collection.modality]
    with unfinished(workspace / "datasets") as folder:
        progress = _counted(listen, len(collection.train) + len(collection.test), pause_seconds)

        def stream(file: str, part: Part) -> _Written:
            appending = modality.appending(folder / file, shape)
            return _stream(appending, part, prepare, size=size, progress=progress)

        train, test = (
            stream(file, part) for file, part in zip(modality.files, (collection.train, collection.test), strict=True)
        )
        _require_classes(collection.train, train)
        dataset = _dataset(folder, collection, train.kept, test.kept, title)
        truth = _truth_of(collection.truth, train.kept)
        names = {"train": _names(collection.train, train), "test": _names(collection.test, test)}
        about = dict(collection.about)
        if earlier and collection.bona_fide is None:
            dataset = replace(dataset, bona_fide=carried_over(earlier, dataset, names["train"]))
            about |= _carried_words(earlier, int(dataset.bona_fide.sum()))
        for key in ("ids", "labels", "test_labels", "bona_fide"):
            write_array(folder / f"{key}.npy", getattr(dataset, key))
        problems = (*collection.problems, *train.problems, *test.problems, *_lost(collection, train))
        store.write_origin(folder, names, problems)
        for file, part in zip(SIZES, (train, test), strict=True):
            _write_sizes(folder / file, part.sizes, shape)
        if truth:
            store.write_truth(folder, truth)
        info = replace(
            store.described(folder, dataset, store.Origin(legible(source), truth)),
            opening=opening,
            n_skipped=len(train.problems) + len(test.problems),
            about={legible(key): legible(words) for key, words in about.items()} or None,
        )
        return store.move_in(workspace, folder, info)


def _stream(
    appending: AbstractContextManager[Callable[[Samples], None]],
    part: Part,
    prepare: Prepare,
    *,
    size: int,
    progress: Callable[[int], None],
) -> _Written:
    """Write the samples of `part` one after the other as the rows of one file."""
    kept, sizes, problems, index = [], list[Size](), [], 0

    def prepared_in(piece: range) -> list[tuple[Samples, Size] | Problem]:
        return [_sample(part, place, prepare) for place in piece]

    with appending as append, closing(in_order(prepared_in, pieces(len(part), size))) as prepared:
        for results in prepared:
            for result in results:
                if isinstance(result, Problem):
                    problems.append(result)
                else:
                    sample, size_there = result
                    append(sample)
                    kept.append(index)
                    sizes.append(size_there)
                index += 1
            progress(len(results))
    return _Written(np.asarray(kept, np.int64), tuple(sizes), tuple(problems))


def _write_sizes(path: Path, sizes: tuple[Size, ...], shape: Shape) -> None:
    """Keep what size the images of a part have in their source, unless all have the one that is stored."""
    if set(sizes) - {(), tuple(shape[:2])}:
        write_array(path, np.array(sizes, np.int64))


def _of_images(collection: Collection, shape: Shape, most: int, most_bytes: int) -> tuple[Prepare, int]:
    """How an image becomes one of `shape`, and how many of them a thread prepares in one go."""
    _require_shape(shape)
    height, width, channels = shape

    def prepare(raw: bytes | Images | str) -> tuple[Samples, Size]:
        image = decoded(pixels(raw), collection.white)
        return np.ascontiguousarray(sized(image, height, width, channels)), image.shape[:2]

    return prepare, max(1, min(most, most_bytes // int(np.prod(shape))))


def _of_texts(_: Collection, __: Shape, most: int, ___: int) -> tuple[Prepare, int]:
    """How a text becomes a sample, and how many of them a thread prepares in one go."""
    return lambda raw: (strings(str(raw)), ()), most


PREPARED: dict[str, Callable[[Collection, Shape, int, int], tuple[Prepare, int]]] = {
    "image": _of_images,
    "text": _of_texts,
    "labels": _of_texts,
}


def _sample(part: Part, index: int, prepare: Prepare) -> tuple[Samples, Size] | Problem:
    try:
        return prepare(part.read(index))
    except UserError as error:
        why = f"{error.title} {error.detail}".strip()
    except OSError as error:
        why = f"It cannot be read: {error.strerror or type(error).__name__}."
    return Problem(UNREADABLE, legible(part.names[index]), legible(why))


def _dataset(folder: Path, collection: Collection, train: Ints, test: Ints, name: str) -> Dataset:
    """The data set that the images in `folder` make up."""
    bona_fide = np.zeros(len(collection.train), np.bool_) if collection.bona_fide is None else collection.bona_fide
    inputs, test_inputs = open_inputs(folder, collection.modality)
    return Dataset(
        name=name,
        ids=collection.train.rows[train],
        inputs=inputs,
        labels=collection.train.labels[train].astype(np.int64),
        test_inputs=test_inputs,
        test_labels=collection.test.labels[test].astype(np.int64),
        class_names=tuple(map(legible, collection.class_names)),
        bona_fide=bona_fide[train],
    )


def _names(part: Part, written: _Written) -> list[str]:
    return [legible(part.names[index]) for index in written.kept]


def _lost(collection: Collection, train: _Written) -> list[Problem]:
    """A problem for each bona fide image that could not be read."""
    if collection.bona_fide is None:
        return []
    gone = np.setdiff1d(np.flatnonzero(collection.bona_fide), train.kept).tolist()
    why = "It was named as bona fide, but it cannot be read, and is left out."
    return [Problem("bona fide", legible(collection.train.names[index]), why) for index in gone]


def _carried_words(earlier: Earlier, n: int) -> dict[str, str]:
    total = int(earlier.dataset.bona_fide.sum())
    return {"bona fide": f"{n:,} of {total:,} samples carried over from {earlier.id}"} if total else {}


def _truth_of(truth: GroundTruth | None, kept: Ints) -> GroundTruth | None:
    """What is known of the samples that are left."""
    if truth is None:
        return None
    counts = np.bincount(truth.attack_index[kept][truth.is_poison[kept]], minlength=len(truth.attacks))
    attacks = tuple(replace(attack, n_poisoned=int(n)) for attack, n in zip(truth.attacks, counts, strict=True))
    return replace(
        truth,
        is_poison=truth.is_poison[kept],
        attack_index=truth.attack_index[kept],
        original_labels=truth.original_labels[kept],
        is_cover=truth.is_cover[kept],
        attacks=attacks,
    )


def _counted(listen: Listen, total: int, pause_seconds: float) -> Callable[[int], None]:
    """Adds up how many images are done and says so, not too often."""
    done, spoken = 0, 0.0

    def count(more: int) -> None:
        nonlocal done, spoken
        done += more
        if time.monotonic() - spoken > pause_seconds or done == total:
            spoken = time.monotonic()
            listen(0.99 * done / max(total, 1), f"{done:,} of {total:,} samples")

    return count


def _require_shape(shape: Shape) -> None:
    height, width, channels = shape
    if not (SIDES[0] <= min(height, width) and max(height, width) <= SIDES[1]) or channels not in (1, 3):
        raise UserError(
            f"Images cannot be kept as {height} × {width} with {channels} channels.",
            f"A side has {SIDES[0]} to {SIDES[1]} pixels; 1 channel is grey, 3 are colour.",
            "Choose another size.",
        )


def _require_room(workspace: Path, collection: Collection, shape: Shape) -> None:
    each = BYTES.get(collection.modality, int(np.prod(shape)))
    needed = (len(collection.train) + len(collection.test)) * each
    there = next(folder for folder in (workspace, *workspace.absolute().parents) if folder.exists())
    free, wanted = shutil.disk_usage(there).free, needed + _SPARE_BYTES
    if wanted > free:
        kept = "" if collection.modality in BYTES else f", every image {shape[0]} × {shape[1]} pixels"
        raise UserError(
            f"{1 + wanted // 2**20:,} MB are needed at {workspace}, and {free // 2**20:,} MB are free.",
            f"The data takes {1 + needed // 2**20:,} MB{kept}; the rest stays free for decisions and for runs.",
            "Make room" + (", or choose a smaller size." if kept else "."),
        )


def _require_classes(part: Part, written: _Written) -> None:
    if len(np.unique(part.labels[written.kept])) >= 2:
        return
    first = written.problems[0] if written.problems else None
    raise UserError(
        f"Of {len(part):,} training samples, {len(written.kept):,} can be read, of fewer than two classes.",
        f"The first that cannot: {first.what}: {first.detail}" if first else "All have the same label.",
        "At least two classes are needed to train a classifier.",
    )
