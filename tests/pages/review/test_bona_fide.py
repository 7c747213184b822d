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
