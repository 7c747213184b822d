"""Which columns of a table hold the images, their labels and their split: guessed from the names, or told."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import UserError

_IMAGE = ("image", "img", "images", "imagebytes", "imagepath", "imgpath", "imagefile", "imagename", "filepath",
          "filename", "file", "path", "bytes", "jpg", "png", "pixels", "picture", "photo")  # fmt: skip
_LABEL = ("label", "labels", "class", "classname", "classid", "category", "target", "y", "labelname", "finelabel",
          "finelabels", "coarselabel", "clsid", "cls")  # fmt: skip
_SPLIT = ("split", "subset", "partition", "set", "usage")


@dataclass(frozen=True)
class Columns:
    """Places of the columns in a table; `split` is None where no column tells."""

    image: int
    label: int
    split: int | None


def found_columns(columns: Sequence[str], image: str = "", label: str = "", split: str = "") -> Columns:
    """Where images, labels and the split are.

    Args:
        columns: the table's own names.
        image, label, split: names that somebody gave; "" guesses.

    Raises:
        UserError: a given name is not there, or nothing looks like images or labels.
    """
    where = _told(columns, image, "image_column") if image else _guessed(columns, _IMAGE)
    what = _told(columns, label, "label_column") if label else _guessed(columns, _LABEL)
    part = _told(columns, split, "split_column") if split else _guessed(columns, _SPLIT)
    for place, kind in ((where, "image"), (what, "label")):
        if place is None:
            raise UserError(
                f"No column of the table looks like {kind}s.",
                f"Its columns are: {', '.join(name[:60] for name in columns[:40])}.",
                f"Say which it is with {kind}_column.",
            )
    return Columns(int(where or 0), int(what or 0), part)


def _told(columns: Sequence[str], name: str, setting: str) -> int:
    if name not in columns:
        known = ", ".join(one[:60] for one in columns[:40])
        raise UserError(f"The table has no column {name!r}.", f"Its columns are: {known}.", f"Correct {setting}.")
    return list(columns).index(name)


def _guessed(columns: Sequence[str], wanted: Sequence[str]) -> int | None:
    plain = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in columns]
    return next((plain.index(name) for name in wanted if name in plain), None)
