"""The Trigger demo where no attack is known: a recovered trigger is put on test samples instead."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from core import runs
from core.analysis.recovered_triggers import save_triggers, triggers_of
from core.data import store
from core.evaluation.recovered_trials import RecoveredTrigger, save_answers
from core.evaluation.trials import EXAMPLES_PER_TRIGGER
from core.files import write_json
from core.modalities.image.stamps import ImageStamp
from core.runs import Run
from core.training.config import TrainConfig
from core.types import Detection, Outcome
from pages.ui.lab.known_triggers import known_triggers
from pages.ui.repair.outcome import _tiles
from tests.core.conftest import tiny
from tests.pages.decided import decided, made_decision
from tests.pages.drawn import FEW, SAMPLES, drawn, page, said

TARGET = 3  # of the made-up decision
LIKELY = np.array([0.7, 0.2, 0.1], np.float16)


@pytest.fixture
def evaluated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A made-up run on data without a planted attack, with test samples and what its model answers to them."""
    info = store.save(tmp_path, tiny(SAMPLES, n_test=40, side=8, n_classes=10), source="test")
    run = runs.create(tmp_path, info, asdict(TrainConfig()), ("train", "activations", "evaluate"))
    answers = (store.load(tmp_path, info.id).test_labels[:, None] + np.arange(3)) % 10
    runs.save_array(run, "trial-classes", answers[None].astype(np.int16))
    runs.save_array(run, "trial-shares", np.tile(LIKELY, (1, len(answers), 1)))
    trials = [{"attack": None, "strength": 1}]
    write_json(run.path / "outcome.json", {"outcome": asdict(Outcome(1.0, (1.0,) * 10, {})), "trials": trials})
    monkeypatch.setenv("ASSAY_WORKSPACE", str(tmp_path))
    return runs.update(run, stages=dict.fromkeys(run.plan, 1.0))


@pytest.fixture
def recovered(evaluated: Run) -> Run:
    """The same, whose decision recovered one trigger that turns all test samples but the first."""
    run = decided(evaluated, made_decision("backdoor"))
    data = store.load(run.workspace, run.dataset)
    save_triggers(run, {1: ImageStamp("pasted", 1.0, np.full(data.shape, 90, np.float32))})
    turned = np.array(run.array("trial-classes"))
    turned[0, 1:] = [TARGET, 0, 1]
    turned[0, data.test_labels == TARGET] = -1
    likely = np.tile(LIKELY, (1, len(data.test_labels), 1))
    save_answers(run, run.id, triggers_of(run, data.inputs), turned, likely)
    return run


def test_a_recovered_trigger_is_tried_where_no_attack_is_known_and_called_an_estimate(recovered: Run) -> None:
    words = said(page("trigger"))
    assert "with the trigger: :orange[" in words
    assert "an estimate of what the attacker puts on a sample" in words
    labels = store.load(recovered.workspace, recovered.dataset).test_labels
    turned = np.arange(len(labels))[labels != TARGET] > 0
    [metric] = [one for one in page("trigger").metric if one.label == "Trigger succeeds"]
    assert metric.value == f"{turned.mean():.1%}"


def test_triggers_are_named_by_their_group_and_their_source(recovered: Run) -> None:
    [(key, trigger)] = known_triggers(recovered).items()
    names = store.describe(recovered.workspace, recovered.dataset).class_names
    assert (key, trigger.title) == ("recovered-1", "Recovered 1")
    assert trigger.aim == f"every other class → {names[TARGET]}"
    assert trigger.tried == RecoveredTrigger(recovered.id, 1)
    assert trigger.picture(recovered.dataset, 1, 4) == f"recovered/{recovered.id}/1/4.png"
    assert "of a confirmed backdoor" in trigger.caution


def test_a_trigger_that_changes_the_whole_sample_says_how(recovered: Run) -> None:
    found = made_decision("backdoor")
    decided(recovered, replace(found, groups=(replace(found.groups[0], kind="recovered trigger, a warp"),)))
    assert [trigger.title for trigger in known_triggers(recovered).values()] == ["Recovered 1: a warp"]


