"""What stands behind the pages' names: a tick only where there is a result."""

import pytest

from core import pipeline, runs
from core.runs import Run
from pages.ui.shell.marks import DONE, marks
from tests.pages.drawn import page, said, whole_app


@pytest.mark.parametrize(("planned", "mark"), [(True, DONE), (False, "")])
def test_detect_is_ticked_where_a_detector_ran_and_not_where_none_is_planned(
    two_detections: Run, planned: bool, mark: str
) -> None:
    plan = two_detections.plan if planned else [one for one in two_detections.plan if not one.startswith("detect")]
    assert marks(runs.update(two_detections, plan=tuple(plan)))["detect"] == mark


@pytest.mark.parametrize("finished", [True, False])
def test_repair_is_ticked_where_overview_says_repaired(two_detections: Run, finished: bool) -> None:
    """Of the repaired run, of the one that it repairs, and of that with a later repair that did not get far."""
    pipeline.decide(two_detections, range(9), "exclude", reviewer="ann")
    child = pipeline.new_repair(two_detections)
    child = runs.update(child, stages={"train": 1.0} | ({"activations": 1.0, "evaluate": 1.0} if finished else {}))
    (child.path / "outcome.json").write_bytes((two_detections.path / "outcome.json").read_bytes())
    pipeline.new_repair(two_detections)
    for run in (child, two_detections):
        app = whole_app().run()
        app.session_state["run_id"] = run.id
        ticked = ":material/check_circle: Repaired" in said(page("overview", app))
        assert (marks(run).get("repair") == DONE) == ticked == finished
