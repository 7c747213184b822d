"""Run directories: what is written is read, and what does not fit is refused in words."""

import json
import re
import threading

import numpy as np
import pytest

from core import checksums, runs
from core.data import store
from core.errors import UserError
from core.types import Changes, ClassFinding, Criterion, Detection, Notes

CONFIG = {"model": "convnet", "epochs": 2, "seed": 3}


@pytest.fixture
def info(workspace, make_dataset):
    return store.save(workspace, make_dataset(), source="test")


@pytest.fixture
def run(workspace, info):
    return runs.create(workspace, info, CONFIG, ("train", "evaluate"), name="First")


@pytest.fixture
def of_two(workspace, make_dataset):
    """A run on two samples."""
    info = store.save(workspace, make_dataset(2, name="two"), source="test")
    return runs.create(workspace, info, CONFIG, ("train", "evaluate"))


def edit(run, **fields):
    """Change run.json as a version without checksums would."""
    path = run.path / "run.json"
    checksums.forget(run.path, path.name)
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_a_run_comes_back_as_it_was_made(workspace, info, run):
    opened = runs.open_run(workspace, run.id)
    assert opened == run
    assert re.fullmatch(rf"\d{{8}}-\d{{6}}-{info.id}-[0-9a-f]{{4}}", run.id)
    assert (opened.name, opened.dataset, opened.plan) == ("First", info.id, ("train", "evaluate"))
    assert opened.config == CONFIG
    assert opened.fingerprint == info.fingerprint
    assert opened.workspace == workspace
    assert not opened.done("train")
    assert {"python", "torch", "numpy"} <= opened.versions.keys()


def test_stages_are_recorded_one_by_one(workspace, run):
    runs.finish_stage(run, "train", 1.234)
    runs.finish_stage(run, "evaluate", 2.0)  # by way of a Run that does not know of the first
    opened = runs.open_run(workspace, run.id)
    assert opened.stages == {"train": 1.23, "evaluate": 2.0}
    assert opened.done("train")


def test_the_layer_is_kept(workspace, run):
    runs.update(run, layer="body")
    assert runs.open_run(workspace, run.id).layer == "body"


def test_unknown_ids_and_ids_that_leave_the_workspace(workspace, run):
    for wanted in ("nothing", "", f"../runs/{run.id}", f"{run.id}/../{run.id}"):
        with pytest.raises(UserError) as caught:
            runs.open_run(workspace, wanted)
        assert f"There is no run {wanted!r}. Known: {run.id}." in str(caught.value)


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", "{}", '{"schema": 1}', '{"schema": 1, "plan": [], "odd": 2}'])
def test_a_damaged_run_is_said_and_passed_over_in_the_list(workspace, info, run, content):
    other = runs.create(workspace, info, CONFIG, ("train",))
    (run.path / "run.json").write_text(content)
    with pytest.raises(UserError, match=f"The run {run.id} is damaged"):
        runs.open_run(workspace, run.id)
    assert [found.id for found in runs.all_runs(workspace)] == [other.id]


@pytest.mark.parametrize("change", [{"created": "yesterday"}, {"created": 5}, {"plan": 3}, {"config": []}, {"new": 1}])
def test_a_run_that_does_not_fit_is_named_beside_the_others(workspace, info, run, change):
    other = runs.create(workspace, info, CONFIG, ("train",))
    edit(run, **change)
    assert [found.id for found in runs.all_runs(workspace)] == [other.id]
    [damaged] = runs.damaged_runs(workspace)
    assert (damaged.id, damaged.path) == (run.id, run.path)
    assert re.match(f"The run {run.id} (is damaged|was made by a newer Assay)", str(damaged.error))


