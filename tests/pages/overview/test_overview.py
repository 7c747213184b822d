"""The Overview page in every state of a run: what it says, what it never says, and where its one button leads."""

import re
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import pipeline, runs
from core.analysis import families
from core.analysis.caveats import nothing_flagged
from core.analysis.decision import decided_words
from core.analysis.families import Family
from core.analysis.opened_run import opened as opened_run
from core.data import store
from core.decision.states import State
from core.files import write_json
from core.runs import Run, jobs, worker_lock
from core.runs.jobs import Progress
from core.training.config import TrainConfig
from core.types import Detection
from tests.core.conftest import tiny
from tests.pages.access.test_who import REVIEWER, VIEWER, be
from tests.pages.decided import VERDICTS, decided, flags_open, made_decision, shifted
from tests.pages.drawn import FEW, SAMPLES, drawn, page, said, walk, whole_app

PICTURE = np.zeros((2, 8, 8, 1), np.uint8)


def opened() -> AppTest:
    """The first thing that a visitor sees: no page is asked for."""
    app = whole_app().run()
    assert not app.exception, app.exception
    return app


def words(app: AppTest) -> str:
    """All words of the page, as they are read."""
    headings = [*app.title, *app.header, *app.error]
    return "\n".join([*(one.value for one in headings), said(app)]).replace("\\", "")


def primary(app: AppTest) -> list[str]:
    """The labels of the buttons that stand out."""
    buttons = (one for one in walk(app.main) if getattr(one, "type", "") == "button")
    return [one.label for one in buttons if one.proto.type == "primary"]  # type: ignore[attr-defined]


def grouped(run: Run, *listed: Family) -> None:
    """Put the first flagged samples into families, in the order and of the size that these say."""
    numbers = np.zeros(SAMPLES, np.int64)
    start = 0
    for family in listed:
        numbers[start : start + family.size] = family.id
        start += family.size
    flagged = np.arange(SAMPLES) < FEW
    families.save(run, flagged, numbers, listed, np.concatenate([PICTURE] * len(listed)))


PATTERN = Family(1, 2, 6, 0.9, 12.0, {5: 0.8})
CHANCE = Family(2, 7, 4, 0.9, 1.0, {5: 0.3})
JUDGED = made_decision("backdoor")  # ten samples of class 3


