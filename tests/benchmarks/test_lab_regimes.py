"""The regimes of the lab: each can be planted as it is named, and which are held back stays as it is."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from benchmarks.parts.data import part_of, side_by_side
from benchmarks.parts.lab_regimes import LAB, SIZES, WHAT, Regime, held_back, planted_arrays, tuned
from benchmarks.parts.studies import Study
from benchmarks.regimes import halves, regimes_table
from core.attacks import attacks_for

SIDES = {"cifar10": (32, 32, 3)}


def test_a_regime_is_held_back_by_the_hash_of_what_is_planted() -> None:
    for regime in LAB:
        assert held_back(regime.name) == (sha256(regime.what.encode()).digest()[-1] % 2 == 1)
    assert not any(held_back(regime.name) for regime in tuned())
    held = {regime.what for regime in LAB if held_back(regime.name)}
    assert {"sticker", "warp", "low_frequency", "semantic"} <= held
    assert {"patch", "photograph", "clean"} <= WHAT.keys() - held
    assert 0.35 < len(held) / len(WHAT) < 0.65


def test_names_are_unique_and_every_attack_of_the_lab_that_needs_no_surrogate_is_there() -> None:
    assert len({regime.name for regime in LAB}) == len(LAB)
    kinds = {attack.kind for regime in LAB for attack in regime.attacks}
    assert kinds == {*attacks_for((28, 28, 1))} - {"narcissus", "label_consistent"}
    assert {round(100 * regime.fraction) for regime in LAB} >= {0, 1, 2, 5, 10, 20, 33}


@pytest.mark.parametrize("regime", LAB, ids=lambda regime: regime.name)
def test_every_regime_is_planted_as_it_is_named(regime: Regime) -> None:
    n, n_classes = SIZES[regime.data], 100 if regime.data == "mnist_pairs" else 10
    images = np.random.default_rng(0).integers(0, 255, (n, *SIDES.get(regime.data, (28, 28))), np.uint8)
    labels = np.arange(n) % n_classes
    made = planted_arrays(regime, images, labels, n_classes)
    assert len(made.images) == len(made.labels) == len(made.is_poison)
    assert made.images.shape[1:3] == images.shape[1:3]
    if "semantic" not in regime.what:  # the size of a kind is what it is
        assert made.is_poison.mean() == pytest.approx(regime.fraction, abs=0.001)
    assert (made.kind == "clean data") == (not made.is_poison.any())
    assert (made.target is None) == (made.kind != "backdoor" or "all_to_all" in regime.what)
    if made.target is not None:
        assert (made.labels[made.is_poison] == made.target).all()


def test_planting_in_arrays_follows_the_seed() -> None:
    images, labels = np.random.default_rng(0).integers(0, 255, (600, 28, 28), np.uint8), np.arange(600) % 10
    regime = Regime("patch", "mnist", ("patch:ratio=0.1,target=3",), 0.1)
    first, again, other = (planted_arrays(regime, images, labels, 10, seed) for seed in (1, 1, 2))
    assert (first.images == again.images).all()
    assert (first.is_poison == again.is_poison).all()
    assert (first.is_poison != other.is_poison).any()
    assert (first.kind, first.target) == ("backdoor", 3)


def test_two_digits_side_by_side_make_a_hundred_classes() -> None:
    images = np.stack([np.full((2, 4), level, np.uint8) for level in (10, 20)])
    both, labels = side_by_side(images, np.array([0, 1]), 10, 50, np.random.default_rng(0))
    assert both.shape == (50, 2, 4)
    assert (labels == both[:, 0, 0] // 10 * 10 - 10 + both[:, 0, 3] // 10 - 1).all()
    assert set(labels) == {0, 1, 10, 11}


def test_the_halves_are_tables_of_their_own(tmp_path: Path) -> None:
    both = halves("both")
    assert list(both) == ["### Tuned", "### Held back"]
    assert [len(studies) for studies in both.values()] == [len(tuned()), len(LAB) - len(tuned())]
    assert list(halves("tuned")) == ["### Tuned"]
    assert list(halves("held-back")) == ["### Held back"]
    assert list(halves(None)) == [""]


def test_noise_and_clean_data_have_a_row_without_a_success_rate(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {"x_train": rng.integers(0, 255, (300, 12, 12), np.uint8), "y_train": np.arange(300) % 3}
    np.savez(tmp_path / "tiny.npz", **arrays, x_test=arrays["x_train"][:30], y_test=arrays["y_train"][:30])
    noisy = Regime("symmetric_noise", "tiny", ("label_noise:ratio=0.1",), 0.1).attacks
    studies = [Study("noise", "noise", "tiny", noisy, 200, 1), Study("none", "none", "tiny", (), 200, 1)]
    lines = regimes_table(studies, tmp_path, [0], 1, None).splitlines()
    noise, none = (
        next(line for line in lines if line.startswith(f"| {key} |")).split(" | ") for key in ("noise", "none")
    )
    assert (noise[1], none[1], none[2]) == ("–", "–", "–")
    assert part_of(tmp_path, "tiny_pairs", 50, 0).n_classes == 9
