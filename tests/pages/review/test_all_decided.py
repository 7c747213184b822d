"""Review once everything is decided: what became of the suspects, a look at them, and the way on."""

from core import pipeline, runs
from core.runs import Run
from tests.pages.drawn import FEW, page, said


def test_what_was_decided_is_said_and_shown_and_the_repair_is_a_click_away(two_detections: Run) -> None:
    pipeline.decide(two_detections, range(FEW - 2), "exclude", reviewer="ann")
    assert "Look at them" not in said(page("review"))
    pipeline.decide(two_detections, [FEW - 2, FEW - 1], "keep", reviewer="ann")
    app = page("review")
    assert f"Of {FEW} flagged samples: **{FEW - 2} excluded, 2 kept**." in said(app)
    assert "Repair the model" in said(app)
    app.button(key="see-decided").click().run()
    assert not app.exception
    assert app.query_params["verdict"] == "Decided"
    assert f"{FEW} of {FEW}" in [one.value for one in app.caption]
    assert "Look at them" not in said(app)


def test_a_repair_that_is_finished_is_led_to_as_such(two_detections: Run) -> None:
    pipeline.decide(two_detections, range(FEW), "exclude", reviewer="ann")
    child = pipeline.new_repair(two_detections, reviewer="ann")
    runs.update(child, stages=dict.fromkeys(child.plan, 1.0))
    assert "See what the repair has brought" in said(page("review"))


def test_the_journal_has_no_column_without_content(two_detections: Run) -> None:
    pipeline.decide(two_detections, [0], "keep", reviewer="ann")
    app = page("review")
    app.segmented_control(key="look").set_value("Journal").run()
    [journal] = [one.value for one in app.dataframe if "Reviewer" in one.value]
    assert "New label" not in journal
    pipeline.decide(two_detections, [1], "relabel", reviewer="ann", new_label=2)
    app.run()
    [journal] = [one.value for one in app.dataframe if "Reviewer" in one.value]
    assert journal["New label"].tolist() == ["class 2", ""]
