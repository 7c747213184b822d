"""Attacks in words."""

import pytest

from core.types import PlantedAttack
from pages.ui.lab.attack_words import aim, needs_surrogate, size, title
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
    ],
)
def test_an_attack_in_words(attack: PlantedAttack, words: tuple[str, str, str]) -> None:
    assert (title(attack), aim(attack, NAMES), size(attack)) == words


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