@pytest.mark.parametrize("name", ["rules", "history", "layers", "loaded", "outcome", "trials"])
@pytest.mark.parametrize("content", [b"\xff", b"null", b"7"])
def test_a_damaged_file_of_a_run_is_said(run, name, content):
    (run.path / f"{'outcome' if name == 'trials' else name}.json").write_bytes(content)
    with pytest.raises(UserError, match=rf"json of the run {run.id} is damaged\. .* Restore it from a backup"):
        getattr(runs, name)(run)


def test_two_rules_saved_at_once_are_both_kept(run):
    at_once = threading.Barrier(2)

    def save(name):
        for value in range(1, 101):
            at_once.wait(10)
            runs.save_rule(run, name, {"kind": "budget", "value": value})
            at_once.wait(10)
            kept.append(runs.rules(run).get(name, {}).get("value") == value)

    kept = []
    threads = [threading.Thread(target=save, args=(name,)) for name in ("alpha", "zeta")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert kept == [True] * 200


def test_a_run_of_a_newer_version(workspace, run):
    edit(run, schema=runs.run.SCHEMA + 1)
    with pytest.raises(UserError, match=r"was made by a newer Assay. .*run.json has schema 2. Update Assay"):
        runs.open_run(workspace, run.id)


def test_a_run_whose_data_changed(workspace, run):
    edit(run, fingerprint="0" * 64)
    with pytest.raises(UserError, match=r"is no longer the one this run was made with. Its fingerprint differs"):
        runs.open_run(workspace, run.id)


def test_arrays(run):
    with pytest.raises(UserError, match="This run has no losses yet"):
        run.array("losses")
    runs.save_array(run, "losses", np.arange(6, dtype=np.float32).reshape(3, 2))
    assert run.array("losses").tolist() == [[0, 1], [2, 3], [4, 5]]
    assert isinstance(run.array("losses"), np.memmap)


def test_changes(workspace, info, run):
    changes = Changes(frozenset({5, 3}), {7: 1, 2: 0})
    child = runs.create(workspace, info, CONFIG, ("train",), parent=run.id, changes=changes)
    assert runs.read_changes(child) == changes
    assert runs.read_changes(run) == Changes()
    assert [found.id for found in runs.children(run)] == [child.id]
    assert runs.children(child) == []


def test_findings_of_classes_as_they_were_kept_before_are_read(of_two):
    nothing = np.zeros(2, np.bool_)
    runs.save_detection(of_two, "old", Detection(nothing.astype(np.float32), nothing), {}, 0.1)
    asked = {"size_fraction": 0.1, "size_poisoned": True, "size_reason": "small", "unstable": 0.25}
    asked |= {"silhouette": 0.3, "silhouette_poisoned": True, "silhouette_reason": "apart"}
    asked |= {"distance_ratio": 2.0, "distance_class": 3, "distance_poisoned": False, "distance_reason": "home"}
    notes = {
        0: asked | {"poisoned": True, "reason": "a cluster"},
        1: {"poisoned": False, "reason": "too few"},
        2: {"dimensions": 4},
    }
    about = {"settings": {}, "seconds": 0.1, "notes": {"prevalence": 0.1, "n_flagged": 4}, "class_notes": notes}
    checksums.forget(of_two.path, "detections/old.json")
    (of_two.path / "detections/old.json").write_text(json.dumps(about))
    size, apart = Criterion(True, "small", 0.1), Criterion(True, "apart", 0.3)
    old = runs.detections(of_two)["old"]
    assert old.notes == Notes(prevalence=0.1, figures={"n_flagged": 4})
    assert old.classes == {
        0: ClassFinding(True, "a cluster", size, apart, Criterion(False, "home", 2.0, 3), unstable=0.25),
        1: ClassFinding(None, "too few"),
        2: ClassFinding(figures={"dimensions": 4}),
    }


def test_scores_as_they_were_kept_before_are_read(of_two):
    nothing = np.zeros(2, np.bool_)
    runs.save_detection(of_two, "old", Detection(nothing.astype(np.float32), nothing), {}, 0.1)
    before = {"part: BaDLoss": np.float32([1, 2]), "part: class lesson": np.float32([3, 4])}
    checksums.forget(of_two.path, "detections/old.npz")
    np.savez(of_two.path / "detections/old.npz", suspicion=nothing.astype(np.float32), flagged=nothing, **before)
    scores = runs.detections(of_two)["old"].scores
    assert {name: values.tolist() for name, values in scores.items()} == {"BaDLoss": [1, 2], "class likeness": [3, 4]}


def test_detections(of_two):
    first = Detection(
        np.array([0.5, 1.5], np.float32),
        np.array([False, True]),
        np.array([-1, 1]),
        Notes(threshold=0.35, counted_on=250, figures={"n_steps": 3}),
        {1: ClassFinding(True, "small", silhouette=Criterion(True, "apart", 0.5), figures={"dimensions": 3})},
    )
    runs.save_detection(of_two, "zeta", first, {"n_components": 10}, 1.5)
    runs.save_detection(of_two, "alpha", Detection(first.suspicion, ~first.flagged), {}, 0.1)
    found = runs.detections(of_two)
    assert set(found) == {"zeta", "alpha"}
    assert found["zeta"].suspicion.tolist() == [0.5, 1.5]
    assert found["zeta"].flagged.tolist() == [False, True]
    assert found["zeta"].groups.tolist() == [-1, 1]
    assert (found["zeta"].notes, found["zeta"].classes) == (first.notes, first.classes)
    assert found["alpha"].groups is None
    assert found["alpha"].p_values is None
    assert runs.about_detection(of_two, "zeta") == {"settings": {"n_components": 10}, "seconds": 1.5}


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("suspicion", np.ones(3, np.float32), r"its shape is \(3,\)"),
        ("suspicion", np.float32([1, np.nan]), "its values make no sense"),
        ("flagged", np.ones(2, np.int64), "its values make no sense"),
        ("p_values", np.ones((2, 1), np.float32), r"its shape is \(2, 1\)"),
        ("p_values", np.array(["x", "y"]), "no numbers"),
    ],
)
def test_detections_without_checksums_have_to_make_sense(of_two, name, values, words):
    whole = {"suspicion": np.ones(2, np.float32), "flagged": np.zeros(2, np.bool_)}
    for one in ("fits", "odd"):
        runs.save_detection(of_two, one, Detection(**whole), {}, 0.1)
        checksums.forget(of_two.path, f"detections/{one}.npz")
    np.savez(of_two.path / "detections/odd.npz", **(whole | {name: values}))
    found, [damaged] = runs.sorted_detections(of_two)
    assert list(found) == ["fits"]
    assert damaged.id == "odd"
    assert re.search(words, str(damaged.error))


