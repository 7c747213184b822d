"""What is known so far: groups are counted from 1 and hold who belongs to them, whatever is taken away."""

from dataclasses import replace

import numpy as np
import pytest

from core.decision.found import LEAST_OF_MARK, Found, KindFigures
from core.decision.left_out import Asked
from core.decision.look_alikes import LookAlikes
from core.decision.members import WELL_APART, Carriers
from core.decision.recovered import RecoveredTrigger
from core.decision.shared import SharedTrigger
from core.decision.states import BACKDOOR, OPEN
from core.modalities.image.stamps import ImageStamp

N, K = 30, 3
LABELS = np.where(np.arange(N) < 20, 1, 0)


def lying(shown):
    """Look-alikes of samples that lie where others of the class that each shows do."""
    points = np.random.default_rng(0).normal(size=(N, 2)) + 50 * np.asarray(shown)[:, None]
    return LookAlikes(LABELS, points.astype(np.float32))


# The first ten of class 1 lie among class 0, or among the rest of it.
ALIKE, AMONG = lying(np.where(np.arange(N) < 10, 0, LABELS)), lying(LABELS)
STAMP = ImageStamp("added", 1.0, np.zeros((4, 4, 1)))
FIGURES = KindFigures(0.9, 0.1, 0.2, 6.0, 0.98)


def nothing():
    return Found(np.zeros(N, np.int64), np.zeros(N, np.int64))


def rows(*members):
    return np.isin(np.arange(N), members)


def trigger(flip_rate=0.9, kept=0.1, home=None):
    carriers = Carriers(np.ones(3, bool), np.ones(3), np.zeros(3), exact=home is not None)
    return RecoveredTrigger(STAMP, np.arange(3), np.arange(3), carriers, flip_rate, 0.05, 200, 0.01, kept, home)


def asked(at_home):
    """Two models of which the one that saw nobody takes these rows for class 1, and all others for class 0."""
    unseen = np.zeros((N, K), np.float32)
    unseen[:, 0] = 1
    unseen[at_home] = [0, 1, 0]
    return Asked({}, {}, np.ones(N, bool), unseen, unseen)


def test_who_is_at_home_leaves_a_group_and_the_rest_stays():
    found = nothing()
    found.add_trigger(1, trigger(), rows(*range(10)), rows())
    found.come_home(asked([3, 4, 20]), ALIKE)
    (group,) = found.groups
    assert (group.state, group.size) == ("backdoor", 8)
    assert np.flatnonzero(found.known).tolist() == [0, 1, 2, 5, 6, 7, 8, 9]
    assert not found.membership[[3, 4]].any()


@pytest.mark.parametrize(
    ("apart", "plain", "left"),
    [(WELL_APART - 0.1, False, 8), (WELL_APART + 0.1, False, 10), (WELL_APART - 0.1, True, 10)],
)
def test_whoever_has_plainly_more_of_a_trigger_than_others_stays(apart, plain, left):
    scores = np.array([0.0, 2.0, apart, apart + 2.0])  # of standard deviation 1 on either side
    carriers = Carriers(np.array([False, False, True, True]), scores, np.zeros(4))
    assert carriers.apart == pytest.approx(apart)
    found = nothing()
    found.add_trigger(1, replace(trigger(), carriers=carriers), rows(*range(10)), rows(), plain=plain)
    found.come_home(asked([3, 4]), ALIKE)
    assert [group.size for group in found.groups] == [left]
    assert found.exact == ({1} if left == 10 else set())


def test_a_group_that_is_mostly_at_home_is_a_mark_and_open():
    found = nothing()
    found.add_trigger(1, trigger(), rows(*range(10)), rows())
    found.come_home(asked(list(range(6))), ALIKE)
    (group,) = found.groups
    assert (group.state, group.kind, group.size) == ("open", "shared mark", 10)
    assert (found.states[:10] == OPEN).all()
    assert "takes 60% of them for this class, too" in group.reason
    assert not found.known.any()


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("among", [True, False])
def test_a_model_that_did_not_learn_a_class_says_little_of_who_lies_among_it(known, among):
    found = nothing()
    found.add_trigger(1, trigger(), rows(*range(10)), rows())
    told = asked(list(range(10, 20)) if known else [])
    found.come_home(replace(told, without=rows(*range(10))), AMONG if among else ALIKE)
    (group,) = found.groups
    open_now = among and not known
    assert (group.state, group.size) == ("open" if open_now else "backdoor", 10)
    assert ("did not learn the class" in group.reason) == open_now


@pytest.mark.parametrize(
    ("size", "several", "flip_rate", "state"),
    [
        (12, False, 0.7, "open"),
        (24, False, 0.7, "backdoor"),  # a smaller part of its class
        (12, True, 0.7, "backdoor"),  # taken for several classes
        (12, False, 0.99, "backdoor"),  # turns nearly all that its control leaves
    ],
)
def test_most_of_a_class_that_is_taken_for_one_other_may_be_its_true_samples(size, several, flip_rate, state):
    found, five = nothing(), 5
    found.add_trigger(1, replace(trigger(flip_rate), control=0.5), rows(*range(10)), rows())
    told = np.zeros((N, five), np.float32)
    told[np.arange(N), np.where(several, np.arange(N) % 4, 3)] = 1
    told[:, [1, 4]] = told[:, [4, 1]]  # nobody is at home
    labels = np.where(np.arange(N) < size, 1, 0)
    found.come_home(Asked({}, {}, np.ones(N, bool), told, told), LookAlikes(labels, ALIKE.points))
    (group,) = found.groups
    assert group.state == state
    assert ("they are most of the class" in group.reason) == (state == "open")


