"""Sharpness-aware training: steps worked out by hand, two passes each, and nothing left behind uphill."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.training.config import TrainConfig, restored
from core.training.loop import build_model, train
from core.training.sharpness import uphill

CONFIG = TrainConfig(epochs=2, batch_size=32, learning_rate=3e-3, precision="fp32", augment="crop_flip")


def weights_after(dataset, config, model=None):
    model = model or build_model(config, dataset.shape, dataset.n_classes)
    epochs = list(train(model, dataset, config))
    return epochs, {name: value.clone() for name, value in model.state_dict().items()}


def same(one, other):
    (epochs, weights), (others, other_weights) = one, other
    losses = all(np.array_equal(a.losses, b.losses) for a, b in zip(epochs, others, strict=True))
    return losses and all(torch.equal(weights[name], other_weights[name]) for name in weights)


def test_no_sharpness_is_plain_training_bit_for_bit(make_dataset):
    dataset = make_dataset(120)
    plain = weights_after(dataset, CONFIG)
    assert same(weights_after(dataset, replace(CONFIG, sharpness=0.0)), plain)
    # So small a way uphill that no weight moves: both passes are made, and all is put back.
    assert same(weights_after(dataset, replace(CONFIG, sharpness=1e-30)), plain)
    assert not same(weights_after(dataset, replace(CONFIG, sharpness=0.1)), plain)


@pytest.mark.parametrize(("sharpness", "passes"), [(0.0, 1), (0.05, 2)])
def test_a_step_makes_two_passes_over_its_batch(make_dataset, sharpness, passes):
    dataset, seen = make_dataset(64), []
    model = build_model(CONFIG, dataset.shape, 4)
    model.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].sum()) if module.training else None)
    list(train(model, dataset, replace(CONFIG, epochs=1, sharpness=sharpness)))
    assert len(seen) == 2 * passes
    assert len({float(value) for value in seen}) == 2


class Uneven(nn.Module):
    """Two weights of which nothing else depends, with a running mean beside them."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Parameter(torch.tensor([1.0])), nn.Parameter(torch.tensor([2.0]))
        self.unused = nn.Parameter(torch.tensor([5.0]))
        self.register_buffer("mean", torch.tensor([7.0]))


def test_the_way_uphill_is_as_long_as_asked_over_all_weights_together():
    network = Uneven()
    (3 * network.first + 4 * network.second).backward()
    with uphill(network, 0.5):
        assert [network.first.item(), network.second.item()] == pytest.approx([1 + 0.5 * 3 / 5, 2 + 0.5 * 4 / 5])
        assert network.unused.item() == 5
        network.mean += 1
    assert [network.first.item(), network.second.item(), network.mean.item()] == [1, 2, 7]


def test_all_is_put_back_when_the_pass_uphill_fails():
    network = Uneven()
    (3 * network.first).backward()
    with pytest.raises(torch.OutOfMemoryError), uphill(network, 0.5):
        raise torch.OutOfMemoryError("Out of memory.")
    assert network.first.item() == 1


def test_a_gradient_of_nothing_moves_nothing():
    network = Uneven()
    (0 * network.first).backward()
    with uphill(network, 0.5):
        assert network.first.item() == 1


class Uphill(nn.Module):
    """A network whose second pass over whole batches does not fit in memory."""

    def __init__(self, network, most):
        super().__init__()
        self.network, self.most, self.passes = network, most, 0

    def forward(self, batch):
        self.passes += self.training
        if self.training and self.passes % 2 == 0 and len(batch) > self.most:
            raise torch.OutOfMemoryError("Out of memory. Tried to allocate 2 GiB")
        return self.network(batch)


def linear():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(256, 4))


def test_batches_that_do_not_fit_are_halved_and_learn_the_same(make_dataset):
    dataset, config = make_dataset(40), replace(CONFIG, augment="none", batch_size=16, sharpness=0.1)
    said = []
    expected = list(train(linear(), dataset, config))
    found = list(train(Uphill(linear(), 8), dataset, config, say=said.append))
    assert np.allclose(found[-1].losses, expected[-1].losses, atol=1e-5)
    assert said == ["the device's memory is spent: batches go through it in 2 pieces"]


def test_it_learns_in_bfloat16_and_goes_on_from_a_checkpoint(make_dataset, tmp_path):
    dataset = make_dataset(120)
    config = replace(CONFIG, precision="bf16", augment="none", epochs=4, sharpness=0.05)
    epochs, weights = weights_after(dataset, config)
    assert epochs[-1].losses.mean() < 0.7 * epochs[0].losses.mean()
    cut = train(build_model(config, dataset.shape, 4), dataset, config)
    next(cut)
    next(cut).checkpoint(tmp_path / "last.pt")
    cut.close()
    model = build_model(config, dataset.shape, 4)
    list(train(model, dataset, config, resume=tmp_path / "last.pt"))
    assert all(torch.equal(weights[name], value) for name, value in model.state_dict().items())


def test_a_configuration_from_before_is_plain_training():
    assert restored({"model": "convnet", "epochs": 3}).sharpness == 0
