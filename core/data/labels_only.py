"""Data sets without inputs: a name and a label for each sample, for trainings that are recorded elsewhere."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.data.collection import Collection, Problem, Problems, legible, require_count
from core.data.paths import own
from core.data.tables.csv_files import DATA
from core.data.tables.rows import Rows, collected, guessed, listed_columns, split_in
from core.data.texts.columns import LABELS, Chosen
from core.data.texts.records import class_names, columns_of, records
from core.data.texts.text_table import FirstRow, columns_in, is_headless
from core.errors import UserError

NAMES = ("name", "id", "key", "guid", "path", "filepath", "file", "filename", "sample", "sampleid", "index")
LONGEST_NAME = 4096  # characters: no system opens a longer path
_LONGEST_LABEL = 1001  # one more than a label may have, so that a longer one is refused


def recognises(_: Path) -> bool:
    """Never: such a table may hold images or texts as well, so somebody has to say so."""
    return False


def labels_only(
    path: Path,
    *,
    name_column: str = "",
    label_column: str = "",
    split_column: str = "",
    first_row: FirstRow = "guess",
) -> Collection:
    """The names and labels in a table, or the labels in an array.

    Args:
        path: a `.csv`, `.tsv`, `.jsonl` or `.parquet` file, or a `.npy` file of labels (n,).
        name_column: name of the column of names; empty guesses it, and without one a sample is called by its row.
        label_column: name of the column of labels; empty guesses it.
        split_column: name of the column that says train, test or val; empty guesses it, or takes all rows to train.
        first_row: of CSV and TSV, whether it names the columns or is data; then these are called column 1, column 2.
            A guess takes it for data where its label is among the others' labels, and says so.

    Raises:
        UserError: the file is damaged, or its columns are not found.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "sounds.csv"
        ...     _ = path.write_text("name,label\\na.wav,cat\\nb.wav,dog\\nc.wav,cat\\n")
        ...     sounds = labels_only(path)
        ...     print(sounds.class_names, sounds.train.names, sounds.train.labels.tolist())
        ('cat', 'dog') ('a.wav', 'b.wav', 'c.wav') [0, 1, 0]
    """
    if path.is_dir():
        raise UserError(f"{path.name} is a folder.", "Names and labels are read of one file.", "Name a table.")
    rows, about = (
        _of_array(path)
        if path.suffix.lower() == ".npy"
        else _of_table(path, {"name": name_column, "label": label_column, "split": split_column}, first_row)
    )
    return replace(collected(rows, path.stem), modality="labels", about=about)


def _of_table(path: Path, given: Mapping[str, str], first_row: FirstRow) -> tuple[Rows, Mapping[str, str]]:
    headless = is_headless(path, first_row)
    name, label, split = _columns(path, given, headless=headless)
    names, labels, splits, problems = list[str](), list[object](), list[str](), Problems()
    for number, (called, record) in enumerate(
        records(path, [each for each in (name, label, split) if each], headless=headless)
    ):
        value = record.get(name) if name else f"row {number}"
        text = "" if value is None else legible(str(value))[:LONGEST_NAME].strip()
        if not text:
            problems.add(Problem("row", called, f"It has no {name}; it goes by its line."))
        names.append(text or called)
        labels.append(_label(record.get(label)))
        splits.append(split_in(split, str(record.get(split))[:100]) if split else "")
        require_count(len(names), "rows")
    rows = Rows(
        names,
        labels,
        names.__getitem__,
        splits if split else None,
        class_names(path, label),
        problems.listed(),
    )
    about = {"columns": f"names in {name}, labels in {label}" if name else f"labels in {label}"}
    return rows, about | ({"first row": DATA} if headless else {})


def _columns(path: Path, given: Mapping[str, str], *, headless: bool) -> tuple[str, str, str]:
    columns = columns_of(path, headless=headless)
    for kind, column in given.items():
        if column and column not in columns:
            raise UserError(f"The table has no column {column!r}.", listed_columns(columns), f"Correct {kind}_column.")
    if headless and len(columns) > 1:
        found = columns_in(path, Chosen(given["name"], given["label"], given["split"]), headless=True)
        return found.text, found.label, found.split
    label = given["label"] or (columns[0] if headless and columns else guessed(columns, LABELS))
    if not label:
        raise UserError("The table needs a column of labels.", listed_columns(columns), "Say label_column.")
    left = [column for column in columns if column != label]
    split = given["split"] or guessed(left, "split")
    return given["name"] or guessed([column for column in left if column != split], NAMES), label, split


def _of_array(path: Path) -> tuple[Rows, Mapping[str, str]]:
    try:
        array = np.load(own(path), allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError) as error:
        raise UserError(f"{path.name} cannot be read.", "It is no plain array.", "Save it with numpy.save.") from error
    if not isinstance(array, np.ndarray):  # an archive under another name
        array.close()
        raise UserError(f"{path.name} holds several arrays.", "One is read.", "Save it with numpy.save.")
    if array.ndim != 1 or array.dtype.kind not in "iubUS":
        found = f"{array.dtype} {array.shape}"
        raise UserError(f"{path.name} holds {found}.", "Labels are whole numbers or text, (n,).", "Save the labels.")
    require_count(len(array), "rows")
    names = [f"row {row}" for row in range(len(array))]
    return Rows(names, array.tolist(), names.__getitem__), {}


def _label(value: object) -> object:
    return value[:_LONGEST_LABEL] if isinstance(value, str) else value if isinstance(value, (int, float)) else None
