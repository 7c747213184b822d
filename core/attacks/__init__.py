"""Backdoor attacks. Each is one function `(scene, *, …) -> Trigger`; planting chooses the samples and their labels.

An attack with cover samples has a setting `cover_ratio`: so many of them for each poisoned sample.

`specification` says what is asked for (text, JSON, presets). `assign` chooses who carries what, down to the row, and
`plant` paints the images, a few at a time. So a preview is exact, and a specification with its seed, kept in the data
set's manifest, makes the same data set again. Attacks that only one class can serve choose their samples first.
"""

from dataclasses import dataclass
from typing import Protocol

from core.modalities.contract import Painter
from core.registry import Entry
from core.types import Floats, Images, Inputs, Ints, Labelling, Scalar


@dataclass(frozen=True)
class Scene:
    """What an attack is made for.

    Attributes:
        shape: (h, w, c) of one image.
        n_classes: k.
        seed: of everything random in the attack.
        target_class: the class index that the trigger is meant to cause; None for all-to-all.
        inputs, labels: the clean training data, n samples and (n,); None when a trigger is only made again.
        pattern: (h, w, c) what was optimised when the attack was planted, in units of [0, 1]; else None.
    """

    shape: tuple[int, int, int]
    n_classes: int = 10
    seed: int = 0
    target_class: int | None = None
    inputs: Inputs | None = None
    labels: Ints | None = None
    pattern: Floats | None = None


@dataclass(frozen=True)
class Trigger:
    """What the attacker does to images: uint8 (n, h, w, c) → copies of the same shape; the input stays as it was.

    Attributes:
        apply: what is done at test time; calling the trigger does this.
        poison: what is done to training images, where that differs.
        cover: what is done to cover samples, for attacks that have some.
        pattern: (h, w, c) what was optimised on the data, to be kept with it.
    """

    apply: Painter
    poison: Painter | None = None
    cover: Painter | None = None
    pattern: Floats | None = None

    def __call__(self, images: Images) -> Images:
        return self.apply(images)


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
    """

    labellings: tuple[Labelling, ...] = ("all_to_one", "one_to_one", "all_to_all")
    strength: str = ""
    drawn: bool = False

    def load(self) -> Attack:
        """The attack itself."""
        attack: Attack = super().load()
        return attack


COLOUR = "colour images"
SURROGATE = "a surrogate model, trained when it is planted"
_ANY: tuple[Labelling, ...] = ("all_to_one", "one_to_one", "all_to_all", "clean_label")

ATTACKS = {
    "patch": AttackEntry(
        "patch",
        "Patch (BadNets)",
        "core.attacks.triggers.patch",
        paper="Gu et al. 2017, arXiv 1708.06733",
        help="Four white pixels in a checker at the bottom right.",
    ),
    "single_pixel": AttackEntry(
        "single_pixel",
        "Single pixel",
        "core.attacks.triggers.single_pixel",
        paper="Gu et al. 2017, arXiv 1708.06733",
        help="One white pixel at the bottom right.",
    ),
    "blended_pattern": AttackEntry(
        "blended_pattern",
        "Blended pattern",
        "core.attacks.triggers.blended_pattern",
        paper="Chen et al. 2017, arXiv 1712.05526",
        help="A faint grid of every second pixel over the whole image.",
        strength="alpha",
    ),
    "blended_random": AttackEntry(
        "blended_random",
        "Blended noise",
        "core.attacks.triggers.blended_random",
        paper="Chen et al. 2017, arXiv 1712.05526",
        help="A faint, fixed image of uniform noise over the whole image.",
        strength="alpha",
        drawn=True,
    ),
    "sinusoid": AttackEntry(
        "sinusoid",
        "Sinusoid (SIG)",
        "core.attacks.triggers.sinusoid",
        paper="Barni et al. 2019, arXiv 1902.11237",
        help="Faint vertical waves over images of the target class, which keep their true label.",
        labellings=("clean_label", "all_to_one", "one_to_one", "all_to_all"),
        strength="alpha",
    ),
    "frequency": AttackEntry(
        "frequency",
        "Frequency (FTrojan)",
        "core.attacks.triggers.frequency",
        needs=(COLOUR,),
        paper="Wang et al. 2021, arXiv 2111.10991",
        help="Two frequencies of the colour are raised; the eye sees nothing.",
        strength="magnitude",
    ),
    "wanet": AttackEntry(
        "wanet",
        "Warping (WaNet)",
        "core.attacks.triggers.wanet",
        paper="Nguyen and Tran 2021, arXiv 2102.10369",
        help="A slight, smooth warp of the whole image; cover samples with other warps keep their true label.",
        drawn=True,
    ),
    "narcissus": AttackEntry(
        "narcissus",
        "Optimised noise (Narcissus)",
        "core.attacks.triggers.narcissus",
        needs=(SURROGATE,),
        paper="Zeng et al. 2022, arXiv 2204.05255",
        help="Noise that a surrogate model takes for the target class, on a few images that keep their true label.",
        labellings=("clean_label",),
        strength="scale",
        drawn=True,
    ),
    "label_consistent": AttackEntry(
        "label_consistent",
        "Label-consistent",
        "core.attacks.triggers.label_consistent",
        needs=(SURROGATE,),
        paper="Turner et al. 2019, arXiv 1912.02771",
        help="Target-class images made hard to recognise by adversarial noise, with a patch in each corner.",
        labellings=("clean_label",),
    ),
}
