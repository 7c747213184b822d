"""Imagenette and ImageNet: folders named after WordNet, in `train` and `val`."""

from dataclasses import replace
from pathlib import Path

from core.data.collection import Collection
from core.data.folders.image_folder import image_folder

_NAMES = {
    "n01440764": "tench",
    "n02102040": "English springer",
    "n02979186": "cassette player",
    "n03000684": "chain saw",
    "n03028079": "church",
    "n03394916": "French horn",
    "n03417042": "garbage truck",
    "n03425413": "gas pump",
    "n03445777": "golf ball",
    "n03888257": "parachute",
}


def imagenette(folder: Path) -> Collection:
    """Imagenette in `train` and `val`; its classes get their names. Raises UserError as `image_folder` does."""
    folders = image_folder(folder)
    return replace(
        folders, name="Imagenette", class_names=tuple(_NAMES.get(name, name) for name in folders.class_names)
    )


def imagenet(folder: Path) -> Collection:
    """ImageNet, or a part of it, in `train` and `val`; classes keep their WordNet numbers. See `image_folder`."""
    return replace(image_folder(folder), name="ImageNet")
