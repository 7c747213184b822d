"""Exclusionary reclassification: verdicts worked out by hand, and a real one on planted one-to-one poison."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from core import checksums, pipeline, runs, stages
from core.analysis.opened_run import CLUSTERING, opened
from core.analysis.suspect_clusters import (
    Reclassification,
    decision_rows,
    guilty,
    new_labels,
    reclassification,
    reclassification_words,
    reclassifications,
    reclassified,
    reclassified_clusters,
    seconds_needed,
    suspect_clusters,
)
from core.data import store
from core.errors import UserError
from core.journal import review
from core.journal.review import Verdict
from core.modalities.image.inputs import ImageInputs
from core.runs import jobs
from core.stages.reclassify import exclusionary_reclassification
from core.training.config import TrainConfig
from core.types import ClassFinding, Criterion, Detection

CONFIG = TrainConfig(epochs=6, batch_size=32, learning_rate=3e-3, precision="fp32")
NAMES = ("cat", "dog", "emu", "fox")


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        ([2, 2, 2, 2], Reclassification(4, 4, 0, None, None, False)),
        ([2, 2, 2, 0], Reclassification(4, 3, 1, 0, 3.0, False)),
        ([1, 1, 1, 2], Reclassification(4, 1, 3, 1, 1 / 3, True)),
        ([1, 1, 3, 3, 3, 2], Reclassification(6, 1, 3, 3, 1 / 3, True)),
        ([1, 1, 3, 3, 0], Reclassification(5, 0, 2, 1, 0.0, True)),  # of equals the first
        ([1, 1, 2, 2], Reclassification(4, 2, 2, 1, 1.0, False)),  # l/p = T is not called poison
    ],
)
def test_the_verdict_by_hand(predicted, expected):
    assert reclassification(np.array(predicted), own_class=2, n_classes=4) == expected


def test_the_threshold_decides():
    predicted = np.array([2, 2, 2, 1, 1])
    assert not reclassification(predicted, 2, 4).poisoned
    assert reclassification(predicted, 2, 4, threshold=1.51).poisoned
    assert not reclassification(predicted, 2, 4, threshold=1.5).poisoned


def test_verdicts_in_words():
    poison = reclassification(np.repeat([3, 2, 0], [412, 15, 3]), 2, 4)
    assert reclassification_words(poison, NAMES) == (
        "412 of 430 are taken for ‘fox’ by a model that never saw them: poison, source class fox"
    )
    mixed = reclassification(np.repeat([0, 1, 3, 2], [30, 40, 29, 1]), 2, 4)
    assert reclassification_words(mixed, NAMES) == (
        "only 1 of 100 are taken for their own class by a model that never saw them, most often for ‘dog’ (40): "
        "poison, from several source classes"
    )
    clean = reclassification(np.repeat([2, 0], [90, 10]), 2, 4)
    assert reclassification_words(clean, NAMES).startswith("90 of 100 are taken for their own class")
    assert reclassification_words(clean, NAMES).endswith(": legitimate")


def test_the_four_decisions_side_by_side():
    size, near = Criterion(True, "small", 0.1), Criterion(False, "near", 0.123)
    finding = ClassFinding(True, "small", size, near, Criterion(True, "astray", 0.5, other_class=3))
    rows = decision_rows(finding, {"size_threshold": 0.3, "silhouette_threshold": 0.2}, None, NAMES)
    assert [(row["figure"], row["poison if"], row["says"]) for row in rows] == [
        ("10%", "< 30%", "poison"),
        ("0.12", "≥ 0.20", "clean"),
        ("0.50", "< 1", "poison"),
        ("–", "< 1", "not asked"),
    ]
    assert rows[2]["why"] == "its centre is nearer to ‘fox’ than to its own class (ratio 0.50, below 1)"
    asked = decision_rows(finding, {}, reclassification(np.array([3, 3, 3, 2]), 2, 4), NAMES)[3]
    assert (asked["figure"], asked["says"]) == ("0.33", "poison")
    assert asked["why"].endswith("source class fox (l = 1, p = 3, l/p = 0.33 against T = 1)")
    assert decision_rows(ClassFinding(None, "too few"), {}, None, NAMES)[0]["says"] == "not asked"


def test_a_clean_class_that_fails_without_its_half_is_not_relabelled():
    """Both clusters go to another class, but only one was suspect before."""
    astray = reclassification(np.array([1, 1, 1]), 2, 4)
    home = reclassification(np.array([3, 3, 3]), 3, 4)
    findings = {0: ClassFinding(False), 2: ClassFinding(True), 3: ClassFinding(True)}
    assert guilty({0: astray, 2: astray, 3: home}, findings) == {2: astray}


@pytest.fixture(scope="module")
def one_to_one(make_dataset):
    """240 images of four classes in which 16 of class 1 carry a white bar and the label 2; and the rows of those."""
    dataset = make_dataset(240)
    poison = np.flatnonzero(dataset.labels == 1)[:16]
    images, labels = dataset.inputs[:].copy(), dataset.labels.copy()
    images[poison, -3:, :] = 255
    labels[poison] = 2
    return replace(dataset, inputs=ImageInputs(images), labels=labels), poison


@pytest.fixture(scope="module")
def together(one_to_one):
    """The suspects, the poison and a part of a clean class, and what one model without both says of them."""
    dataset, poison = one_to_one
    suspects = {0: np.flatnonzero(dataset.labels == 0)[:20], 2: poison}
    told = []
    answer = exclusionary_reclassification(dataset, suspects, CONFIG, listen=lambda *words: told.append(words))
    return suspects, answer, told


def test_the_right_source_class_is_named_and_a_clean_split_is_legitimate(together):
    _, (verdicts, predicted), _ = together
    assert verdicts[2].poisoned
    assert verdicts[2].suspected_source_class == 1
    assert verdicts[2].n == 16
    assert verdicts[2].other >= 15
    assert not verdicts[0].poisoned
    assert verdicts[0].own == 20
    assert [len(found) for found in predicted.values()] == [20, 16]


def test_the_same_arguments_give_the_same_answer_and_progress_is_told(one_to_one, together):
    suspects, (_, predicted), told = together
    again = exclusionary_reclassification(one_to_one[0], suspects, CONFIG)[1]
    assert all((again[index] == predicted[index]).all() for index in suspects)
    shares = [fraction for fraction, _ in told]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1
    assert told[-1][1] == "epoch 6 of 6 without 36 samples"


def test_one_model_for_each_cluster_leaves_out_that_one_only(one_to_one):
    dataset, poison = one_to_one
    suspects = {0: np.flatnonzero(dataset.labels == 0)[:20], 2: poison}
    told = []
    verdicts, _ = exclusionary_reclassification(
        dataset, suspects, replace(CONFIG, epochs=3), each=True, listen=lambda *words: told.append(words)
    )
    assert (verdicts[2].poisoned, verdicts[2].suspected_source_class) == (True, 1)
    assert not verdicts[0].poisoned
    assert {message.partition("without ")[2] for _, message in told} == {"20 samples", "16 samples"}
    assert min(fraction for fraction, message in told if "16" in message) >= 0.5


def test_nothing_left_to_train_on_is_said(one_to_one):
    dataset, _ = one_to_one
    with pytest.raises(UserError, match="Nothing would be left"):
        exclusionary_reclassification(dataset, {0: np.arange(len(dataset))}, CONFIG)


@pytest.fixture(scope="module")
def clustered_workspace(one_to_one, tmp_path_factory):
    """A finished run on the planted poison, whose stored clusters are the poison and a quarter of class 0."""
    workspace, (dataset, poison) = tmp_path_factory.mktemp("clustered"), one_to_one
    guaranteed = np.isin(np.arange(len(dataset)), poison[:1])
    info = store.save(workspace, replace(dataset, bona_fide=guaranteed), source="test")
    run = pipeline.work(pipeline.new_run(workspace, info.id, replace(CONFIG, epochs=4)))
    groups = np.zeros(len(dataset), np.int64)
    groups[poison] = groups[np.flatnonzero(dataset.labels == 0)[:15]] = 1
    stored_split(run, groups)
    return workspace


@pytest.fixture
def clustered(clustered_workspace, tmp_path):
    """That run, in a workspace of this test's own."""
    workspace = shutil.copytree(clustered_workspace, tmp_path / "workspace")
    return runs.all_runs(workspace)[0]


