"""What the benchmarks train on: data set, size, attacks and epochs of every row of their tables."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.parts.data import part_of
from benchmarks.parts.traced import Fitted, Traced, fitted, traced
from core.attacks.specification import AttackSpec
from core.training.config import TrainConfig
from core.types import Dataset


@dataclass(frozen=True)
class Study:
    """One row of a table.

    Attributes:
        key: its name in a cache.
        title: what people read.
        data: name of the npz file.
        attacks: planted at once; none for clean data.
        size: training images.
        epochs: without augmentation.
        model: that is trained.
    """

    key: str
    title: str
    data: str
    attacks: tuple[AttackSpec, ...] = ()
    size: int = 6000
    epochs: int = 16
    model: str = "convnet"


def traced_study(study: Study, folder: Path, cache: Path | None, seed: int) -> Traced:
    """The study's data planted and trained on, all of it drawn from `seed`; read from the cache where it is there."""
    return traced(*_drawn(study, folder, seed), cache, f"{study.key}-{seed}")


def fitted_study(study: Study, folder: Path, seed: int) -> Fitted:
    """The same with its model, which no cache holds."""
    return fitted(*_drawn(study, folder, seed))


def _drawn(study: Study, folder: Path, seed: int) -> tuple[Dataset, tuple[AttackSpec, ...], TrainConfig]:
    config = TrainConfig(model=study.model, epochs=study.epochs, seed=seed)
    return part_of(folder, study.data, study.size, seed), study.attacks, config


def pairs(ratio: float, step: int = 1, n_classes: int = 10) -> tuple[AttackSpec, ...]:
    """A patch turns `ratio` of every class l into class l + `step`."""
    return tuple(
        AttackSpec("patch", ratio, (source + step) % n_classes, labelling="one_to_one", source=source)
        for source in range(n_classes)
    )


FASHION = "fashion_mnist"
THREE = (
    AttackSpec("patch", 0.02, 2),
    AttackSpec("blended_pattern", 0.02, 7, {"alpha": 0.1}),
    AttackSpec("single_pixel", 0.02, 9),
)
BLENDS = (
    AttackSpec("blended_pattern", 0.025, 5, {"alpha": 0.1}),
    AttackSpec("blended_random", 0.025, 8, {"alpha": 0.2}),
)
SIX = (
    *(AttackSpec(kind, 0.01) for kind in ("patch", "single_pixel")),
    AttackSpec("blended_random", 0.01, settings={"alpha": 0.1}),
    AttackSpec("blended_pattern", 0.01, settings={"alpha": 0.05}),
    AttackSpec("sinusoid", 0.10),
    AttackSpec("frequency", 0.01),
)
BLEND = (AttackSpec("blended_random", 0.03, 4, {"alpha": 0.2}),)
SINUSOID = (AttackSpec("sinusoid", 0.30, 1, {"alpha": 0.15}),)  # a ratio of its class, a tenth of the data
REGIMES = (
    Study("mnist-pairs-5", "MNIST, pairs l → l+3, 5 %", "mnist", pairs(0.05, 3)),
    Study("mnist-pairs-10", "MNIST, pairs l → l+1, 10 %", "mnist", pairs(0.10)),
    Study("mnist-pairs-33", "MNIST, pairs l → l+1, 33 %", "mnist", pairs(0.33)),
    Study("fashion-three", "Fashion-MNIST, three attacks, 6 %", FASHION, THREE),
    Study("fashion-two-blends", "Fashion-MNIST, two blends, 5 %", FASHION, BLENDS),
    Study("fashion-blend-3", "Fashion-MNIST, one blend, 3 %", FASHION, BLEND),
    Study("fashion-patch-3", "Fashion-MNIST, one patch, 3 %", FASHION, (AttackSpec("patch", 0.03, 3),)),
    Study("fashion-patch-1.5", "Fashion-MNIST, one patch, 1.5 %", FASHION, (AttackSpec("patch", 0.015, 6),)),
    Study("fashion-sinusoid", "Fashion-MNIST, clean-label sinusoid, 3 %", FASHION, SINUSOID),
    Study("cifar-six", "CIFAR-10, six attacks, 6 %", "cifar10", SIX, 20_000, 8, "small_resnet"),
)
CLEAN = tuple(
    Study(f"clean-{data}", f"{data}, unpoisoned", data, size=size)
    for data, size in (("mnist", 6000), (FASHION, 6000), ("cifar10", 8000))
)
RATIOS = (0.10, 0.15, 0.33)
AC = tuple(
    Study(f"ac-mnist-{ratio:.2f}", f"{ratio:.0%} of each class", "mnist", pairs(ratio), size=20_000, epochs=12)
    for ratio in RATIOS
)
