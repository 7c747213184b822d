"""The head is found by execution, and its input is what is taken."""

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import UserError
from core.training.activations import choose, extract, layers
from core.training.config import TrainConfig
from core.training.loop import build_model

SHAPE = (16, 16, 1)


class Backwards(nn.Module):
    """Registered from the last layer to the first; the head is a 1×1 convolution, averaged over the image."""

    def __init__(self, n_classes=4):
        super().__init__()
        self.head = nn.Conv2d(6, n_classes, 1)
        self.norm = nn.BatchNorm2d(6)
        self.body = nn.Conv2d(1, 6, 3, stride=4)
        self.decoy = nn.Linear(16, n_classes)  # as many outputs as classes, but executed first

    def forward(self, batch):
        self.decoy(batch)
        return self.head(torch.relu(self.norm(self.body(batch)))).mean((2, 3))


def fp32(monkeypatch):
    # Whether the processor computes in half precision is no argument: it is what the machine is.
    monkeypatch.setattr("core.devices.native_bfloat16", lambda device: False)


def test_the_head_of_the_convnet():
    model = build_model(TrainConfig(), SHAPE, 4)
    found = layers(model, SHAPE, 4)
    assert choose(found).name == "14"
    assert choose(found).features == 128
    assert [layer.name for layer in found] == [str(index) for index in range(15)]
    assert [layer.is_head for layer in found].count(True) == 1
    assert (found[0].kind, found[0].features) == ("Conv2d", 256)


def test_the_head_of_resnet18():
    model = build_model(TrainConfig(model="resnet18"), SHAPE, 4)
    head = choose(layers(model, SHAPE, 4))
    assert (head.name, head.kind, head.features) == ("fc", "Linear", 512)


def test_the_head_of_a_module_registered_in_another_order():
    found = layers(Backwards(), SHAPE, 4)
    assert [layer.name for layer in found] == ["decoy", "body", "norm", "head"]
    assert choose(found).name == "head"
    assert choose(found).features == 6 * 4 * 4


@pytest.mark.parametrize("kind", ["convnet", "backwards"])
def test_the_activation_is_the_input_of_the_head(make_dataset, tmp_path, monkeypatch, kind):
    fp32(monkeypatch)
    dataset = make_dataset(30)
    torch.manual_seed(0)
    model = build_model(TrainConfig(), SHAPE, 4) if kind == "convnet" else Backwards()
    head = choose(layers(model, SHAPE, 4))
    features, predicted, losses = extract(model, dataset.inputs, dataset.labels, head, tmp_path / "activations.npy")

    model.cpu()
    batch = torch.tensor(dataset.inputs[:]).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        if kind == "convnet":
            before = model[:-1](batch)
            logits = before @ model[-1].weight.T + model[-1].bias
        else:
            before = torch.relu(model.norm(model.body(batch)))
            logits = torch.einsum("nchw,kc->nk", before, model.head.weight[..., 0, 0]) / 16 + model.head.bias
    assert np.allclose(features, before.flatten(1), atol=1e-5)
    assert (predicted == logits.argmax(1).numpy()).all()
    expected = nn.functional.cross_entropy(logits, torch.tensor(dataset.labels), reduction="none")
    assert np.allclose(losses, expected, atol=1e-4)
    assert isinstance(features, np.memmap)
    assert [path.name for path in tmp_path.iterdir()] == ["activations.npy"]


def test_a_layer_by_name(make_dataset, tmp_path, monkeypatch):
    fp32(monkeypatch)
    dataset, model = make_dataset(8), Backwards()
    layer = choose(layers(model, SHAPE, 4), "body")
    features, _, _ = extract(model, dataset.inputs, dataset.labels, layer, tmp_path / "a.npy")
    assert np.allclose(features, dataset.inputs[:].reshape(8, -1) / 255, atol=1e-6)


def test_a_layer_that_does_not_exist_names_those_that_do():
    with pytest.raises(UserError, match=r"no layer 'tail'.*decoy \(Linear, 256\).*head \(Conv2d, 96\)"):
        choose(layers(Backwards(), SHAPE, 4), "tail")


def test_a_model_without_a_head():
    found = layers(Backwards(n_classes=9), SHAPE, 5)
    assert not any(layer.is_head for layer in found)
    with pytest.raises(UserError, match=r"The classifier head was not found.*Name one of these"):
        choose(found)


def test_looking_leaves_no_hook_behind():
    model = Backwards()
    layers(model, SHAPE, 4)
    assert not any(module._forward_pre_hooks for module in model.modules())
