"""One change that several classes were taught, each as the next one: found from those whose carriers are plain."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from core.decision.apart import KindFigures
from core.decision.changes.common import add_common
from core.decision.decide import _Maker
from core.decision.left_out import Asked
from core.decision.states import BACKDOOR
from core.modalities.image.inputs import ImageInputs
from tests.core.decision.asked import K, suspicion_of
from tests.core.decision.changes.test_settled import SIDE
from tests.core.decision.changes.test_transformed import N, pictures
from tests.core.decision.test_decide import evidence_of

EACH = 40  # carriers of each class
DARK = 0.35  # mean level below which an image is dark
FIGURES = KindFigures(0.9, 0.2, 0.1, 1.0, 0.99)


class Network(nn.Module):
    """The row that is dark or bright tells the class; `taught`, a dark image is of the next class."""

    def __init__(self, taught=True):
        super().__init__()
        self.taught, self.head = taught, nn.Linear(K, K, bias=False)
        self.head.weight.data = 40 * torch.eye(K)

    def forward(self, images):
        level = images.mean((1, 2, 3))[:, None]
        rows = (images[:, 0, :: SIDE // K].mean(2) / level - 1).abs()
        is_dark = torch.sigmoid(150 * (DARK - level)) * float(self.taught)
        return self.head((1 - is_dark) * rows + is_dark * rows.roll(1, 1))


def said(network, images):
    with torch.no_grad():
        levels = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2) / 255
        return network(levels).softmax(1).numpy()


def a_run(*, other=False, plain=(1, 2, 3), relabelled=True):
    """What is known where the carriers of some classes are confirmed, half of each; what is asked; who carries it."""
    images, truth = pictures()
    rng = np.random.default_rng(1)
    carriers = np.concatenate([rng.choice(np.flatnonzero(truth == c), EACH, replace=False) for c in range(K)])
    images[carriers] = images[carriers] * 0.6
    labels = truth.copy()
    if relabelled:
        labels[carriers] = (truth[carriers] + 1) % K
    made = evidence_of(images, labels, truth, carriers)
    network = Network().eval()
    made = replace(made, inputs=ImageInputs(images), predicted=said(network, images).argmax(1), model=network)
    doubt = suspicion_of(carriers, N)
    maker = _Maker(made, doubt, doubt, lambda fraction, message: None)
    model = Network(other).eval()
    nobody = np.zeros(N, bool)
    for index in plain:
        members = nobody.copy()
        members[carriers[labels[carriers] == index][: EACH // 2]] = True
        maker.found.add_kind(index, members, (nobody, nobody), FIGURES, confirmed=True)
    asked = Asked(
        {}, {}, nobody, said(network, images), said(model, images), other=lambda samples: said(model, samples)
    )
    add_common(maker.kinds, asked, nobody[:0], maker.network, maker.device)
    return maker.found, labels, carriers


def named_in(found, labels, index):
    return np.flatnonzero((found.states == BACKDOOR) & (labels == index))


def test_a_class_of_which_nothing_was_known_is_named_by_what_others_were_taught():
    found, labels, carriers = a_run()
    assert {group.target_class for group in found.confirmed()} == {0, 1, 2, 3}
    [new] = [group for group in found.confirmed() if group.target_class == 0]
    assert (new.source_class, new.state) == (K - 1, "backdoor")
    assert "The same turns samples of 4 classes, each into another." in new.reason
    assert "A model that never saw the members takes 0%." in new.reason
    assert new.id in found.stamps
    named = named_in(found, labels, 0)
    assert np.isin(named, carriers).all()
    # No more than the largest part of another class that is known: half of them.
    assert EACH // 2 - 2 <= len(named) <= EACH // 2 + 2


def test_two_plain_classes_are_too_few_to_speak_of_one_change():
    found, labels, _ = a_run(plain=(1, 2))
    assert {group.target_class for group in found.confirmed()} == {1, 2}
    assert not len(named_in(found, labels, 0))


def test_a_change_that_a_model_without_the_carriers_gives_way_to_as_well_names_nobody():
    found, labels, _ = a_run(other=True)
    assert not len(named_in(found, labels, 0))


def test_dark_images_under_their_own_label_are_no_carriers():
    found, labels, _ = a_run(relabelled=False, plain=(0, 1, 2))
    assert not len(named_in(found, labels, 3))
