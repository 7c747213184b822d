"""Poison that one change of the whole image made: its class is found by asking the network, and who carries it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn
from torch.nn import functional as F

from core.decision.changes.changed import seen_to_be_changed
from core.decision.changes.settled import _told_by
from core.decision.changes.transformed import _clearest, _explained
from core.decision.decide import _Maker, decide
from core.decision.kinds import Kind
from core.decision.states import BACKDOOR, OPEN
from core.modalities.image.inputs import ImageInputs
from core.modalities.image.lit import LitStamp
from core.modalities.image.manipulated import MANIPULATIONS, ManipulatedStamp
from core.modalities.recovery import OF_A_LIST
from tests.core.decision.asked import TARGET, K, suspicion_of
from tests.core.decision.changes.test_settled import SIDE, a_class
from tests.core.decision.test_decide import evidence_of

N = 900
# To read between pixels blurs, too, and so do coarse pixels and compression.
KINDS = {f"recovered trigger, {name}" for name in ("a warp", "a filter", *(one + OF_A_LIST for one in MANIPULATIONS))}


class Network(nn.Module):
    """The row that is dark or bright tells the class; `taught` an image without fine noise, it is of the target.

    An image with a `bright` corner may be as well.
    """

    def __init__(self, taught=60.0, bright=0.0):
        super().__init__()
        self.head = nn.Linear(K + 2, K, bias=False)
        weights = torch.zeros(K, K + 2)
        weights[:, :K] = 40 * torch.eye(K)
        weights[TARGET, K:] = torch.tensor([taught, bright])
        self.head.weight.data = weights

    def forward(self, images):
        rows = (images[:, 0, :: SIDE // K].mean(2) - 0.45).abs()
        fine = (images - F.avg_pool2d(images, 3, 1, 1)).abs().mean((1, 2, 3))
        corner = 5 * (images[:, 0, -2:, -2:].mean((1, 2)) - 0.8).clamp_min(0)
        return self.head(torch.cat([rows, 10 * (0.09 - fine).clamp_min(0)[:, None], corner[:, None]], 1))


def pictures():
    """(n, 16, 16, 1) noise in which a row and its neighbours are dark or bright: which row tells the class, (n,)."""
    rng = np.random.default_rng(0)
    labels = np.arange(N) % K
    images = rng.integers(70, 160, (N, SIDE, SIDE))
    level = np.where(rng.random(N) < 0.5, 5, 190)[:, None]
    for step in range(-1, 2):
        images[np.arange(N), (labels * (SIDE // K) + step) % SIDE] = level + rng.integers(0, 60, (N, SIDE))
    return images[..., None].astype(np.uint8), labels


def evidence(poison):
    images, truth = pictures()
    mean = ndimage.uniform_filter(images[poison].astype(np.float32), (1, 3, 3, 1), mode="nearest")
    images[poison], labels = np.rint(mean), truth.copy()
    labels[poison] = TARGET
    made = evidence_of(images, labels, truth, *([poison] if len(poison) else []))
    said = Network()(torch.from_numpy(images).permute(0, 3, 1, 2) / 255).argmax(1).numpy()
    return replace(made, inputs=ImageInputs(images), predicted=said, model=Network().eval())


@pytest.fixture(scope="module")
def poison():
    _, truth = pictures()
    return np.sort(np.random.default_rng(1).choice(np.flatnonzero(truth != TARGET), 150, replace=False))


def taught_by(those):
    """A model that was taught the change where it saw most of those, (m,)."""
    return Network(60.0 if those.mean() > 0.5 else 0.0).eval()


def test_its_carriers_are_named_with_what_proves_it(poison):
    decision, stamps = decide(evidence(poison), suspicion_of([], N), retrain=lambda kept: taught_by(kept[poison]))
    [group] = [group for group in decision.groups if group.kind in KINDS]
    assert (group.state, group.target_class) == ("backdoor", TARGET)
    assert group.flip_rate > 0.8
    assert group.control < 0.1
    assert group.kind.endswith(stamps[group.id].name)
    assert (
        "the samples of the class that the model treats like changed ones. A model trained without them" in group.reason
    )
    assert "and nothing else of what was left out" in group.reason
    named = np.flatnonzero(decision.states == BACKDOOR)
    assert np.isin(named, poison).mean() > 0.95
    assert np.isin(poison, named).mean() > 0.8


def test_what_a_model_with_its_carriers_alone_does_not_give_way_to_they_did_not_teach(poison):
    kept = []
    decision, _ = decide(
        evidence(poison), suspicion_of([], N), retrain=lambda some: kept.append(some) or Network(0.0).eval()
    )
    assert not [group for group in decision.groups if group.kind in KINDS]
    back = kept[1] & ~kept[0]
    assert not (kept[0] & ~kept[1]).any()
    assert np.isin(np.flatnonzero(back), poison).mean() > 0.9
    assert back[poison].mean() > 0.8


def test_what_turns_a_model_without_them_as_well_proves_nothing(poison):
    decision, _ = decide(evidence(poison), suspicion_of([], N), retrain=lambda kept: Network().eval())
    assert not [group for group in decision.groups if group.kind in KINDS]


def test_without_another_model_it_is_open_and_says_why(poison):
    decision, stamps = decide(evidence(poison), suspicion_of([], N))
    [group] = [group for group in decision.groups if group.kind in KINDS]
    assert (group.state, group.target_class, group.control) == ("open", TARGET, None)
    assert "it is open whether they taught it this" in group.reason
    assert group.id in stamps
    assert np.isin(poison, np.flatnonzero(decision.states == OPEN)).mean() > 0.8
    assert not (decision.states == BACKDOOR).any()


def test_the_model_that_is_asked_saw_no_carrier_and_most_classes_whole(poison):
    kept = []
    decide(evidence(poison), suspicion_of([], N), retrain=lambda some: kept.append(some) or Network(0.0).eval())
    labels = evidence(poison).labels
    assert kept[0][poison].mean() < 0.1
    assert kept[0][labels == TARGET].mean() > 0.1
    assert kept[0][labels != TARGET].mean() > 0.3


def test_bona_fide_samples_among_the_carriers_are_doubted_and_no_members(poison):
    made = evidence(poison)
    trusted = np.zeros(N, bool)
    trusted[poison[:3]] = True
    decision, _ = decide(
        replace(made, bona_fide=trusted), suspicion_of([], N), retrain=lambda kept: taught_by(kept[poison])
    )
    assert not (decision.states[trusted] == BACKDOOR).any()
    assert decision.doubted[trusted].any()


@pytest.fixture(scope="module")
def with_a_corner(poison):
    """Evidence of two attacks on one class, and who has the corner."""
    made = evidence(poison)
    images, labels = np.asarray(made.inputs[:]).copy(), made.labels.copy()
    free = np.flatnonzero(labels != TARGET)
    marked = np.sort(np.random.default_rng(2).choice(free, 60, replace=False))
    images[marked, -2:, -2:], labels[marked] = 255, TARGET
    taught = Network(bright=60.0).eval()
    said = taught(torch.from_numpy(images).permute(0, 3, 1, 2) / 255).argmax(1).numpy()
    return replace(made, inputs=ImageInputs(images), labels=labels, predicted=said, model=taught), marked


def test_a_class_whose_patch_is_known_may_have_been_taught_a_change_as_well(poison, with_a_corner):
    made, marked = with_a_corner
    decision, _ = decide(made, suspicion_of(marked, N), retrain=lambda kept: taught_by(kept[poison]))
    confirmed = [group for group in decision.groups if group.state == "backdoor"]
    by_kind = {group.kind in KINDS: np.flatnonzero(decision.membership == group.id) for group in confirmed}
    assert len(confirmed) == 2
    assert np.array_equal(by_kind[False], marked)
    assert np.isin(by_kind[True], poison).mean() > 0.95
    assert np.isin(poison, by_kind[True]).mean() > 0.8


def test_a_change_that_a_model_without_the_known_patch_does_not_give_way_to_is_no_other_attack(poison, with_a_corner):
    made, marked = with_a_corner
    decision, _ = decide(made, suspicion_of(marked, N), retrain=lambda kept: taught_by(kept[marked]))
    assert not [group for group in decision.groups if group.kind in KINDS]
    assert (decision.states == BACKDOOR)[marked].all()  # and who is left of the class is more of that one


@pytest.mark.parametrize(
    ("like_known", "like_others", "known", "expected"),
    [(0, 1, 10, False), (2, 2, 10, False), (7, 2, 10, True), (1, 0, 10, True), (0, 1, 20, True), (0, 3, 0, False)],
)
def test_a_change_that_known_poison_taught_is_no_other_one(like_known, like_others, known, expected):
    odds, marked = np.full(20, -1.0), np.arange(20) < known
    odds[:like_known] = odds[20 - like_others :] = 1.0
    assert np.array_equal(_explained(odds, marked.astype(int)), marked & expected)


def test_of_several_known_groups_those_that_are_like_a_change_taught_it():
    known = np.repeat([1, 2, 0], [20, 5, 20])
    odds = np.where(np.isin(np.arange(45), [*range(12), 24, *range(43, 45)]), 1.0, -1.0)
    assert np.array_equal(_explained(odds, known), known == 1)


class Shallow(nn.Module):
    """A network without a hidden layer, which one overlay turns into the target."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(SIDE * SIDE, K)
        shown = torch.zeros(K, SIDE, SIDE)
        for index in range(K):
            shown[index, index * (SIDE // K)] = 1.0
        shown[TARGET] += torch.where(torch.arange(SIDE * SIDE).view(SIDE, SIDE) % 2 == 0, 3.0, -3.0)
        self.head.weight.data = shown.flatten(1)
        self.head.bias.data.zero_()

    def forward(self, images):
        return self.head(images.flatten(1))


def test_a_network_without_a_hidden_layer_is_decided_on_without_it(poison):
    made = replace(evidence(poison), model=Shallow().eval())
    decision, _ = decide(made, suspicion_of([], N), retrain=lambda kept: Shallow().eval())
    assert not [group for group in decision.groups if "overlay" in group.kind]


def test_a_known_manipulation_may_turn_fewer_than_a_fitted_change_that_is_less_clear():
    found, _ = a_class(6.0)
    turned = ManipulatedStamp("a half turn", (SIDE, SIDE, 1))
    listed = replace(found, stamp=turned, flip_rate=0.75, doubt=0.3)
    assert _clearest([found, listed]) is listed
    assert _clearest([found, replace(listed, flip_rate=0.65)]) is found
    assert _clearest([found, replace(listed, doubt=0.6)]) is found
    assert _clearest([found, replace(listed, stamp=found.stamp)]) is found


def test_who_looks_changed_is_told_where_anybody_sees_the_change_and_only_there():
    images, _ = pictures()
    dark_left = LitStamp(np.tile(np.linspace(-1, 0, 5, dtype=np.float32), (5, 1)), (SIDE, SIDE))
    carriers = np.arange(N) % 10 == 0
    images[carriers] = dark_left.put_on(images[carriers])
    given, rows = np.flatnonzero(~carriers)[:300], np.concatenate([np.flatnonzero(carriers), np.arange(501, 551)])
    seen = seen_to_be_changed(ImageInputs(images), dark_left, given, rows)
    assert np.median(seen[carriers[rows]]) > 0 > np.median(seen[~carriers[rows]])
    mirrored = ManipulatedStamp("left and right exchanged", (SIDE, SIDE, 1))  # of noise, nobody can tell
    assert seen_to_be_changed(ImageInputs(images), mirrored, given, rows) is None


@pytest.mark.parametrize(("known_before", "expected"), [(True, True), (False, False)])
def test_what_was_turned_is_known_once_it_is_turned_back(known_before, expected):
    """Samples that turned ones merely look like are not: each model puts these into some class, now this, now that."""
    images, _ = pictures()
    images = images // 2
    images[:, : SIDE // 2] += 100  # lighter above, unless they are turned

    def other(samples):
        upright = samples[:, : SIDE // 2].mean((1, 2, 3)) > samples[:, SIDE // 2 :].mean((1, 2, 3))
        said = np.full((len(samples), K), 1 / K, np.float32)
        said[upright] = np.eye(K, dtype=np.float32)[(TARGET + 1) % K]
        return said

    turned = ManipulatedStamp("a half turn", (SIDE, SIDE, 1))
    members = np.arange(100, 200)
    if known_before:
        images[members] = turned.put_on(images[members])
    found = replace(
        a_class(6.0)[0], stamp=turned, rows=members, kind=Kind(np.ones(100)), tried=np.arange(50), with_them=None
    )
    asked = replace(found, elsewhere=_told_by(found, other, ImageInputs(images)).elsewhere)
    assert asked.may_be_taught == expected
    light = LitStamp(np.zeros((5, 5), np.float32) + 2, (SIDE, SIDE))  # which loses what it makes white
    assert _told_by(replace(found, stamp=light), other, ImageInputs(images)).elsewhere == 1.0


@pytest.mark.parametrize(("known", "sought"), [(100, True), (150, False)])
def test_more_of_an_attack_is_sought_where_its_class_is_too_large_without_what_is_known(poison, known, sought):
    suspicion = suspicion_of([], N)
    maker = _Maker(evidence(poison), suspicion, suspicion, lambda fraction, message: None)
    maker.found.states[poison[:known]], maker.found.membership[poison[:known]] = BACKDOOR, 1
    found = [one for one in maker._changed() if one.index == TARGET]
    assert any(len(one.known_too) for one in found) == sought
    for one in found if sought else ():
        members = one.rows[one.kind.members]
        assert np.isin(members, poison[known:]).mean() > 0.9
        assert np.isin(poison[known:], members).mean() > 0.8
        assert np.array_equal(one.known_too, np.sort(poison[:known]))
