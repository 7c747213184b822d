"""What every attack is: a function from a scene to a trigger, and its entry in the registry."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from core.modalities.contract import Painter
from core.registry import Entry
from core.types import Bools, Floats, Inputs, Ints, Labelling, Samples, Scalar

Role = Literal["backdoor", "wrong labels", "availability", "clean data"]


@dataclass(frozen=True)
class Scene:
    """What an attack is made for.

    Attributes:
        shape: of one sample.
        n_classes: k.
        seed: of everything random in the attack.
        target_class: the class index that the trigger is meant to cause; None for all-to-all.
        inputs, labels: the clean training data, n samples and (n,); None when a trigger is only made again.
        pattern: what was found on the data when the attack was planted, in units of [0, 1]; else None.
        source_class: the class index that a one-to-one attack takes its samples of, else None.
        n_poisoned: how many samples are wanted, for attacks that look for so many.
    """

    shape: tuple[int, ...]
    n_classes: int = 10
    seed: int = 0
    target_class: int | None = None
    inputs: Inputs | None = None
    labels: Ints | None = None
    pattern: Floats | None = None
    source_class: int | None = None
    n_poisoned: int = 0


@dataclass(frozen=True)
class Trigger:
    """What the attacker does to samples: n → n changed copies; the input stays as it was.

    Attributes:
        apply: what is done at test time; calling the trigger does this.
        poison: what is done to training images, where that differs.
        cover: what is done to cover samples, for attacks that have some.
        pattern: (h, w, c) what was optimised on the data, to be kept with it; for `chosen`, (kinds, d) centres.
        chosen: (n,) True for the images that the attack is about, where that is no whole class.
    """

    apply: Painter
    poison: Painter | None = None
    cover: Painter | None = None
    pattern: Floats | None = None
    chosen: Callable[[Inputs], Bools] | None = None

    def __call__(self, samples: Samples) -> Samples:
        return self.apply(samples)


class Attack(Protocol):
    """What every attack is: a function that makes its trigger for a scene, the same for the same scene and settings.

    Its keyword-only, annotated arguments are its settings.
    """

    def __call__(self, scene: Scene, **settings: Scalar) -> Trigger:
        """The trigger. Raises UserError where it cannot be made for such a scene."""
        ...


@dataclass(frozen=True)
class AttackEntry(Entry):
    """One attack of the family.

    Attributes:
        labellings: who may get which label (see `PlantedAttack`); the first is what the paper does.
        strength: the setting that is doubled to measure the attack at twice its strength; "" when none can be.
        drawn: whether the trigger depends on the seed, so that two of the same kind are different triggers.
        chooses: whether it says itself which samples it is about.
        takes: what inputs have to offer it (`Modality.offers`); "" where it changes none.
        role: what it makes of the data. Only a backdoor has an attack success rate.
    """

    labellings: tuple[Labelling, ...] = ("all_to_one", "one_to_one", "all_to_all")
    strength: str = ""
    drawn: bool = False
    chooses: bool = False
    takes: str = "images"
    role: Role = "backdoor"

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return {**super().as_dict(), "role": self.role, "labellings": list(self.labellings)}

    def load(self) -> Attack:
        """The attack itself."""
        attack: Attack = super().load()
        return attack


COLOUR = "colour images"
SURROGATE = "a surrogate model, trained when it is planted"
