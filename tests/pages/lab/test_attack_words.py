"""Attacks in words."""

import pytest

from core.types import PlantedAttack
from pages.ui.lab.attack_words import aim, needs_surrogate, size, summary, title
from pages.ui.widgets.trial_board import probability_words

NAMES = ("cat", "dog", "frog")


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (
            PlantedAttack("patch", "patch", 1, {}, 0, 1200),
            ("Patch (BadNets)", "every other class → dog", "1,200 samples"),
        ),
        (
            PlantedAttack("patch-2", "patch", 0, {}, 0, 3),
            ("Patch (BadNets) 2", "every other class → cat", "3 samples"),
        ),
        (
            PlantedAttack("patch-0-to-1", "patch", 1, {}, 0, 9, "one_to_one", 0),
            ("Patch (BadNets) 0 → 1", "cat → dog", "9 samples"),
        ),
        (
            PlantedAttack("wanet", "wanet", None, {}, 0, 10, "all_to_all", n_cover=20),
            ("Warping (WaNet)", "every class → the next", "10 samples and 20 cover samples"),
        ),
        (
            PlantedAttack("sinusoid", "sinusoid", 2, {}, 0, 5, "clean_label"),
            ("Sinusoid (SIG)", "every other class → frog, clean label", "5 samples"),
        ),
        (
            PlantedAttack("label_noise", "label_noise", None, {}, 0, 7, "random_other"),
            ("Label noise", "every class → any other", "7 samples"),
        ),
        (
            PlantedAttack("imbalance", "imbalance", 2, {}, 0, 0, "unchanged"),
            ("Class imbalance", "labels stay, frog is the smallest", "samples left out"),
        ),
        (
            PlantedAttack("near_duplicates", "near_duplicates", None, {}, 0, 0, "unchanged", n_cover=240),
            ("Near-duplicates", "labels stay", "240 samples replaced"),
        ),
    ],
)
def test_an_attack_in_words(attack: PlantedAttack, words: tuple[str, str, str]) -> None:
    assert (title(attack), aim(attack, NAMES), size(attack)) == words


def test_the_whole_list_in_a_sentence_calls_only_attacks_attacks() -> None:
    def planted(kind: str, n: int, cover: int = 0) -> PlantedAttack:
        return PlantedAttack(kind, kind, 0, {}, 0, n, n_cover=cover)

    patch, noise = planted("patch", 30, 20), planted("label_noise", 50)
    assert summary([patch], 1000) == "**1 attack poisons 30 of 1,000 samples (3.0%)**, and 20 more are cover samples"
    assert summary([noise], 1000) == "**50 of 1,000 labels are wrong**"
    both = "**1 attack poisons 30 of 1,000 samples (3.0%)**; **50 of 1,000 labels are wrong**"
    assert summary([patch, noise], 1000) == f"{both}, and 20 more are cover samples"
    copies, tail = planted("near_duplicates", 0, 240), planted("imbalance", 0)
    skewed = "240 samples are replaced by near-copies; samples are left out of all classes but the largest"
    assert summary([copies, tail], 1000) == skewed
    assert summary([], 1000) == "**0 attacks poison 0 of 1,000 samples (0.0%)**"


def test_what_is_optimised_on_a_surrogate() -> None:
    assert [needs_surrogate(kind) for kind in ("patch", "narcissus", "label_consistent", "other")] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("probability", "words"),
    [(1.0, ">99%"), (0.995, ">99%"), (0.97, "97%"), (0.505, "50%"), (0.001, "<1%"), (0.0, "<1%")],
)
def test_a_probability_is_never_rounded_to_certainty(probability: float, words: str) -> None:
    assert probability_words(probability) == words


def test_a_trigger_of_one_class_is_known_by_the_names_of_both() -> None:
    attack = PlantedAttack("patch-0-to-1", "patch", 1, {}, 0, 9, "one_to_one", 0)
    assert title(attack, NAMES) == "Patch (BadNets) cat → dog"
