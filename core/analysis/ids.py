"""Files that name samples: one a line, by its row in the source, which is its id, or by its name there."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from core.errors import UserError
from core.types import Bools, Ints

MOST_LACKING = 20  # ranges of ids that are spelled out
_RANGE = re.compile(r"(\d{1,18})(?:\s*[-–]\s*(\d{1,18}))?")


LISTED = "It should hold one sample id a line, which is its row in the source, or one name a line."
_ID = re.compile(r"-?[0-9]{1,18}")


def text_of(path: Path) -> str:
    """What is in a file of ids. Raises UserError when it cannot be read."""
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.", LISTED, "Check the path.") from None
    except (UnicodeDecodeError, OSError) as error:
        raise UserError(f"{path} cannot be read.", LISTED, "Check the file.") from error


def listed_ids(text: str, name: str, known: Collection[int], names: Sequence[tuple[int, str]] = ()) -> list[int]:
    """The ids that a text lists, each once, in its order.

    Args:
        text: the content of a file: ids, apart by spaces or lines, or one name a line.
        name: of the file, for messages.
        known: the ids that exist.
        names: id and name in the source of each sample that may be named.

    Raises:
        UserError: nothing is listed, something that is no sample, or a name of several.
    """
    by_name: dict[str, list[int]] = {}
    for sample, called in names:
        by_name.setdefault(called, []).append(sample)
    ids: list[int] = []
    for line in filter(None, map(str.strip, text.removeprefix("\ufeff").splitlines())):
        words = line.split()
        if all(_ID.fullmatch(word) for word in words):
            ids += map(int, words)
        elif line not in by_name:
            wrong = next(word for word in words if not _ID.fullmatch(word)) if not names else line
            raise UserError(
                f"{name} cannot be used.", f"{wrong[:100]!r} is no sample id, and no sample's name.", LISTED
            )
        elif len(by_name[line]) > 1:
            rows = ", ".join(map(str, by_name[line][:5]))
            raise UserError(
                f"{name} cannot be used.", f"{line[:100]!r} is the name of samples {rows}.", "List their ids."
            )
        else:
            ids += by_name[line]
    ids = list(dict.fromkeys(ids))
    unknown = [sample for sample in ids if sample not in known]
    if unknown or not ids:
        title = f"{name} names samples that do not exist: {sorted(unknown)[:5]}." if unknown else f"{name} is empty."
        hint = "Correct the file. Rows that were left out at the import have no sample." if unknown else LISTED
        raise UserError(title, f"Ids run from {min(known)} to {max(known)}.", hint)
    return ids


def parse_ids(text: str) -> list[tuple[int, int]]:
    """The first and last id of each part of a text such as "7, 10-20"; parts are separated by commas or spaces.

    Raises:
        UserError: a part is neither a number nor a range.

    Example:
        >>> parse_ids("7, 10-20")
        [(7, 7), (10, 20)]
    """
    parts = re.sub(r"\s*[-–]\s*", "-", text.strip()).replace(",", " ").split()
    ranges = []
    for part in parts:
        match = _RANGE.fullmatch(part)
        if not match:
            raise UserError(f"{part} is no id.", "Ids are whole numbers.", "Write a list or a range: 7, 12, 100-250.")
        first, last = int(match[1]), int(match[2] or match[1])
        ranges.append((min(first, last), max(first, last)))
    return ranges


def within(text: str, ids: Ints) -> Bools:
    """(n,) True for the ids (n,) that such a text names. Raises UserError as `parse_ids` does.

    >>> within("7, 10-20", np.array([6, 7, 15])).tolist()
    [False, True, True]
    """
    named = np.zeros(len(ids), np.bool_)
    for first, last in parse_ids(text):
        named |= (ids >= first) & (ids <= last)
    return named


def found_ids(text: str, ids: Ints) -> tuple[list[int], list[str]]:
    """Those of `ids` (n,) that such a text names, and what it names beside them, as `lacking` says it.

    Raises:
        UserError: as `parse_ids` does, or none of them is there.
    """
    found, unknown = ids[within(text, ids)].tolist(), lacking(text, ids)
    if not found:
        said = f"There is no sample {', '.join(unknown)}." if unknown else "No sample is named."
        raise UserError(said, f"Ids run from {ids.min()} to {ids.max()}.", "Write ids and ranges: 7, 12, 100-250.")
    return found, unknown


def lacking(text: str, ids: Ints) -> list[str]:
    """The ids and ranges that such a text names and that are not among `ids` (n,), as one writes them, sorted.

    After 20 of them, the rest is counted.

    >>> lacking("7, 10-20", np.array([7, 12, 13]))
    ['10-11', '14-20']
    """
    there = np.unique(ids).astype(object)  # whole numbers of any size, as people may write them
    gaps: list[tuple[int, int]] = []
    seen = -1
    for first, last in sorted(parse_ids(text)):
        begin = max(first, seen + 1)
        for sample in [*there[np.searchsorted(there, begin) : np.searchsorted(there, last, side="right")], last + 1]:
            if sample > begin:
                gaps.append((begin, sample - 1))
            begin = sample + 1
        seen = max(seen, last)
    words = [str(first) if first == last else f"{first}-{last}" for first, last in gaps]
    return words if len(words) <= MOST_LACKING else [*words[:MOST_LACKING], f"{len(words) - MOST_LACKING:,} more"]
