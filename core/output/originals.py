"""The clean set as the files that it was imported from: the same content under the same relative names.

A folder or an archive gives these files. A table gives the same table, and the files that it names.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np

from core.analysis.opened_run import OpenedRun
from core.data import open_source, store
from core.data.collection import Collection, Part, legible
from core.data.paths import inside, named
from core.data.store.sample_names import is_file_name
from core.errors import UserError
from core.output.original_tables import TableChanges, write_table
from core.output.original_texts import tables_of, write_text_tables
from core.types import Ints

How = Literal["copy", "hard-link", "symlink"]
SOURCES = ("image_folder", "archive", "table", "text_folder", "text_table")
Listen = Callable[[float, str], None]
TOLD_AFTER = 200  # files, between two words on the progress
AGAIN = "Import the data again, or copy what is stored: --files stored."


@dataclass
class Written:
    """What was written.

    Attributes:
        moved: id of a relabelled sample → its new name.
        used: all relative names.
        younger: names of files that were changed after the import, so that nobody has looked at them.
    """

    moved: dict[int, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    younger: list[str] = field(default_factory=list)


def why_not(opened: OpenedRun) -> str:
    """Why the original files cannot be given back; "" where they can."""
    opening = store.describe(opened.run.workspace, opened.run.dataset).opening
    if opening is None:
        return "the data were made in this workspace, or imported by an earlier version"
    if opening.source not in SOURCES:
        return "the data come from arrays, or in a form of their own"
    return "" if Path(opening.path).exists() else f"{opening.path} is gone"


def write_originals(opened: OpenedRun, folder: Path, kept: Ints, labels: Ints, how: How, *, listen: Listen) -> Written:
    """Write the files of the samples that stay; returns which names changed, and which files changed since the import.

    A relabelled image of a class folder goes into the folder of its new class; in a table, its cell changes.

    Args:
        opened: the run.
        folder: to fill.
        kept: rows of the run's samples that stay.
        labels: of these.
        how: files are copied, or linked to where the source is a folder. Members of archives are always written.
        listen: told the progress, in [0, 1], and which part is written.

    Raises:
        UserError: the source is gone, or no longer what was imported; or links are not possible there.
    """
    info = store.describe(opened.run.workspace, opened.run.dataset)
    with reopened(opened) as (collection, every):
        assert info.opening is not None  # else it could not be opened again
        places = every[kept]
        given = np.asarray(opened.data.labels)[kept]
        written, path = Written(), Path(info.opening.path)
        give = _giver(folder, info, how, written)
        names = [opened.names[row] for row in kept.tolist()]
        if info.opening.source == "table":
            write_table(path, folder / path.name, info.opening.settings, _changes(collection, places, labels, given))
            written.used.add(path.name)
            written.younger += [path.name] * (path.stat().st_mtime > give.born)
        elif info.opening.source == "text_table":
            changes = _changes(collection, places, labels, given)
            tables = write_text_tables(path, folder, info.opening.settings, changes)
            written.used.update(tables)
            written.younger += [path.name] * any(file.stat().st_mtime > give.born for file in tables_of(path))
            return written
        else:
            taken = {*map(legible, collection.train.names), *map(legible, collection.test.names)}
            for index in np.flatnonzero(labels != given).tolist():
                old, new = info.class_names[given[index]], info.class_names[labels[index]]
                names[index] = _moved(names[index], old, new, taken)
                written.moved[int(opened.data.ids[kept[index]])] = names[index]
        for part, ours in ((collection.train, zip(places.tolist(), names, strict=True)), _tests(collection.test)):
            for done, (place, name) in enumerate(ours):
                give(part, place, name)
                if done % TOLD_AFTER == 0:
                    listen(len(written.used) / (len(kept) + len(collection.test) + 1), "files")
    return written


@contextmanager
def reopened(opened: OpenedRun) -> Iterator[tuple[Collection, Ints]]:
    """What the run's data were imported from, and the place of each sample in its training part.

    Raises:
        UserError: the source is gone, or no longer what was imported.
    """
    opening = store.describe(opened.run.workspace, opened.run.dataset).opening
    if (why := why_not(opened)) or opening is None:
        raise UserError("The original files cannot be given back.", f"{why[:1].upper()}{why[1:]}.", AGAIN)
    collection = open_source(Path(opening.path), opening.source, opening.settings)
    try:
        yield collection, _places(collection.train, np.asarray(opened.data.ids), opened.names)
    finally:
        collection.close()


def places_in(part: Part, names: Sequence[str]) -> list[int]:
    """The place of each name in a part that lists them in this order, and perhaps others. Raises UserError."""
    listed = iter(enumerate(map(legible, part.names)))
    places = [next((place for place, other in listed if other == name), -1) for name in names]
    if -1 in places:
        lost = names[places.index(-1)]
        raise UserError("The source is no longer what was imported.", f"{lost[:100]!r} is not where it was.", AGAIN)
    return places


def _tests(part: Part) -> tuple[Part, Iterator[tuple[int, str]]]:
    return part, enumerate(map(legible, part.names))


def _changes(collection: Collection, places: Ints, labels: Ints, given: Ints) -> TableChanges:
    """What becomes of the rows of a table: a new label is written as another row writes it."""
    rows, train = collection.train.places, collection.train
    first = {label: int(rows[place]) for place, label in reversed(list(enumerate(train.labels.tolist())))}
    relabelled = {int(rows[places[index]]): first[int(labels[index])] for index in np.flatnonzero(labels != given)}
    return TableChanges(frozenset([*rows[places].tolist(), *collection.test.places.tolist()]), relabelled)


def _giver(folder: Path, info: store.DatasetInfo, how: How, written: Written) -> "_Giver":
    opening = info.opening
    assert opening is not None  # `write_originals` says so
    path = Path(opening.path)
    linked = {"image_folder": path, "text_folder": path, "table": path.parent}.get(opening.source)
    born = datetime.fromisoformat(info.created).timestamp()
    return _Giver(folder, linked, how, opening.settings.get("links_within", ""), born, written)


@dataclass(frozen=True)
class _Giver:
    """Puts one image of a part under a name into the folder."""

    folder: Path
    linked: Path | None
    how: How
    links_within: str
    born: float
    written: Written

    def __call__(self, part: Part, place: int, name: str) -> None:
        source = legible(part.names[place])
        if not is_file_name(source) or name in self.written.used:
            return  # the image lies in the table itself; or several rows of a table name one file
        self.written.used.add(name)
        target = self.folder / named(name, self.linked)
        target.parent.mkdir(parents=True, exist_ok=True)
        path = None if self.linked is None else _path(self.linked, source, self.links_within)
        if path is None:
            content = part.read(place)
            if not isinstance(content, bytes):
                raise UserError(f"{source} is no file.", "The source holds its pixels.", AGAIN)
            target.write_bytes(content)
            return
        if path.stat().st_mtime > self.born:
            self.written.younger.append(name)
        _put(path, target, self.how)


def _put(path: Path, target: Path, how: How) -> None:
    try:
        if how == "hard-link":
            os.link(path, target)
        elif how == "symlink":
            target.symlink_to(path)
        else:
            shutil.copy2(path, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
            raise
        raise UserError(
            "A hard link is not possible there.", "It needs both places on one disk.", "Copy, or make symbolic links."
        ) from error


def _path(root: Path, name: str, links_within: str) -> Path | None:
    """The file on the disk; None for a name that lost its bytes, which the source still reads."""
    return None if "\ufffd" in name else inside(root, name, links_within)


def _places(part: Part, ids: Ints, names: Sequence[str]) -> Ints:
    """(n,) the place of each sample in the part. Raises UserError where the source lists other files by now."""
    rows = part.rows
    places = np.searchsorted(rows, ids)
    found = places < len(rows)
    found[found] = rows[places[found]] == ids[found]
    for sample, (place, name) in enumerate(zip(places.tolist(), names, strict=True)):
        if not found[sample] or legible(part.names[place]) != name:
            raise UserError("The source is no longer what was imported.", f"{name[:100]!r} is not where it was.", AGAIN)
    return places


def _moved(name: str, old: str, new: str, taken: set[str]) -> str:
    """The name in the folder of the new class, which says where the image comes from; no other file has it."""
    path = PurePosixPath(name)
    folders = list(path.parts[:-1])
    folders[folders.index(old)] = new
    stem, number = f"{path.stem}-was-{old}", 1
    while (moved := str(PurePosixPath(*folders, f"{stem}{path.suffix}"))) in taken:
        number += 1
        stem = f"{path.stem}-was-{old}-{number}"
    taken.add(moved)
    return moved
