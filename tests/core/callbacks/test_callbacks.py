"""The recorders of training libraries, each in a training of the real library; and a plain loop of PyTorch."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from core.data.recorded.recording import read_recording
from core.recorder import Recorder
from tests.sources import ROOT
from tests.tools import tool

N, EPOCHS = 40, 3


@pytest.fixture
def data():
    """Forty points of two classes, the last four with wrong labels."""
    rng = np.random.default_rng(0)
    labels = np.arange(N) % 2
    points = (rng.normal(size=(N, 4)) + 4 * labels[:, None]).astype(np.float32)
    labels[-4:] = 1 - labels[-4:]
    return torch.from_numpy(points), torch.from_numpy(labels)


def check(folder: Path, predicted: np.ndarray) -> None:
    """Every sample has a loss in each epoch; the wrong labels have the largest, and the last answers were kept."""
    found = read_recording(folder)
    assert found.losses.shape == (N, EPOCHS)
    assert np.isfinite(found.losses).all()
    assert found.losses[-4:, -1].min() > np.median(found.losses[:-4, -1])
    assert found.losses[:-4].mean(0)[-1] < found.losses[:-4].mean(0)[0]
    assert found.predictions.tolist() == predicted.tolist()


def plain_loop(folder: Path, data) -> np.ndarray:
    """A training in plain PyTorch: the dataset gives the row of each sample beside it."""
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 2)
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    loader = DataLoader(TensorDataset(*data, torch.arange(N)), 8, shuffle=True)
    with Recorder(folder, N, ["no", "yes"]) as recorder:
        for epoch in range(EPOCHS):
            for points, labels, ids in loader:
                losses = torch.nn.functional.cross_entropy(model(points), labels, reduction="none")
                optimiser.zero_grad()
                losses.mean().backward()
                optimiser.step()
                recorder.record(epoch, ids, losses)
        predicted = model(data[0]).argmax(1)
        recorder.predictions(range(N), predicted)
    return predicted.numpy()


def test_a_plain_loop_records_in_any_order(tmp_path, data):
    check(tmp_path, plain_loop(tmp_path, data))


def test_lightning_records_after_every_epoch(tmp_path, data):
    lightning = tool("pytorch_lightning")
    from core.callbacks.lightning import RecordLosses

    class Model(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(4, 2)

        def forward(self, points):
            return self.layer(points)

        def training_step(self, batch, _):
            return torch.nn.functional.cross_entropy(self(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    model, ordered = Model(), DataLoader(TensorDataset(*data), 16)
    with Recorder(tmp_path / "r", N) as recorder:
        lightning.Trainer(
            max_epochs=EPOCHS,
            callbacks=[RecordLosses(recorder, ordered)],
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        ).fit(model, DataLoader(TensorDataset(*data), 8, shuffle=True))
    check(tmp_path / "r", model(data[0]).argmax(1).numpy())


def test_the_trainer_of_hugging_face_records_after_every_epoch(tmp_path, data):
    transformers = tool("transformers")
    from core.callbacks.hugging_face import RecordLosses

    class Model(torch.nn.Module):
        device = torch.device("cpu")

        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(4, 2)

        def forward(self, points, labels=None):
            logits = self.layer(points)
            loss = None if labels is None else torch.nn.functional.cross_entropy(logits, labels)
            return transformers.modeling_outputs.SequenceClassifierOutput(loss=loss, logits=logits)

    samples = [{"points": point, "labels": label} for point, label in zip(*data, strict=True)]
    ordered = DataLoader(samples, 16)
    arguments = transformers.TrainingArguments(
        str(tmp_path / "out"),
        num_train_epochs=EPOCHS,
        per_device_train_batch_size=8,
        learning_rate=0.05,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
    )
    model = Model()
    with Recorder(tmp_path / "r", N) as recorder:
        callback = RecordLosses(recorder, ordered)
        transformers.Trainer(model, arguments, train_dataset=samples, callbacks=[callback]).train()
    check(tmp_path / "r", model(data[0]).logits.argmax(1).numpy())


@pytest.mark.parametrize("from_logits", [False, True])
def test_keras_records_after_every_epoch(tmp_path, data, monkeypatch, from_logits):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = tool("keras")
    from core.callbacks.keras import RecordLosses

    keras.utils.set_random_seed(0)
    points, labels = (part.numpy() for part in data)
    last = keras.layers.Dense(2, activation=None if from_logits else "softmax")
    model = keras.Sequential([keras.layers.Input((4,)), last])
    model.compile(keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits))
    with Recorder(tmp_path / "r", N) as recorder:
        callback = RecordLosses(recorder, points, labels, from_logits=from_logits)
        model.fit(points, labels, epochs=EPOCHS, batch_size=8, verbose=0, callbacks=[callback])
    check(tmp_path / "r", model.predict(points, verbose=0).argmax(1))


def test_no_callback_is_longer_than_forty_lines():
    for path in (ROOT / "core" / "callbacks").glob("[!_]*.py"):
        assert len(path.read_text().splitlines()) <= 40, path
