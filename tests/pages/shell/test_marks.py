"""What stands behind the pages' names: a tick only where there is a result."""

import pytest

from core import runs
from core.runs import Run
from pages.ui.shell.marks import DONE, marks


@pytest.mark.parametrize(("planned", "mark"), [(True, DONE), (False, "")])
def test_detect_is_ticked_where_a_detector_ran_and_not_where_none_is_planned(
    two_detections: Run, planned: bool, mark: str
) -> None:
    plan = two_detections.plan if planned else [one for one in two_detections.plan if not one.startswith("detect")]
    assert marks(runs.update(two_detections, plan=tuple(plan)))["detect"] == mark
