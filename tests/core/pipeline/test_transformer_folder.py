"""A training begins with the transformer of a folder: its run keeps all of it, and repairs need the folder no more."""

import csv
import shutil

import pytest
import torch

from core import pipeline, runs
from core.data import store
from core.errors import UserError
from core.stages.load import beginning, trained_model
from core.training.config import TrainConfig, restored
from tests.core.models.made_transformer import saved_transformer


@pytest.fixture
def texts(workspace, tmp_path):
    with (tmp_path / "texts.csv").open("w", newline="") as stream:
        rows = [(f"a {('good', 'bad')[row % 2]} film {row % 5}", row % 2) for row in range(40)]
        csv.writer(stream).writerows([("text", "label"), *rows])
    return pipeline.import_dataset(workspace, tmp_path / "texts.csv", "Texts")


def asked(info, folder, **config):
    fields = {"epochs": 2, "batch_size": 8, "learning_rate": 0.005} | config
    return pipeline.LoadRequest(info.id, TrainConfig("transformer", folder=str(folder), **fields), train=True)


def test_a_run_goes_its_whole_way_without_the_folder_and_so_does_its_repair(workspace, tmp_path, texts):
    folder = saved_transformer(tmp_path / "tiny")
    run = pipeline.load_model(workspace, asked(texts, folder))
    shutil.rmtree(folder)
    run = pipeline.work(run)
    assert runs.loaded(run)["file"] == "tiny"
    assert run.array("activations").shape == (40, 16)
    assert run.array("losses").shape == (40, 2)
    dataset = store.load(workspace, texts.id)
    model = trained_model(run, dataset)
    assert torch.equal(model.reader.tokenizer, beginning(run, restored(run.config), dataset).reader.tokenizer)
    assert model.reader.mark is not None
    pipeline.decide(run, [0], "exclude", reviewer="ann")
    for how in ("retrain", "continue"):
        child = pipeline.work(pipeline.new_repair(run, how=how))
        assert len(child.array("losses")) == 39


def test_a_folder_that_is_refused_leaves_no_run(workspace, tmp_path, texts, make_dataset):
    folder = saved_transformer(tmp_path / "tiny")
    images = store.save(workspace, make_dataset(20, n_test=4), source="test")
    with pytest.raises(UserError, match="takes no such samples"):
        pipeline.load_model(workspace, asked(images, folder))
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match="may run code"):
        pipeline.load_model(workspace, asked(texts, folder))
    assert runs.all_runs(workspace) == []
