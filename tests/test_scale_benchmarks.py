"""Small versions of the benchmarks of training and of very large runs: they run, and name what they measure."""

import re
from pathlib import Path

from benchmarks.screen.reruns import PAGES, reruns_table
from benchmarks.screen.review import made_up_run
from benchmarks.training import Case, training_table


def test_training_has_a_row_for_each_way_and_tracing_is_compared_with_none() -> None:
    table = training_table(16, 1, Case("tiny", "convnet", 16, 8))
    rows = [line.split(" | ") for line in table.splitlines()[4:]]
    assert len(rows) in (4, 7)  # with or without bfloat16
    assert rows[0][0] == "| a DataLoader's loop, float32"
    assert all(row[2].endswith(" ×") for row in rows)
    assert "| Assay, float32, all losses traced" in [row[0] for row in rows]


def test_every_page_of_a_run_is_drawn_again_and_measured(tmp_path: Path) -> None:
    run = made_up_run(tmp_path / "workspace", 400, 0.05)
    lines = reruns_table(run, 2).splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2:]] == list(PAGES)
    assert all(re.fullmatch(r"\| [a-z-]+ (\| [\d,]+ ){6}\|", line) for line in lines[2:])