@pytest.mark.parametrize("name", ["overview", "detect"])
def test_the_claim_leads_to_its_trigger_on_an_image(recovered: Run, name: str) -> None:
    for array, values in (("predictions", np.zeros(SAMPLES, np.int64)), ("final_losses", np.ones(SAMPLES, np.float32))):
        runs.save_array(recovered, array, values)
    suspicion = np.arange(SAMPLES, dtype=np.float32)[::-1].copy()
    runs.save_detection(recovered, "consensus", Detection(suspicion, suspicion > SAMPLES - FEW), {}, 1.0)
    [link] = [one for one in drawn(page(name), "page_link") if "See its trigger" in one]
    assert 'query_string: "attack=recovered-1"' in link
    save_triggers(recovered, {})  # where none was recovered, there is none to see
    runs.update(recovered, stages={**recovered.stages, "decide": 2.0})
    assert "See its trigger" not in "".join(drawn(page(name), "page_link"))


def test_a_trigger_that_is_open_and_of_one_source_says_so(evaluated: Run) -> None:
    decision = made_decision("open")
    run = decided(evaluated, replace(decision, groups=(replace(decision.groups[0], source_class=5),)))
    save_triggers(run, {1: ImageStamp("added", 1.0, np.full((8, 8, 1), 90, np.float32))})
    [trigger] = known_triggers(run).values()
    names = store.describe(run.workspace, run.dataset).class_names
    assert trigger.aim == f"{names[5]} → {names[TARGET]}"
    assert "of a group that is open" in trigger.caution


def test_a_run_that_was_not_asked_about_its_triggers_is_offered_to_be_measured(recovered: Run) -> None:
    runs.save_json(recovered, "recovered-trials.json", [])
    shown = page("trigger")
    assert any("before the answers to each trigger were recorded" in one.value for one in shown.info)
    assert "Measure it again" in said(shown)


def test_without_any_trigger_both_ways_to_one_are_offered(evaluated: Run) -> None:
    shown = page("trigger")
    assert "No trigger is known for these data" in said(shown)
    links = drawn(shown, "page_link")
    assert any("Decide" in link for link in links)
    assert any("Plant attacks" in link for link in links)


def test_without_test_samples_no_way_is_offered_that_would_not_help(two_detections: Run) -> None:
    shown = page("trigger")
    assert "These data have no test samples for a trigger" in said(shown)
    assert not any("Decide" in link for link in drawn(shown, "page_link"))


def test_repair_shows_the_same_samples_with_a_recovered_trigger_before_and_after(recovered: Run) -> None:
    info = store.describe(recovered.workspace, recovered.dataset)
    data = store.load(recovered.workspace, recovered.dataset)
    child = runs.create(recovered.workspace, info, recovered.config, ("evaluate",), parent=recovered.id)
    [trigger] = known_triggers(recovered).values()
    assert _tiles(recovered, child, trigger) == []  # nothing is said of what was not tried
    plain = np.array(recovered.array("trial-classes"))
    for name in ("trial-classes", "trial-shares"):
        runs.save_array(child, name, recovered.array(name))
    runs.save_json(child, "outcome.json", json.loads((recovered.path / "outcome.json").read_text()))
    likely = np.tile(LIKELY, (1, len(data.test_labels), 1))
    save_answers(child, recovered.id, triggers_of(recovered, data.inputs), plain, likely)
    tiles = _tiles(recovered, runs.update(child, stages={"evaluate": 1.0}), trigger)
    assert len(tiles) == EXAMPLES_PER_TRIGGER
    last, names = tiles[-1], info.class_names
    truly = names[data.test_labels[last.id]]
    assert last.caption == (names[TARGET], f"→ {truly}", f"truly {truly}")
    assert last.image_url == f"recovered/{recovered.id}/1/{last.id}.png"
