"""Tables: one row for each image, in CSV or Parquet."""

from pathlib import Path

from core.data.collection import Collection
from core.data.tables.csv_files import DATA, csv_rows, delimiter_of, is_row, records
from core.data.tables.rows import collected
from core.errors import UserError

ENDINGS = (".csv", ".tsv", ".parquet")


def table(
    path: Path, *, image_column: str = "", label_column: str = "", split_column: str = "", links_within: str = ""
) -> Collection:
    """The data set in a table with a column of images, one of labels and perhaps one of splits.

    Images are paths relative to the table's folder, base64 text or, in Parquet, bytes. Rows that cannot be used
    (another number of cells, a path that leads out of the folder, no label) are left out and listed.

    Args:
        path: a `.csv` or `.tsv` file in UTF-8, whose first line names the columns unless an image stands in it, or a
            `.parquet` file.
        image_column: name of the column of images; empty guesses it.
        label_column: name of the column of labels; empty guesses it.
        split_column: name of the column that says train, test or val; empty guesses it, or takes all rows to train.
        links_within: a folder that links in the place of images may lead into; empty for none.

    Raises:
        UserError: the file is damaged, or its columns are not found.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "pets.csv"
        ...     _ = path.write_text("path,label,split\\na.png,cat,train\\nb.png,dog,train\\nc.png,cat,test\\n")
        ...     pets = table(path)
        ...     print(pets.class_names, pets.train.names, pets.test.names)
        ('cat', 'dog') ('a.png', 'b.png') ('c.png',)
    """
    if not path.is_file():
        raise UserError(f"{path.name} is no file.", f"A table ends in {', '.join(ENDINGS)}.", "Check the path.")
    if path.suffix.lower() == ".parquet":
        from core.data.tables.parquet_files import parquet_rows

        rows, about = parquet_rows([path], image_column, label_column, split_column, links_within), {}
    else:
        rows = csv_rows(path, image_column, label_column, split_column, links_within)
        about = {"first row": DATA} if is_row(next(records(path, delimiter_of(path)))[2]) else {}
    return collected(rows, path.stem, about)