def stored_split(run, groups):
    """The run, with these clusters as its Activation Clustering; class 2 alone looks poisoned."""
    size, near = Criterion(True, "small", 0.2), Criterion(True, "apart", 0.2)
    classes = {index: ClassFinding(index == 2, "", size, near) for index in range(4)}
    nothing = np.zeros(len(groups), bool)
    detection = Detection(nothing.astype(np.float32), nothing, groups, classes=classes)
    runs.save_detection(run, CLUSTERING, detection, {"split_by": "label"}, 0.0)
    return run


def test_a_run_goes_through_the_stage_and_the_poison_is_relabelled(clustered):
    planned = pipeline.plan_reclassification(clustered)
    assert planned.plan == (*clustered.plan, "reclassify:2")
    seen = []
    run = stages.work(planned, seen.append, None, pause=0.0)
    assert {progress.title for progress in seen} == {"Exclusionary reclassification"}
    assert seen[-1].eta is not None

    (found,) = reclassified_clusters(opened(run))
    assert (found["class"], found["name"], found["n"], found["suspected_source_class"]) == (2, "class 2", 16, 1)
    assert "taken for ‘class 1’" in found["words"]
    assert (reclassified(opened(run)) >= 0).sum() == 16
    assert json.loads((run.path / "reclassification.json").read_text())["2"]["poisoned"] is True
    assert seconds_needed(run, 2) == 2 * run.stages["train"]

    everything = pipeline.work(pipeline.plan_reclassification(run, (0,)))
    assert everything.plan[-1] == "reclassify:0"
    assert "reclassify:2" not in everything.stages
    assert [(index, one.poisoned) for index, one in reclassifications(opened(everything)).items()] == [
        (0, False),
        (2, True),
    ]

    assert pipeline.relabel_suspects(run, reviewer="ann") == 15  # the bona fide one keeps its label
    expected = dict.fromkeys(
        opened(run).data.ids[suspect_clusters(opened(run), (2,))[2]][1:].tolist(), Verdict("relabel", 1)
    )
    assert review.verdicts(run.workspace, run.id) == expected
    assert set(review.journal(run.workspace, run.id)["reason"]) == {"exclusionary reclassification"}
    each = new_labels(opened(run), "each_sample")
    assert each == {sample: label for sample, label in each.items() if label != 2}
    with pytest.raises(UserError, match=r"no new labels by 'guess'. Known: source_class"):
        new_labels(opened(run), "guess")


