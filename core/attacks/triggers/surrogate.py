"""The attacker's own model. It loads torch, so the attacks that optimise on one import this only when they do."""

import numpy as np
import torch
from torch import Tensor, nn

from core.attacks.contract import Scene
from core.modalities.image.batches import resident
from core.modalities.image.inputs import ImageInputs
from core.training.config import TrainConfig
from core.training.loop import build_model, train
from core.types import Dataset, Images, Inputs, Ints

MOST = 5000  # images that the surrogate is trained on; more take longer, and attacks get hardly stronger


def surrogate_of(scene: Scene, epochs: int) -> nn.Module:
    """A small model trained on at most 5,000 images of the clean data; in eval mode, its weights fixed.

    Args:
        scene: its data, and its seed: of the choice of images, of the weights and of the training.
        epochs: passes over those images.

    Raises:
        ValueError: without the clean data.
    """
    if scene.inputs is None or scene.labels is None:
        raise ValueError("without the clean data, no surrogate model can be trained")
    config = TrainConfig(epochs=epochs, batch_size=64, learning_rate=2e-3, augment="crop", seed=scene.seed)
    model = build_model(config, scene.shape, scene.n_classes)
    rng, n = np.random.default_rng(scene.seed), len(scene.labels)
    rows = np.sort(rng.choice(n, min(MOST, n), replace=False))
    for _ in train(
        model, _as_dataset(scene.inputs.take(rows), scene.labels[rows], scene.n_classes), config, trace=False
    ):
        pass
    return model.eval().requires_grad_(False)


def as_batch(images: Images, model: nn.Module) -> Tensor:
    """(n, c, h, w) floats in [0, 1] where the model is."""
    device = next(model.parameters()).device
    return resident(ImageInputs(images), device).batch(torch.arange(len(images)))


def _as_dataset(inputs: Inputs, labels: Ints, n_classes: int) -> Dataset:
    names = tuple(map(str, range(n_classes)))
    return Dataset(
        name="surrogate",
        ids=np.arange(len(labels)),
        inputs=inputs,
        labels=labels,
        test_inputs=inputs.take(slice(0)),
        test_labels=labels[:0],
        class_names=names,
        bona_fide=np.zeros(len(labels), np.bool_),
    )
