"""The stage that trains: what it tells while it does, and what it leaves when it is cut short between checkpoints."""

import numpy as np
import pytest

from core import pipeline, runs, stages
from core.data import store
from core.settings import ARCHITECTURES
from core.training.config import TrainConfig

NARROW = """
import torch
from torch import nn

class Narrow(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.head = nn.Linear(768, n_classes)

    def forward(self, batch):
        if len(batch) > 5:
            raise torch.OutOfMemoryError("Out of memory.")
        return self.head(batch.flatten(1))

def narrow(shape, n_classes):
    return Narrow(n_classes)
"""


@pytest.fixture
def dataset(workspace, make_dataset):
    return store.save(workspace, make_dataset(48, channels=3), source="test")


def test_a_batch_that_does_not_fit_is_told_while_it_trains(workspace, dataset, tmp_path, monkeypatch):
    (tmp_path / "narrow.py").write_text(NARROW)
    monkeypatch.setenv(ARCHITECTURES, str(tmp_path / "narrow.py"))
    config = TrainConfig("own:narrow", epochs=1, batch_size=16)
    run = pipeline.new_run(workspace, dataset.id, config, plan=("train", "activations"))
    told = []
    stages.work(run, lambda progress: told.append((progress.title, progress.message)), None, pause=0.0)
    for title in ("Training", "Reading activations"):
        assert any(title == one and "batches go through it in" in message for one, message in told), told


def test_cut_short_between_two_checkpoints_it_ends_as_if_nothing_had_happened(workspace, dataset):
    config = TrainConfig(epochs=14, batch_size=16, precision="fp32", augment="crop_flip")
    whole, cut = (pipeline.new_run(workspace, dataset.id, config, plan=("train",)) for _ in range(2))
    pipeline.work(whole)

    def stopped(progress):
        if "epoch 11 of" in progress.message:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stages.work(cut, stopped, None, pause=0.0)
    written = len(runs.history(cut))
    assert 1 <= written < 14
    assert np.isfinite(cut.array("losses")).all(0).sum() == written
    pipeline.work(cut)
    one, other = (runs.open_run(workspace, run.id) for run in (whole, cut))
    assert np.array_equal(one.array("losses"), other.array("losses"))
    assert (one.path / "model.safetensors").read_bytes() == (other.path / "model.safetensors").read_bytes()
    timeless = [[{**entry, "seconds": 0} for entry in runs.history(run)] for run in (one, other)]
    assert timeless[0] == timeless[1]
