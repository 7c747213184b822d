"""Small versions of the benchmarks: they run, and their arithmetic is right."""

from pathlib import Path
from typing import Any

from benchmarks.demo import demo_table


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
