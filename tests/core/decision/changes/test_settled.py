"""Who carries a change and whether they taught it, by models that saw none of them or them alone."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from core.decision.changes.settled import _told_by, begun_anew, carriers_left_out, settled
from core.decision.changes.transformed import Transformed
from core.decision.changes.words import transformed_reason
from core.decision.found import Found
from core.decision.kinds import Kind
from core.decision.states import BACKDOOR, OPEN, DecidedGroup
from core.modalities.image.filtered import FilteredStamp
from core.modalities.image.inputs import ImageInputs
from core.modalities.image.manipulated import ManipulatedStamp
from tests.core.decision.asked import TARGET, K

SIDE = 16
SIZES = np.where(np.arange(K) == TARGET, 600, 100 // K)


def a_class(apart):
    """What is found of the smaller of two kinds so far apart, and who belongs to it, (m,)."""
    rng = np.random.default_rng(3)
    second = np.arange(600) >= 400
    described = rng.normal(size=(600, 2)) + apart * second[:, None]
    kind = Kind(np.where(second, 1.0, -1.0))
    stamp = FilteredStamp(np.zeros((5, 5), np.float32), (SIDE, SIDE))
    return Transformed(
        TARGET, stamp, np.arange(100, 700), kind, np.arange(50), 0.9, 0.5, described, control=0.25, with_them=0.9
    ), second


def test_of_kinds_that_are_apart_all_are_named():
    found, second = a_class(6.0)
    carriers, in_doubt = carriers_left_out(found, *asked_of(second), SIZES)
    assert np.array_equal(carriers, second)
    assert not in_doubt.any()


def asked_of(second, sure=0.95):
    """A model that takes the second kind for class 0, so `sure`, and the rest for the target; and what it is asked."""
    images = np.random.default_rng(4).integers(180, 220, (700, SIDE, SIDE, 1)).astype(np.uint8)
    images[100:][~second] -= 150

    def other(samples):
        said = np.full((len(samples), K), 0.01)
        said[np.arange(len(samples)), np.where(samples.mean((1, 2, 3)) > 100, 0, TARGET)] = sure
        return said

    labels = np.append(np.arange(100) % K, np.full(600, TARGET))
    return other, SimpleNamespace(inputs=ImageInputs(images), labels=labels, ask=other)


def test_where_others_carry_a_change_than_it_seemed_it_is_begun_anew_by_who_is_surely_of_another_class():
    found, second = a_class(3.0)
    other, asked = asked_of(second)
    assert begun_anew(found, other, asked) is None  # nothing speaks against its carriers
    for others in (np.arange(600) < 200, np.arange(600) % 2 == 0):  # none of them, and as many as by chance
        wrong = replace(found, kind=Kind(np.where(others, 1.0, -1.0)))
        anew = begun_anew(wrong, other, asked)
        assert (anew.kind.members == second).mean() > 0.9
        assert np.isin(found.rows[second], anew.doubted).all()
    wrong = replace(found, kind=Kind(np.where(np.arange(600) < 200, 1.0, -1.0)))
    assert begun_anew(wrong, asked_of(second, sure=0.7)[0], asked) is None  # of nobody it is sure
    listed = ManipulatedStamp("half the contrast", (SIDE, SIDE, 1))
    assert begun_anew(replace(wrong, stamp=listed), other, asked) is None  # it was not fitted to the network


@pytest.mark.parametrize("listed", [True, False])
def test_what_is_one_of_a_list_may_stand_in_for_another_change_and_that_is_said(listed):
    found, _ = a_class(6.0)
    stamp = ManipulatedStamp("half the contrast", (SIDE, SIDE, 1)) if listed else found.stamp
    reason = transformed_reason(replace(found, stamp=stamp), 3)
    assert ("what was planted may differ" in reason) == listed
    assert "Whether 3 more carry the change is in doubt" in reason


@pytest.mark.parametrize("right", [True, False])
def test_of_a_change_that_is_begun_anew_a_model_without_its_carriers_is_asked(right):
    found, second = a_class(6.0)
    other, asked = asked_of(second)
    without, trained = np.zeros(700, bool), []
    blur = np.full((5, 5), 1 / 25, np.float32)
    blur[2, 2] -= 1
    found = replace(found, stamp=FilteredStamp(blur, (SIDE, SIDE)), flip_rate=1.0)

    def trained_without(out):
        trained.append(out.copy())
        return lambda samples: np.eye(K)[np.full(len(samples), 0 if out[100:][second].mean() > 0.5 else TARGET)]

    wrong = found if right else replace(found, kind=Kind(np.where(np.arange(600) < 200, 1.0, -1.0)), doubt=0.1)
    told = settled([wrong], other, trained_without, asked, without, sizes=SIZES)
    assert len(trained) == (1 if right else 2)
    assert not trained[-1][100:][second].any()
    if not right:
        assert trained[0][100:][second].all()
    [(one, carriers, _)] = told
    assert one.proven
    assert np.array_equal(carriers, second)


def test_who_leaves_the_class_without_the_change_tells_who_of_the_members_carries_it():
    found, second = a_class(0.0)
    half = replace(found, kind=Kind(np.where(second | (np.arange(600) % 2 == 0), 1.0, -1.0)))
    carriers, _ = carriers_left_out(half, *asked_of(second), SIZES)
    assert np.array_equal(carriers, second)
    other, asked = asked_of(second)
    asked.ask = lambda samples: np.full((len(samples), K), 0.5)
    carriers, in_doubt = carriers_left_out(half, other, asked, SIZES)  # nobody leaves, and nothing else tells
    assert in_doubt[half.kind.members & ~carriers].all()


def test_no_more_carry_it_than_their_class_has_beyond_the_usual_size():
    found, second = a_class(6.0)
    other, asked = asked_of(second)
    for usual, named in ((450, 150), (300, 200)):
        sizes = np.where(np.arange(K) == TARGET, 600, usual)
        carriers, in_doubt = carriers_left_out(found, other, asked, sizes)
        assert carriers.sum() == named
        assert second[carriers].all()
        assert (carriers | in_doubt)[second].all()


def test_where_it_is_in_doubt_who_carries_it_the_surest_are_named_and_others_are_open():
    found, second = a_class(2.0)
    other, asked = asked_of(second)
    asked.ask = lambda samples: np.full((len(samples), K), 0.5)
    carriers, in_doubt = carriers_left_out(found, other, asked, SIZES)
    assert second[carriers].mean() > 0.9
    assert second[carriers].mean() > second[carriers | in_doubt].mean()
    assert not (carriers & in_doubt).any()
    assert 10 < in_doubt.sum() < 300
    known = Found(*np.zeros((2, 800), np.int64))
    trusted = np.zeros(800, bool)
    trusted[100 + np.flatnonzero(in_doubt)[:3]] = True
    assert known.add_transformed(found, carriers, in_doubt, trusted=trusted)
    [group] = known.groups
    assert group.size == carriers.sum() == (known.states == BACKDOOR).sum()
    assert np.array_equal(np.flatnonzero(known.states == OPEN), 100 + np.flatnonzero(in_doubt)[3:])
    assert not known.membership[known.states == OPEN].any()
    assert group.reason.endswith(f"Whether {in_doubt.sum() - 3} more carry the change is in doubt: they are open.")


@pytest.mark.parametrize(
    ("control", "with_them", "may_be", "proven"),
    [
        (None, None, False, False),
        (0.25, None, True, False),
        (0.7, None, False, False),
        (0.25, 0.75, True, True),
        (0.25, 0.5, False, False),
        (0.45, 0.75, True, False),
        (0.7, 0.9, False, False),
    ],
)
def test_how_much_less_other_models_have_to_give_way(control, with_them, may_be, proven):
    found = replace(a_class(6.0)[0], control=control, with_them=with_them)
    assert (found.may_be_taught, found.proven) == (may_be, proven)


@pytest.mark.parametrize(("with_them", "proven"), [(0.61, True), (0.4, True), (0.3, False)])
def test_a_part_of_an_attack_of_which_more_is_known_teaches_less(with_them, proven):
    found = replace(a_class(6.0)[0], control=0.07, with_them=with_them)
    assert not found.proven
    assert replace(found, known_too=np.arange(40)).proven == proven


@pytest.mark.parametrize(
    ("doubt", "known", "proven"), [(0.5, 0.29, False), (0.5, 0.71, True), (0.1, 0.17, True), (0.5, 0.0, False)]
)
def test_a_model_that_hardly_knows_the_class_proves_nothing_where_carriers_are_in_doubt(doubt, known, proven):
    found = replace(a_class(6.0)[0], doubt=doubt, known=known)
    assert (found.may_be_taught, found.proven) == (True, proven)
    reason = transformed_reason(found, 0)
    assert (f"it takes only {known:.0%} of the samples of this class that it learned from for it" in reason) != proven


@pytest.mark.parametrize(
    ("doubt", "known_again", "proven"), [(0.45, 0.03, False), (0.45, 0.05, True), (0.1, 0.0, True)]
)
def test_nor_does_one_that_knows_none_of_the_class_again(doubt, known_again, proven):
    found = replace(a_class(6.0)[0], doubt=doubt, known=0.6, known_again=known_again)
    assert (found.may_be_taught, found.proven) == (True, proven)
    assert ("seem to carry nothing and that it never saw for it, and who" in transformed_reason(found, 0)) != proven


@pytest.mark.parametrize(("home", "proven"), [(0.4, True), (0.6, False)])
def test_carriers_that_belong_to_the_class_for_a_model_that_never_saw_them_prove_nothing(home, proven):
    found = replace(a_class(6.0)[0], home=home)
    assert (found.may_be_taught, found.proven) == (True, proven)
    assert ("it takes 60% of them for it, though it never saw them" in transformed_reason(found, 0)) != proven


@pytest.mark.parametrize(
    ("doubt", "home", "may_be"), [(0.0, 0.0, True), (0.2, 0.0, False), (0.0, 0.2, False), (0.0, 0.04, True)]
)
def test_what_cannot_be_undone_may_be_taught_where_its_carriers_are_unmistakable(doubt, home, may_be):
    found = replace(a_class(6.0)[0], doubt=doubt, home=home, elsewhere=0.5)
    assert found.may_be_taught == may_be
    assert replace(found, elsewhere=0.7).may_be_taught


@pytest.mark.parametrize("at_home", [0.0, 1.0])
def test_how_many_carriers_are_at_home_is_asked_as_they_are(at_home):
    found, second = a_class(6.0)
    _, asked = asked_of(second)

    def other(samples):  # the carriers are bright, and what is made of them is dark
        home = np.where(samples.mean((1, 2, 3)) > 100, at_home, 1 - at_home)
        return np.eye(K)[TARGET] * home[:, None] + np.eye(K)[0] * (1 - home)[:, None]

    darker = SimpleNamespace(put_on=lambda samples: 255 - samples, taken_off=lambda samples, _: 255 - samples)
    assert _told_by(replace(found, stamp=darker), other, asked.inputs).home == at_home


@pytest.mark.parametrize(("doubt", "of_many", "may_be"), [(0.5, True, True), (0.5, False, False), (0.1, False, True)])
def test_carriers_are_taken_for_many_classes_or_clearly_a_kind(doubt, of_many, may_be):
    found = replace(a_class(6.0)[0], doubt=doubt, of_many=of_many)
    assert found.may_be_taught == may_be


def test_many_classes_are_counted_by_those_that_the_other_model_takes_the_carriers_for():
    found, _ = a_class(6.0)
    inputs = ImageInputs(np.arange(800, dtype=np.int64)[:, None, None, None].repeat(SIDE, 1).astype(np.uint8))
    for classes, many in ((np.arange(10), True), (np.full(10, 7), False), (np.arange(10) % 2 * 7, False)):

        def other(samples, classes=classes):
            return np.eye(10, dtype=np.float32)[classes[np.arange(len(samples)) % 10]]

        assert _told_by(found, other, inputs).of_many == many


def test_where_a_model_without_them_gives_way_somewhat_it_is_open_and_says_so():
    found, second = a_class(6.0)
    known = Found(*np.zeros((2, 800), np.int64))
    assert not known.add_transformed(replace(found, control=0.45), second, trusted=np.zeros(800, bool))
    [group] = known.groups
    assert (group.state, group.control) == ("open", 0.45)
    assert group.reason.endswith("left out 90%. That does not prove that the members taught it this: look at them.")
    assert np.array_equal(np.flatnonzero(known.states == OPEN), 100 + np.flatnonzero(second))


def test_what_bona_fide_samples_of_the_class_carry_as_often_is_open_and_says_so():
    found, second = a_class(6.0)
    known, trusted = Found(*np.zeros((2, 800), np.int64)), np.zeros(800, bool)
    trusted[100 + np.flatnonzero(second)[:20]] = trusted[100 + np.flatnonzero(~second)[:20]] = True
    assert not known.add_transformed(found, second, trusted=trusted)
    [group] = known.groups
    assert (group.state, group.size) == ("open", second.sum() - 20)
    assert group.reason.endswith("But bona fide samples of the class are treated like that as often: look at them.")


@pytest.mark.parametrize(("marked", "sizes"), [(range(450, 700), [200]), (range(300, 600), [200, 200])])
def test_what_is_proven_takes_its_carriers_from_an_open_group_of_which_they_were_the_mark(marked, sizes):
    """A group of them is a mark that they have in common. One that has no more of them than the class is another."""
    found, carriers = a_class(6.0)
    known = Found(*np.zeros((2, 800), np.int64))
    known.groups.append(DecidedGroup(1, TARGET, "open", "shared mark, added", 1, ""))
    inside = np.isin(np.arange(800), marked)
    known.membership[inside], known.states[inside], known.alike[1] = 1, OPEN, np.zeros(800, bool)
    assert known.add_transformed(found, carriers, trusted=np.zeros(800, bool))
    assert [group.size for group in known.groups] == [int((known.membership == g.id).sum()) for g in known.groups]
    assert sorted(group.size for group in known.groups) == sizes
    assert known.groups[-1].state == "backdoor"
    assert np.array_equal(np.flatnonzero(known.states == BACKDOOR), 100 + np.flatnonzero(carriers))


@pytest.mark.parametrize(("carrying", "sizes"), [(50, [250]), (0, [50, 200])])
def test_a_trigger_whose_group_carries_the_change_is_the_same_attack(carrying, sizes):
    """Another attack on the class, which is not like changed samples, stays its own."""
    found, second = a_class(6.0)
    known, before, carriers = Found(*np.zeros((2, 800), np.int64)), np.zeros(800, bool), second.copy()
    before[100:150] = True
    known.groups.append(DecidedGroup(1, TARGET, "backdoor", "recovered trigger, added", 50, "", p=0.001))
    known.groups.append(DecidedGroup(2, 0, "backdoor", "recovered trigger, added", 10, ""))
    known.membership[before], known.states[before] = 1, BACKDOOR
    known.membership[:10], known.states[:10] = 2, BACKDOOR
    known.stamps, known.exact = {1: found.stamp, 2: found.stamp}, {1, 2}
    known.alike = {1: np.arange(800) == 799, 2: np.zeros(800, bool)}
    carried = replace(found, known_too=np.flatnonzero(before)[:carrying])
    trusted = np.arange(800) == 500
    assert known.add_transformed(carried, carriers, trusted=trusted)
    of_class = [group for group in known.groups if group.target_class == TARGET]
    assert sorted(group.size for group in of_class) == sorted(size - (size >= 200) for size in sizes)
    assert [group.size for group in known.groups] == [int((known.membership == g.id).sum()) for g in known.groups]
    assert known.known.sum() == 10 + 50 + 199
    assert set(known.stamps) == {group.id for group in known.groups}
    last = known.groups[-1]
    joined = len(of_class) == 1
    assert last.reason.endswith("so it is one attack.") == joined
    assert ("50 of the members were found before" in last.reason) == joined
    assert np.flatnonzero(known.alike[last.id]).tolist() == ([500, 799] if joined else [500])
    assert known.exact == ({1} if joined else {1, 2})


def test_what_is_not_proven_takes_nothing_from_an_open_group():
    found, second = a_class(6.0)
    known = Found(*np.zeros((2, 800), np.int64))
    known.groups.append(DecidedGroup(1, TARGET, "open", "shared mark, added", 200, ""))
    inside = np.isin(np.arange(800), 100 + np.flatnonzero(second))
    known.membership[inside], known.states[inside] = 1, OPEN
    assert not known.add_transformed(replace(found, control=0.45), second, trusted=np.zeros(800, bool))
    assert [group.size for group in known.groups] == [200]
