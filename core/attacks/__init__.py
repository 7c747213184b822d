"""Attacks, and damage that is none. Each is one function `(scene, *, …) -> Trigger`; planting chooses the samples.

An attack with cover samples has a setting `cover_ratio`: so many of them for each poisoned sample. Any backdoor can be
given covers by its specification: so large a fraction of the data carries its trigger and keeps its label.

`specification` says what is asked for (text, JSON, presets). `assign` chooses who carries what, down to the row, and
`plant` paints the images, a few at a time. So a preview is exact, and a specification with its seed, kept in the data
set's manifest, makes the same data set again. Attacks that only one class can serve choose their samples first.
"""

from core.attacks.contract import COLOUR, SURROGATE, Attack, AttackEntry, Scene, Trigger

__all__ = ["ATTACKS", "COLOUR", "SURROGATE", "Attack", "AttackEntry", "Scene", "Trigger"]

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
    ),
}
