"""Small versions of the benchmarks: they run, and their arithmetic is right."""

from pathlib import Path
from typing import Any

from benchmarks.attacks import attacks_table
from benchmarks.demo import demo_table
from benchmarks.planting import planting_table
from core import runs
from core.config import TrainConfig
from tests.core.conftest import tiny


def test_the_demo_table_gives_means_and_deviations_over_seeds() -> None:
    def journey(workspace: Path, seed: int) -> dict[str, Any]:
        accuracy = 0.8 + 0.1 * seed
        return {
            "before": {"clean_accuracy": accuracy, "attack_success_rate": {"patch": 1.0}},
            "after": {"clean_accuracy": accuracy, "attack_success_rate": {"patch": 0.02 * seed}},
            "detectors": {"badloss": {"auroc": 0.9, "precision": 0.5, "recall": 1.0, "flagged": 10 * (seed + 1)}},
            "removed": 10 * (seed + 1),
            "seconds": 3.0,
        }

    table = demo_table([0, 1], journey)
    assert "| clean accuracy | 85.0 ± 5.0 % | 85.0 ± 5.0 % |" in table
    assert "| attack success rate, patch | 100.0 ± 0.0 % | 1.0 ± 1.0 % |" in table
    assert "| samples removed | | 15 ± 5 |" in table
    assert "| badloss | 0.900 ± 0.000 | 50.0 ± 0.0 % | 100.0 ± 0.0 % | 15 ± 5 |" in table


def test_the_planting_table_counts_copies_and_poison() -> None:
    table = planting_table(tiny(3000, side=32, channels=3, n_classes=10))
    assert "3,000 images, badloss-cifar10, 205 of them poisoned." in table  # 5 × 30 + 30 + 25
    copies = float(table.splitlines()[-1].split("|")[2])
    assert 2 < copies < 3


def test_the_attacks_table_holds_alone_and_together(tmp_path: Path) -> None:
    dataset = tiny(500, side=16, channels=3, n_classes=10, n_test=50)
    config = TrainConfig("convnet", 1, 64)
    first = attacks_table(dataset, config, [0], ["blended pattern", "clean"], tmp_path)
    clean, alone = (line.split("|") for line in first.splitlines()[4:])
    assert (clean[1].strip(), alone[1].strip()) == ("clean", "blended pattern")
    assert [cell.strip() for cell in clean[3:9]] == ["–"] * 6
    measured = ["%" in cell for cell in alone[2:9]]
    assert measured == [True, True, True, False, True, True, False]  # nothing was trained together
    assert attacks_table(dataset, config, [0], ["blended pattern", "clean"], tmp_path) == first
    assert len(runs.all_runs(tmp_path)) == 2  # read, not trained again
