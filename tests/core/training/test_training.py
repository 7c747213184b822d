"""The training loop: what it records is true, repeats with the seed, and survives an interruption."""

import math
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from core.devices import ON_CPU, compute_for
from core.training.config import TrainConfig
from core.training.evaluating import evaluate
from core.training.loop import build_model, train
from core.training.steps import set_rate

CONFIG = TrainConfig(epochs=3, batch_size=32, learning_rate=3e-3, precision="fp32", augment="crop_flip")


def run(dataset, config, **options):
    """The trained model and everything that each epoch recorded."""
    model = build_model(config, dataset.shape, dataset.n_classes)
    return model, list(train(model, dataset, config, **options))


def reference(model, images, labels):
    """Losses and classes by a plain float32 forward pass in eval mode."""
    batch = torch.tensor(images[:]).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        logits = deepcopy(model).cpu().eval()(batch)
    return F.cross_entropy(logits, torch.tensor(labels), reduction="none").numpy(), logits.argmax(1).numpy()


def same(one, other):
    return all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for a, b in zip(one, other, strict=True)
        for name in ("index", "losses", "predicted", "test_losses", "test_predicted")
    )


@pytest.fixture(scope="module")
def dataset(make_dataset):
    return make_dataset(120, channels=3)


@pytest.fixture(scope="module")
def uninterrupted(dataset):
    return run(dataset, CONFIG)


def test_the_losses_are_those_of_the_model_in_eval_mode_without_augmentation(dataset, uninterrupted):
    model, epochs = uninterrupted
    losses, predicted = reference(model, dataset.inputs, dataset.labels)
    assert np.abs(epochs[-1].losses - losses).max() < 1e-4
    assert (epochs[-1].predicted == predicted).all()
    test_losses, test_predicted = reference(model, dataset.test_inputs, dataset.test_labels)
    assert np.abs(epochs[-1].test_losses - test_losses).max() < 1e-4
    assert (epochs[-1].test_predicted == test_predicted).all()
    assert [epoch.index for epoch in epochs] == [0, 1, 2]
    assert epochs[0].losses.dtype == np.float32
    assert epochs[0].predicted.dtype == np.int64


def test_it_learns(dataset):
    _, epochs = run(dataset, replace(CONFIG, augment="none", epochs=6))
    assert epochs[-1].losses.mean() < 0.5 * epochs[0].losses.mean()
    assert (epochs[-1].test_predicted == dataset.test_labels).mean() > 0.9


def test_the_same_seed_gives_the_same_losses_and_another_seed_others(dataset, uninterrupted):
    assert same(run(dataset, CONFIG)[1], uninterrupted[1])
    assert not same(run(dataset, replace(CONFIG, seed=1))[1], uninterrupted[1])


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_resumed_from_a_checkpoint_equals_uninterrupted_bit_for_bit(dataset, tmp_path, precision):
    config = replace(CONFIG, precision=precision, epochs=4)
    whole_model, whole = run(dataset, config)
    cut = train(build_model(config, dataset.shape, dataset.n_classes), dataset, config)
    next(cut)
    next(cut).checkpoint(tmp_path / "last.pt")
    cut.close()
    torch.manual_seed(999)  # what else happens in a process must not matter
    resumed_model, rest = run(dataset, config, resume=tmp_path / "last.pt")
    assert [epoch.index for epoch in rest] == [2, 3]
    assert same(rest, whole[2:])
    weights = zip(whole_model.state_dict().items(), resumed_model.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for (_, one), other in weights)


def test_a_checkpoint_of_the_last_epoch_leaves_nothing_to_do(dataset, tmp_path):
    config = replace(CONFIG, epochs=1)
    model, (epoch,) = run(dataset, config)
    epoch.checkpoint(tmp_path / "last.pt")
    again, rest = run(dataset, config, resume=tmp_path / "last.pt")
    assert rest == []
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), again.state_dict().values(), strict=True))


def rates(config, epochs):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 1.0)
    found = []
    for epoch in epochs:
        set_rate(optimizer, config, epoch)
        found.append(optimizer.param_groups[0]["lr"])
    return found


def test_the_rate_falls_along_a_cosine_to_zero():
    found = rates(TrainConfig(epochs=10, learning_rate=0.2), [0, 2.5, 5, 7.5, 10, 12])
    expected = [0.2, 0.1 * (1 + math.sqrt(0.5)), 0.1, 0.1 * (1 - math.sqrt(0.5)), 0, 0]
    assert found == pytest.approx(expected, abs=1e-12)


