"""The stages as pages and commands call them: what they refuse, and what they plan."""

import json
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from core import pipeline, runs, stages
from core.analysis.opened_run import opened
from core.analysis.samples import review_table, sample_table, suspects
from core.attacks.specification import AttackSpec, Specification, read_specification
from core.data import store
from core.detectors import DETECTORS
from core.detectors.networks.forward import batches, logits
from core.errors import UserError
from core.evaluation import results
from core.journal import review
from core.runs import jobs
from core.stages import gather_evidence
from core.training.config import TrainConfig
from core.types import Changes

CPU = torch.device("cpu")


def refused(words):
    return pytest.raises(UserError, match=words)


@pytest.fixture
def source(tmp_path, make_dataset):
    dataset = make_dataset(60)
    path = tmp_path / "data.npz"
    np.savez(path, x_train=dataset.inputs[:], y_train=dataset.labels)
    return path


def test_bona_fide_ids_are_read_from_a_file(workspace, source, tmp_path):
    (tmp_path / "ids.txt").write_text("3\n1\n\n59\n")
    info = pipeline.import_dataset(workspace, source, "Mine", tmp_path / "ids.txt")
    assert (info.name, info.n_bona_fide) == ("Mine", 3)
    assert np.flatnonzero(store.load(workspace, info.id).bona_fide).tolist() == [1, 3, 59]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("1\n60\n-1", r"names samples that do not exist: \[-1, 60\]. Ids run from 0 to 59"),
        ("one", "'one' is no sample id, and no sample's name. It should hold one sample id"),
        ("", "is empty"),
        (None, "There is no file"),
    ],
)
def test_a_list_of_ids_that_cannot_be_used(workspace, source, tmp_path, content, words):
    if content is not None:
        (tmp_path / "ids.txt").write_text(content)
    with refused(words):
        pipeline.import_dataset(workspace, source, None, tmp_path / "ids.txt")
    assert store.describe_all(workspace) == []


def test_attacks_go_into_a_copy_and_once_only(workspace, source):
    clean = pipeline.import_dataset(workspace, source)
    asked = Specification((AttackSpec("patch", 0.1, 1), AttackSpec("patch", 0.05, 1)), seed=3)
    poisoned = pipeline.attack(workspace, clean.id, asked)
    assert poisoned.parent == clean.id
    assert [(attack["name"], attack["n_poisoned"]) for attack in poisoned.attacks] == [("patch", 6), ("patch-2", 3)]
    again = pipeline.attack(workspace, clean.id, read_specification(json.loads(json.dumps(poisoned.specification))))
    assert (again.id, again.fingerprint) == (poisoned.id, poisoned.fingerprint)
    assert store.load_truth(workspace, poisoned.id).is_poison.sum() == 9
    assert not store.describe(workspace, clean.id).attacks
    with refused("is poisoned already"):
        pipeline.attack(workspace, poisoned.id, asked)


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read"), ("{", "is not JSON. Line 1"), ("[]", "is no specification of attacks")],
)
def test_a_specification_file_that_cannot_be_used(tmp_path, content, words):
    if content is not None:
        (tmp_path / "spec.json").write_text(content)
    with refused(words):
        pipeline.specification_in(tmp_path / "spec.json")


def test_planting_in_a_worker(workspace, source):
    clean = pipeline.import_dataset(workspace, source)
    job = pipeline.start_attack(workspace, clean.id, Specification((AttackSpec("patch", 0.1, 1),)), "By hand")
    deadline = time.monotonic() + 60
    while jobs.poll(job).active and time.monotonic() < deadline:
        time.sleep(0.1)
    assert jobs.poll(job).state == "done", jobs.poll(job)
    assert [info.name for info in store.describe_all(workspace) if info.attacks] == ["By hand"]


