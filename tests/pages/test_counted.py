"""Whose flags a page counts is one value: headline, map, legend, queue, sidebar and bulk buttons follow it."""

import numpy as np
import pytest

from core import runs
from core.analysis.opened_run import opened
from core.output.export import poison_indices
from core.runs import Run, jobs
from core.runs.jobs import Progress
from core.types import Detection
from pages.ui.cache.said import decided_briefly
from tests.pages.decided import decided, made_decision, shifted
from tests.pages.drawn import FEW, MANY, SAMPLES, app_of, legend, page, said

MAPS = ("clusters", "trajectories")
PAGES = (*MAPS, "detect", "review", "repair")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_counts_the_leading_detector_and_names_it_its_rule_and_what_was_judged(
    two_detections: Run, name: str
) -> None:
    words = said(page(name)).replace("\\", "")
    assert f"{FEW} of {SAMPLES} samples are flagged by Consensus" in words
    assert "by its fallback rule: outliers, no rate promised" in words.lower()
    assert "Activation Clustering judged 8 of 10 classes: 1 looks poisoned" in words
    assert "nothing is known of the other 2" in words
    assert "of 120 samples are flagged by Activation Clustering" not in words


@pytest.mark.parametrize("name", MAPS)
def test_the_map_the_legend_and_the_way_to_review_count_what_the_headline_counts(
    two_detections: Run, name: str
) -> None:
    app = page(name)
    assert f"flagged by Consensus · {FEW}" in legend(app)
    assert f"Review the {FEW} flagged by Consensus" in said(app)
    by = next(field for field in app.selectbox if field.label == "Flagged by")
    assert by.options == ["Consensus", "Activation Clustering"]
    by.select("activation_clustering").run()
    assert not app.exception
    assert f"{MANY} of {SAMPLES} samples are flagged by Activation Clustering" in said(app)
    assert f"flagged by Activation Clustering · {MANY}" in legend(app)
    assert "flagged by Consensus" not in legend(app)
    assert f"Review the {MANY} flagged by Activation Clustering" in said(app)


def test_where_nothing_is_flagged_no_page_counts_to_nothing(two_detections: Run) -> None:
    none = Detection(np.zeros(SAMPLES, np.float32), np.zeros(SAMPLES, np.bool_))
    runs.save_detection(two_detections, "consensus", none, {}, 1.0)
    assert "Review any sample" in said(page("clusters"))
    words = said(page("review"))
    assert "Nothing is to be decided" in words
    assert "0 of 0 flagged" not in words


def test_where_nothing_is_flagged_review_leads_to_a_detector_that_flags_something(two_detections: Run) -> None:
    none = Detection(np.zeros(SAMPLES, np.float32), np.zeros(SAMPLES, np.bool_))
    runs.save_detection(two_detections, "consensus", none, {}, 1.0)
    app = page("review")
    [switch] = [one for one in app.button if one.label == f"Switch to Activation Clustering: {MANY} flagged"]
    switch.click().run()
    assert f"0 of {MANY} flagged samples are decided" in said(app)
    assert app.query_params["by"] == "activation_clustering"
    assert "Switch to" not in said(app)


def test_what_is_chosen_on_a_map_is_counted_in_review_and_repair(two_detections: Run) -> None:
    app = page("clusters")
    next(field for field in app.selectbox if field.label == "Flagged by").select("activation_clustering").run()
    review = said(page("review", app))
    assert f"0 of {MANY} flagged samples are decided" in review
    assert f"{MANY} of {SAMPLES} samples are flagged by Activation Clustering" in review
    assert f"Exclude all {MANY} flagged by Activation Clustering" in said(page("repair", app))
    assert f"flagged by Activation Clustering · {MANY}" in legend(page("trajectories", app))


def test_the_sidebar_counts_what_the_pages_count(two_detections: Run) -> None:
    def sidebar(folder: str, run_id: str) -> None:
        from pathlib import Path

        import streamlit as st

        from core import runs
        from pages.ui.shell.marks import marks

        st.text(marks(runs.open_run(Path(folder), run_id))["review"])

    app = app_of(sidebar, args=(str(two_detections.workspace), two_detections.id)).run()
    assert app.text[0].value == f"· {FEW} left"
    app.session_state["counted"] = "activation_clustering"
    assert app.run().text[0].value == f"· {MANY} left"


