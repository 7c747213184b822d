"""The decision on Detect, state by state, and that no page says there is no sign beside flags."""

import os
import time

import pytest
from streamlit.testing.v1 import AppTest

from core import runs
from core.decision.states import State
from core.journal import review
from core.runs import Run, jobs, worker_lock
from core.runs.jobs import Progress
from core.runs.plan import decision as decide_stage
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.decided import OF_GROUP, REASON, VERDICTS, decided, flags_open, made_decision
from tests.pages.drawn import FEW, app_of, drawn, field, page, said

PAGES = ("clusters", "trajectories", "detect", "review", "repair")


def button(app: AppTest, key: str):
    return next(one for one in app.button if one.key == key)


def words(app: AppTest) -> str:
    return said(app).replace("\\", "")


def test_before_a_decision_the_page_says_what_it_does_and_what_it_costs(two_detections: Run) -> None:
    run = runs.update(two_detections, stages={**two_detections.stages, "train": 100.0, "activations": 1.0})
    app = page("detect")
    assert button(app, "decide").label == "Decide"
    assert "The model itself is asked." in words(app)
    assert "Takes up to about 9 min, in a process of its own" in words(app)
    app.checkbox(key="decide-train").uncheck().run()
    assert "Takes up to about 35 s, in a process of its own" in words(app)
    assert not run.has("decision.json")


def test_the_button_plans_the_decision_with_the_second_training_or_without(
    two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    lock = worker_lock.take(two_detections.path)  # whoever holds it keeps a worker from starting
    try:
        app, plans = page("detect"), []
        for tick in (True, False):
            app.checkbox(key="decide-train").set_value(tick).run()
            button(app, "decide").click().run()
            assert not app.exception
            plans.append(runs.open_run(two_detections.workspace, two_detections.id).left)
    finally:
        os.close(lock)
    assert plans == [["decide"], ["decide:untrained"]]


def test_while_it_is_made_the_bar_stands_in_the_place_of_the_button(two_detections: Run) -> None:
    run = runs.update(two_detections, plan=(*two_detections.plan, str(decide_stage())))
    lock = worker_lock.take(run.path)
    try:
        jobs.write(run.path, Progress("running", "Deciding", "class 2 of 10: recovering triggers", 0.2, time.time()))
        app = page("detect")
        assert "class 2 of 10" in "".join(drawn(app, "progress"))
        assert [one for one in app.button if one.key == "decide"] == []
    finally:
        os.close(lock)


def test_a_decision_that_failed_says_why_and_can_be_made_again(two_detections: Run) -> None:
    run = runs.update(two_detections, plan=(*two_detections.plan, str(decide_stage())))
    error = {"title": "The memory is spent.", "detail": "", "hint": ""}
    jobs.write(run.path, Progress("failed", "Deciding", error=error))
    app = page("detect")
    assert [one.value for one in app.error if "The memory is spent" in one.value]
    assert not button(app, "decide").disabled


def test_a_confirmed_backdoor_stands_with_its_picture_its_figures_and_its_reason(two_detections: Run) -> None:
    decided(two_detections, made_decision("backdoor"))
    app = page("detect")
    assert "**Backdoor confirmed in class 3: 10 samples.**" in words(app)
    assert ":orange-badge[backdoor] **Group 1: class 3**" in words(app)
    assert "Trigger works on: **93% (89%–96%)** · Control: **2%** · Keep the label without it: **10%**" in words(app)
    assert f"{OF_GROUP} samples · recovered trigger, pasted" in words(app)
    assert REASON in words(app)
    [link] = [one for one in drawn(app, "page_link") if "Review these" in one]
    assert "decided=Group+1%3A+class+3" in link
    assert f"array/{two_detections.id}/decision-pictures/0.png" in "".join(drawn(app, "bidi_component"))
    assert button(app, "decide").label == "Decide again"
    assert not button(app, "enlarge-decided-1").click().run().exception
    assert any(one.label == "Amplified" for one in app.slider)


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("wrong label", ("**Wrong labels, no backdoor confirmed: 10 samples.**", "Group 1: several classes")),
        ("open", ("**Suspicious, no backdoor confirmed in class 3: 10 samples.**", ":blue-badge[open]")),
        ("not judged", ("1 of 10 classes could not be judged.**", "class 7 (only 8 samples; 20 are needed)")),
        ("none", ("**No backdoor confirmed among 10 classes; groups below 10 samples cannot be confirmed.**",)),
    ],
)
def test_every_other_verdict_is_said_in_its_own_words(
    two_detections: Run, verdict: State, expected: tuple[str, ...]
) -> None:
    decided(two_detections, made_decision(verdict))
    found = words(page("detect"))
    assert [part for part in expected if part not in found] == []
    assert "backdoor confirmed in" not in found.lower() or "no backdoor confirmed in" in found.lower()


