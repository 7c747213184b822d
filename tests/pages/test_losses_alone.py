"""Every page opens a recorded training of which there is nothing but losses."""

import json
from pathlib import Path

import numpy as np
import pytest

from core import pipeline
from core.attacks import ATTACKS
from core.output.report import report_html
from core.runs import Run
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import drawn, page, said, walk

N = 60
PAGES = ("overview", "data", "train", "trajectories", "clusters", "detect", "review", "repair", "report", "bona_fide")
PAGES += ("attack_lab", "trigger")


@pytest.fixture
def losses_alone(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that was loaded from a file of losses, on names and labels alone."""
    lines = "".join(f"rec_{row}.wav,{'ab'[row % 2]}\n" for row in range(N))
    (tmp_path / "made.csv").write_text(f"name,label\n{lines}")
    info = pipeline.import_dataset(workspace, tmp_path / "made.csv", source="labels_only")
    np.save(tmp_path / "losses.npy", np.random.default_rng(0).random((N, 4), np.float32))
    request = pipeline.RecordedRequest(info.id, losses=str(tmp_path / "losses.npy"))
    monkeypatch.setenv("ASSAY_WORKSPACE", str(workspace))
    return pipeline.work(pipeline.load_recorded(workspace, request), only=["detect:abl_isolation", "maps:pca"])


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.usefixtures("losses_alone")
def test_a_page_shows_a_run_without_predictions(name: str) -> None:
    app = page(name)
    assert not app.exception, app.exception[0].stack_trace


@pytest.mark.usefixtures("losses_alone")
def test_without_a_model_nothing_is_said_of_one_and_it_is_not_to_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    detect, overview = page("detect"), page("overview")
    assert "There is no model to ask." in said(detect)
    assert "This model was loaded" not in said(detect)
    assert "Decide what is a backdoor" not in [one.label for one in overview.button]


def test_no_page_speaks_of_a_model_that_is_not_here(losses_alone: Run) -> None:
    assert "**The model is not here: it was trained elsewhere.**" in said(page("trigger"))
    assert "Not repaired yet." in said(page("repair"))
    assert "whatever it learned" not in said(page("repair"))
    assert "Clean accuracy" not in report_html(losses_alone)


@pytest.mark.usefixtures("losses_alone")
def test_the_lab_takes_no_data_that_can_carry_no_trigger() -> None:
    lab = page("attack_lab")
    assert "No data set here is clean and can carry a trigger." in said(lab)
    [listed] = lab.table
    assert listed.value.index.tolist() == [entry.title for entry in ATTACKS.values()]


@pytest.mark.usefixtures("losses_alone")
def test_a_tile_in_review_says_that_nothing_was_predicted() -> None:
    sent = [one for one in drawn(page("review"), "bidi_component") if "badge" in one]
    assert any("predicted not predicted" in one for one in sent)


@pytest.mark.parametrize("name", ["review", "data"])
@pytest.mark.usefixtures("losses_alone")
def test_a_name_that_is_all_there_is_of_a_sample_is_said_once(name: str) -> None:
    app = page(name)
    sent = (one.proto.json for one in walk(app.main) if getattr(one, "type", "") == "bidi_component")
    tiles = [tile for one in sent for tile in json.loads(one or "{}").get("tiles", ())]
    assert tiles
    assert all(tile["told"].startswith("rec_") for tile in tiles)
    assert not any("rec_" in line for tile in tiles for line in tile["caption"])
    assert not any("rec_" in code.value for code in app.code)
