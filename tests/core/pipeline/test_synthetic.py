"""A made-up run is one like others: it opens, has maps, and its detectors find what stands out."""

import numpy as np

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.pipeline import Synthetic, synthesize
from core.runs import jobs

SMALL = Synthetic(n=1_200, n_features=16, n_classes=4, n_epochs=5, seed=3)


def test_a_made_up_run_is_as_a_worker_leaves_one_after_its_maps(tmp_path):
    run = synthesize(tmp_path, SMALL)
    now = opened(run)
    assert len(now.data) == 1_200
    assert now.data.shape == (8, 8, 1)
    assert run.array("activations").shape == (1_200, 16)
    assert run.array("losses").shape == (1_200, 5)
    assert [run.array(f"map-{name}-pca").shape for name in ("all", "class", "trajectories")] == [(1_200, 2)] * 3
    assert len(runs.history(run)) == 5
    assert run.left == ["detect:activation_clustering", "detect:badloss", "detect:consensus", "families"]
    assert jobs.poll(run.path).state == "waiting"


def test_the_same_seed_makes_the_same_run_and_another_another(tmp_path):
    first, again = (synthesize(tmp_path / name, SMALL) for name in ("a", "b"))
    assert first.dataset == again.dataset
    assert np.array_equal(first.array("activations"), again.array("activations"))
    assert synthesize(tmp_path / "c", Synthetic(1_200, 16, 4, 5, seed=4)).dataset != first.dataset


def test_its_detectors_run_for_real_and_put_what_stands_out_first(tmp_path):
    run = pipeline.work(synthesize(tmp_path, SMALL))
    now = opened(run)
    corner = now.data.inputs[:][:, -1, -1, 0] == 255
    assert 10 < corner.sum() < 50
    suspicion = now.detections["consensus"].suspicion
    assert np.median(suspicion[corner]) > np.quantile(suspicion[~corner], 0.9)
