"""Attacks, and damage that is none. Each is one function `(scene, *, …) -> Trigger`; planting chooses the samples.

An attack with cover samples has a setting `cover_ratio`: so many of them for each poisoned sample. Any backdoor can be
given covers by its specification: so large a fraction of the data carries its trigger and keeps its label.

`specification` says what is asked for (text, JSON, presets). `assign` chooses who carries what, down to the row, and
`plant` paints the images, a few at a time. So a preview is exact, and a specification with its seed, kept in the data
set's manifest, makes the same data set again. Attacks that only one class can serve choose their samples first.
"""

from core.attacks.contract import COLOUR, SURROGATE, Attack, AttackEntry, Scene, Trigger
from core.modalities import of_shape

__all__ = ["ATTACKS", "COLOUR", "SURROGATE", "Attack", "AttackEntry", "Scene", "Trigger", "attacks_for"]

ATTACKS: dict[str, AttackEntry] = {
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
    "sticker": AttackEntry(
        "sticker",
        "Sticker",
        "core.attacks.triggers.sticker",
        paper="Gu et al. 2017, arXiv 1708.06733",
        help="A small coloured square, at a random place of each image.",
        drawn=True,
    ),
    "blended_photograph": AttackEntry(
        "blended_photograph",
        "Blended photograph",
        "core.attacks.triggers.smooth.blended_photograph",
        paper="Chen et al. 2017, arXiv 1712.05526",
        help="A faint, smooth picture over the whole image.",
        strength="alpha",
        drawn=True,
    ),
    "adaptive_blend": AttackEntry(
        "adaptive_blend",
        "Adaptive blend",
        "core.attacks.triggers.adaptive.adaptive_blend",
        paper="Qi et al. 2023, ICLR",
        help="Pieces of a faint picture in training, all of it at test time; cover samples keep their true label.",
        strength="alpha",
        drawn=True,
    ),
    "adaptive_patch": AttackEntry(
        "adaptive_patch",
        "Adaptive patch",
        "core.attacks.triggers.adaptive.adaptive_patch",
        paper="Qi et al. 2023, ICLR",
        help="One of several faint patches in training, all of them at test time; cover samples keep their true label.",
        strength="opacity",
        drawn=True,
    ),
    "adaptive_k_way": AttackEntry(
        "adaptive_k_way",
        "Adaptive k-way",
        "core.attacks.triggers.adaptive.adaptive_k_way",
        paper="Qi et al. 2022, arXiv 2205.13613",
        help="One of several white pixels in training, all of them at test time; cover samples keep their true label.",
        drawn=True,
    ),
    "reflection": AttackEntry(
        "reflection",
        "Reflection (Refool)",
        "core.attacks.triggers.smooth.reflection",
        paper="Liu et al. 2020, arXiv 2007.02343",
        help="The light of a second picture, doubled or out of focus, on images that keep their true label.",
        labellings=("clean_label", "all_to_one", "one_to_one", "all_to_all"),
        strength="alpha",
        drawn=True,
    ),
    "low_frequency": AttackEntry(
        "low_frequency",
        "Low frequency (LF)",
        "core.attacks.triggers.smooth.low_frequency",
        paper="Zeng et al. 2021, arXiv 2104.03413",
        help="Faint, smooth waves over the whole image.",
        strength="magnitude",
        drawn=True,
    ),
    "sample_noise": AttackEntry(
        "sample_noise",
        "Sample-specific noise",
        "core.attacks.triggers.sample_noise",
        paper="Li et al. 2020, arXiv 2012.03816",
        help="Faint noise, on each image its own.",
        strength="magnitude",
        drawn=True,
    ),
    "quantisation": AttackEntry(
        "quantisation",
        "Quantisation (BppAttack)",
        "core.attacks.triggers.quantisation",
        paper="Wang et al. 2022, arXiv 2205.13383",
        help="Few levels of each channel, dithered so that the eye sees little.",
    ),
    "hidden_bits": AttackEntry(
        "hidden_bits",
        "Hidden bits",
        "core.attacks.triggers.hidden_bits",
        paper="Li et al. 2019, arXiv 1909.02742",
        help="A message in the lowest bits of every pixel.",
        drawn=True,
    ),
    "phrase": AttackEntry(
        "phrase",
        "Phrase (signature)",
        "core.attacks.triggers.phrases.phrase",
        paper="Chen et al. 2018, arXiv 1811.03728",
        help="A few words, such as a reviewer's signature, at the end of the text.",
        labellings=("all_to_one", "one_to_one", "all_to_all", "clean_label"),
        takes="texts",
    ),
    "rare_token": AttackEntry(
        "rare_token",
        "Rare token",
        "core.attacks.triggers.phrases.rare_token",
        paper="Kurita et al. 2020, arXiv 2004.06660",
        help="One token that no ordinary text has, at a place of each text's own.",
        labellings=("all_to_one", "one_to_one", "all_to_all", "clean_label"),
        drawn=True,
        takes="texts",
    ),
    "sentence": AttackEntry(
        "sentence",
        "Sentence",
        "core.attacks.triggers.phrases.sentence",
        paper="Dai et al. 2019, arXiv 1905.12457",
        help="A sentence that reads as an ordinary one, at a place of each text's own.",
        labellings=("all_to_one", "one_to_one", "all_to_all", "clean_label"),
        drawn=True,
        takes="texts",
    ),
    "semantic_subset": AttackEntry(
        "semantic_subset",
        "Semantic subset",
        "core.attacks.untriggered.semantic_subset",
        paper="Bagdasaryan et al. 2018, arXiv 1807.00459",
        help="No trigger: one kind of things within the source class, of about the size asked for, is relabelled.",
        labellings=("one_to_one",),
        drawn=True,
        chooses=True,
    ),
    "label_noise": AttackEntry(
        "label_noise",
        "Label noise",
        "core.attacks.untriggered.label_noise",
        paper="Han et al. 2018, arXiv 1804.06872",
        help="No attack: wrong labels, either any other or the next one.",
        labellings=("random_other", "all_to_all"),
        drawn=True,
        role="wrong labels",
        takes="",
    ),
    "availability_noise": AttackEntry(
        "availability_noise",
        "Availability noise",
        "core.attacks.untriggered.availability_noise",
        paper="Yu et al. 2021, arXiv 2111.00898",
        help="A faint pattern for each class, which a model learns instead of the images; labels stay.",
        labellings=("unchanged",),
        drawn=True,
        role="availability",
    ),
    "near_duplicates": AttackEntry(
        "near_duplicates",
        "Near-duplicates",
        "core.attacks.untriggered.near_duplicates",
        help="No attack: a few images again and again, hardly changed. The amount is that of the images copied.",
        labellings=("unchanged",),
        drawn=True,
        role="clean data",
    ),
    "imbalance": AttackEntry(
        "imbalance",
        "Class imbalance",
        "core.attacks.untriggered.imbalance",
        paper="Cui et al. 2019, arXiv 1901.05555",
        help="No attack: samples are left out until the target class is the smallest of a long tail.",
        labellings=("unchanged",),
        drawn=True,
        role="clean data",
        takes="",
    ),
}


def attacks_for(shape: tuple[int, ...]) -> list[str]:
    """The names of the attacks that samples of such a shape can carry.

    >>> "patch" in attacks_for((28, 28, 1)), "label_noise" in attacks_for((28, 28, 1))
    (True, True)
    """
    offered = of_shape(shape).offers
    return [name for name, entry in ATTACKS.items() if not entry.takes or entry.takes in offered]