def test_another_split_forgets_the_verdict(clustered):
    run = pipeline.work(pipeline.plan_reclassification(clustered))
    assert set(reclassifications(opened(run))) == {2}
    groups = runs.detections(run)[CLUSTERING].groups.copy()
    groups[np.flatnonzero(groups)[-1]] = 0
    assert set(reclassifications(opened(stored_split(run, groups)))) == set()
    with pytest.raises(UserError, match="No suspect cluster is called poison by reclassification"):
        new_labels(opened(run), "source_class")


def test_what_cannot_be_checked_is_said(clustered):
    with pytest.raises(UserError, match="Class 3 has no smaller cluster"):
        pipeline.plan_reclassification(clustered, (3,))
    assert reclassifications(opened(clustered)) == {}
    for path in (clustered.path / "detections").iterdir():
        checksums.forget(clustered.path, f"detections/{path.name}")
        path.unlink()
    with pytest.raises(UserError, match="There are no clusters yet"):
        suspect_clusters(opened(clustered))


def test_a_killed_stage_begins_again(clustered):
    planned = pipeline.plan_reclassification(clustered, each=True)
    assert planned.plan[-1] == "reclassify:each,2"

    def killed(progress):
        if "epoch" in progress.message:
            raise jobs.Cancelled

    with pytest.raises(jobs.Cancelled):
        pipeline.work(planned, killed)
    assert jobs.poll(planned.path).state == "cancelled"
    assert not runs.open_run(planned.workspace, planned.id).done("reclassify:each,2")
    assert pipeline.work(runs.open_run(planned.workspace, planned.id)).done("reclassify:each,2")