def test_what_is_flagged_and_not_confirmed_is_open_and_said_with_a_way_to_it(two_detections: Run) -> None:
    decided(two_detections, flags_open())
    app = page("detect")
    assert f"**Suspicious, no backdoor confirmed: {FEW} samples.**" in words(app)
    assert f"{FEW} samples are suspected, in no group, and no test confirms it." in words(app)
    assert [one for one in drawn(app, "page_link") if "All+that+is+open" in one]


def test_what_was_left_out_is_said(two_detections: Run) -> None:
    decided(two_detections, made_decision("backdoor", left_out="no second training: wrong labels were not looked for"))
    assert "Left out: no second training: wrong labels were not looked for." in words(page("detect"))


@pytest.mark.parametrize("config", [{"model": "small_resnet"}, {"model": "onnx graph"}])
def test_of_a_loaded_model_it_is_said_what_cannot_be_asked(two_detections: Run, config: dict[str, str]) -> None:
    loaded = tuple(stage.replace("train", "load") for stage in two_detections.plan)
    stages = {stage.replace("train", "load"): 1.0 for stage in two_detections.stages}
    run = runs.update(two_detections, plan=loaded, stages=stages, config={**two_detections.config, **config})
    app = app_of(_panel, args=(str(run.workspace), run.id)).run()
    assert not app.exception
    assert "no other model is trained: triggers without a fixed pattern and wrong labels" in words(app)
    assert not list(app.checkbox)


def _panel(folder: str, run_id: str) -> None:
    from pathlib import Path

    from core import runs
    from pages.ui.detect import decision

    decision.panel(runs.open_run(Path(folder), run_id))


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("name", [*PAGES, "report"])
def test_no_page_says_no_sign_beside_flags(two_detections: Run, verdict: State, name: str) -> None:
    decided(two_detections, made_decision(verdict))
    found = words(page(name)).lower()
    assert "no sign" not in found.replace("gray-badge[no sign by this detector]", "")  # something is flagged


@pytest.mark.parametrize("name", PAGES)
def test_every_page_says_the_decision_first(two_detections: Run, name: str) -> None:
    decided(two_detections, made_decision("backdoor"))
    found = words(page(name))
    assert found.index("Backdoor confirmed in class 3") < found.index(f"{FEW} of 120 samples are flagged")


def test_a_group_is_reviewed_as_one(two_detections: Run) -> None:
    decided(two_detections, made_decision("backdoor"))
    app = page("review")
    field(app, "Decision").select("Group 1: class 3").run()
    assert not app.exception
    assert f"**Group 1: class 3: {OF_GROUP} samples.** {REASON}" in words(app)
    button(app, "exclude-group").click().run()
    assert f"Exclude {OF_GROUP}" in said(app)  # the question
    button(app, "confirm").click().run()
    assert not app.exception
    assert len(review.verdicts(two_detections.workspace, two_detections.id)) == OF_GROUP
