"""Which class and which split an image belongs to, told by the folders that it lies in."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from core.data.collection import Collection, Files, Part, Problem, empty_part, legible
from core.data.labels import MAX_CLASSES
from core.data.paths import LINKS
from core.data.splits import Split, nearly_split_of, split_of
from core.errors import UserError

ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".webp", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pbm", ".pnm"),
)
Layout = Literal["auto", "splits first", "classes first", "classes only"]
_WORDS = {"train": "training set", "test": "test set", "validation": "validation set"}
RULE = "A folder for each class holds its images; these folders may lie inside train, and test or val."


class _Image(NamedTuple):
    """An image by its row among the files, with what its folders say."""

    row: int
    split: Split
    class_name: str


def arranged(files: Files, name: str, layout: Layout = "auto", *, endings: tuple[str, ...] = ENDINGS) -> Collection:
    """The collection that the folders of `files` describe.

    Classes are the folders' names in sorted order; what lies deeper in a class folder belongs to it. `test` is the test
    set, or `val` where there is no `test`. Without a folder for the training set, all folders are classes. Hidden files
    are passed over. Files that are no images, images outside a class and empty classes are listed.

    Args:
        files: on disk or in an archive.
        name: of the collection.
        endings: of the files that are meant, in lower case.
        layout: what the folders are; auto understands `training_set` and `cats/train`, too. It asks where two readings
            are possible.

    Raises:
        UserError: no images, fewer than two classes or more than 1,000; or the folders can be read in two ways.
    """
    problems = list(files.problems)
    shown = [index for index, path in enumerate(files.paths) if not _hidden(path)]
    shown = [index for index in shown if _is_meant(files.paths[index], endings, problems)]
    top = _top([files.paths[index] for index in shown])
    parts = {index: files.paths[index][len(top) :].split("/") for index in shown}
    if layout == "auto":
        layout = _layout(list(parts.values()))
    if layout == "classes first":
        parts = {index: [*names[1:2], names[0], *names[2:]] for index, names in parts.items()}
    splits = {names[0]: nearly_split_of(names[0]) for names in parts.values()} if layout != "classes only" else {}
    images = list(_placed(parts, splits, files.paths, problems))
    train = [image for image in images if image.split == "train"]
    classes = sorted({image.class_name for image in train})
    if layout != "classes first":
        _list_empty(files, top, splits, {image.class_name for image in images}, problems)
    _require_classes(classes, problems)
    known = {class_name: index for index, class_name in enumerate(classes)}
    test = _known_only(_test_images(images, problems), known, problems)
    said = [f"{legible(folder)} is the {_WORDS[split]}" for folder, split in sorted(splits.items()) if split]
    unusual = layout == "classes first" or any(split_of(folder) is None for folder in splits)
    return Collection(
        name=legible(name),
        class_names=tuple(map(legible, classes)),
        train=_part(files, train, known),
        test=_part(files, test, known) if test else empty_part(),
        problems=tuple(problems),
        close=files.close,
        about={"splits": ", ".join(said)} if said and unusual else _passed_over(parts.values(), splits),
    )


def _layout(paths: Sequence[Sequence[str]]) -> Layout:
    """What the folders of images are. Raises UserError where two readings are possible."""
    tops = {names[0] for names in paths if len(names) > 1}
    if any(len(names) > 2 and split_of(names[0]) == "train" for names in paths):
        return "splits first"
    splits = {top: nearly_split_of(top) for top in tops}
    named = [split for split in splits.values() if split]
    inner = [nearly_split_of(names[1]) if len(names) > 2 else None for names in paths]
    exact = bool(paths) and all(len(names) > 2 and split_of(names[1]) for names in paths)
    if exact or (not named and {"train"} < set(inner) - {None}):
        if None in inner or "train" not in inner:
            raise _ambiguous(tops)
        return "classes first"
    below = [{names[1] for names in paths if names[0] == top and len(names) > 2} for top in sorted(tops)]
    if 0 < len(named) < len(tops) and any(map(split_of, tops)) and len(set.intersection(*below)) > 1:
        raise _ambiguous(tops)  # the same folders lie in one that is named after a split and in one that is not
    if not named or len(named) < len(tops) or (len(set(named)) < 2 and not any(map(split_of, tops))):
        return "classes only"  # some folder says nothing of a split, or all say the same
    if "train" in named and len(set(named)) == len(named) and set.intersection(*below):
        return "splits first"
    raise _ambiguous(tops)


def _passed_over(paths: Iterable[Sequence[str]], splits: Mapping[str, Split | None]) -> dict[str, str]:
    """A word on folders that lie in every class and tell nothing: they may be the classes, and the classes splits."""
    below: dict[str, set[str]] = {}
    for names in paths:
        below.setdefault(names[0], set()).add(names[1] if len(names) > 2 else "")
    shared = set.intersection(*below.values()) - {""} if below and not splits else set()
    if len(shared) < 2:
        return {}
    folders = ", ".join(legible(name) for name in sorted(shared)[:8])
    return {
        "folders": f"{folders} lie in every class and are not told apart; to make them classes, rename the folders "
        "around them to train and test"
    }


def _ambiguous(tops: Iterable[str]) -> UserError:
    folders = ", ".join(legible(top) for top in sorted(tops)[:8])
    return UserError(
        "The folders can be read in two ways.",
        f"These may be splits or classes: {folders}. {RULE}",
        "Say what they are with layout: splits first, classes first, or classes only.",
    )


def _hidden(path: str) -> bool:
    return path.startswith(".") or "/." in path or path.partition("/")[0] == "__MACOSX"


def _is_meant(path: str, endings: tuple[str, ...], problems: list[Problem]) -> bool:
    if path.lower().endswith(endings):
        return True
    what = "no image" if endings == ENDINGS else "no text"
    problems.append(Problem(what, legible(path), "Its name has no ending of what is read."))
    return False


def _top(paths: Sequence[str]) -> str:
    """The folder, "/" at its end, that all lie in and that is neither a class nor a split; "" for none."""
    top = ""
    while True:
        first = paths[0][len(top) :].partition("/")[0] if paths else ""
        deeper = f"{top}{first}/"
        alone = all(path.startswith(deeper) and "/" in path[len(deeper) :] for path in paths)
        if not first or split_of(first) or not alone:
            return top
        top = deeper


def _placed(
    parts: Mapping[int, Sequence[str]],
    splits: Mapping[str, Split | None],
    paths: Sequence[str],
    problems: list[Problem],
) -> Iterable[_Image]:
    """The images that lie in a class; the others are listed."""
    outside: Counter[str] = Counter()
    for index, names in parts.items():
        split = splits[names[0]] if splits else "train"
        below = names[1:] if splits else names
        if split is None:
            outside[names[0]] += 1
        elif len(below) < 2:
            problems.append(Problem("no class", legible(paths[index]), "The image lies in no folder of a class."))
        else:
            yield _Image(index, split, below[0])
    for name, n in outside.items():
        problems.append(Problem("left out", legible(name), f"{n:,} images lie neither in train nor in test or val."))


def _list_empty(
    files: Files, top: str, splits: Mapping[str, Split | None], used: set[str], problems: list[Problem]
) -> None:
    """List the folders where a class would be and no image is."""
    folders = {*files.folders, *(path.rpartition("/")[0] for path in files.paths)}
    for folder in sorted(folder for folder in folders if folder.startswith(top) and not _hidden(folder)):
        names = folder[len(top) :].split("/")
        empty = names[-1] and len(names) == 1 + bool(splits) and names[-1] not in used
        if empty and not (splits and nearly_split_of(names[0]) is None):
            problems.append(Problem("empty class", legible(folder), "The folder holds no image; it is no class."))


def _test_images(images: Sequence[_Image], problems: list[Problem]) -> list[_Image]:
    """The images of `test`, or of `val` where there is no `test`."""
    held_out: dict[Split, list[_Image]] = {"test": [], "validation": []}
    for image in images:
        if image.split != "train":
            held_out[image.split].append(image)
    if held_out["test"] and held_out["validation"]:
        detail = f"{len(held_out['validation']):,} images are left out: test is the test set, and one is enough."
        problems.append(Problem("left out", "val", detail))
    return held_out["test"] or held_out["validation"]


def _known_only(test: Sequence[_Image], known: Mapping[str, int], problems: list[Problem]) -> list[_Image]:
    unknown = Counter(image.class_name for image in test if image.class_name not in known)
    for name, n in sorted(unknown.items()):
        detail = f"{n:,} test images are left out: no training image has this class."
        problems.append(Problem("unknown class", legible(name), detail))
    return [image for image in test if image.class_name in known]


def _part(files: Files, images: Sequence[_Image], known: Mapping[str, int]) -> Part:
    labels = np.fromiter((known[image.class_name] for image in images), np.int64, len(images))
    indices = [image.row for image in images]
    names = tuple(legible(files.paths[index]) for index in indices)
    return Part(names, labels, lambda index: files.read(indices[index]))


def _require_classes(classes: Sequence[str], problems: Sequence[Problem]) -> None:
    if len(classes) > MAX_CLASSES:
        raise UserError(
            f"There are {len(classes):,} folders with images, which would be classes.",
            f"At most {MAX_CLASSES:,} classes can be handled. {RULE}",
            "Open the folder above or below, or a part of the classes.",
        )
    if len(classes) < 2:
        left = Counter(problem.kind for problem in problems)
        counts = ", ".join(f"{kind}: {n:,}" for kind, n in left.items())
        raise UserError(
            "There are no images in folders of classes." if not classes else "There is one class.",
            RULE + (f" Left out were: {counts}." if counts else ""),
            LINKS if left["link"] else "At least two classes are needed to train a classifier.",
        )
