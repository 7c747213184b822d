"""The data sets of the field in the folders that torchvision unpacks them to. Nothing is downloaded by opening them."""

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Literal

from core.data.collection import Collection
from core.errors import UserError

Name = Literal[
    "auto", "cifar10", "cifar100", "mnist", "fashion_mnist", "gtsrb", "svhn", "stl10", "imagenette", "imagenet"
]
_IDX = tuple(f"train-images{dot}idx3-ubyte{gz}" for dot in "-." for gz in ("", ".gz"))
# Name → the folders below a root in which it may lie, and the files or folders of which one tells that it is there.
_PLACES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "cifar10": (("", "cifar-10-batches-bin", "cifar-10-batches-py"), ("data_batch_1.bin", "data_batch_1")),
    "cifar100": (("", "cifar-100-binary", "cifar-100-python"), ("fine_label_names.txt", "meta")),
    "mnist": (("", "raw", "MNIST/raw"), _IDX),
    "fashion_mnist": (("", "raw", "FashionMNIST/raw"), _IDX),
    "gtsrb": (("", "gtsrb"), ("GTSRB/Training",)),
    "svhn": (("",), ("train_32x32.mat",)),
    "stl10": (("", "stl10_binary"), ("train_X.bin",)),
    "imagenette": (("", "imagenette2", "imagenette2-320", "imagenette2-160"), ("train/n01440764",)),
    "imagenet": (("", "imagenet"), ("train",)),
}
_MODULES = {"cifar100": "cifar", "cifar10": "cifar", "fashion_mnist": "mnist", "imagenet": "imagenette"}
_WORDNET = re.compile(r"n[0-9]{8}")
_IMAGENETTE_CLASSES = 10  # more folders are ImageNet


def recognises(path: Path) -> bool:
    """Whether one of the data sets lies in the folder."""
    try:
        return bool(present(path))
    except OSError:  # not permitted
        return False


def torchvision_datasets(path: Path, *, name: Name = "auto") -> Collection:
    """A data set of the field from the root that torchvision was given, or from the data set's own folder.

    CIFAR-10 and CIFAR-100 in their Python version are pickles; they are read without being unpickled.

    Args:
        path: the folder.
        name: which data set; auto takes the only one that is there.

    Raises:
        UserError: none is there, several are, or its files are incomplete or damaged.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as root:
        ...     (folder := Path(root) / "stl10_binary").mkdir()
        ...     _ = (folder / "train_X.bin").write_bytes(bytes(2 * 3 * 96 * 96))  # two black images
        ...     _ = (folder / "train_y.bin").write_bytes(bytes([1, 7]))
        ...     black = torchvision_datasets(Path(root))
        ...     print(black.name, [black.class_names[label] for label in black.train.labels])
        STL-10 ['airplane', 'horse']
    """
    places = present(path)
    chosen = name if name != "auto" else next(iter(places), "none")
    if chosen not in places:
        names = ", ".join(_PLACES)
        raise UserError(
            f"{path.name} does not hold {chosen if name != 'auto' else 'a data set of the field'}.",
            f"What can be opened: {names}.",
            "Check the folder.",
        )
    if name == "auto" and len(places) > 1:
        raise UserError(
            f"{path.name} holds several data sets.", f"They are: {', '.join(places)}.", "Say which by name."
        )
    read: Callable[[Path], Collection] = getattr(
        import_module(f"core.data.published.{_MODULES.get(chosen, chosen)}"), chosen
    )
    try:
        return read(places[chosen])
    except OSError as error:
        raise UserError(f"{path.name} cannot be read.", error.strerror or "", "Copy the data set again.") from error


def present(path: Path) -> dict[str, Path]:
    """Name → folder of the data sets that lie below `path`."""
    data_sets: dict[str, Path] = {}
    for name, (folders, signs) in _PLACES.items():
        places = (path / folder for folder in folders)
        place = next((candidate for candidate in places if any((candidate / sign).exists() for sign in signs)), None)
        if place is not None and _fits(name, place):
            data_sets[name] = place
    return data_sets


def _fits(name: str, place: Path) -> bool:
    """Where two data sets look alike, the folder's name or its content tells."""
    if name in ("mnist", "fashion_mnist"):
        said = f"{place.parent.name}/{place.name}".lower()
        return ("fashion" in said) == (name == "fashion_mnist")
    if name == "cifar100":
        return all((place / entry).exists() for entry in ("train.bin", "test.bin")) or (place / "train").is_file()
    if name in ("imagenet", "imagenette"):
        folders = [entry.name for entry in (place / "train").iterdir()] if (place / "train").is_dir() else []
        wordnet = bool(folders) and all(_WORDNET.fullmatch(entry) for entry in folders if not entry.startswith("."))
        return wordnet and (len(folders) <= _IMAGENETTE_CLASSES) == (name == "imagenette")
    return True