@pytest.mark.parametrize(("taken", "state"), [(6, "open"), (5, "backdoor")])
def test_who_is_taken_for_the_class_is_at_home_however_unsure_a_model_is(taken, state):
    found = nothing()
    found.add_trigger(1, trigger(), rows(*range(10)), rows())
    unsure = np.tile(np.float32([0.35, 0.3, 0.35]), (N, 1))
    unsure[:taken] = [0.3, 0.4, 0.3]
    found.come_home(Asked({}, {}, np.ones(N, bool), unsure, unsure), ALIKE)
    assert (found.groups[0].state, found.groups[0].size) == (state, 10)


def test_whoever_carries_a_trigger_exactly_stays_wherever_a_model_puts_it():
    found = nothing()
    found.add_trigger(1, trigger(0.95, home=0.2), rows(*range(10)), rows())
    found.come_home(asked([3, 4]), ALIKE)
    assert (found.groups[0].state, found.groups[0].size) == ("backdoor", 10)
    assert found.known[:10].all()


@pytest.mark.parametrize(
    ("flip_rate", "home", "state"),
    [(0.95, 0.2, "backdoor"), (0.8, 0.2, "open"), (0.5, 0.2, "open"), (0.95, None, "open")],
)
def test_carriers_known_by_heart_prove_a_trigger_if_they_belong_elsewhere_and_it_is_clear(flip_rate, home, state):
    found = nothing()
    found.add_trigger(1, trigger(flip_rate, kept=0.9, home=home), rows(*range(10)), rows())
    assert (found.groups[0].state, found.groups[0].home) == (state, home)
    assert ("20% of the samples that have it belong to the class" in found.groups[0].reason) == (home is not None)


def test_a_faint_mark_is_forgotten_and_the_others_are_counted_anew():
    found = nothing()
    found.add_trigger(1, trigger(flip_rate=LEAST_OF_MARK - 0.1), rows(0, 1, 2, 3), rows())
    found.add_trigger(1, trigger(), rows(10, 11, 12), rows())
    found.come_home(asked([0, 1, 2, 3]), lying(np.where(rows(10, 11, 12), 0, LABELS)))
    (group,) = found.groups
    assert (group.id, group.state, group.size) == (1, "backdoor", 3)
    assert np.flatnonzero(found.membership == 1).tolist() == [10, 11, 12]
    assert not found.states[:4].any()
    assert set(found.stamps) == {1}


@pytest.mark.parametrize(("flip_rate", "shown"), [(LEAST_OF_MARK - 0.01, 0), (LEAST_OF_MARK, 1)])
def test_a_mark_whose_carriers_keep_their_label_is_shown_if_it_is_strong(flip_rate, shown):
    found = nothing()
    found.add_trigger(1, trigger(flip_rate, kept=0.9), rows(0, 1, 2), rows())
    assert [group.state for group in found.groups] == ["open"] * shown
    assert found.states[:3].tolist() == [OPEN * shown] * 3


@pytest.mark.parametrize(("confirmed", "state"), [(True, BACKDOOR), (False, OPEN)])
def test_a_kind_has_its_figures_and_its_state(confirmed, state):
    found = nothing()
    found.add_kind(2, rows(5, 6), (rows(), rows()), FIGURES, confirmed=confirmed)
    (group,) = found.groups
    assert (group.turned, group.turned_control, group.doubtful) == (0.9, 0.1, 0.2)
    assert (group.kind, group.flip_rate, group.source_class) == ("no fixed pattern", None, None)
    assert found.states[[5, 6]].tolist() == [state] * 2


def test_what_a_kind_shares_is_named_with_the_class_that_it_works_on():
    found = nothing()
    shared = SharedTrigger(STAMP, 0.8, 0.1, 50, 0)
    found.add_kind(2, rows(5, 6), (rows(), rows()), FIGURES, confirmed=True, trigger=shared)
    (group,) = found.groups
    assert (group.flip_rate, group.control, group.source_class) == (0.8, 0.1, 0)
    assert group.interval[0] < 0.8 < group.interval[1]
    assert "on 50 samples of the one class that they look like: the model then takes 80%" in group.reason
    assert found.stamps == {1: STAMP}


def test_of_whom_it_is_in_doubt_whether_they_are_of_a_kind_is_open_and_said():
    found = nothing()
    found.add_kind(2, rows(5, 6), (rows(), rows(6, 7, 8)), FIGURES, confirmed=True)
    assert found.states[5:10].tolist() == [BACKDOOR, BACKDOOR, OPEN, OPEN, 0]
    assert "Whether 2 more are of it is in doubt: they are open." in found.groups[0].reason


def test_wrong_labels_are_one_group_of_several_classes():
    found = nothing()
    found.add_wrong_labels(rows(), np.arange(N) % K)
    assert found.groups == []
    found.add_wrong_labels(rows(0, 1, 2), np.arange(N) % K)
    (group,) = found.groups
    assert (group.target_class, group.size) == (-1, 3)
    assert "3 classes" in group.reason


def test_bona_fide_samples_are_doubted_by_confirmed_groups_alone():
    found = nothing()
    found.add_trigger(1, trigger(flip_rate=LEAST_OF_MARK - 0.1), rows(0, 1, 2, 3), rows(20))
    found.add_trigger(1, trigger(), rows(10, 11, 12), rows(21))
    found.come_home(asked([0, 1, 2, 3]), lying(np.where(rows(10, 11, 12), 0, LABELS)))
    found.add_kind(2, rows(5, 6), (rows(22), rows()), FIGURES, confirmed=False)
    found.add_kind(0, rows(7, 8), (rows(23), rows()), FIGURES, confirmed=True)
    assert np.flatnonzero(found.doubted).tolist() == [21, 23]
    assert not found.membership[[20, 21, 22, 23]].any()