def test_a_longer_schedule_keeps_the_rate_higher():
    short = rates(TrainConfig(epochs=30, learning_rate=1.0), [10, 20, 29.9])
    long = rates(TrainConfig(epochs=30, schedule_epochs=100, learning_rate=1.0), [10, 20, 29.9])
    assert all(a < b for a, b in zip(short, long, strict=True))
    assert long[-1] == pytest.approx(0.5 * (1 + math.cos(0.299 * math.pi)))


def batch_sizes(dataset, config):
    """How many images each training step and each evaluation hands to the model."""
    model, seen = build_model(config, dataset.shape, dataset.n_classes), []
    model.register_forward_pre_hook(lambda module, inputs: seen.append((module.training, len(inputs[0]))))
    assert len(list(train(model, dataset, config))) == config.epochs
    return [size for training_mode, size in seen if training_mode]


@pytest.mark.parametrize(
    ("n", "batch_size", "expected"), [(65, 32, [32, 32]), (66, 32, [32, 32, 2]), (10, 500, [10]), (64, 32, [32, 32])]
)
def test_a_last_batch_of_one_is_left_out_and_a_batch_may_exceed_the_data(make_dataset, n, batch_size, expected):
    config = replace(CONFIG, epochs=1, batch_size=batch_size)
    assert batch_sizes(make_dataset(n), config) == expected


def test_every_sample_is_seen_once_an_epoch_in_a_new_order(make_dataset):
    dataset = make_dataset(64)
    dataset.inputs.array[:, 0, 0, 0] = np.arange(64)  # an image tells its number
    config = replace(CONFIG, epochs=2, batch_size=16, augment="none")
    model, orders = build_model(config, dataset.shape, 4), []
    model.register_forward_pre_hook(
        lambda module, inputs: orders.extend((inputs[0][:, 0, 0, 0] * 255).round().tolist() if module.training else [])
    )
    list(train(model, dataset, config))
    first, second = orders[:64], orders[64:]
    assert sorted(first) == sorted(second) == list(range(64))
    assert first != second


def test_progress_within_an_epoch_is_told(dataset):
    shares = []
    run(dataset, replace(CONFIG, epochs=1), on_batch=shares.append)
    assert shares == [0, 0.25, 0.5, 0.75]


def test_a_data_set_without_test_images(make_dataset):
    _, epochs = run(make_dataset(40, n_test=0), replace(CONFIG, epochs=1))
    assert epochs[0].test_losses.shape == epochs[0].test_predicted.shape == (0,)


def test_evaluation_goes_through_more_than_one_batch(make_dataset):
    dataset = make_dataset(ON_CPU + 50)
    model = build_model(CONFIG, dataset.shape, 4)
    losses, predicted = evaluate(model, dataset.inputs, dataset.labels, compute_for("fp32"))
    expected_losses, expected = reference(model, dataset.inputs, dataset.labels)
    assert np.abs(losses - expected_losses).max() < 1e-5
    assert (predicted == expected).all()


def test_bf16_trains_and_stays_near_fp32(dataset):
    _, half = run(dataset, replace(CONFIG, precision="bf16", epochs=1))
    _, full = run(dataset, replace(CONFIG, epochs=1))
    assert half[0].losses.dtype == np.float32
    assert np.isfinite(half[0].losses).all()
    assert abs(half[0].losses.mean() - full[0].losses.mean()) < 0.1


def test_weights_follow_from_the_seed():
    one, two, other = (
        build_model(TrainConfig(seed=seed), (16, 16, 1), 4).state_dict()["0.weight"] for seed in (1, 1, 2)
    )
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_settings_of_the_model_reach_it():
    model = build_model(TrainConfig(model_settings=(("hidden", 32),)), (16, 16, 1), 4)
    assert model[-1].in_features == 32


@pytest.mark.parametrize("name", ["convnet", "resnet18"])
@pytest.mark.parametrize("shape", [(16, 16, 1), (28, 28, 1), (33, 47, 3)])
def test_models_take_images_of_any_size_from_16_px(name, shape):
    model = build_model(TrainConfig(model=name), shape, 7).eval()
    with torch.no_grad():
        assert model(torch.zeros(2, shape[2], shape[0], shape[1])).shape == (2, 7)