def test_notes_without_checksums_have_to_make_sense(of_two):
    nothing = np.zeros(2, np.bool_)
    runs.save_detection(of_two, "odd", Detection(nothing.astype(np.float32), nothing), {}, 0.1)
    checksums.forget(of_two.path, "detections/odd.json")
    about = {"settings": {}, "seconds": 0.1, "notes": {"counted_on": []}}
    (of_two.path / "detections/odd.json").write_text(json.dumps(about))
    _, [damaged] = runs.sorted_detections(of_two)
    assert "counted_on has to be a whole number" in str(damaged.error)
    assert f"python -m core detect {of_two.id} odd" in damaged.error.hint


def test_an_array_has_to_have_the_shape_and_the_range_that_is_asked_for(run):
    runs.save_array(run, "predictions", np.array([0, 3, -1]))
    assert run.array("predictions", (3,), 4).tolist() == [0, 3, -1]
    for shape, below, words in (((4,), 4, r"its shape is \(3,\)"), ((None,), 3, "it holds -1 to 3")):
        with pytest.raises(UserError, match=words):
            run.array("predictions", shape, below)
    runs.save_array(run, "predictions", np.array(["x"]))
    with pytest.raises(UserError, match="no numbers"):
        run.array("predictions")


def test_p_values_are_kept(of_two):
    p_values = np.array([0.5, 0.004], np.float32)
    nothing = np.zeros(2, np.bool_)
    runs.save_detection(of_two, "zeta", Detection(np.ones(2, np.float32), nothing, p_values=p_values), {}, 1.0)
    assert runs.detections(of_two)["zeta"].p_values.tolist() == p_values.tolist()


