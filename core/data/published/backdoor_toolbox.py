"""Poisoned training sets of backdoor-toolbox (github.com/vtu81/backdoor-toolbox)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.data.arrays.image_arrays import image_reader
from core.data.arrays.tensors import array_of, indices_of, saved
from core.data.collection import Collection, Part, Read, empty_part, require_count
from core.data.labels import MAX_CLASSES
from core.data.paths import content
from core.data.published.poison_truth import UNKNOWN, truth_of
from core.errors import UserError
from core.types import GroundTruth, Ints

_CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_CLEAN_LABEL = ("sig", "clean_label", "sleeperagent")


def recognises(path: Path) -> bool:
    """Whether the folder has labels, poison_indices and images."""
    return all((path / name).is_file() for name in ("labels", "poison_indices")) and (
        (path / "imgs").exists() or (path / "data").is_dir()
    )


def backdoor_toolbox(path: Path) -> Collection:
    """A poisoned training set, with the truth about its poison as far as the toolbox keeps it.

    Args:
        path: a folder of `poisoned_train_set/<data set>/`: `imgs` (a tensor, or a folder of 0.png, 1.png …; `data` in
            older versions), `labels`, `poison_indices` and perhaps `cover_indices`. The toolbox's own test set,
            `clean_set/<data set>/test_split` two folders up, is taken where it lies there.

    Raises:
        UserError: a file is missing or damaged, or would have to be unpickled.

    Example:
        >>> import tempfile, torch
        >>> with tempfile.TemporaryDirectory() as root:
        ...     (folder := Path(root) / "cifar10" / "badnet_0.003").mkdir(parents=True)
        ...     torch.save(torch.zeros(3, 3, 32, 32), folder / "imgs")
        ...     torch.save(torch.tensor([0, 1, 0]), folder / "labels")
        ...     torch.save([2], folder / "poison_indices")
        ...     poisoned = backdoor_toolbox(folder)
        >>> poisoned.about["attack"], poisoned.class_names[:2], len(poisoned.train)
        ('badnet, from backdoor-toolbox', ('airplane', 'automobile'), 3)
    """
    labels = _labels(path / "labels")
    train = _part(path, labels)
    n = len(labels)
    poison = indices_of(saved(path / "poison_indices"), n, "poison_indices")
    has_cover = (path / "cover_indices").is_file()
    cover = indices_of(saved(path / "cover_indices"), n, "cover_indices") if has_cover else np.zeros(0, np.int64)
    folder = path.resolve()
    test, where = _test_part(folder)
    n_classes = int(max(labels.max(), test.labels.max(initial=0))) + 1
    if not 2 <= n_classes <= MAX_CLASSES:
        raise UserError(
            f"There are {n_classes} classes.",
            f"There have to be 2 to {MAX_CLASSES}.",
            "Check that these are the labels.",
        )
    of_cifar = folder.parent.name == "cifar10" and n_classes <= len(_CIFAR10)
    names = _CIFAR10 if of_cifar else tuple(map(str, range(n_classes)))
    attack = _attack(folder)
    about = {"attack": f"{attack}, from backdoor-toolbox", **({"test set": where} if where else {})}
    truth = _truth(attack, labels, poison, cover, len(names))
    return Collection(f"{folder.parent.name} {folder.name}", names, train, test, truth=truth, about=about)


def _labels(path: Path) -> Ints:
    labels = array_of(saved(path), path.name)
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not len(labels) or labels.min() < 0:
        raise UserError(
            f"{path.name} holds {labels.dtype} of the shape {labels.shape}.",
            "Class indices are needed.",
            "Save the labels as whole numbers, one a sample.",
        )
    require_count(len(labels), "labels")
    return labels.astype(np.int64)


def _part(folder: Path, labels: Ints) -> Part:
    """The images of a folder, which lie in one tensor or in files."""
    names: Sequence[str]
    read: Read
    if (folder / "imgs").is_file():
        images = array_of(saved(folder / "imgs"), "imgs")
        read, _ = image_reader(images, "imgs", values="0 to 1" if images.dtype.kind == "f" else "auto")
        if len(images) != len(labels):
            raise UserError(
                f"imgs holds {len(images):,} images, labels {len(labels):,}.",
                "They have to be as many.",
                "Make the poisoned set again.",
            )
        names = [f"row {row}" for row in range(len(labels))]
    else:
        below = "imgs" if (folder / "imgs").is_dir() else "data"
        names = files = [f"{below}/{row}.png" for row in range(len(labels))]

        def read(index: int) -> bytes:
            return content(folder, files[index])

    return Part(tuple(names), labels, read)


def _test_part(folder: Path) -> tuple[Part, str]:
    """The toolbox's test set for the same data, and where it lies."""
    root = folder.parent.parent.parent
    for place in (folder / "test_split", root / "clean_set" / folder.parent.name / "test_split"):
        if (place / "labels").is_file():
            return _part(place, _labels(place / "labels")), str(place)
    return empty_part(), ""


def _attack(folder: Path) -> str:
    """The toolbox's name of the attack, out of a folder's name such as `adaptive_blend_0.003_alpha=0.150`."""
    words = folder.name.removeprefix(f"{folder.parent.name}_").split("_")
    ratio = next((place for place, word in enumerate(words) if word[:2] in ("0.", "1.")), len(words))
    return "_".join(words[:ratio])


def _truth(attack: str, labels: Ints, poison: Ints, cover: Ints, n_classes: int) -> GroundTruth | None:
    """Labels before poisoning are known only where the attack's name tells them."""
    original = labels.copy()
    if attack.endswith("all_to_all"):
        original[poison] = (labels[poison] - 1) % n_classes
    elif attack.lower() not in _CLEAN_LABEL:
        original[poison] = UNKNOWN
    return truth_of(attack, "backdoor-toolbox", labels, original, poison=poison, cover=cover, n_classes=n_classes)
