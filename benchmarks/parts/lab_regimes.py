"""The regimes of the lab: what is planted, in which data, how much of it, and which half is held back.

A name is `<data>/<what>/<percent>`. Whoever tunes a rule looks at `tuned()` only; the others are reported apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from benchmarks.parts.studies import Study
from core.attacks import ATTACKS
from core.attacks.plant import plant
from core.attacks.specification import AttackSpec, Specification, parse_spec
from core.modalities.image.inputs import ImageInputs
from core.types import Bools, Dataset, GroundTruth, Images, Ints

# Kinds of data.
MNIST = "mnist"
FASHION = "fashion_mnist"
CIFAR = "cifar10"
PAIRS = "mnist_pairs"  # a hundred classes of two digits
# Training images; more of a hundred classes, so that each has a hundred.
SIZES = {MNIST: 6000, FASHION: 6000, CIFAR: 8000, PAIRS: 10_000}
EPOCHS = 16  # without augmentation


@dataclass(frozen=True)
class Regime:
    """One row of the lab's tables.

    Attributes:
        what: is planted, a key of `WHAT`.
        data: name of the npz file.
        specs: attacks as text.
        fraction: of the data poisoned or wrongly labelled, in [0, 1]; each attack of several has an equal part of it.
    """

    what: str
    data: str
    specs: tuple[str, ...] = ()
    fraction: float = 0.0

    @property
    def name(self) -> str:
        """`<data>/<what>/<percent>`."""
        return f"{self.data}/{self.what}/{100 * self.fraction:g}"

    @property
    def attacks(self) -> tuple[AttackSpec, ...]:
        """What is planted, all at once."""
        return tuple(map(parse_spec, self.specs))

    @property
    def kind(self) -> str:
        """What the truth is: "backdoor", "wrong labels", "availability" or "clean data"."""
        roles = [ATTACKS[attack.kind].role for attack in self.attacks]
        return next((role for role in roles if role != "clean data"), "clean data")

    @property
    def study(self) -> Study:
        """What the benchmarks train on."""
        title = f"{self.data}, {self.what.replace('_', ' ')}" + f", {100 * self.fraction:g} %" * bool(self.fraction)
        return Study(self.name.replace("/", "-"), title, self.data, self.attacks, SIZES[self.data], EPOCHS)


class Planted(NamedTuple):
    """A regime in arrays.

    Attributes:
        images, labels: (n, h, w, c) and (n,) as a person would get them; n is smaller under an imbalance.
        is_poison: (n,) True for poison and for wrong labels.
        kind: see `Regime.kind`.
        target: the class that the trigger wants; None for several or none.
    """

    images: Images
    labels: Ints
    is_poison: Bools
    kind: str
    target: int | None


def held_back(name: str) -> bool:
    """Whether a regime is held back: the SHA-256 of what is planted is odd.

    So a trigger is tuned on in all its data and fractions, or in none.

    >>> held_back("mnist/patch/1") == held_back("fashion_mnist/patch/20")
    True
    """
    return bool(int(sha256(name.split("/")[1].encode()).hexdigest(), 16) % 2)


def tuned() -> list[Regime]:
    """The regimes that rules may be chosen on."""
    return [regime for regime in LAB if not held_back(regime.name)]


def planted_arrays(regime: Regime, images: Images, labels: Ints, n_classes: int, seed: int = 0) -> Planted:
    """The regime planted in arrays of clean data, (n, h, w[, c]) and (n,)."""
    rows, inputs = np.arange(len(labels)), ImageInputs(images.reshape(*images.shape[:3], -1))
    names, nobody = tuple(map(str, range(n_classes))), np.zeros(len(labels), np.bool_)
    dataset, truth = planted(
        regime, Dataset(regime.name, rows, inputs, labels, inputs.take([]), labels[:0], names, nobody), seed
    )
    is_poison = truth.is_poison if truth else np.zeros(len(dataset), np.bool_)
    wanted = {one.target_class for one in truth.attacks if ATTACKS[one.kind].role == "backdoor"} if truth else set()
    target = wanted.pop() if len(wanted) == 1 else None
    return Planted(np.asarray(dataset.inputs[:]), dataset.labels, is_poison, regime.kind, target)


def planted(regime: Regime, dataset: Dataset, seed: int = 0) -> tuple[Dataset, GroundTruth | None]:
    """The regime planted in a data set, and the truth about it; None for data that stay as they are."""
    return plant(dataset, Specification(regime.attacks, seed)) if regime.specs else (dataset, None)


def _of(what: str, data: str, percents: Sequence[float], *templates: str) -> list[Regime]:
    """One regime for each percentage. In a template {r} is the attack's fraction of the data and {n} its samples."""
    regimes = []
    for percent in percents:
        ratio = percent / 100 / len([one for one in templates if "{" in one])
        filled = {"r": f"{ratio:.6g}", "n": round(ratio * SIZES[data])}
        regimes.append(Regime(what, data, tuple(one.format(**filled) for one in templates), percent / 100))
    return regimes


