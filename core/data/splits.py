"""What the parts of a data set are called: the training set, the test set, and the validation set."""

from typing import Literal

Split = Literal["train", "test", "validation"]

_NAMES: dict[Split, set[str]] = {
    "train": {"train", "training", "trn"},
    "test": {"test", "testing", "tst"},
    "validation": {"val", "valid", "validation", "dev", "eval"},
}


def split_of(name: str) -> Split | None:
    """The split that a folder, file or cell is named after; None for none."""
    plain = name.strip().lower()
    return next((split for split, names in _NAMES.items() if plain in names), None)