def test_the_bare_address_opens_the_answer(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    assert [one.value for one in opened().title] == ["Is this data poisoned, and what do I do next?"]


def test_flags_with_a_pattern_name_the_class_the_counts_and_the_rule(
    two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    grouped(two_detections, PATTERN, CHANCE)
    pipeline.decide(two_detections, [0, 1], "keep", reviewer="ann")
    app = page("overview")
    assert f"A backdoor is suspected in class 2: {FEW} of {SAMPLES} samples flagged, {FEW - 2} undecided." in words(app)
    assert "Flagged by Consensus, by its fallback rule" in words(app)
    assert "class 5 → class 2" in words(app)
    assert "Several classes → class 7" in words(app)
    assert "Shares no pattern, not decided" in words(app)
    assert "6 samples  \n4 of them undecided" in words(app)
    pipeline.decide(two_detections, range(6), "keep", reviewer="ann")
    assert "6 samples  \nall decided" in words(page("overview"))
    assert primary(app) == [f"Review the {FEW - 2} undecided"]


def test_a_card_shows_what_is_shared_five_members_and_leads_to_the_family(two_detections: Run) -> None:
    grouped(two_detections, PATTERN)
    app = page("overview")
    sent = drawn(app, "bidi_component")
    assert sum("family-pictures/1.png" in one for one in sent) == 1
    assert sum(one.count("thumb/") for one in sent) == 5
    assert any("family=1" in one and "Review these 6" in one for one in drawn(app, "page_link"))


def test_nothing_flagged_is_not_called_clean_and_what_was_not_judged_is_named(two_detections: Run) -> None:
    nothing = np.zeros(SAMPLES, np.bool_)
    runs.save_detection(two_detections, "consensus", Detection(np.zeros(SAMPLES, np.float32), nothing), {}, 1.0)
    app = page("overview")
    assert f"None of {SAMPLES} samples is flagged, which does not prove them clean." in words(app)
    assert "Not judged: 2 of 10 classes." in words(app)
    assert "class 8 and class 9: only 8 samples: too few to split." in words(app)


def test_where_nothing_is_flagged_detection_is_done_while_other_work_goes_on(two_detections: Run) -> None:
    nothing = np.zeros(SAMPLES, np.bool_)
    runs.save_detection(two_detections, "consensus", Detection(np.zeros(SAMPLES, np.float32), nothing), {}, 1.0)
    for waiting, step in (("maps:umap", "check_circle: Detected"), ("detect:strip", "unchecked: Detected")):
        run = runs.update(two_detections, plan=(*two_detections.plan, waiting))
        with worker_lock.holding(run.path):
            jobs.write(run.path, Progress(state="running", title="Working", started=1.0))
            assert step in words(page("overview"))
    runs.update(two_detections, plan=two_detections.plan)
    (two_detections.path / "progress.json").unlink()
    assert "unchecked: Reviewed" in words(page("overview"))  # another detector flags some
    assert "Nothing is flagged by Consensus. Others flag: Activation Clustering" in words(page("overview"))
    assert "\\\\" not in said(page("overview"))  # what is escaped twice shows its backslashes
    runs.save_detection(
        two_detections, "activation_clustering", Detection(np.zeros(SAMPLES, np.float32), nothing), {}, 1.0
    )
    assert "check_circle: Nothing to review" in words(page("overview"))


def test_a_group_that_nobody_flags_says_so_for_it_is_not_among_what_is_to_be_decided(two_detections: Run) -> None:
    decided(two_detections, made_decision("open"))
    others = np.arange(SAMPLES) >= SAMPLES - FEW
    runs.save_detection(two_detections, "consensus", Detection(np.zeros(SAMPLES, np.float32), others), {}, 1.0)
    assert "10 samples, none of them flagged  \n" in words(page("overview"))


def test_models_that_were_trained_are_said_and_no_others(two_detections: Run) -> None:
    decided(two_detections, JUDGED)
    assert "Other models were trained without the suspects." in words(page("overview"))


def test_a_decision_speaks_before_the_flags(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    grouped(two_detections, PATTERN, CHANCE)
    decided(two_detections, replace(JUDGED, not_judged={8: "too few samples"}, left_out="the second model"))
    pipeline.decide(two_detections, [0, 1], "keep", reviewer="ann")
    app = page("overview")
    assert "Backdoor confirmed in class 3: 10 samples. 1 of 10 classes could not be judged." in words(app)
    assert "Groups below 10 samples cannot be confirmed." in words(app)
    assert "Left out: the second model." in words(app)
    assert "Other models were trained" not in words(app)
    assert "class 8: too few samples." in words(app)
    assert "suspected in" not in words(app)
    assert words(app).count("Review these 8") == 1  # of the group's card; none is there for the families
    assert primary(app) == [f"Review the {FEW - 2} undecided"]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_of_a_decision_has_its_sentence_and_none_says_clean(verdict: State, two_detections: Run) -> None:
    decision = made_decision(verdict)
    decided(two_detections, decision)
    app = page("overview")
    more = " 2 more are flagged." if verdict in ("backdoor", "wrong label") else ""
    assert [one.value.replace("\\", "") for one in app.header] == [
        decided_words(opened_run(two_detections), limits=False) + more
    ]
    assert len(decision.groups) == sum("decided=Group" in one for one in drawn(app, "page_link"))
    assert not re.search(r"(is|are|looks?) clean", words(app))


def test_what_could_not_be_found_stands_once_below_the_sentence(two_detections: Run) -> None:
    decided(two_detections, made_decision("none", left_out="warps, for images are too large"))
    said_once = words(page("overview"))
    assert said_once.count("warps, for images are too large") == 1
    assert said_once.count("below 10 samples cannot be confirmed") == 1


def test_what_is_open_in_no_group_is_said(two_detections: Run) -> None:
    decided(two_detections, flags_open())
    assert f"Open: {FEW} samples are suspected, in no group" in words(page("overview"))
    pipeline.decide(two_detections, range(FEW), "exclude", reviewer="ann")
    assert "Open: " not in words(page("overview"))
    assert f"{FEW} samples are suspected, in no group" in words(page("overview"))
    assert "All of them are decided." in words(page("overview"))


def test_the_reason_why_a_class_was_not_judged_stays_text(two_detections: Run) -> None:
    decided(two_detections, replace(JUDGED, not_judged={0: "**bold** [a](b)"}))
    assert "**bold**" not in said(page("overview"))
    assert "class 0: **bold** [a](b)." in words(page("overview"))


def test_where_only_others_flag_the_model_is_asked_before_a_report_is_written(
    two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    none = Detection(np.zeros(SAMPLES, np.float32), np.zeros(SAMPLES, np.bool_))
    runs.save_detection(two_detections, "consensus", none, {}, 1.0)
    app = page("overview")
    assert primary(app) == ["Decide what is a backdoor"]
    assert "1 looks poisoned: class 0; nothing is known of the other 2." in words(app)
    decided(two_detections, made_decision("none"))
    assert primary(page("overview")) == ["Write the report"]


def test_the_button_leads_from_step_to_step(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    grouped(two_detections, PATTERN)
    assert primary(page("overview")) == ["Decide what is a backdoor"]
    decided(two_detections, JUDGED)
    assert primary(page("overview")) == [f"Review the {FEW} undecided"]
    pipeline.decide(two_detections, range(FEW), "keep", reviewer="ann")
    assert primary(page("overview")) == ["Write the report"]
    pipeline.decide(two_detections, range(FEW), "exclude", reviewer="ann")
    assert primary(page("overview")) == ["Repair the model"]
    child = pipeline.new_repair(two_detections, reviewer="ann")
    assert primary(page("overview")) == ["See the repair"]
    outcome = {"clean_accuracy": 0.9, "class_accuracy": [0.9] * 10, "attack_success_rate": {"patch": 0.98}}
    for run, rate in ((two_detections, 0.98), (child, 0.01)):
        outcome["attack_success_rate"] = {"patch": rate}
        write_json(run.path / "outcome.json", {"outcome": outcome, "trials": []})
    runs.update(child, stages={"train": 1.0, "activations": 1.0, "evaluate": 1.0})
    app = page("overview")
    assert primary(app) == ["Write the report"]
    brought = f"Clean accuracy 90.0% → 90.0%; highest attack success rate 98.0% → 1.0%; {FEW} samples left out"
    assert f"**1 of 1 known attacks now succeed in 10% of cases or fewer.** {brought}" in words(app)
    next(button for button in app.button if button.key == f"kin-{child.id}").click().run()
    assert "1 of 1 known attacks now succeed in 10% of cases or fewer." in words(app)
    assert f"{brought}. No detector has been run on this model." in words(app)
    outcome["attack_success_rate"] = {"patch": 0.3}
    write_json(child.path / "outcome.json", {"outcome": outcome, "trials": []})
    assert "1 of 1 known attacks still succeeds in more than 10% of cases: in up to 30.0%." in words(page("overview"))
    assert primary(page("overview")) == ["Plan another repair"]
    more = Detection(np.zeros(SAMPLES, np.float32), np.arange(SAMPLES) < FEW + 3)
    runs.save_detection(two_detections, "consensus", more, {}, 1.0)
    assert primary(page("overview")) == ["Review the 3 undecided"]
    app.session_state["run_id"] = child.id  # of the repair itself, whose decisions are those of the run before
    app = page("overview", app)
    next(button for button in app.button if button.key == "way-on").click().run()
    assert not app.exception, app.exception[0].stack_trace
    assert app.session_state["run_id"] == two_detections.id
    assert [one.value for one in app.title] == ["Is this sample poisoned?"]


def test_what_was_decided_otherwise_since_the_repair_is_said_and_the_button_goes_on_with_it(
    two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    decided(two_detections, JUDGED)
    pipeline.decide(two_detections, range(FEW), "exclude", reviewer="ann")
    child = pipeline.new_repair(two_detections, reviewer="ann")
    outcome = {"clean_accuracy": 0.9, "class_accuracy": [0.9] * 10, "attack_success_rate": {"patch": 0.01}}
    for run in (two_detections, child):
        write_json(run.path / "outcome.json", {"outcome": outcome, "trials": []})
    runs.update(child, stages={"train": 1.0, "activations": 1.0, "evaluate": 1.0})
    assert primary(page("overview")) == ["Write the report"]
    pipeline.decide(two_detections, [0], "relabel", reviewer="ann", new_label=1)
    app = page("overview")
    assert "1 sample was decided otherwise since the repair." in words(app)
    assert primary(app) == ["Plan another repair"]
    pipeline.decide(two_detections, [1, 2], "undecided", reviewer="ann")
    app = page("overview")
    assert "3 samples were decided otherwise since the repair." in words(app)
    assert primary(app) == ["Review the 2 undecided"]


def test_overview_and_its_button_count_what_the_decision_names_beyond_the_flags(
    two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    decided(two_detections, shifted())
    app = page("overview")
    assert "Backdoor confirmed in class 3: 10 samples. 5 more are flagged." in words(app)
    assert f"{FEW} of {SAMPLES} samples are flagged by Consensus" in words(app)
    assert "5 of the flagged are not confirmed and 3 of the confirmed are not flagged." in words(app)
    assert f"Reviewed 0 of {FEW + 3}" in words(app)
    assert primary(app) == [f"Review the {FEW + 3} undecided"]
    pipeline.decide(two_detections, range(FEW), "exclude", reviewer="ann")
    assert primary(page("overview")) == ["Review the 3 undecided"]
    pipeline.decide(two_detections, range(FEW, FEW + 3), "exclude", reviewer="ann")
    assert primary(page("overview")) == ["Repair the model"]


def test_an_empty_workspace_says_what_to_do(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_WORKSPACE", str(workspace))
    be(REVIEWER, monkeypatch)
    app = opened()
    assert "Nothing is known yet: no data are open." in words(app)
    assert primary(app) == ["Start the demo"]


def test_data_without_a_run_lead_to_training(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_WORKSPACE", str(workspace))
    store.save(workspace, tiny(4), source="test")
    app = opened()
    assert "Nothing is known yet: a data set is open, and no model is trained." in words(app)
    assert primary(app) == ["Train a model"]


@pytest.fixture
def new(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run of which nothing is done."""
    monkeypatch.setenv("ASSAY_WORKSPACE", str(workspace))
    info = store.save(workspace, tiny(4), source="test")
    return runs.create(workspace, info, asdict(TrainConfig()), ("train", "activations", "detect:consensus"))


def test_where_no_detector_ran_it_is_not_said_that_none_flagged_anything(new: Run) -> None:
    assert nothing_flagged(opened_run(new)).startswith("No detector has been run on this model")


def test_a_run_that_was_never_started_says_so(new: Run) -> None:
    app = opened()
    assert "Nothing is known yet: no model has learned these data." in words(app)
    assert primary(app) == ["Train the model"]


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        (
            Progress(state="cancelled", started=1.0, fraction=0.25),
            "The work is cancelled at 25%; what is done is kept. Resume goes on from there.",
        ),
        (
            Progress(state="failed", started=1.0, error={"title": "No space.", "detail": "", "hint": "Make some."}),
            "**No space.** Make some.",
        ),
    ],
)
def test_work_that_stopped_says_why_and_can_go_on(
    new: Run, progress: Progress, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    write_json(new.path / "progress.json", asdict(progress))
    app = opened()
    assert expected in words(app)
    assert "clean" not in words(app)
    assert primary(app) == ["Resume"]


def test_maps_that_failed_are_said_and_keep_nobody_from_going_on(
    two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    decided(two_detections, JUDGED)
    run = runs.current(two_detections)
    runs.update(run, plan=(*run.plan, "maps:umap"))
    failed = Progress(state="failed", started=1.0, error={"title": "No map.", "detail": "", "hint": "Try again."})
    write_json(run.path / "progress.json", asdict(failed))
    app = page("overview")
    assert "**No map.** Try again." in words(app)
    assert primary(app) == [f"Review the {FEW} undecided"]
    assert "resume" in [one.key for one in app.button]


def test_a_viewer_cannot_go_on_with_the_work(new: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(VIEWER, monkeypatch)
    write_json(new.path / "progress.json", asdict(Progress(state="cancelled", started=1.0)))
    assert [one.disabled for one in opened().button if one.key == "way-on"] == [True]


def test_while_a_run_works_there_is_one_bar_and_no_button(new: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    working = Progress(state="running", title="Training", message="epoch 3 of 16", fraction=0.2, started=1.0, eta=41.0)
    with worker_lock.holding(new.path):
        jobs.write(new.path, working)
        app = opened()
    bars = drawn(app, "progress")
    assert len(bars) == 1
    assert "Training: epoch 3 of 16 · about 41 s left" in bars[0].replace("\\\\", "")
    assert primary(app) == []


def test_of_many_groups_some_are_shown_and_the_others_counted(two_detections: Run) -> None:
    grouped(two_detections, *(Family(number, 0, 1, 0.9, 12.0, {5: 0.8}) for number in range(1, FEW + 1)))
    app = page("overview")
    assert f"9 of {FEW} groups are shown, and {FEW - 9} more are on Review." in words(app)
    assert words(app).count("Review these 1") == 9


def test_repairs_of_one_name_are_told_apart_by_their_times(two_detections: Run) -> None:
    def kin() -> list[str]:
        return [button.label for button in page("overview").button if str(button.key).startswith("kin-")]

    decided(two_detections, JUDGED)
    pipeline.decide(two_detections, range(FEW), "exclude", reviewer="ann")
    first = pipeline.new_repair(two_detections, reviewer="ann")
    assert kin() == [first.name]
    assert pipeline.new_repair(two_detections, reviewer="ann").name == first.name
    both = kin()
    assert len(both) == 2
    assert all(one.startswith(f"{first.name} · ") and re.search(r"\d\d:\d\d", one.replace("\\", "")) for one in both)
