"""Comments and tags on the page: written beside the sample, shown, filtered by, and taken off."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.journal import review
from core.runs import Run
from tests.pages.access.test_who import REVIEWER, VIEWER, be
from tests.pages.drawn import field, page, said


def write(app: AppTest, kind: str, place: str, text: str) -> AppTest:
    """Type a comment or tag and press its button."""
    next(one for one in app.text_input if one.key == f"{kind}-{place}").set_value(text)
    next(one for one in app.button if one.key == f"add-{kind}-{place}").click().run()
    assert not app.exception
    return app


def test_a_sample_gets_a_tag_and_a_comment_and_the_queue_is_filtered_by_the_tag(
    two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    where = two_detections.workspace, two_detections.id
    app = write(page("review"), "tag", "sample-0", "sticker")
    app = write(app, "comment", "sample-0", "a *white* square")
    found = review.notes(*where)
    assert (list(found), found[0].tags, found[0].comments[0].text) == ([0], ("sticker",), "a *white* square")
    assert "a \\*white\\* square" in said(app)
    app = page("review")
    field(app, "Tag").set_value("sticker").run()
    assert "1 of 1" in [one.value for one in app.caption]
    next(one for one in app.button if one.key == "untag-sample-0-sticker").click().run()
    assert review.notes(*where)[0].tags == ()


def test_who_may_only_look_writes_nothing(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(VIEWER, monkeypatch)
    button = next(one for one in page("review").button if one.key == "add-tag-sample-0")
    assert button.disabled


def test_what_is_selected_on_a_map_is_tagged_at_once(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    app = page("clusters")
    assert not any(one.key == "tag-selection" for one in app.text_input)  # nothing is selected
    app.session_state[f"selection-{two_detections.id}"] = np.array([3, 5])
    app = write(app.run(), "tag", "selection", "island")
    assert [one.value for one in app.toast] == ["Tagged: 2 samples"]
    found = review.notes(two_detections.workspace, two_detections.id)
    assert {sample: said.tags for sample, said in found.items()} == {3: ("island",), 5: ("island",)}
