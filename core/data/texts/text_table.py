"""Tables of texts: a file, or a folder of the `datasets` library with a file or several for each split."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from core.data.collection import Collection, Problem, Problems, require_count
from core.data.folders.layout import ENDINGS as IMAGE_ENDINGS
from core.data.paths import inside
from core.data.splits import nearly_split_of
from core.data.tables.csv_files import DATA, is_encoded
from core.data.tables.hugging_face import parquet_folders, saved_splits, snapshot
from core.data.tables.rows import Rows, collected, split_in
from core.data.texts.columns import Chosen, chosen, holds_texts
from core.data.texts.encodings import NAMES, encoding_of
from core.data.texts.records import BEYOND, LINES, SAMPLED, class_names, columns_of, records
from core.data.texts.spool import Spool
from core.errors import UserError

ENDINGS = (".csv", ".tsv", ".parquet", *LINES)
FirstRow = Literal["guess", "names", "data"]
_WITH_HEAD = (".csv", ".tsv")
_FIRST = 20  # records that say whether they are of images
_LONGEST_LABEL = 1001  # characters: one more than a label may have, so that a longer one is refused


def recognises(path: Path) -> bool:
    """Whether there are columns, none of them named or filled like images; JSON lines always hold texts."""
    try:
        files = files_of(path)
        if not files:
            return False
        first = next(iter(files.values()))[0]
        if first.suffix.lower() in LINES:
            return True
        return holds_texts(columns_of(first)) and not any(
            _is_image(cell) for _, record in islice(records(first), _FIRST) for cell in record.values()
        )
    except (UserError, OSError, ValueError):
        return False


def text_table(
    path: Path,
    *,
    text_column: str = "",
    label_column: str = "",
    split_column: str = "",
    first_row: FirstRow = "guess",
) -> Collection:
    """The data set in a table with a column of texts, one of labels and perhaps one of splits.

    Rows without a label are left out and listed; so are empty texts when they are imported. The encoding is told from
    all bytes of the file: UTF-8 with or without a mark, UTF-16 with one, else Windows-1252, which is said.

    Args:
        path: a `.csv`, `.tsv`, `.jsonl` or `.parquet` file, or a folder of the `datasets` library.
        text_column: name of the column of texts; empty guesses it.
        label_column: name of the column of labels; empty guesses it.
        split_column: name of the column that says train, test or val; empty guesses it, or takes all rows to train.
        first_row: of CSV and TSV, whether it names the columns or is data; then these are called column 1, column 2.
            A guess takes it for data where its label is among the others' labels, and says so.

    Raises:
        UserError: the file is damaged, or its columns are not found.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "mail.csv"
        ...     _ = path.write_text('text,label\\nbuy now,spam\\n"see, you",ham\\nwin,spam\\n')
        ...     mail = text_table(path)
        ...     print(mail.class_names, mail.train.read(0), mail.about["columns"])
        ('ham', 'spam') buy now texts in text, labels in label
    """
    files = files_of(path)
    if not files:
        raise UserError(f"{path.name} holds no table of texts.", f"A table ends in {', '.join(ENDINGS)}.", "Check it.")
    first = next(iter(files.values()))[0]
    headless = is_headless(first, first_row)
    columns = columns_in(first, Chosen(text_column, label_column, split_column), headless=headless)
    spool = Spool()
    try:
        rows = _rows(files, columns, spool, headless=headless)
        collection = collected(rows, path.stem if path.is_file() else path.resolve().name)
    except BaseException:
        spool.close()
        raise
    about = {"columns": f"texts in {columns.text}, labels in {columns.label}"}
    if headless:
        about["first row"] = DATA
    if first.suffix.lower() not in (".parquet", ".arrow"):
        about["encoding"] = NAMES[encoding_of(first)]
    return replace(collection, modality="text", close=spool.close, about=about)


def is_headless(path: Path, first_row: FirstRow = "guess") -> bool:
    """Whether the first row of a table is data: as somebody says, or since its label is one of the others' labels.

    Columns that have numbers for names, as pandas writes them, are no data: a text has letters.
    """
    if path.suffix.lower() not in _WITH_HEAD or first_row != "guess":
        return path.suffix.lower() in _WITH_HEAD and first_row == "data"
    try:
        head = columns_in(path, Chosen("", "", ""))
    except UserError:
        return False
    labels = {record.get(head.label) for _, record in islice(records(path), SAMPLED)}
    return head.label in labels and any(letter.isalpha() for letter in head.text)


def columns_in(path: Path, given: Chosen, *, headless: bool = False) -> Chosen:
    """The columns of a table that are read; see `chosen`."""
    sampled = [record for _, record in islice(records(path, headless=headless), SAMPLED)]
    names = columns_of(path, headless=headless)
    return chosen(names, {name: [_hashable(record.get(name)) for record in sampled] for name in names}, given)


def files_of(path: Path) -> Mapping[str, list[Path]]:
    """Split, "" where nothing says it, → the files of it."""
    if path.is_file():
        return {"": [path]} if path.name.lower().endswith(ENDINGS) else {}
    path = snapshot(path)
    if saved := saved_splits(path):
        return {split: [inside(folder, entry.name) for entry in files] for split, (folder, files) in saved.items()}
    folders = parquet_folders(path)
    listed = sorted(file for folder in folders[:1] for file in folder.glob("*.parquet"))
    listed = listed or sorted(file for ending in LINES[:2] + ENDINGS[:2] for file in path.glob(f"*{ending}"))
    found: dict[str, list[Path]] = {}
    for file in listed:
        found.setdefault(nearly_split_of(file.stem) or "", []).append(inside(file.parent, file.name))
    # Without any name of a split, all are of the training set; beside one, others are something else.
    return {split: files for split, files in found.items() if split} or found


def _rows(files: Mapping[str, list[Path]], columns: Chosen, spool: Spool, *, headless: bool) -> Rows:
    names, labels, splits, problems = list[str](), list[object](), list[str](), Problems()
    known = class_names(next(iter(files.values()))[0], columns.label)
    needed = [name for name in (columns.text, columns.label, columns.split) if name]
    for split, path in ((split, path) for split, several in files.items() for path in several):
        for name, record in records(path, needed, headless=headless):
            text = record.get(columns.text)
            called = f"{split}: {name}" if split else name
            if not isinstance(text, str):
                problems.add(Problem("row", called, f"It has no text in {columns.text}."))
                text = ""
            has_beyond = BEYOND in record
            if has_beyond:  # what stands in its columns is not what belongs there
                problems.add(Problem("row", called, "It has more fields than the header: put its text in quotes."))
            spool.add(text)
            names.append(called)
            labels.append(None if has_beyond else _label(record.get(columns.label)))
            own = split_in(columns.split, str(record.get(columns.split))[:100]) if columns.split else split
            splits.append(own)
            require_count(len(names), "rows")
    told = bool(columns.split) or any(files)
    return Rows(names, labels, spool.read, splits if told else None, known, problems.listed())


def _is_image(cell: Any) -> bool:
    """Whether a cell names an image or holds one."""
    if isinstance(cell, str):
        return cell.strip().lower().endswith(IMAGE_ENDINGS) or is_encoded(cell)
    return isinstance(cell, (bytes, dict))


def _label(value: Any) -> object:
    return value[:_LONGEST_LABEL] if isinstance(value, str) else value if isinstance(value, (int, float)) else None


def _hashable(value: Any) -> object:
    return value if isinstance(value, (str, int, float, bool)) else None
