"""The Bona fide page draws as it says that it does."""

import pytest

from core.runs import Run
from pages.ui.review import bona_fide
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import page, said


def test_the_draw_is_within_each_class_and_is_said_to_be(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    assert "drawn at random within each class, from the classes that have fewest" in said(page("bona_fide"))
    per_class = bona_fide.draw(two_detections)["label"].value_counts()
    assert sorted(set(per_class)) == [2, 3]  # 25 of ten classes, none of which has any


@pytest.mark.parametrize(
    ("n_bona_fide", "enough", "more", "whole"),
    [(171, 179, "About 8 more", 179), (171, 100, "79 more are usual", 250), (300, None, "These are enough", 250)],
)
def test_the_bar_counts_towards_as_many_as_the_words_say(
    n_bona_fide: int, enough: int | None, more: str, whole: int
) -> None:
    words, towards = bona_fide.useful(n_bona_fide, enough)
    assert (words.startswith(more), towards) == (True, whole)
