"""What a result leaves open stands on the pages that go on from it, and before what cannot be seen afterwards."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.data import store
from core.files import write_json
from core.journal import review
from core.runs import Run
from tests.core.conftest import tiny
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import FEW, drawn, page, said

LEFT = f"{FEW - 2} of {FEW} flagged samples are undecided (flagged by Consensus)"


@pytest.fixture
def begun(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The run after two of its twelve flagged samples were decided on."""
    be(REVIEWER, monkeypatch)
    pipeline.decide(two_detections, [0, 1], "exclude", reviewer="ann")
    return two_detections


def press(app: AppTest, words: str) -> AppTest:
    next(button for button in app.button if words in button.label).click().run()
    assert not app.exception
    return app


def test_repair_asks_about_the_undecided_and_names_whose_flags_they_are(begun: Run) -> None:
    app = page("repair")
    assert any(LEFT in one.value.replace("\\", "") for one in app.warning)
    press(app, f"Exclude all {FEW - 2} undecided")
    assert len(review.verdicts(begun.workspace, begun.id)) == 2  # the dialog waits for an answer
    press(app, f"Exclude {FEW - 2}")
    excluded = review.verdicts(begun.workspace, begun.id)
    assert sorted(excluded) == list(range(FEW))
    assert {verdict.decision for verdict in excluded.values()} == {"exclude"}
    assert not [one for one in page("repair").warning if "undecided" in one.value]


def test_the_report_page_says_what_is_undecided_until_nothing_is(begun: Run) -> None:
    assert any(LEFT in one.value for one in page("report").warning)
    pipeline.decide(begun, range(FEW), "keep", reviewer="ann")
    assert list(page("report").warning) == []


def test_a_class_that_a_repair_emptied_is_named_beside_its_outcome(begun: Run) -> None:
    labels = opened(begun).data.labels
    whole = [int(sample) for sample in (labels == 3).nonzero()[0]]
    pipeline.decide(begun, whole, "exclude", reviewer="ann")
    child = pipeline.new_repair(begun, reviewer="ann")
    outcome = {"clean_accuracy": 0.9, "class_accuracy": [0.9] * 10, "attack_success_rate": {}}
    write_json(child.path / "outcome.json", {"outcome": outcome, "trials": []})
    runs.update(child, stages={"train": 1.0, "activations": 1.0, "evaluate": 1.0})
    app = page("repair")
    told = f"classes emptied or nearly emptied: class 3 loses all {len(whole)}"
    assert [told in one.value.replace("\\", "") for one in app.warning].count(True) == 1
    assert app.dataframe[0].value["Wrong"].tolist() == ["⚠ see below"]


@pytest.mark.parametrize("name", ["clusters", "trajectories"])
def test_a_bona_fide_sample_in_a_selection_is_said_in_the_bar_and_named_in_the_dialog(begun: Run, name: str) -> None:
    review.guarantee(begun.workspace, begun.dataset, [50], reviewer="ann")
    given = opened(begun).data.class_names[int(store.load(begun.workspace, begun.dataset).labels[50])]
    app = page(name)
    app.session_state[f"selection-{begun.id}"] = (49, 50, 51)
    app.run()
    assert "**1 of them is bona fide**" in said(app).replace("\\", "")
    press(app, "Exclude")
    assert any(f"1 of them is bona fide: {given} 1" in one.value.replace("\\", "") for one in app.warning)
    assert 50 not in review.verdicts(begun.workspace, begun.id)  # it is asked first, however few they are
    press(app, "Exclude 3")
    assert 50 in review.verdicts(begun.workspace, begun.id)


HEAD = "head is fresh and untrained"
RESULTS = ("train", "clusters", "trajectories", "detect", "bona_fide", "review", "repair", "report", "trigger")


def loaded(run: Run, *, fresh: bool) -> None:
    """Make the run one that inspects a model from a file."""
    about = {"file": "model.pt", "bytes": 1, "sha256": "0" * 64, "notes": [], "parameters": 1, "fresh_head": fresh}
    write_json(run.path / "loaded.json", about)
    config = {**run.config, "weights": "model.pt"}
    plan = tuple("load" if stage == "train" else stage for stage in run.plan)
    stages = {"load" if stage == "train" else stage: seconds for stage, seconds in run.stages.items()}
    runs.update(run, plan=plan, stages=stages, config=config)


@pytest.mark.parametrize("name", RESULTS)
def test_a_fresh_head_is_warned_of_on_every_page_that_rests_on_it(two_detections: Run, name: str) -> None:
    loaded(two_detections, fresh=True)
    assert [HEAD in one.value for one in page(name).warning].count(True) == 1


def test_a_model_with_a_trained_head_is_not_warned_of(two_detections: Run) -> None:
    loaded(two_detections, fresh=False)
    assert not [one for one in page("detect").warning if HEAD in one.value]


def test_the_images_on_data_are_called_by_their_rows_in_the_source(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_WORKSPACE", str(workspace))
    store.save(workspace, replace(tiny(4), ids=np.array([3, 40, 500, 6000])), source="test")
    shown = " ".join(drawn(page("data"), "bidi_component"))
    assert set(re.findall(r"tooltip\W+#(\d+)", shown)) == {"3", "40", "500", "6000"}


def test_data_says_so_when_the_run_is_of_other_data(begun: Run) -> None:
    assert "is of" not in said(page("data"))
    other = store.save(begun.workspace, tiny(4, name="shapes"), source="test")
    app = page("data")
    next(field for field in app.selectbox if field.label == "Data set").select(other.id).run()
    assert not app.exception
    assert "is of made up. Its stages and flags say nothing of shapes." in said(app).replace("\\", "")
