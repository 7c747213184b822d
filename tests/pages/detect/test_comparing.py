"""Detect as a comparison: all rows, whose flags agree, the cost of the others, and one place to say how strict."""

import json
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from core import runs
from core.detectors import DETECTORS, NEEDS
from core.runs import Run, jobs, worker_lock
from core.runs.plan import detection
from core.types import Detection
from tests.pages.drawn import FEW, SAMPLES, app_of, drawn, page, said, walk

PIXELS_A_LETTER = 7  # of the table's font, margins of a cell included; measured in Chromium
LONGEST = "Independent component outliers", 224  # pixels that it takes, measured as well: its letters are wider
ROOM = 506  # pixels for the cells of a row where the window has 1,280


def sent(app: Any) -> list[dict[str, Any]]:
    """What the components of the page were sent."""
    protos = (one.proto for one in walk(app.main) if getattr(one, "type", "") == "bidi_component")  # type: ignore[attr-defined]
    return [json.loads(proto.json) for proto in protos if proto.json]


def test_the_spread_has_a_line_at_the_border_and_the_samples_of_both_sides(two_detections: Run) -> None:
    app = page("detect")
    [spread] = [one for one in sent(app) if one.get("kind") == "line"]
    assert spread["words"] == f"flagged from {SAMPLES - FEW} on"
    assert sum(sum(group["counts"]) for group in spread["groups"]) == SAMPLES
    galleries = [one for one in sent(app) if "border" in str(one.get("name"))]
    ids = [[tile["id"] for tile in one["tiles"]] for one in galleries]
    assert [len(side) for side in ids] == [12, 12]
    assert set(ids[0]).isdisjoint(ids[1])


def test_the_table_shows_all_rows_and_the_overlap_is_read_along_a_row(two_detections: Run) -> None:
    app = page("detect")
    assert len(app.dataframe[0].value) == len(DETECTORS)
    assert "Read along a row" in said(app)
    assert any("both flag" in chart for chart in drawn(app, "plotly_chart"))


def test_how_strict_to_be_is_asked_in_one_place(two_detections: Run) -> None:
    app = page("detect")
    assert not [one for one in (*app.number_input, *app.slider) if "false discovery" in one.label.lower()]
    assert "How strict, by" in [one.label for one in app.button_group]


def test_a_rule_that_is_no_line_says_so(two_detections: Run) -> None:
    found = runs.detections(two_detections)["consensus"]
    flagged = np.arange(SAMPLES) % 10 == 0
    runs.save_detection(two_detections, "consensus", Detection(found.suspicion, flagged), {}, 1.0)
    [spread] = [one for one in sent(page("detect")) if one.get("kind") == "line"]
    assert spread["words"] == "own rule; the line flags as many"


def test_a_row_says_in_one_place_what_a_detector_took_will_take_or_lacks(two_detections: Run) -> None:
    rows = page("detect").dataframe[0].value.set_index("title")["standing"]
    assert rows["Consensus"] == "ran in 1.0 s"
    assert rows["Density ratio"].startswith("≈ ")
    assert rows["BaDLoss"].startswith("≈ ")


@pytest.mark.parametrize(("state", "word"), [("running", "waiting"), ("cancelled", "cancelled"), ("failed", "failed")])
def test_a_row_says_what_became_of_a_detector_that_was_asked_for(two_detections: Run, state: str, word: str) -> None:
    run = runs.update(two_detections, plan=(*two_detections.plan, str(detection("density_ratio"))))
    with worker_lock.holding(run.path) if word == "waiting" else nullcontext():
        jobs.write(run.path, jobs.Progress(state=state, started=1.0))
        rows = page("detect").dataframe[0].value.set_index("title")["standing"]
    assert rows["Density ratio"].startswith(f"{word}, ≈ ")
    assert rows["BaDLoss"].startswith("≈ ")
    assert rows["Consensus"] == "ran in 1.0 s"


def test_titles_and_states_fit_their_columns(two_detections: Run) -> None:
    table = page("detect").dataframe[0]
    widths = {name: one["width"] for name, one in json.loads(table.proto.columns).items() if "width" in one}
    lacks = [f"needs {words.partition(' (')[0]}" for need, words in NEEDS.items() if need != "activations"]
    texts = {"title": table.value["title"], "standing": [*table.value["standing"], *lacks]}
    for name, cells in texts.items():
        assert PIXELS_A_LETTER * max(map(len, cells)) <= widths[name]
    assert LONGEST[0] in set(table.value["title"])
    assert widths["title"] >= LONGEST[1]
    assert sum(widths[name] for name in ("title", "flagged", "agreement", "standing")) <= ROOM


def half_ready(folder: str, run_id: str) -> None:
    """The page's answer, where only every other detector has all that it needs."""
    from pathlib import Path

    from core import runs
    from pages.ui.cache import cached
    from pages.ui.detect import roster

    run = runs.open_run(Path(folder), run_id)
    table = cached.detectors(run).copy()
    table["ready"] = (table.index % 2 == 0) | (table["state"] == "ran")
    roster.answer(run, table)


def test_a_detector_that_cannot_run_here_is_not_counted_as_one_that_did_not(two_detections: Run) -> None:
    words = said(app_of(half_ready, (str(two_detections.workspace), two_detections.id)).run())
    assert "2 of the 10 detectors that can run here have run." in words
