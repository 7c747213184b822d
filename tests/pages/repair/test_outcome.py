"""The before/after table: percentages in words, doubled triggers only where some were tried."""

from core.evaluation.results import measured
from pages.ui.repair.outcome import MEASURE, _change, _figures

BEFORE = {
    "clean_accuracy": 0.9,
    "attack_success_rate": {"patch": 0.97, "blended_random": 0.5},
    "doubled_attack_success_rate": {"blended_random": 1.0},
}
AFTER = {
    "clean_accuracy": 0.885,
    "attack_success_rate": {"patch": 0.03, "blended_random": float("nan")},
    "doubled_attack_success_rate": {"blended_random": 0.125},
}


def test_every_attack_has_a_row_and_what_is_unknown_stays_empty() -> None:
    assert _figures(BEFORE, AFTER).to_dict("list") == {
        MEASURE: ["Clean accuracy ↑", "ASR patch ↓", "ASR blended random ↓"],
        "Before": ["90.0%", "97.0%", "50.0%"],
        "After": ["88.5%", "3.0%", ""],
        "Before, ×2": ["", "", "100.0%"],
        "After, ×2": ["", "", "12.5%"],
    }


def test_without_doubled_triggers_there_are_no_columns_for_them() -> None:
    none = {"doubled_attack_success_rate": dict[str, float]()}
    assert list(_figures(BEFORE | none, AFTER | none).columns) == [MEASURE, "Before", "After"]


def test_a_change_is_the_difference_of_what_is_shown() -> None:
    assert _change(0.98333, 0.97777, "normal") == {"value": "97.8%", "delta": "-0.5 points", "delta_color": "normal"}
    assert _change(0.9, 0.9004, "normal") == {
        "value": "90.0%",
        "delta": "unchanged",
        "delta_color": "off",
        "delta_arrow": "off",
    }


def test_what_could_not_be_measured_is_no_success_rate() -> None:
    assert measured({"patch": 0.5, "blend": None, "pixel": float("nan")}) == [0.5]
