"""Files that name samples: one id a line."""

import re
from collections.abc import Collection
from pathlib import Path

from core.errors import UserError

_RANGE = re.compile(r"(\d{1,18})(?:\s*[-–]\s*(\d{1,18}))?")


LISTED = "It should hold one sample id, a whole number, a line."
_ID = re.compile(r"-?[0-9]{1,18}")


def text_of(path: Path) -> str:
    """What is in a file of ids. Raises UserError when it cannot be read."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise UserError(f"There is no file {path}.", LISTED, "Check the path.") from None
    except (UnicodeDecodeError, OSError) as error:
        raise UserError(f"{path} cannot be read.", LISTED, "Check the file.") from error


def listed_ids(text: str, name: str, known: Collection[int]) -> list[int]:
    """The ids in a text, each once, in its order.

    Args:
        text: the content of a file.
        name: of the file, for messages.
        known: the ids that exist.

    Raises:
        UserError: nothing is listed, or something that is no id of a sample.
    """
    words = text.split()
    if wrong := next((word for word in words if not _ID.fullmatch(word)), None):
        raise UserError(f"{name} cannot be used.", f"{wrong[:40]!r} is no sample id.", LISTED)
    ids = list(dict.fromkeys(int(word) for word in words))
    unknown = [sample for sample in ids if sample not in known]
    if unknown or not ids:
        title = f"{name} names samples that do not exist: {sorted(unknown)[:5]}." if unknown else f"{name} is empty."
        raise UserError(title, f"Ids run from {min(known)} to {max(known)}.", "Correct the file.")
    return ids


def parse_ids(text: str) -> list[tuple[int, int]]:
    """The first and last id of each part of a text such as "7, 10-20"; parts are separated by commas or spaces.

    Raises:
        UserError: a part is neither a number nor a range.
    """
    parts = re.sub(r"\s*[-–]\s*", "-", text.strip()).replace(",", " ").split()
    found = []
    for part in parts:
        match = _RANGE.fullmatch(part)
        if not match:
            raise UserError(f"{part} is no id.", "Ids are whole numbers.", "Write a list or a range: 7, 12, 100-250.")
        first, last = int(match[1]), int(match[2] or match[1])
        found.append((min(first, last), max(first, last)))
    return found