@pytest.mark.parametrize("name", ["clusters", "trajectories", "detect", "review", "repair", "report", "bona_fide"])
def test_no_page_says_at_most_without_a_confidence_nor_that_there_is_no_sign(two_detections: Run, name: str) -> None:
    words = said(page(name)).lower()
    assert [line for line in words.splitlines() if "at most" in line and "confidence" not in line] == []
    assert "false discovery rate" not in words
    assert "no sign of poison found" not in words


@pytest.mark.parametrize("name", MAPS)
def test_a_map_that_nothing_will_draw_is_not_called_still_being_drawn(two_detections: Run, name: str) -> None:
    app = page(name)
    next(one for one in app.segmented_control if one.label == "Map").set_value("UMAP").run()
    assert not app.exception
    assert [one.value for one in app.info] == ["The UMAP map has not been drawn."]


def test_every_page_tells_what_is_confirmed_what_is_flagged_beyond_it_and_what_is_left(two_detections: Run) -> None:
    decided(two_detections, shifted())
    differ = "5 of the flagged are not confirmed and 3 of the confirmed are not flagged."
    split, all_of_them = "10 confirmed, 5 more flagged by Consensus", FEW + 3
    review, repair, report = (said(page(name)) for name in ("review", "repair", "report"))
    assert f"**0 of {all_of_them} suspects are decided**; 0 of {SAMPLES} are excluded." in review
    assert "Backdoor confirmed in class 3: 10 samples." in review.replace("\\", "")
    assert split not in review  # the line below says the same
    assert f"All {all_of_them} suspects" in review
    assert f"{all_of_them} of {all_of_them}" in review  # the queue holds all of them
    assert all(differ in words for words in (repair, said(page("detect"))))
    assert f"Exclude all {all_of_them} confirmed or flagged by Consensus" in repair
    assert f"{all_of_them} of {all_of_them} suspects are undecided ({split});" in report
    clusters = page("clusters")
    assert all("5 more are flagged." in words for words in (review, said(clusters)))
    assert f"Review the {all_of_them} suspects" in said(clusters)
    assert {"confirmed · 10", "more flagged by Consensus · 5"} <= set(legend(clusters).split(", "))


def test_ids_to_leave_out_are_those_that_the_pages_count(two_detections: Run) -> None:
    decided(two_detections, shifted())
    assert poison_indices(opened(two_detections)).tolist() == list(range(FEW + 3))


def test_above_a_map_each_sentence_stands_alone_the_decision_first(two_detections: Run) -> None:
    decided(two_detections, made_decision("not judged"))
    words = [one.value.replace("\\", "") for one in page("clusters").markdown]
    first = words.index("**Nothing was confirmed in the classes that were judged.**")
    assert words[first + 1] == "**1 of 10 classes could not be judged.**"
    assert words[first + 2] == f"{FEW} of {SAMPLES} samples are flagged by Consensus."


def test_where_room_is_short_names_of_classes_lose_their_middle(two_detections: Run) -> None:
    decided(two_detections, made_decision("backdoor"))
    assert decided_briefly(two_detections) == "Backdoor confirmed in class 3: 10 samples."
    assert decided_briefly(two_detections, 5) == "Backdoor confirmed in cl… 3: 10 samples."


def test_review_and_report_wait_for_no_detector_beside_the_leading_one(two_detections: Run) -> None:
    detections = ("detect:activation_clustering", "detect:consensus")
    plan = (*(stage for stage in two_detections.plan if stage not in detections), *detections, "detect:strip")
    run = runs.update(two_detections, plan=plan, stages=two_detections.stages | dict.fromkeys(detections, 1.0))
    error = {"title": "The disk is full.", "detail": "", "hint": "Free some space."}
    jobs.write(run.path, Progress(state="failed", started=1.0, title="Running STRIP", error=error))
    assert f"0 of {FEW} flagged samples are decided" in said(page("review"))
    assert "This page will show" not in said(page("report"))
