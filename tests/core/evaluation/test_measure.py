"""What a model answers to triggered images, on a model whose answers are known."""

import numpy as np
import torch
from torch import nn

from core.attacks.plant import plant
from core.attacks.specification import AttackSpec, Specification
from core.evaluation.measure import evaluate_model


class Brightness(nn.Module):
    """Class 1 when the pixel (14, 14) is white, class 2 when the mean exceeds a limit, else class 0."""

    def __init__(self, limit):
        super().__init__()
        self.limit = limit
        self.nothing = nn.Parameter(torch.zeros(1))

    def forward(self, images):
        white, bright = images[:, 0, 14, 14] > 0.99, images.float().mean((1, 2, 3)) > self.limit
        one = torch.ones_like(white, dtype=torch.float32)
        logits = torch.stack([one, 4.0 * white, 2.0 * bright, -5 * one], 1)
        return logits + self.nothing


def black(make_dataset):
    dataset = make_dataset(200)
    dataset.inputs.array[:] = 0
    dataset.test_inputs.array[:] = 0
    return dataset


def test_every_figure_of_an_evaluation_by_hand(make_dataset):
    dataset = black(make_dataset)
    specs = (AttackSpec("single_pixel", 0.1, 1), AttackSpec("blended_random", 0.1, 2, {"alpha": 0.2}))
    poisoned, truth = plant(dataset, Specification(specs))
    # Uniform noise of weight 0.2 on black has mean 0.1, of weight 0.4 has 0.2.
    outcome, trials, classes, shares = evaluate_model(Brightness(0.15), poisoned, truth)
    assert outcome.clean_accuracy == 0.25  # all are taken for class 0
    assert outcome.class_accuracy == (1.0, 0.0, 0.0, 0.0)
    assert outcome.attack_success_rate == {"single_pixel": 1.0, "blended_random": 0.0}
    assert outcome.doubled_attack_success_rate == {"blended_random": 1.0}
    assert [(trial["attack"], trial["strength"]) for trial in trials] == [
        (None, 1),
        ("single_pixel", 1),
        ("blended_random", 1),
        ("blended_random", 2),
    ]
    of_target = dataset.test_labels == 1
    assert (classes[1][of_target] == -1).all()
    assert (classes[1][~of_target, 0] == 1).all()
    assert classes[0, 0].tolist()[0] == 0
    chance = np.exp([1.0, 0, 0, -5]) / np.exp([1.0, 0, 0, -5]).sum()
    assert np.allclose(shares[0, :, 0], chance[0], atol=1e-3)
    assert (np.diff(shares[0], axis=1) <= 0).all()


def test_all_to_all_counts_the_next_class(make_dataset):
    poisoned, truth = plant(
        black(make_dataset), Specification((AttackSpec("single_pixel", 0.1, labelling="all_to_all"),))
    )
    outcome = evaluate_model(Brightness(2.0), poisoned, truth)[0]
    assert outcome.attack_success_rate == {"single_pixel": 0.25}  # all become class 1, meant are those of class 0


def test_without_truth_or_test_set(make_dataset):
    dataset = make_dataset(60)
    outcome, trials, classes, _ = evaluate_model(Brightness(2.0), dataset, None)
    assert (outcome.attack_success_rate, len(trials), classes.shape) == ({}, 1, (1, 40, 3))
    nothing = make_dataset(60, n_test=0)
    _, truth = plant(nothing, Specification((AttackSpec("patch", 0.1, 1),)))
    outcome, _, classes, _ = evaluate_model(Brightness(2.0), nothing, truth)
    assert (outcome.clean_accuracy, outcome.attack_success_rate, classes.shape) == (None, {}, (1, 0, 3))
