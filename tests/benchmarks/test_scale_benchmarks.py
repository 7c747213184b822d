"""Small versions of the benchmarks of training and of very large runs: they run, and name what they measure."""

import re
from pathlib import Path

from benchmarks.growth import HEAD, Step, growth_lines, steps
from benchmarks.screen.brushing import brushing_table, memory_line
from benchmarks.screen.lasting import lasting_lines
from benchmarks.screen.reruns import PAGES, reruns_table
from benchmarks.screen.review import made_up_run
from benchmarks.training import Case, training_table
from core import pipeline
from core.pipeline import Synthetic


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


def test_a_visitor_who_stays_is_counted_and_the_server_looked_at_five_times(tmp_path: Path) -> None:
    workspace = made_up_run(tmp_path / "workspace", 400, 0.05).workspace
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lasting_lines(workspace, 8, 1, 1)]
    assert [row[0] for row in rows] == ["0", "2", "4", "6", "8"]
    assert rows[0][3] == "1.000"
    assert all(int(row[1]) > 5 and int(row[2]) > 50 for row in rows)


def test_a_lasso_in_a_browser_is_timed_from_the_first_paint_to_its_answer(tmp_path: Path) -> None:
    run = pipeline.synthesize(tmp_path, Synthetic(25_000, 4, 4, 4))
    pipeline.detect(run, "badloss", {"reject_fraction": 0.1})
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in brushing_table(tmp_path, 1).splitlines()[2:]]
    acts = ["until the map is drawn", "dragging a lasso, 60 moves", "until the lasso is answered"]
    assert [row[0] for row in rows] == acts
    assert all(0 < float(wall) <= float(worst) < 120 for _, wall, _, _, worst in rows)
    assert all(float(row[2]) > 0 for row in rows)
    said = re.findall(r"[\d,]*\d", memory_line(tmp_path, 2))
    before, first, last, sessions = (int(one.replace(",", "")) for one in said)
    assert 50 < before < min(first, last)
    assert sessions == 2


def test_a_made_up_run_and_its_maps_are_measured_each_in_a_process() -> None:
    run, maps = steps([400], 8, ["pca"])
    assert (run.title, maps.title) == ("a made-up run", "maps by principal components")
    assert all(step.n == 400 and step.processor > 0 and step.memory > 20 * 2**20 for step in (run, maps))


def test_growth_is_1_where_time_grows_as_n_log_n() -> None:
    found = [Step("sorting", 100, 2.0, 2**20), Step("pairs", 100, 1.0, 2**20), Step("sorting", 10_000, 400.0, 2**30)]
    first, pairs, sorting = ([cell.strip() for cell in line.split("|")[1:-1]] for line in growth_lines(found))
    assert len(first) == HEAD.splitlines()[0].count("|") - 1
    assert first[-1] == pairs[-1] == ""
    assert sorting == ["sorting", "10,000", "400.0", "1,024", "1.00"]
