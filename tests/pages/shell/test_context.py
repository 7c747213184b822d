"""The line above the pages of a run: where one is, and what would stay undecided."""

import pytest
from streamlit.util import calc_hash

from core import pipeline, runs
from core.runs import Run
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.decided import decided, shifted
from tests.pages.drawn import FEW, MANY, whole_app

# Of the pages, a test without a browser sees the first one in its frame, and those whose address is not their file's.
PAGES = ("", "bona_fide")


def line(name: str, **session: str) -> str:
    """What stands above the title of a page, in its frame; "" where nothing does."""
    app = whole_app()
    for key, value in session.items():
        app.session_state[key] = value
    app.run()
    if name:
        app._page_hash = calc_hash(name.replace("_", "-"))
        app.run()
    assert not app.exception
    return next((one.value for one in app.caption if "›" in one.value), "").replace("\\", "")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_a_run_says_what_would_stay_undecided(
    name: str, two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    pipeline.decide(two_detections, [0, 1], "exclude", reviewer="ann")
    left = f"{FEW - 2} of {FEW} flagged remain undecided"
    assert line(name) == f"made up › {two_detections.name} · If you stopped now: **{left}**"


def test_the_lab_is_about_no_run(two_detections: Run) -> None:
    assert line("attack_lab") == ""


def test_it_counts_whose_flags_the_pages_count_and_says_when_nothing_is_left(
    two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    pipeline.decide(two_detections, range(FEW), "exclude", reviewer="ann")
    assert line("bona_fide").endswith(f"all {FEW} flagged decided")
    assert f"{MANY - FEW} of {MANY} flagged remain undecided" in line("bona_fide", counted="activation_clustering")


def test_a_repair_is_named_after_what_it_repairs(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    pipeline.decide(two_detections, [0, 1], "exclude", reviewer="ann")
    child = pipeline.new_repair(two_detections, reviewer="ann")
    assert line("", run_id=child.id) == f"made up › {two_detections.name} › {child.name} · 2 left out"


def test_a_repair_says_what_its_maps_no_longer_show(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    pipeline.decide(two_detections, [0, 1, 2], "exclude", reviewer="ann")
    pipeline.decide(two_detections, [5], "relabel", reviewer="ann", new_label=1)
    child = pipeline.new_repair(two_detections, reviewer="ann")
    assert line("", run_id=child.id).endswith(" · 3 left out, 1 relabelled")


def test_what_the_decision_confirmed_is_left_too_until_somebody_decides(
    two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    decided(two_detections, shifted())
    left = f"If you stopped now: **{FEW + 3} suspects left** (10 confirmed, 5 more flagged), about 10 poisoned"
    assert left in line("bona_fide")
    pipeline.decide(two_detections, range(FEW), "exclude", reviewer="ann")
    assert f"**3 of {FEW + 3} suspects left** (3 confirmed)" in line("bona_fide")
    pipeline.decide(two_detections, range(FEW + 3), "exclude", reviewer="ann")
    assert line("bona_fide").endswith(f"all {FEW + 3} suspects decided")


def test_long_names_keep_the_line_short(two_detections: Run) -> None:
    runs.update(two_detections, name="a training with a name that is " + "much too long, " * 6 + "at last")
    assert line("").startswith("made up › a training with ")
    assert len(line("").partition(" · ")[0]) < 60
