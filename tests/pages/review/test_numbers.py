"""Families and groups of the decision have numbers of their own: where one is shown, it says which the other is."""

import numpy as np

from core.analysis import families
from core.analysis.families import Family
from core.runs import Run
from tests.pages.decided import decided, shifted
from tests.pages.drawn import FEW, SAMPLES, field, page, said


def test_a_family_says_in_which_group_most_of_it_is_and_leads_there_and_back(two_detections: Run) -> None:
    of_two = np.where(np.arange(SAMPLES) < FEW, 2, 0)
    of_two[:4] = 1
    listed = [Family(1, 3, 4, 0.9), Family(2, 3, FEW - 4, 0.9)]
    families.save(two_detections, np.arange(SAMPLES) < FEW, of_two, listed, None)
    assert "in group" not in said(page("review"))
    decided(two_detections, shifted())  # its group has seven of the second family and none of the first
    app = page("review")
    assert [one.value for one in app.caption if "decided  \n" in one.value] == [
        "8 samples, 0% decided  \n7 of them in group 1"
    ]
    app.button(key="choose-family-2").click().run()
    assert "7 of them in group 1 of the decision" in said(app)
    app.button(key="choose-family-None").click().run()
    field(app, "Decision").select("Group 1: class 3").run()
    assert "7 of them in family 2" in said(app)
    overview = said(page("overview"))
    assert "**Group 1 · " in overview
    assert "7 of them in family 2" in overview


def test_before_there_is_a_decision_the_cards_of_the_overview_are_numbered_as_on_review(two_detections: Run) -> None:
    families.save(two_detections, np.arange(SAMPLES) < FEW, np.ones(SAMPLES), [Family(1, 3, FEW, 0.9)], None)
    assert "**Family 1 · " in said(page("overview"))
    assert "Family 1 · " in said(page("review"))