def test_the_full_plan_leaves_out_what_needs_bona_fide_samples(finished):
    info = store.describe(finished.workspace, finished.dataset)
    plan = pipeline.full_plan(info)
    planned = [stage.partition(":")[2] for stage in plan if stage.startswith("detect:")]
    assert {"activation_clustering", "badloss"} <= set(planned) <= set(DETECTORS)
    assert plan[:2] == ("train", "activations")
    without = pipeline.full_plan(replace(info, n_bona_fide=0))
    needy = [f"detect:{name}" for name in planned if "bona_fide" in DETECTORS[name].needs]
    assert "detect:badloss" in needy
    assert without == tuple(stage for stage in plan if stage not in needy)
    bare = replace(info, n_bona_fide=0)
    assert pipeline.full_plan(bare, finished.workspace) == without
    review.guarantee(finished.workspace, info.id, [3], reviewer="ann", accepted=True)
    assert pipeline.full_plan(bare, finished.workspace) == plan


def test_evidence_holds_what_the_run_made_and_no_truth(finished):
    evidence = gather_evidence(opened(finished))
    assert evidence.features.shape == (200, 128)
    assert evidence.trajectories.shape == (200, 2)
    assert evidence.bona_fide.sum() > 0
    truth = store.load_truth(finished.workspace, finished.dataset)
    assert (evidence.labels[truth.is_poison] != truth.original_labels[truth.is_poison]).all()
    assert not {"is_poison", "original_labels", "attacks"} & set(vars(evidence))


def test_the_model_is_loaded_only_for_a_detector_that_needs_it(finished):
    assert gather_evidence(opened(finished), ("activations", "images")).model is None
    evidence = gather_evidence(opened(finished), DETECTORS["strip"].needs)
    assert not evidence.model.training
    found = np.concatenate([logits(evidence.model, batch).numpy() for _, batch in batches(evidence.inputs, CPU, 64)])
    assert (found.argmax(1) == evidence.predicted).mean() >= 0.98  # rounding in bfloat16 may turn a tie
    fresh = runs.create(
        finished.workspace, store.describe(finished.workspace, finished.dataset), finished.config, ("train",)
    )
    with refused("STRIP cannot run yet. It needs the trained model"):
        pipeline.detect(fresh, "strip", {})


def test_a_detector_again_with_other_settings(finished):
    found = pipeline.detect(finished, "badloss", {"reject_fraction": "0.2"})
    assert found["detector"] == "badloss"
    assert found["flagged"] == 40
    truth = store.load_truth(finished.workspace, finished.dataset)
    flagged = runs.detections(finished)["badloss"].flagged
    assert found["precision"] == truth.is_poison[flagged].mean()
    assert found["recall"] == flagged[truth.is_poison].mean()
    with refused("There is no detector named 'oracle'"):
        pipeline.detect(finished, "oracle", {})
    with refused("badloss has no setting named 'depth'"):
        pipeline.detect(finished, "badloss", {"depth": 1})


def test_what_a_detector_said_is_judged_without_running_it_again(finished):
    before = results.detector_figures(opened(finished))

    for name in ("activations.npy", "losses.npy", "model.safetensors"):  # without these, none could
        (finished.path / name).unlink()
    assert results.detector_figures(opened(finished)) == before
    assert "activation_clustering" in before


def test_a_detector_before_training_says_what_is_missing(finished):
    info = store.describe(finished.workspace, finished.dataset)
    fresh = runs.create(finished.workspace, info, finished.config, ("train",))
    with refused("cannot run yet. It needs last-layer activations"):
        pipeline.detect(fresh, "activation_clustering", {})


def test_decisions_that_make_no_sense(finished):
    with refused("There is no decision named 'burn'. Known: exclude"):
        pipeline.decide(finished, [1], "burn", reviewer="ann")
    for label in (None, -1, 4):
        with refused("A new label is needed. Classes run from 0 to 3"):
            pipeline.decide(finished, [1], "relabel", reviewer="ann", new_label=label)
    with refused("No sample is selected"):
        pipeline.decide(finished, [], "keep", reviewer="ann")
    with refused("oracle has not been run on"):
        pipeline.decide_flagged(finished, "exclude", ["oracle"], reviewer="ann")
    assert review.verdicts(finished.workspace, finished.id) == {}


def test_deciding_on_what_is_flagged(finished):
    ids = opened(finished).data.ids[runs.detections(finished)["badloss"].flagged]
    assert pipeline.decide_flagged(finished, "exclude", ["badloss"], reviewer="ann") == len(ids) == 20
    assert set(review.verdicts(finished.workspace, finished.id)) == set(ids.tolist())
    journal = review.journal(finished.workspace, finished.id)
    assert set(journal["suggested_by"]) == {"badloss"}


