"""The before/after table: percentages in words, doubled triggers only where some were tried."""

from core import runs
from core.analysis.recovered_triggers import Estimate, save_estimates
from core.data import store
from core.evaluation.experiments import OverSeeds, Spread
from core.evaluation.results import measured
from core.files import write_json
from core.runs import Run
from pages.ui.repair.outcome import MEASURE, _change, _estimated, _figures, cost_words, gone_words

NOTHING_KNOWN = {"clean_accuracy": 0.9, "class_accuracy": [0.9] * 10, "attack_success_rate": {}}
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
ALONE = OverSeeds(1, Spread(0.885), {"patch": Spread(0.03)}, {}, {})


def test_every_attack_has_a_row_and_what_is_unknown_stays_empty() -> None:
    assert _figures(BEFORE, AFTER, ALONE).to_dict("list") == {
        MEASURE: ["Clean accuracy ↑", "ASR patch ↓", "ASR blended random ↓"],
        "Before": ["90.0%", "97.0%", "50.0%"],
        "After": ["88.5%", "3.0%", ""],
        "Before, ×2": ["", "", "100.0%"],
        "After, ×2": ["", "", "12.5%"],
    }


def test_an_attack_on_one_class_is_named_with_its_classes() -> None:
    rates = {"attack_success_rate": {"phrase-1-to-0": 0.9}, "doubled_attack_success_rate": dict[str, float]()}
    table = _figures(BEFORE | rates, AFTER | rates, OverSeeds(1, Spread(0.885), {}, {}, {}), ("ham", "spam"))
    assert table[MEASURE].tolist() == ["Clean accuracy ↑", "ASR phrase, spam → ham ↓"]


def test_over_several_seeds_the_figures_after_are_means_with_their_spread(two_detections: Run) -> None:
    seeds = OverSeeds(3, Spread(0.88, 0.01), {"patch": Spread(0.04, 0.012)}, {}, {2: Spread(0.02, 0.005)})
    table = _figures(BEFORE, AFTER, seeds)
    assert table["After"].tolist() == ["88.0% ± 1.0", "4.0% ± 1.2", ""]
    assert table["Before"].tolist() == ["90.0%", "97.0%", "50.0%"]
    estimated = [Estimate(group, 3, 0.93, 0.004, 500, tested=True) for group in (1, 2)]
    assert _estimated(two_detections, estimated, seeds)["After"].tolist() == ["0.4%", "2.0% ± 0.5"]


def test_without_doubled_triggers_there_are_no_columns_for_them() -> None:
    none = {"doubled_attack_success_rate": dict[str, float]()}
    assert list(_figures(BEFORE | none, AFTER | none, ALONE).columns) == [MEASURE, "Before", "After"]


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


def test_each_recovered_trigger_has_a_row_of_estimates(two_detections: Run) -> None:
    rows = _estimated(two_detections, [Estimate(2, 3, 0.93, 0.004, 500, tested=True)], ALONE)
    assert rows.to_dict("list") == {
        MEASURE: ["Estimated ASR 2, class 3 ↓"],
        "Before": ["93.0%"],
        "After": ["0.4%"],
    }
    assert _estimated(two_detections, [], ALONE).empty


def test_where_no_trigger_is_known_the_recovered_ones_say_whether_a_backdoor_is_gone(two_detections: Run) -> None:
    data = store.describe(two_detections.workspace, two_detections.dataset)
    child = runs.create(two_detections.workspace, data, two_detections.config, ("evaluate",), parent=two_detections.id)
    write_json(child.path / "outcome.json", {"outcome": NOTHING_KNOWN, "trials": []})
    assert "cannot be measured" in gone_words(child)[1]
    save_estimates(child, [Estimate(1, 3, 0.93, 0.004, 500, True), Estimate(2, 4, 0.9, 0.4, 500, True)])
    write_json(two_detections.path / "outcome.json", {"outcome": NOTHING_KNOWN, "trials": []})
    told = "Clean accuracy 90.0% → 90.0%; highest attack success rate, estimated, 93.0% → 40.0%; 0 samples left out."
    assert cost_words(child) == told
    said, left_open = gone_words(child)
    assert said.startswith("1 of 2 recovered triggers still succeeds in more than 10% of cases: in up to ")
    assert left_open == "That is an estimate: no trigger is known."
