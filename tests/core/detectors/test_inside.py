"""What reaches hidden layers, the ranks and extremes that follow, and the detectors TED and FLARE on them."""

import numpy as np
import pytest
import torch
from torch import nn

from core.detectors.clustering.flare import flare
from core.detectors.networks.forward import prepared
from core.detectors.networks.inside import class_ranks, extremes, hidden_layers, values_before
from core.detectors.ted import ted, unusual
from core.errors import UserError
from core.modalities.image.inputs import ImageInputs
from core.types import Evidence

CPU = torch.device("cpu")


class Twice(nn.Module):
    """A layer that gets the images, one that is used twice, one never, and a head; the pixel passes through it all."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 1, 1, bias=False)
        self.middle, self.never, self.head = nn.Conv2d(1, 1, 1, bias=False), nn.Linear(1, 1), nn.Linear(1, 2)
        for layer in (self.first, self.middle, self.head):
            nn.init.ones_(layer.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, images):
        return self.head(1 + self.middle(self.middle(self.first(images)) + 1).mean((2, 3)))


def grey(*levels):
    """Images of one colour each, 4 × 4."""
    return ImageInputs(np.repeat(np.array(levels, np.uint8), 16).reshape(-1, 4, 4, 1))


def test_the_hidden_layers_are_those_that_get_no_images_in_the_order_of_the_pass():
    model = prepared(Twice(), CPU)
    assert hidden_layers(model, torch.zeros(2, 1, 4, 4)) == [model.middle, model.head]
    with values_before([model.middle, model.head]) as captured:
        model(torch.full((3, 1, 4, 4), 0.5))
    assert captured[0].unique().tolist() == [1.5]  # the last time that it was reached
    assert captured[1].tolist() == [[2.5]] * 3
    assert not model.middle._forward_pre_hooks


def test_a_network_of_one_layer_has_none():
    with pytest.raises(UserError, match="no hidden layer"):
        hidden_layers(nn.Sequential(nn.Flatten(), nn.Linear(16, 2)), torch.zeros(2, 1, 4, 4))


def test_the_rank_counts_references_nearer_than_the_nearest_of_the_own_label():
    images, labels = grey(0, 10, 100, 110, 12, 200), np.array([0, 0, 1, 1, 1, 2])
    ranks = class_ranks(Twice(), images, labels, np.arange(4))
    # 12 is nearer to 10 and 0 than to 100, the first of its label; 0 is its own reference no more than 10 is.
    assert ranks[:5].tolist() == [[0, 0], [0, 0], [0, 0], [0, 0], [2, 2]]
    assert np.isnan(ranks[5]).all()


def test_the_only_reference_of_a_label_has_no_rank_itself():
    ranks = class_ranks(Twice(), grey(0, 10, 100), np.array([0, 0, 1]), np.arange(3))
    assert np.isnan(ranks[2]).all()
    assert ranks[:2].tolist() == [[0, 0], [0, 0]]


def test_extremes_are_the_largest_and_smallest_of_each_channel_in_units_of_their_spread():
    images = np.zeros((2, 4, 4, 1), np.uint8)
    images[0, 0, 0] = 255
    found = extremes(Twice(), ImageInputs(images))
    # Before the middle: largest and smallest of its second pass; before the head: the one value.
    assert found == pytest.approx(np.array([[1, 0, 1], [-1, 0, -1]]), abs=1e-4)


class Wide(nn.Module):
    """Eighty channels of the same pixel before the head."""

    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Conv2d(1, 80, 1), nn.Linear(80, 2)

    def forward(self, images):
        return self.head(self.first(images).amax((2, 3)))


def test_beyond_the_limit_each_layer_gives_fewer_channels():
    images = grey(*range(20))
    assert extremes(Wide(), images).shape == (20, 80)
    assert extremes(Wide(), images, most=20 * 2 * 16).shape == (20, 32)


def test_unusual_is_counted_in_standard_deviations_of_the_bona_fide():
    values = np.array([[0.0, 1.0], [2.0, 1.0], [5.0, 2.0], [np.nan, np.nan]])
    found = unusual(values, np.array([True, True, False, False]))
    assert found == pytest.approx([-0.5, 0.5, (4 + 1 / 0.05) / 2, 0])


class Body(nn.Module):
    """Three pixels of the image go through two layers as they are; the third one decides."""

    def __init__(self):
        super().__init__()
        self.seen, self.head = nn.Linear(3, 3, bias=False), nn.Linear(3, 2, bias=False)
        nn.init.eye_(self.seen.weight)

    def forward(self, images):
        return self.head(self.seen(images[:, 0, 0, :3]))


def travelling(n=120, n_poisoned=8):
    """Two classes by the first two pixels; poison is labelled 1, shows class 0 and has the third pixel lit."""
    rng = np.random.default_rng(0)
    labels, images = np.arange(n) % 2, rng.integers(0, 40, (n, 4, 4, 1)).astype(np.uint8)
    poison = np.isin(np.arange(n), np.flatnonzero(labels == 1)[:n_poisoned])
    shown = np.where(poison, 0, labels)
    images[np.arange(n), 0, shown, 0] += 150
    images[poison, 0, 2, 0] = 255
    bona_fide = ~poison & (rng.random(n) < 0.4)
    return Evidence(labels, 2, bona_fide, inputs=ImageInputs(images), model=Body().eval()), poison


def test_ted_flags_what_lies_among_another_class_in_the_layers():
    evidence, poison = travelling()
    found = ted(evidence)
    assert found.flagged.tolist() == poison.tolist()
    assert found.suspicion[poison].min() > found.suspicion[~poison].max() + 1
    assert found.notes.figures["layers"] == 2


def test_ted_with_too_few_bona_fide_samples_ranks_and_flags_nothing():
    evidence, poison = travelling()
    few = evidence.bona_fide & (np.cumsum(evidence.bona_fide) <= 12)
    found = ted(Evidence(evidence.labels, 2, few, inputs=evidence.inputs, model=evidence.model))
    assert not found.flagged.any()
    assert "12 bona fide samples" in found.notes.left_out
    assert found.suspicion[poison].min() > np.median(found.suspicion[~poison])


def test_flare_flags_the_small_cluster_of_a_class_in_all_layers_at_once():
    evidence, poison = travelling()
    found = flare(evidence, n_components=3)
    assert found.flagged.tolist() == poison.tolist()
    assert {index: finding.poisoned for index, finding in found.classes.items()} == {0: False, 1: True}
