"""What the samples of a stored data set are called where they come from: the face that people know them by."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.data import store
from core.data.store.reading import open_array

LONGEST_ENDING = 5  # letters and digits of the ending of a file, such as jpeg
_PLACE = re.compile(r"(?:row|line) [0-9]+")  # of an array or a table: no file


def sample_names(workspace: Path, dataset_id: str) -> tuple[str, ...]:
    """What each training sample is called, n names: that of its source, or "row 7" where nobody gave one.

    A poisoned copy calls its samples as the data that it was made from. Escape what is shown.
    """
    info = store.describe(workspace, dataset_id)
    if own := store.names(workspace, dataset_id):
        return own
    ids = _ids(workspace, dataset_id)
    known = [] if info.parent is None else [other.id for other in store.describe_all(workspace)]
    if info.parent in known:
        parent = str(info.parent)
        called = dict(zip(_ids(workspace, parent), sample_names(workspace, parent), strict=True))
        return tuple(called.get(sample, _place(sample)) for sample in ids)
    return tuple(map(_place, ids))


def is_file_name(name: str) -> bool:
    """Whether a sample's name may be that of a file, and is no place in an array or a table.

    >>> is_file_name("cat/7.png"), is_file_name("row 7")
    (True, False)
    """
    return not _PLACE.fullmatch(name)


def has_file_name(name: str, told: str) -> bool:
    """Whether a name says more of a sample than what is read of it, which may be that very name.

    >>> has_file_name("cat/7.txt", "A cat."), has_file_name("a.wav", "a.wav"), has_file_name("row 7", "A cat.")
    (True, False, False)
    """
    return is_file_name(name) and name != told


def short_name(name: str, most: int = 24) -> str:
    """The last part of a path, on one line, at most so many characters of its end.

    >>> short_name("train/cat/img_0001.png"), short_name("a" * 40 + ".png", 8)
    ('img_0001.png', '…aaa.png')
    """
    last = one_line(name).rpartition("/")[2] or one_line(name)
    return last if len(last) <= most else f"…{last[1 - most :]}"


def caption_name(name: str, most: int = 60) -> str:
    """The same without the ending of a file, which tells nothing under a small image.

    >>> caption_name("train/cat/img_0001.png"), caption_name("version 1.5 of all")
    ('img_0001', 'version 1.5 of all')
    """
    short = short_name(name, most)
    stem, _, ending = short.rpartition(".")
    return stem if stem and ending.isalnum() and len(ending) <= LONGEST_ENDING else short


def one_line(name: str) -> str:
    """The name with � for every character that cannot be printed, such as the end of a line."""
    return name if name.isprintable() else "".join(letter if letter.isprintable() else "�" for letter in name)


def matching(names: Sequence[str], text: str) -> list[bool]:
    """For each name whether it holds the text; upper and lower case are the same."""
    part = text.strip().casefold()
    return [part in name.casefold() for name in names]


def _ids(workspace: Path, dataset_id: str) -> list[int]:
    ids: list[int] = np.asarray(open_array(workspace / "datasets" / dataset_id / "ids.npy")).tolist()
    return ids


def _place(sample: int) -> str:
    return f"row {sample}"
