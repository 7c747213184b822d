"""The Bona fide page draws as it says that it does."""

import numpy as np
import pytest

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.journal import review
from core.runs import Run
from pages.ui.cache import stamps
from pages.ui.cache.drawn import candidate_rows
from pages.ui.review import bona_fide
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import page, said


def test_the_draw_is_within_each_class_and_is_said_to_be(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    assert "drawn at random within each class, from the classes that have fewest" in said(page("bona_fide"))
    per_class = candidate_rows(two_detections)["label"].value_counts()
    assert sorted(set(per_class)) == [2, 3]  # 25 of ten classes, none of which has any


def test_after_a_repair_the_tiles_show_the_samples_that_they_name(
    two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample's number and its place are two things where some were left out."""
    be(REVIEWER, monkeypatch)
    pipeline.decide(two_detections, range(90), "exclude", reviewer="ann")
    child = pipeline.new_repair(two_detections)
    runs.save_array(child, "predictions", np.zeros(30, np.int64))
    runs.save_array(child, "final_losses", np.ones(30, np.float32))
    child = runs.update(child, stages=dict.fromkeys(child.plan, 1.0))
    rows = candidate_rows(child)
    assert np.array_equal(opened(child).data.ids[rows.index], rows["id"])
    page("bona_fide")


def test_the_draw_is_another_once_anything_is_said(two_detections: Run) -> None:
    first = candidate_rows(two_detections)
    assert candidate_rows(two_detections) is first
    asked = first["id"].tolist()[:3]
    review.guarantee(two_detections.workspace, two_detections.dataset, asked, reviewer="ann", reason="looked at")
    stamps.forget()
    assert not set(asked) & set(candidate_rows(two_detections)["id"])


@pytest.mark.parametrize(
    ("n_bona_fide", "enough", "more", "whole"),
    [(171, 179, "About 8 more", 179), (171, 100, "79 more are usual", 250), (300, None, "These are enough", 250)],
)
def test_the_bar_counts_towards_as_many_as_the_words_say(
    n_bona_fide: int, enough: int | None, more: str, whole: int
) -> None:
    words, towards = bona_fide.useful(n_bona_fide, enough)
    assert (words.startswith(more), towards) == (True, whole)
