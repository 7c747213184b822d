"""Damage without a trigger, through training, evaluation and the report."""

import numpy as np
import pytest

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.attacks.specification import Specification, parse_spec
from core.data import store
from core.evaluation import results, trials
from core.evaluation.metrics import attack_success_rate
from core.output.report import report_html
from core.training.config import TrainConfig


@pytest.fixture(scope="module")
def trained(make_dataset, tmp_path_factory):
    """From a list of attacks to a finished run on 120 images."""

    def train(*texts):
        workspace = tmp_path_factory.mktemp("run")
        clean = store.save(workspace, make_dataset(120), source="test")
        info = pipeline.attack(workspace, clean.id, Specification(tuple(map(parse_spec, texts))))
        plan = (*pipeline.CORE_PLAN, "detect:badloss")
        settings = {"badloss": {"reject_fraction": 0.1, "n_neighbors": 3}}
        config = TrainConfig(epochs=1, batch_size=32, precision="fp32")
        return pipeline.work(pipeline.new_run(workspace, info.id, config, plan=plan, detector_settings=settings))

    return train


def test_a_kind_is_tried_on_test_images_of_its_kind_only(trained):
    run = trained("semantic_subset:source=2,target=0,count=8", "label_noise:ratio=0.1")
    name = "semantic_subset-2-to-0"
    truth, labels = store.load_truth(run.workspace, run.dataset), store.load(run.workspace, run.dataset).test_labels
    tried = trials.tried_samples(run, name)
    assert 0 < len(tried) < (labels == 2).sum()
    assert set(tried["label"]) == {2}
    rate = attack_success_rate(tried["triggered"].to_numpy(np.int64), tried["goal"].to_numpy(np.int64))
    assert runs.outcome(run).attack_success_rate == {name: rate}  # wrong labels have none
    assert set(trials.examples(tried)["test_row"]) <= set(tried["test_row"])
    assert [one.name for one in trials.attacks(store.describe(run.workspace, run.dataset))] == [name]
    assert trials.difference(run.workspace, run.dataset, name, 1, int(tried["test_row"].iloc[0]))[1].amount.startswith(
        "0 "
    )
    assert truth.is_poison.sum() == sum(one.n_poisoned for one in truth.attacks)
    assert "<html" in report_html(run)


@pytest.mark.parametrize("text", ["imbalance:fold=4,target=1", "near_duplicates:count=2,copies=5"])
def test_skewed_data_without_poison_go_all_the_way(trained, text):
    run = trained(text)
    assert runs.outcome(run).attack_success_rate == {}
    assert np.isnan(results.detector_figures(opened(run))["badloss"]["auroc"])
    assert results.detector_curves(opened(run), "badloss") == {}
    assert "<html" in report_html(run)
