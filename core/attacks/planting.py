"""Poisoning a data set with any number of attacks at once, and keeping the truth about it apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.attacks import ATTACKS, Trigger
from core.errors import UserError
from core.registry import checked, find
from core.types import Dataset, GroundTruth, Images, Ints, PlantedAttack

BONA_FIDE = 250
SYNTAX = "Write an attack as NAME or NAME:key=value,key=value, for example patch:ratio=0.01,target=3."


@dataclass(frozen=True)
class AttackSpec:
    """What is asked for: an attack, its share of the data set, its target class (None: drawn) and its own settings."""

    kind: str
    ratio: float = 0.01
    target: int | None = None
    settings: Mapping[str, Any] | None = None


def parse_spec(text: str) -> AttackSpec:
    """The attack written as `patch:ratio=0.01,target=3`. Raises UserError naming the part that is wrong."""
    kind, _, rest = text.partition(":")
    find(ATTACKS, kind, "attack")
    settings = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise UserError(f"{part!r} in {text!r} is not key=value.", SYNTAX)
        settings[key.strip()] = value.strip()
    try:
        ratio = float(settings.pop("ratio", "0.01"))
        target = int(settings.pop("target")) if "target" in settings else None
    except ValueError:
        raise UserError(f"ratio or target in {text!r} is not a number.", SYNTAX) from None
    return AttackSpec(kind, ratio, target, settings)


def plant(dataset: Dataset, specs: Sequence[AttackSpec], seed: int = 0) -> tuple[Dataset, GroundTruth]:
    """A poisoned copy of `dataset` and the truth about it.

    Each attack takes its samples at random from all classes but its target; no sample carries two triggers, and bona
    fide samples are never touched. A data set without bona fide samples gets 250 drawn from what stayed untouched.

    Args:
        dataset: clean data.
        specs: what to plant, all at once.
        seed: of targets, choice of samples and noise images.

    Raises:
        UserError: a ratio outside (0, 1], a target out of range, or more poison than there are samples.
    """
    if not specs:
        raise UserError("No attack was named.", SYNTAX)
    rng = np.random.default_rng(seed)
    images, labels = np.array(dataset.images), np.array(dataset.labels)
    attack_index = np.full(len(dataset), -1)
    planted: list[PlantedAttack] = []
    for index, spec in enumerate(specs):
        attack = _resolved(spec, dataset, rng, [other.name for other in planted])
        rows = _chosen(attack, dataset.labels, (attack_index < 0) & ~dataset.bona_fide, rng)
        images[rows] = trigger_of(attack, dataset.shape)(images[rows])
        labels[rows] = attack.target_class
        attack_index[rows] = index
        planted.append(attack)
    truth = GroundTruth(attack_index >= 0, attack_index, np.array(dataset.labels), tuple(planted))
    bona_fide = np.array(dataset.bona_fide) if dataset.bona_fide.any() else draw_bona_fide(~truth.is_poison, rng)
    return replace(dataset, images=images, labels=labels, bona_fide=bona_fide), truth


def draw_bona_fide(
    allowed: np.ndarray[Any, np.dtype[np.bool_]], rng: np.random.Generator
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """(n,) True for 250 samples (at most a tenth of the data) drawn uniformly from the allowed ones."""
    rows = np.flatnonzero(allowed)
    chosen = np.zeros(len(allowed), np.bool_)
    chosen[rng.choice(rows, min(BONA_FIDE, len(rows) // 10), replace=False)] = True
    return chosen


def trigger_of(attack: PlantedAttack, shape: tuple[int, int, int]) -> Trigger:
    """The trigger of a planted attack, made again from its settings and seed."""
    trigger: Trigger = find(ATTACKS, attack.kind, "attack").load()(shape, attack.seed, **attack.settings)
    return trigger


def triggered_test_set(attack: PlantedAttack, images: Images, labels: Ints) -> tuple[Images, Ints]:
    """Triggered copies of all test images that are not of the target class, and their row numbers."""
    rows = np.flatnonzero(labels != attack.target_class)
    return trigger_of(attack, images.shape[1:])(images[rows]), rows


def _resolved(spec: AttackSpec, dataset: Dataset, rng: np.random.Generator, taken: Sequence[str]) -> PlantedAttack:
    """The specification with everything drawn and checked."""
    entry = find(ATTACKS, spec.kind, "attack")
    if not 0 < spec.ratio <= 1:
        raise UserError(f"{spec.kind}: ratio={spec.ratio:g} cannot be used.", "It has to be above 0 and at most 1.")
    drawn = int(rng.integers(dataset.n_classes))
    target = drawn if spec.target is None else spec.target
    if not 0 <= target < dataset.n_classes:
        raise UserError(f"{spec.kind}: target={target} is no class.", f"Classes run from 0 to {dataset.n_classes - 1}.")
    settings = checked(entry.load(), spec.settings or {}, spec.kind)
    copies = sum(name == spec.kind or name.startswith(f"{spec.kind}-") for name in taken)
    name = f"{spec.kind}-{copies + 1}" if copies else spec.kind
    n_poisoned = max(1, round(spec.ratio * len(dataset)))
    return PlantedAttack(name, spec.kind, target, settings, int(rng.integers(2**31)), n_poisoned)


def _chosen(
    attack: PlantedAttack, labels: Ints, free: np.ndarray[Any, np.dtype[np.bool_]], rng: np.random.Generator
) -> Ints:
    rows = np.flatnonzero(free & (labels != attack.target_class))
    if attack.n_poisoned > len(rows):
        raise UserError(
            f"{attack.name}: {attack.n_poisoned} samples are to be poisoned, {len(rows)} are left.",
            "Samples of the target class, bona fide samples and those with another trigger cannot be used.",
            "Lower the ratio.",
        )
    return np.sort(rng.choice(rows, attack.n_poisoned, replace=False)).astype(np.int64)