def test_a_repair_needs_something_to_do(finished):
    with refused("There is no way to repair named 'pray'"):
        pipeline.new_repair(finished, "pray")
    with refused("Nothing would change"):
        pipeline.new_repair(finished)
    pipeline.decide(finished, [1, 2], "keep", reviewer="ann")
    with refused("Nothing would change"):
        pipeline.new_repair(finished)
    pipeline.decide(finished, list(range(200)), "exclude", reviewer="ann")
    with refused("Nothing would be left to train on"):
        pipeline.new_repair(finished)
    with refused(f"This run is not finished.*stopped, go on with it: python -m core resume {finished.id}"):
        pipeline.new_repair(runs.update(finished, stages={"train": 1.0}))


def test_a_repair_trains_on_what_is_left_and_builds_on_its_parent(finished):
    pipeline.decide(finished, [0, 1, 2], "exclude", reviewer="ann")
    pipeline.decide(finished, [8], "relabel", reviewer="ann", new_label=3)
    child = pipeline.work(pipeline.new_repair(finished))
    assert (child.parent, child.config) == (finished.id, finished.config)
    data = opened(child).data
    assert len(data) == 197
    assert data.ids[:6].tolist() == [3, 4, 5, 6, 7, 8]
    assert data.labels[5] == 3
    assert child.array("losses").shape == (197, 2)
    assert opened(child).rows.tolist() == list(range(3, 200))
    found = results.comparison(child)
    assert found["removed"] == 3
    assert found["before"]["clean_accuracy"] == runs.outcome(finished).clean_accuracy
    assert found["after"]["attack_success_rate"] == runs.outcome(child).attack_success_rate

    pipeline.decide(child, [199], "exclude", reviewer="ann")
    grandchild = pipeline.new_repair(child)
    assert runs.read_changes(grandchild) == Changes(frozenset({0, 1, 2, 199}), {8: 3})
    with refused(f"is not finished.*python -m core resume {grandchild.id}"):
        results.comparison(grandchild)
    with refused("is not a repair"):
        results.comparison(finished)


def test_another_layer_is_taken_from_then_on(finished):
    with refused("The model has no layer 'tail'. It has: 0, 1"):
        pipeline.use_layer(finished, "tail")
    changed = pipeline.use_layer(finished, "12")
    assert set(changed.stages) == {"train", "evaluate"}
    again = pipeline.work(changed)
    assert again.array("activations").shape == (200, 256)
    assert set(again.stages) == set(again.plan)
    assert runs.layers(again)[12]["features"] == 256


def test_stages_can_be_added_to_a_plan(finished):
    longer = pipeline.extend(finished, ["train", "maps:ica", "maps:pca"])
    assert longer.plan == (*finished.plan, "maps:ica")
    seen = []
    assert stages.work(longer, seen.append, None, pause=0.0).done("maps:ica")
    assert {progress.title for progress in seen} == {"Drawing maps with ICA"}
    shares = [progress.fraction for progress in seen]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, pytest.approx(0.8))


def test_data_without_a_test_set_goes_all_the_way(workspace, make_dataset):
    info = store.save(workspace, make_dataset(60, n_test=0), source="test")
    run = pipeline.work(pipeline.new_run(workspace, info.id, TrainConfig(epochs=1)))
    assert run.done("evaluate")
    assert runs.outcome(run).clean_accuracy is None
    assert runs.history(run)[0]["test_loss"] is None
    rates = {"attack_success_rate": {}, "doubled_attack_success_rate": {}}
    assert results.outcome_figures(run) == {"clean_accuracy": None} | rates


def test_the_sample_table(finished):
    pipeline.decide(finished, [4], "relabel", reviewer="ann", new_label=2)
    pipeline.decide(finished, [7, 9], "exclude", reviewer="ann")
    table = sample_table(opened(finished))
    assert table["id"].tolist() == list(range(200))
    assert table["predicted"].tolist() == finished.array("predictions").tolist()
    assert table["verdict"][[3, 4, 7, 9]].tolist() == ["", "relabel", "exclude", "exclude"]
    assert table["new_label"][4] == 2
    assert table["new_label"].isna().sum() == 199


