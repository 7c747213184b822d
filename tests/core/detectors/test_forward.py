"""Forward passes: the same logits in batches, on a copy of the model."""

import numpy as np
import pytest
import torch
from torch import nn

from core.detectors.networks.forward import batches, differentiable_logits, logits, prepared
from core.devices import best_device
from core.modalities.image.inputs import ImageInputs

IMAGES = np.random.default_rng(0).integers(0, 256, (7, 4, 5, 3)).astype(np.uint8)


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Dropout(0.5), nn.Linear(24, 2))


def test_batches_are_floats_with_channels_first():
    parts = list(batches(ImageInputs(IMAGES), torch.device("cpu"), 3))
    assert [part for part, _ in parts] == [slice(0, 3), slice(3, 6), slice(6, 9)]
    whole = torch.cat([batch for _, batch in parts]).numpy()
    np.testing.assert_allclose(whole, IMAGES.transpose(0, 3, 1, 2) / 255, rtol=1e-6)


def test_the_copy_is_in_eval_mode_and_the_model_stays_as_it_was():
    model = network().train()
    copy = prepared(model, best_device())
    assert model.training
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert not copy.training
    assert not any(parameter.requires_grad for parameter in copy.parameters())


def test_logits_are_those_of_the_model():
    model, device = network().eval(), best_device()
    copy = prepared(model, device)
    found = torch.cat([logits(copy, batch) for _, batch in batches(ImageInputs(IMAGES), device, 3)]).cpu()
    with torch.no_grad():
        expected = model(torch.tensor(IMAGES).permute(0, 3, 1, 2) / 255)
    assert found.dtype == torch.float32
    assert not found.requires_grad
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_gradients_reach_the_images_and_not_the_weights(monkeypatch):
    # Whether the processor computes in half precision is no argument: it is what the machine is.
    monkeypatch.setattr("core.detectors.networks.forward.native_bfloat16", lambda device: False)
    model, device = network().eval(), torch.device("cpu")
    copy = prepared(model, device)
    _, batch = next(batches(ImageInputs(IMAGES), device))
    batch.requires_grad_()
    (slope,) = torch.autograd.grad(differentiable_logits(copy, batch)[:, 0].sum(), batch)
    step = torch.zeros_like(batch)
    step[2, 1, 2, 3] = 0.1
    with torch.no_grad():
        rise = (model(batch + step) - model(batch))[2, 0] / 0.1
    assert slope[2, 1, 2, 3].item() == pytest.approx(rise.item(), rel=1e-3)
    assert all(parameter.grad is None for parameter in copy.parameters())