def test_rules_are_kept_by_detector(run):
    assert runs.rules(run) == {}
    runs.save_rule(run, "zeta", {"kind": "rate", "value": 0.1})
    runs.save_rule(run, "alpha", {"kind": "budget", "value": 40})
    runs.save_rule(run, "zeta", None)
    assert runs.rules(runs.open_run(run.workspace, run.id)) == {"alpha": {"kind": "budget", "value": 40}}


def test_what_is_not_there_yet_is_empty(run):
    assert runs.detections(run) == {}
    assert runs.history(run) == []
    assert runs.layers(run) == []
    assert runs.outcome(run) is None
    assert runs.trials(run) == []


def test_an_outcome_with_a_class_without_test_samples(run):
    content = {"clean_accuracy": 0.5, "class_accuracy": [0.5, None], "attack_success_rate": {"patch": 0.9}}
    (run.path / "outcome.json").write_text(json.dumps({"outcome": content, "examples": []}))
    found = runs.outcome(run)
    assert (found.clean_accuracy, found.attack_success_rate) == (0.5, {"patch": 0.9})
    assert found.class_accuracy[0] == 0.5
    assert np.isnan(found.class_accuracy[1])


def test_the_finished_run_holds_everything_its_plan_promised(finished):
    n = 200
    assert set(finished.stages) == set(finished.plan)
    shapes = {"losses": (n, 2), "activations": (n, 128), "predictions": (n,), "final_losses": (n,)}
    shapes |= {"map-all-pca": (n, 2), "map-class-pca": (n, 2), "map-trajectories-pca": (n, 2)}
    for name, shape in shapes.items():
        assert finished.array(name).shape == shape, name
        assert np.isfinite(finished.array(name)).all(), name
    assert np.allclose(finished.array("losses")[:, -1], finished.array("final_losses"), atol=0.05)
    assert [entry["epoch"] for entry in runs.history(finished)] == [1, 2]
    assert set(runs.outcome(finished).attack_success_rate) == {"patch", "blended_random"}
    assert set(runs.detections(finished)) == {"activation_clustering", "badloss"}
    assert runs.about_detection(finished, "badloss")["settings"] == {"reject_fraction": 0.1, "n_neighbors": 5}
    tried = [(trial["attack"], trial["strength"]) for trial in runs.trials(finished)]
    assert tried == [(None, 1), ("patch", 1), ("blended_random", 1), ("blended_random", 2)]
    assert finished.array("trial-classes").shape == finished.array("trial-shares").shape == (4, 40, 3)
    assert not (finished.path / "checkpoint").exists()
    assert not [path for path in finished.path.rglob("*") if "tmp" in path.name]


def test_a_run_that_is_being_made_is_none_and_who_is_killed_meanwhile_leaves_no_folder(workspace, make_dataset):
    info = store.save(workspace, make_dataset(20), source="test")

    class Deadly(dict):
        """New labels that end the process when they are read: while the run is being made."""

        def items(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runs.create(workspace, info, {}, ("train",), changes=Changes(frozenset({1}), Deadly({2: 0})))
    assert list((workspace / "runs").glob("[!.]*")) == []
    assert runs.all_runs(workspace) == []
    made = runs.create(workspace, info, {}, ("train",), changes=Changes(frozenset({1}), {}))
    assert runs.open_run(workspace, made.id) == made
    assert runs.read_changes(made).excluded == {1}
