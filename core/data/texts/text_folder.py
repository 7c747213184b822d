"""Folders of text files: the names of the folders are the labels."""

from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from core.data.collection import Collection, Part
from core.data.folders.image_folder import files_below
from core.data.folders.layout import ENDINGS, Layout, arranged
from core.data.texts.encodings import NAMES, decoded
from core.data.texts.spool import LONGEST, UNREAD
from core.errors import UserError

LOOKED_AT = 200  # files that say what the folder holds, and how its files are encoded


def recognises(path: Path) -> bool:
    """Whether two folders within the folder have text files, and no images are among the first of them.

    A single folder with some is none of a class: published sets of images come with notes.
    """
    holding: set[Path] = set()
    try:
        for file in islice(path.glob("*/**/*"), 10 * LOOKED_AT):
            if file.suffix.lower() in ENDINGS:
                return False
            if file.suffix.lower() == ".txt" and file.is_file():
                holding.add(file.parent)
            if len(holding) > 1:
                return True
    except OSError:
        pass
    return False


def text_folder(path: Path, *, layout: Layout = "auto") -> Collection:
    """The `.txt` files below `path`, labelled by the folder that they lie in; see `core.data.folders.layout`.

    Args:
        path: a folder.
        layout: what the folders are, where their names leave two readings.

    Raises:
        UserError: `path` is no folder or cannot be read; see `arranged`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name, text in (("ham/1.txt", "see you"), ("spam/1.txt", "buy now"), ("spam/2.txt", "win")):
        ...         _ = (Path(folder) / name).parent.mkdir(exist_ok=True)
        ...         _ = (Path(folder) / name).write_text(text)
        ...     mail = text_folder(Path(folder))
        ...     print(mail.class_names, len(mail.train), mail.train.read(0))
        ('ham', 'spam') 3 see you
    """
    collection = arranged(files_below(path), path.resolve().name, layout, endings=(".txt",))
    encodings = Counter(_encoding(collection.train, index) for index in range(min(len(collection.train), LOOKED_AT)))
    about = {"encoding": ", ".join(f"{NAMES[codec]} ({n:,} of those looked at)" for codec, n in encodings.items())}
    train, test = (replace(part, read=_reading(part)) for part in (collection.train, collection.test))
    return replace(collection, modality="text", train=train, test=test, about=about)


def _reading(part: Part) -> Any:
    def read(index: int) -> str:
        content = part.read(index)
        text = decoded(content)[0][:LONGEST].replace("\0", "") if isinstance(content, bytes) else ""
        if not text.strip():
            raise UserError(UNREAD)
        return text

    return read


def _encoding(part: Part, index: int) -> str:
    try:
        content = part.read(index)
    except (UserError, OSError):
        return "utf-8"
    return decoded(content)[1] if isinstance(content, bytes) else "utf-8"
