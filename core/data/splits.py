"""What the parts of a data set are called: the training set, the test set, and the validation set."""

import re
from typing import Literal

Split = Literal["train", "test", "validation"]

_NAMES: dict[Split, set[str]] = {
    "train": {"train", "training", "trn"},
    "test": {"test", "testing", "tst"},
    "validation": {"val", "valid", "validation", "dev", "eval"},
}
_ENDINGS = re.compile("(set|data|images|imgs|split)$")  # of words such as trainset and testdata


def split_of(name: str) -> Split | None:
    """The split that a folder, file or cell is named after; None for none."""
    plain = name.strip().lower()
    return next((split for split, names in _NAMES.items() if plain in names), None)


def nearly_split_of(name: str) -> Split | None:
    """The split that a name nearly says, as `training_set`, `mnist_test` or `val2017` do; None for none or several.

    Examples:
        >>> nearly_split_of("training_set"), nearly_split_of("mnist_test-00000"), nearly_split_of("latest")
        ('train', 'test', None)
    """
    words = re.findall(r"[a-z]+", name.lower())
    splits = {split_of(_ENDINGS.sub("", word)) for word in words} - {None}
    return splits.pop() if len(splits) == 1 else None
