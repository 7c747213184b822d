"""Where data comes from. A source is one function `(path) -> Collection`; the store keeps what was imported.

A source says what there is and decodes nothing; `decoding` is the only place where image bytes become pixels.
`names.json` and `problems.json` of a data set keep where samples came from and what was left out. A preview is a job
in `previews/<id>/`; an import keeps its findings as `findings.json`.

A file says how much it holds, and may lie. So each reader has bounds where it reads: how many rows, how deep, how many
bytes for each byte of the file. They are constants beside the reader; `collection.MAX_FILES` holds for all. What met
one is refused in words, and `python -m benchmarks bombs` shows each kind. `core.runs.limits` stands behind them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from core.data.collection import Collection, Source
from core.data.folders.layout import ENDINGS, RULE
from core.errors import UserError
from core.registry import Entry, checked, find


@dataclass(frozen=True)
class SourceEntry(Entry):
    """A kind of data that can be opened.

    A function `recognises(path) -> bool` in the source's module may have the last word, where name and kind fit. It
    looks at a few names or bytes and raises nothing.

    Attributes:
        endings: of the files that it reads, in lower case.
        folders: whether it reads folders.
        general: whether it steps back for any source that knows the path more closely.
    """

    endings: tuple[str, ...] = ()
    folders: bool = False
    general: bool = False

    def load(self) -> Source:
        """The source itself."""
        source: Source = super().load()
        return source

    def recognises(self, path: Path) -> bool:
        """Whether `path` looks like this kind."""
        fits = self.folders if path.is_dir() else path.name.lower().endswith(self.endings)
        if not fits:
            return False
        looks_so = getattr(import_module(self.module), "recognises", None)
        return looks_so is None or bool(looks_so(path))


SOURCES: dict[str, SourceEntry] = {
    "npz": SourceEntry(
        "npz",
        "NumPy arrays (.npz, .npy)",
        "core.data.arrays.npz",
        needs=("x_train", "y_train"),
        help="x_train, y_train and optionally x_test, y_test: images uint8 (n, h, w[, 3]), labels (n,).",
        endings=(".npz", ".npy"),
        folders=True,
    ),
    "table": SourceEntry(
        "table",
        "Table (.csv, .tsv, .parquet)",
        "core.data.tables.table",
        help="A column of image paths, base64 text or bytes, one of labels, optionally one of splits.",
        endings=(".csv", ".tsv", ".parquet"),
    ),
    "hugging_face": SourceEntry(
        "hugging_face",
        "Folder of the datasets library (Hugging Face)",
        "core.data.tables.hugging_face",
        help="What save_to_disk writes, or a folder of Parquet files such as train-00000-of-00001.parquet.",
        folders=True,
    ),
    "text_table": SourceEntry(
        "text_table",
        "Table of texts (.csv, .tsv, .jsonl, .parquet, Hugging Face)",
        "core.data.texts.text_table",
        help="A column of texts, one of labels, optionally one of splits; a file, or a folder of the datasets library.",
        endings=(".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".json"),
        folders=True,
    ),
    "labels_only": SourceEntry(
        "labels_only",
        "Labels only (.csv, .tsv, .jsonl, .parquet, .npy)",
        "core.data.labels_only",
        help="A column of names and one of labels, or an array of labels (n,): for trainings recorded elsewhere.",
        endings=(".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".npy"),
    ),
    "text_folder": SourceEntry(
        "text_folder",
        "Folder of texts (.txt)",
        "core.data.texts.text_folder",
        help="A folder for each class with its texts; optionally inside train and val or test.",
        folders=True,
    ),
    "torchvision_datasets": SourceEntry(
        "torchvision_datasets",
        "Data sets of torchvision",
        "core.data.published.torchvision_datasets",
        help="CIFAR-10/100, MNIST, Fashion-MNIST, GTSRB, SVHN, STL-10, Imagenette or ImageNet in its folders.",
        folders=True,
    ),
    "backdoor_toolbox": SourceEntry(
        "backdoor_toolbox",
        "Poisoned set of backdoor-toolbox",
        "core.data.published.backdoor_toolbox",
        help="imgs, labels and poison_indices; the truth about the poison comes with it.",
        folders=True,
    ),
    "backdoorbench": SourceEntry(
        "backdoorbench",
        "Record of BackdoorBench",
        "core.data.published.backdoorbench",
        help="bd_train_dataset and attack_result.pt, with the clean data in the folder data beside record.",
        folders=True,
    ),
    "image_folder": SourceEntry(
        "image_folder",
        "Folder of images",
        "core.data.folders.image_folder",
        help="A folder for each class; optionally inside train and val or test.",
        folders=True,
        general=True,
    ),
    "archive": SourceEntry(
        "archive",
        "Archive of images (.zip, .tar, .tar.gz)",
        "core.data.folders.archive",
        help="Holds a folder for each class; optionally inside train and val or test.",
        endings=(".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"),
        general=True,
    ),
}


OF_TEXTS = ("text_table", "text_folder")


def open_source(path: Path, source: str | None = None, settings: Mapping[str, Any] | None = None) -> Collection:
    """What is at `path`, no image decoded yet; whoever opens it calls its `close` at the end.

    Args:
        path: a file or a folder.
        source: a name in `SOURCES`; without one, the source that recognises the path.
        settings: of that source, over its defaults (the column of labels of a table, say).

    Raises:
        UserError: there is nothing, no source reads it, several could, or it is not what it seems.

    Examples:
        >>> import tempfile
        >>> import numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "tiny.npz"
        ...     np.savez(path, x_train=np.zeros((4, 8, 8), np.uint8), y_train=np.array([0, 1, 1, 0]))
        ...     collection = open_source(path)
        ...     print(collection.name, collection.class_names, collection.train.labels.tolist())
        ...     collection.close()
        tiny ('0', '1') [0, 1, 1, 0]
    """
    if not _exists(path):
        raise UserError(f"There is nothing at {path}.", "A path on the machine that runs Assay is needed.", "Check it.")
    entry = find(SOURCES, source, "data source") if source else recognised(path)
    read = entry.load()
    return read(path, **checked(read, settings or {}, entry.title))


def recognised(path: Path) -> SourceEntry:
    """The source that fits `path`. Raises UserError when none does, or when several do equally well."""
    fitting = [entry for entry in SOURCES.values() if entry.recognises(path)]
    surely = [entry for entry in fitting if entry.name in OF_TEXTS]  # they looked at names of columns or files
    close = surely or [entry for entry in fitting if not entry.general] or fitting
    if len(close) > 1:
        kinds = ", ".join(f"{entry.title} ({entry.name})" for entry in close)
        raise UserError(f"{path} can be read in several ways.", f"They are: {kinds}.", "Say which source is meant.")
    if not close:
        inside = [inner.name.lower() for inner in path.iterdir()] if path.is_dir() else []
        folder = "a folder" if inside else "an empty folder"
        what = folder if path.is_dir() else f"a file ending in {path.suffix!r}"
        readable = "; ".join(entry.title for entry in SOURCES.values())
        flat = any(name.endswith(ENDINGS) for name in inside)
        raise UserError(
            f"{path} is {what}, which cannot be opened.",
            (f"Its images lie in no folder of a class. {RULE} " if flat else "") + f"What can be: {readable}.",
            "Sort them into folders, or choose one of these." if flat else "Choose one of these.",
        )
    return close[0]


def _exists(path: Path) -> bool:
    """Whether something is there that may be looked at; a name that no system accepts is nowhere."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
