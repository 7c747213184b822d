"""Where data comes from. A source is one function `(path) -> Dataset`; the store keeps what was opened."""

from pathlib import Path

from core.errors import UserError
from core.registry import Entry
from core.types import Dataset

SOURCES = {
    "npz": Entry(
        "npz",
        "NumPy archive (.npz)",
        "core.datasets.npz",
        needs=("x_train", "y_train"),
        help="x_train, y_train and optionally x_test, y_test: images uint8 (n, h, w[, 3]), labels (n,).",
    ),
}


def open_source(path: Path) -> Dataset:
    """The data set at `path`, read by the source that its ending names.

    Raises:
        UserError: no such file, or a kind that no source reads.
    """
    if not path.exists():
        raise UserError(f"There is nothing at {path}.", "A path on the machine that runs Assay is needed.", "Check it.")
    name = path.suffix.lower().lstrip(".")
    if name not in SOURCES:
        what = "a folder" if path.is_dir() else f"a file ending in {path.suffix!r}"
        allowed = "; ".join(f"{entry.title}: {entry.help}" for entry in SOURCES.values())
        raise UserError(f"{path} is {what}, which cannot be opened.", f"What can be: {allowed}", "Convert it first.")
    dataset: Dataset = SOURCES[name].load()(path)
    return dataset
