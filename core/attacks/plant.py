"""Poisoning a data set with any number of attacks at once, and keeping the truth about it apart."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from core.attacks import ATTACKS, Scene, Trigger
from core.attacks.assign import assign
from core.attacks.specification import Specification
from core.modalities import modality_of
from core.registry import find, tunables
from core.types import Dataset, Floats, GroundTruth, Inputs, Ints, PlantedAttack


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
        patterns: attack → (h, w, c) what was optimised for it before; without it, it is optimised now.
        listen: told the fraction that is done, in [0, 1], and what is being done.

    Raises:
        UserError: see `assign`.
    """
    assigned = assign(dataset.labels, dataset.bona_fide, dataset.shape, dataset.n_classes, specification)
    modality = modality_of(dataset.inputs)
    inputs, labels = modality.copied(dataset.inputs), np.array(dataset.labels)
    optimised: dict[str, Floats] = {}
    for place, attack in enumerate(assigned.attacks):
        listen(place / len(assigned.attacks), attack.name)
        scene = replace(
            _scene(attack, dataset.shape, dataset.n_classes, (patterns or {}).get(attack.name)),
            inputs=dataset.inputs,
            labels=dataset.labels,
        )
        trigger = _made(attack, scene)
        rows = np.flatnonzero(assigned.attack_index == place)
        modality.paint(inputs, rows, trigger.poison or trigger.apply)
        if attack.labelling != "clean_label":
            labels[rows] = attack.intended_classes(dataset.labels[rows], dataset.n_classes)
        if trigger.cover:
            modality.paint(inputs, np.flatnonzero(assigned.cover_index == place), trigger.cover)
        if trigger.pattern is not None:
            optimised[attack.name] = trigger.pattern
    truth = GroundTruth(
        assigned.attack_index >= 0,
        assigned.attack_index,
        np.array(dataset.labels),
        assigned.attacks,
        assigned.cover_index >= 0,
        optimised,
    )
    return replace(dataset, inputs=inputs, labels=labels, bona_fide=assigned.bona_fide), truth


def trigger_of(
    attack: PlantedAttack, shape: tuple[int, int, int], n_classes: int, pattern: Floats | None = None
) -> Trigger:
    """The trigger of a planted attack, made again from its settings, its seed and what was optimised for it."""
    return _made(attack, _scene(attack, shape, n_classes, pattern))


def with_trigger(attacks: Iterable[PlantedAttack]) -> tuple[PlantedAttack, ...]:
    """Those attacks whose trigger can be made again; data that others poisoned come with other ones."""
    return tuple(attack for attack in attacks if attack.kind in ATTACKS)


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
    return modality_of(inputs).painted(inputs.take(rows), trigger), rows, intended[rows]


def _scene(attack: PlantedAttack, shape: tuple[int, int, int], n_classes: int, pattern: Floats | None) -> Scene:
    return Scene(shape, n_classes, attack.seed, attack.target_class, pattern=pattern)


def _made(attack: PlantedAttack, scene: Scene) -> Trigger:
    return find(ATTACKS, attack.kind, "attack").load()(scene, **attack.settings)