def test_the_review_table_ranks_by_the_mean_percentile_of_the_detectors(finished):
    table = review_table(opened(finished))
    found = runs.detections(finished)
    assert (table["flagged"] == np.logical_or.reduce([one.flagged for one in found.values()])).all()
    assert table["flagged_by"].max() <= 2
    worst = table["suspicion"].to_numpy().argmax()
    ranks = [(one.suspicion < one.suspicion[worst]).mean() for one in found.values()]
    assert table["suspicion"][worst] == pytest.approx(np.mean(ranks), abs=0.01)
    flagged = suspects(table)
    assert flagged["suspicion"].is_monotonic_decreasing
    assert set(flagged["id"]) == set(table["id"][table["flagged"]])


def test_a_new_server_starts_the_demo_in_an_empty_workspace_only(workspace, asked_of_workers):
    pipeline.wake(workspace, demo=False)
    assert asked_of_workers == []
    pipeline.wake(workspace, demo=True)
    (run,) = runs.all_runs(workspace)
    assert run.name == "Demo"
    assert [job for job, _ in asked_of_workers] == [run.path]
    pipeline.wake(workspace, demo=True)
    assert len(asked_of_workers) == 1


def test_a_detector_asked_for_is_left_to_do_until_a_worker_did_it(finished, asked_of_workers):
    before = runs.detections(finished)["badloss"].flagged
    pipeline.start_detection(finished, "badloss", {"reject_fraction": 0.3})
    pipeline.start_detection(finished, "density_ratio", {})
    killed = runs.open_run(finished.workspace, finished.id)
    assert [job for job, _ in asked_of_workers] == [finished.path] * 2
    assert killed.left == ["detect:badloss", "detect:density_ratio"]
    assert killed.done("detect:badloss")
    assert (runs.detections(killed)["badloss"].flagged == before).all()  # what it said before stays until then
    resumed = pipeline.work(killed)
    assert resumed.left == []
    assert runs.detections(resumed)["badloss"].flagged.sum() == 60
    assert "density_ratio" in runs.detections(resumed)


def test_what_is_added_while_a_worker_is_at_work_is_done_too(finished):
    asked = pipeline.repeat(finished, ("detect:badloss",))
    told = []

    def listen(progress):
        if not told:
            pipeline.repeat(finished, ("detect:density_ratio",))
        told.append((progress.title, progress.fraction))

    assert pipeline.work(asked, listen).left == []
    assert [title for title, _ in told] == ["Detecting with BaDLoss", "Detecting with Density ratio"]
    assert [fraction for _, fraction in told] == pytest.approx([0.0, 0.5], abs=0.01)  # it creeps on with the time


def test_a_slow_detector_tells_how_many_images_are_done(finished):
    told = []
    pipeline.detect(finished, "strip", {"n_copies": 2}, lambda progress: told.append(progress.message))
    assert told[-1] == "200 of 200 samples"


def test_a_detector_that_fails_does_not_stand_in_the_way_of_others(finished):
    impossible = {"badloss": {"reject_fraction": 7.0}}
    broken = runs.change(finished, lambda now: replace(now, detector_settings=impossible))
    asked = pipeline.repeat(broken, ("detect:badloss", "detect:density_ratio"))
    before = runs.detections(finished)["badloss"].flagged
    with refused("reject_fraction"):
        pipeline.work(asked)
    left = runs.open_run(finished.workspace, finished.id)
    assert left.left == []
    assert (runs.detections(left)["badloss"].flagged == before).all()
    assert "reject_fraction" in jobs.poll(left.path).error["title"]
    assert "density_ratio" in runs.detections(left)


def test_a_page_and_a_worker_change_a_run_in_turns(finished):
    def finish(index):
        for step in range(20):
            runs.finish_stage(finished, f"maps:{index}-{step}", 1.0)

    threads = [threading.Thread(target=finish, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = runs.open_run(finished.workspace, finished.id).stages
    assert len(found) == len(finished.stages) + 80
