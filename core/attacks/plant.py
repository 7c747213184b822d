"""Poisoning a data set with any number of attacks at once, and keeping the truth about it apart."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.attacks import ATTACKS, Scene, Trigger
from core.attacks.assign import Assignment, assign, scene_of
from core.attacks.specification import Specification
from core.modalities import modality_of
from core.modalities.contract import Modality, Painter
from core.registry import find, tunables
from core.types import Dataset, Floats, GroundTruth, Inputs, Ints, PlantedAttack, Samples


def plant(
    dataset: Dataset,
    specification: Specification,
    *,
    patterns: Mapping[str, Floats] | None = None,
    listen: Callable[[float, str], None] = lambda fraction, message: None,
) -> tuple[Dataset, GroundTruth]:
    """A poisoned copy of `dataset` and the truth about it. Beside that copy, only a few images are held at a time.

    >>> from core.attacks.specification import parse_spec
    >>> from core.modalities.image.inputs import ImageInputs
    >>> grey, labels = ImageInputs(np.full((8, 6, 6, 1), 100, np.uint8)), np.arange(8) % 2
    >>> clean = Dataset("grey", np.arange(8), grey, labels, grey, labels, ("a", "b"), np.zeros(8, np.bool_))
    >>> poisoned, truth = plant(clean, Specification((parse_spec("patch:count=3,target=1"),)))
    >>> sorted(poisoned.labels[truth.is_poison].tolist()), truth.original_labels[truth.is_poison].tolist()
    ([1, 1, 1], [0, 0, 0])
    >>> sum(bool((poisoned.inputs[row] == 255).any()) for row in range(8))
    3

    Args:
        dataset: clean data; it stays as it was.
        specification: what to plant, all at once.
        patterns: attack → what was optimised for it before; without it, it is optimised now.
        listen: told the fraction that is done, in [0, 1], and what is being done.

    Raises:
        UserError: see `assign`.
    """
    assigned = assign(
        dataset.labels, dataset.bona_fide, dataset.shape, dataset.n_classes, specification, inputs=dataset.inputs
    )
    modality = modality_of(dataset.inputs)
    inputs = modality.copied(dataset.inputs)
    optimised: dict[str, Floats] = {}
    known = {**assigned.patterns, **(patterns or {})}
    for place, attack in enumerate(assigned.attacks):
        listen(place / len(assigned.attacks), attack.name)
        scene = replace(
            scene_of(attack, dataset.shape, dataset.n_classes, known.get(attack.name)),
            inputs=dataset.inputs,
            labels=dataset.labels,
        )
        trigger = _made(attack, scene)
        if attack.kind == "near_duplicates":
            _copy(modality, dataset, inputs, assigned.copy_of, trigger)
        elif find(ATTACKS, attack.kind, "attack").role == "availability":
            _paint_classes(modality, inputs, assigned, place, scene)
        elif trigger.chosen is None:
            modality.paint(inputs, np.flatnonzero(assigned.attack_index == place), trigger.poison or trigger.apply)
            modality.paint(inputs, np.flatnonzero(assigned.cover_index == place), trigger.cover or trigger.apply)
        if trigger.pattern is not None:
            optimised[attack.name] = trigger.pattern
    kept = np.flatnonzero(assigned.kept)
    truth = GroundTruth(
        (assigned.attack_index >= 0)[kept],
        assigned.attack_index[kept],
        dataset.labels[kept],
        assigned.attacks,
        (assigned.cover_index >= 0)[kept],
        optimised,
    )
    whole = len(kept) == len(dataset)
    poisoned = replace(
        dataset,
        ids=dataset.ids[kept],
        inputs=inputs if whole else inputs.take(kept),
        labels=assigned.labels[kept],
        bona_fide=assigned.bona_fide[kept],
    )
    return poisoned, truth


def trigger_of(attack: PlantedAttack, shape: tuple[int, ...], n_classes: int, pattern: Floats | None = None) -> Trigger:
    """The trigger of a planted attack, made again from its settings, its seed and what was optimised for it."""
    return _made(attack, scene_of(attack, shape, n_classes, pattern))


def with_trigger(attacks: Iterable[PlantedAttack]) -> tuple[PlantedAttack, ...]:
    """Those attacks whose trigger can be made again; wrong labels have none, data that others poisoned other ones."""
    return tuple(attack for attack in attacks if attack.kind in ATTACKS and ATTACKS[attack.kind].role == "backdoor")


def roles(truth: GroundTruth) -> NDArray[np.str_]:
    """(n,) what each sample is: the role of its attack, "cover", or "clean data".

    Data that others poisoned are backdoors.
    """
    known = [ATTACKS[attack.kind].role if attack.kind in ATTACKS else "backdoor" for attack in truth.attacks]
    names = np.array([*known, "clean data"])  # −1, no attack, is the last one
    return np.where(truth.is_cover, "cover", names[truth.attack_index])


def doubled(attack: PlantedAttack) -> PlantedAttack | None:
    """The same attack at twice its strength, or the most that its setting allows; None when it has none to double."""
    entry = find(ATTACKS, attack.kind, "attack")
    if not entry.strength:
        return None
    limits = tunables(entry.load())[entry.strength].range
    stronger = min(2 * float(attack.settings[entry.strength]), limits.high if limits else np.inf)
    return replace(attack, settings={**attack.settings, entry.strength: stronger})


def triggered_test_set(
    attack: PlantedAttack, inputs: Inputs, labels: Ints, n_classes: int, pattern: Floats | None = None
) -> tuple[Inputs, Ints, Ints]:
    """Triggered copies of the test images that the attack is meant to turn, their rows, and the classes it wants."""
    intended = attack.intended_classes(labels, n_classes)
    rows = np.flatnonzero(intended >= 0)
    trigger = trigger_of(attack, inputs.shape, n_classes, pattern)
    if trigger.chosen is not None:
        rows = rows[trigger.chosen(inputs.take(rows))]
    return modality_of(inputs).painted(inputs.take(rows), trigger), rows, intended[rows]


def _copy(modality: Modality, dataset: Dataset, inputs: Inputs, copy_of: Ints, trigger: Trigger) -> None:
    """Put near-copies of samples in the place of others."""
    for row in np.unique(copy_of[copy_of >= 0]):
        original, make = np.array(dataset.inputs[[int(row)]]), trigger.cover or trigger.apply
        modality.paint(inputs, np.flatnonzero(copy_of == row), _in_place_of(original, make))


def _in_place_of(original: Samples, make: Painter) -> Painter:
    """A painter that puts what is made of one sample in the place of any others."""
    return lambda samples: make(np.repeat(original, len(samples), axis=0))


def _paint_classes(modality: Modality, inputs: Inputs, assigned: Assignment, place: int, scene: Scene) -> None:
    """Apply an attack whose trigger is another one for each class."""
    for index in range(scene.n_classes):
        rows = np.flatnonzero((assigned.attack_index == place) & (assigned.labels == index))
        modality.paint(inputs, rows, _made(assigned.attacks[place], replace(scene, target_class=index)).apply)


def _made(attack: PlantedAttack, scene: Scene) -> Trigger:
    return find(ATTACKS, attack.kind, "attack").load()(scene, **attack.settings)