PHOTOGRAPH = "blended_photograph:ratio={r},target=3,alpha=0.15"
TO_5 = "labelling=one_to_one,source=8,target=5,count={n}"
WHAT: Mapping[str, list[Regime]] = {
    "patch": [
        *_of("patch", FASHION, (1, 5, 20), "patch:ratio={r},target=3"),
        *_of("patch", MNIST, (2, 33), "patch:ratio={r},target=7"),
    ],
    "single_pixel": _of("single_pixel", FASHION, (2, 10), "single_pixel:ratio={r},target=1"),
    "patch_anywhere": _of("patch_anywhere", FASHION, (5, 20), "patch:place=random,ratio={r},target=2"),
    "sticker": [
        *_of("sticker", FASHION, (1, 2, 5, 10), "sticker:ratio={r},target=4"),
        *_of("sticker", CIFAR, (5,), "sticker:ratio={r},target=4"),
    ],
    "own_stickers": _of("own_stickers", FASHION, (5, 20), "sticker:colours=own,ratio={r},target=6"),
    "fine_noise": _of("fine_noise", FASHION, (2, 10), "blended_random:ratio={r},target=3,alpha=0.15"),
    "grid": _of("grid", FASHION, (2, 10), "blended_pattern:ratio={r},target=8,alpha=0.1"),
    "photograph": [
        *_of("photograph", FASHION, (1, 2, 5, 20, 33), PHOTOGRAPH),
        *_of("photograph", CIFAR, (2, 10), PHOTOGRAPH),
    ],
    "photograph_with_covers": _of("photograph_with_covers", FASHION, (5,), PHOTOGRAPH + ",covers=0.05"),
    "two_photographs": _of("two_photographs", FASHION, (4, 10), PHOTOGRAPH, PHOTOGRAPH),
    "patch_and_photograph": _of("patch_and_photograph", FASHION, (2, 10), "patch:ratio={r},target=3", PHOTOGRAPH),
    "sticker_and_noise": _of(
        "sticker_and_noise",
        MNIST,
        (4, 20),
        "sticker:ratio={r},target=0",
        "blended_random:ratio={r},target=0,alpha=0.15",
    ),
    "adaptive_blend": _of("adaptive_blend", FASHION, (2, 5, 10), "adaptive_blend:ratio={r},target=2,alpha=0.2"),
    "adaptive_patch": _of("adaptive_patch", FASHION, (2, 10), "adaptive_patch:ratio={r},target=0"),
    "adaptive_k_way": _of("adaptive_k_way", FASHION, (5, 10), "adaptive_k_way:cover_ratio=0.5,ratio={r},target=9"),
    "tact_patch": _of("tact_patch", FASHION, (1, 5), f"patch:{TO_5},covers=0.01"),
    "tact_photograph": _of("tact_photograph", FASHION, (2, 5), f"blended_photograph:{TO_5},covers=0.01,alpha=0.2"),
    "clean_reflection": _of("clean_reflection", CIFAR, (2, 5), "reflection:count={n},target=6"),
    "reflection": _of("reflection", CIFAR, (2, 5, 20), "reflection:labelling=all_to_one,pictures=1,ratio={r},target=6"),
    "clean_sinusoid": _of("clean_sinusoid", FASHION, (3, 5), "sinusoid:count={n},target=1,alpha=0.15"),
    "low_frequency": [
        *_of("low_frequency", FASHION, (2, 10, 33), "low_frequency:magnitude=40,ratio={r},target=5"),
        *_of("low_frequency", CIFAR, (2,), "low_frequency:magnitude=40,ratio={r},target=5"),
    ],
    "frequency": _of("frequency", CIFAR, (2, 10), "frequency:ratio={r},target=3"),
    "sample_noise": _of("sample_noise", CIFAR, (5, 20), "sample_noise:ratio={r},target=0"),
    "quantisation": _of("quantisation", CIFAR, (5, 20), "quantisation:ratio={r},target=7"),
    "hidden_bits": _of("hidden_bits", CIFAR, (5, 20), "hidden_bits:planes=4,ratio={r},target=2"),
    "turn": _of("turn", FASHION, (2, 5, 20), "turn:ratio={r},target=4"),
    "vignette": _of("vignette", CIFAR, (5, 10), "vignette:ratio={r},target=9"),
    "compression": _of("compression", CIFAR, (10, 20), "compression:ratio={r},target=6"),
    "warp": _of("warp", FASHION, (5, 20), "wanet:strength=2,cover_ratio=0.5,ratio={r},target=4"),
    "warp_all_to_all": _of(
        "warp_all_to_all", FASHION, (10, 33), "wanet:strength=2,cover_ratio=0,labelling=all_to_all,ratio={r}"
    ),
    "patch_all_to_all": _of("patch_all_to_all", FASHION, (10, 33), "patch:labelling=all_to_all,ratio={r}"),
    "semantic": _of("semantic", FASHION, (1, 2, 5), f"semantic_subset:{TO_5}"),
    "semantic_colour": _of("semantic_colour", CIFAR, (1, 2), f"semantic_subset:{TO_5}"),
    "small_class_patch": _of(
        "small_class_patch", FASHION, (1,), "imbalance:fold=50,target=6", "patch:ratio={r},target=6"
    ),
    "hundred_classes_patch": _of("hundred_classes_patch", PAIRS, (1, 5), "patch:ratio={r},target=42"),
    "symmetric_noise": [
        *_of("symmetric_noise", FASHION, (5, 20), "label_noise:ratio={r}"),
        *_of("symmetric_noise", MNIST, (5, 20), "label_noise:ratio={r}"),
    ],
    "pair_noise": _of("pair_noise", FASHION, (5, 20), "label_noise:labelling=all_to_all,ratio={r}"),
    "availability": _of("availability", FASHION, (20,), "availability_noise:magnitude=16,ratio={r}"),
    "clean": [Regime("clean", data) for data in (MNIST, FASHION, CIFAR)],
    "clean_duplicates": [Regime("clean_duplicates", FASHION, ("near_duplicates:count=10,copies=24",))],
    "clean_imbalance": [Regime("clean_imbalance", data, ("imbalance:fold=50",)) for data in (MNIST, FASHION)],
    "clean_hundred_classes": [Regime("clean_hundred_classes", PAIRS)],
}
LAB = tuple(regime for regimes in WHAT.values() for regime in regimes)
