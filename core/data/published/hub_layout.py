"""Which files of a data set on the Hub are data, which split each belongs to, and under which name each is kept."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from core.data.folders.layout import ENDINGS as IMAGES
from core.data.splits import nearly_split_of, split_of

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
SAVED = ("dataset_dict.json", "dataset_info.json", "state.json")  # what `save_to_disk` writes beside its arrays
LISTING = "metadata.csv"  # of a folder of images
_NO_TABLES = (*SAVED, "dataset_infos.json", "package.json")
_SHARD = re.compile(r"(.+?)-\d{5}-of-\d{5}")


@dataclass(frozen=True)
class HubFile:
    """A file of a data set on the Hub.

    Attributes:
        name: its path there.
        size: bytes.
        split: train, test, validation, another name, or "" where nothing says it.
        folder: of the data set that it belongs to, where there are several in one place.
        target: the path under which it is kept.
        tabular: whether it is one of the tables that make up a folder.
    """

    name: str
    size: int
    split: str = ""
    folder: str = ""
    target: str = ""
    tabular: bool = False

    def alone(self) -> "HubFile":
        """The same file where its split is all that is wanted: its name says nothing of a split any more."""
        parts = [part for part in self.target.split("/")[:-1] if _split_of_folder(part) != self.split]
        last = self.target.rpartition("/")[2]
        if self.tabular and last.startswith(f"{self.split}-"):
            last = f"part-{last[len(self.split) + 1 :]}"
        return replace(self, target="/".join([*parts, last]))


def kept_files(sizes: Mapping[str, int], folder: str = "") -> list[HubFile]:
    """The files of one kind that make up the data: Parquet, else Arrow, images, other tables, texts, or archives.

    Args:
        sizes: path → bytes, of everything that is there.
        folder: below which they lie; "" for all of it.

    Examples:
        >>> sizes = {"README.md": 10, "data/train-00000-of-00001.parquet": 70, "load.py": 5}
        >>> [(file.split, file.target) for file in kept_files(sizes)]
        [('train', 'train-00000.parquet')]
    """
    prefix = f"{folder}/" if folder else ""
    names = sorted(name for name in sizes if name.startswith(prefix) and not _is_hidden(name))
    if parquet := [name for name in names if name.lower().endswith(".parquet")]:
        return _tables(parquet, sizes, prefix)
    if any(name.lower().endswith(".arrow") for name in names):
        saved = [name for name in names if name.endswith((".arrow", *SAVED))]
        return _tree(saved, sizes, prefix)
    if images := [name for name in names if name.lower().endswith(IMAGES)]:
        return _tree(
            images + [name for name in names if name.endswith(f"/{LISTING}") or name == LISTING], sizes, prefix
        )
    if tables := [name for name in names if name.lower().endswith(TABLES) and not name.endswith(_NO_TABLES)]:
        return _tables(tables, sizes, prefix)
    if texts := [name for name in names if name.lower().endswith(".txt") and "/" in name[len(prefix) :]]:
        return _tree(texts, sizes, prefix)
    return _tree([name for name in names if name.lower().endswith(ARCHIVES)], sizes, prefix)


def _tables(names: Sequence[str], sizes: Mapping[str, int], prefix: str) -> list[HubFile]:
    """Tables, numbered within their split; those of one folder make up a data set."""
    found, counts = [], dict[tuple[str, str], int]()
    for name in names:
        split = _split_of_file(name[len(prefix) :])
        parts = [part for part in name.split("/")[:-1] if not _split_of_folder(part)]
        folder = "/".join(parts) if parts != ["data"] else ""
        number = counts[folder, split] = counts.get((folder, split), -1) + 1
        target = f"{split or 'part'}-{number:05d}{PurePosixPath(name).suffix.lower()}"
        found.append(HubFile(name, sizes[name], split, folder, target, tabular=True))
    return found


def _tree(names: Sequence[str], sizes: Mapping[str, int], prefix: str) -> list[HubFile]:
    """Files that keep their places, for the folders say what they are."""
    return [
        HubFile(name, sizes[name], _split_of_folder(name[len(prefix) :].partition("/")[0]), "", name[len(prefix) :])
        for name in names
    ]


def _split_of_file(path: str) -> str:
    *folders, last = path.split("/")
    stem = PurePosixPath(last).stem
    shard = _SHARD.fullmatch(stem)
    if shard:
        return split_of(shard[1]) or re.sub(r"[^\w.-]", "_", shard[1])
    return next(filter(None, map(_split_of_folder, reversed(folders))), "") or nearly_split_of(stem) or ""


def _split_of_folder(name: str) -> str:
    return split_of(name) or ""


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))
