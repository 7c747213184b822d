"""Families: attacks in one class come apart, one attack stays whole, and what is kept with a run can be acted on."""

from dataclasses import replace

import numpy as np
import pytest

from core import pipeline, runs
from core.analysis import families
from core.analysis.advice import reasons
from core.analysis.families import NO_FAMILY, NOT_FLAGGED, WAITING, Family, description, title
from core.analysis.opened_run import opened
from core.analysis.samples import review_table
from core.data import store
from core.detectors.consensus.attack_groups import attack_families, grouped
from core.detectors.consensus.residuals import Look, cosine, matches, strength, surroundings, template
from core.errors import UserError
from core.journal import review
from core.modalities.image.inputs import ImageInputs
from core.modalities.image.view import contrast
from core.output.report import report_html
from core.stages.families import group
from core.types import Detection
from tests.core.evidence import CLASSES, FEATURES, clean_evidence, reordered

CORNERS = tuple((np.array([low, low, high, high]), np.array([low, high, low, high])) for low, high in ((4, 6), (1, 3)))


def planted(corners=(0, 1), *, size=20, target=1, towards=(0, 1), seed=0):
    """Clean evidence with one attack a corner in `target`, and for each sample which attack it carries, −1 for none."""
    evidence = clean_evidence(seed)
    rng = np.random.default_rng(seed + 1)
    usable = rng.permutation(np.flatnonzero((evidence.labels == target) & ~evidence.bona_fide))
    attack = np.full(len(evidence.labels), -1)
    features, images = evidence.features.copy(), evidence.inputs[:].copy()
    for index, corner in enumerate(corners):
        rows = usable[index * size : (index + 1) * size]
        attack[rows] = index
        features[rows] += 8 * np.eye(FEATURES, dtype=np.float32)[FEATURES - 1 - towards[index]]
        images[rows[:, None], *CORNERS[corner]] = 255
    return replace(evidence, features=features, inputs=ImageInputs(images)), attack


def partition(evidence, flagged):
    """The groups as a set of sets of rows."""
    return {frozenset(one.rows.tolist()) for one in attack_families(evidence, flagged)[0]}


def members(attack, index):
    return frozenset(np.flatnonzero(attack == index).tolist())


@pytest.mark.parametrize("missing", [(), ("inputs",), ("trajectories",)])
def test_two_attacks_on_one_class_come_apart(missing):
    evidence, attack = planted()
    evidence = replace(evidence, **dict.fromkeys(missing))
    assert partition(evidence, attack >= 0) == {members(attack, 0), members(attack, 1)}


def test_attacks_that_lie_together_come_apart_by_their_patterns():
    evidence, attack = planted(towards=(0, 0))
    assert partition(evidence, attack >= 0) == {members(attack, 0), members(attack, 1)}


def test_one_attack_is_not_cut_in_two():
    evidence, attack = planted(corners=(0,), size=40)
    assert partition(evidence, attack >= 0) == {members(attack, 0)}
    assert partition(replace(evidence, inputs=None), attack >= 0) == {members(attack, 0)}


def test_stray_clean_samples_are_in_no_family():
    evidence, attack = planted(corners=(0,), size=30)
    strays = np.random.default_rng(3).permutation(np.flatnonzero(attack < 0))[:24]
    flagged = (attack >= 0) | np.isin(np.arange(len(attack)), strays)
    assert partition(evidence, flagged) == {members(attack, 0)}


def test_the_order_of_the_samples_does_not_matter():
    evidence, attack = planted()
    order = np.random.default_rng(1).permutation(len(attack))
    again = partition(reordered(evidence, order), (attack >= 0)[order])
    assert {frozenset(order[list(rows)].tolist()) for rows in again} == partition(evidence, attack >= 0)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_too_few_flagged_samples_are_in_no_family(count):
    evidence, attack = planted()
    flagged = np.isin(np.arange(len(attack)), np.flatnonzero(attack == 0)[:count])
    found, made, pictures = group(evidence, flagged)
    assert (found == NO_FAMILY).all()
    assert made == []
    assert len(pictures) == 0


def test_everything_flagged_is_no_reason_to_fail():
    evidence, attack = planted()
    group(evidence, np.ones(len(attack), np.bool_))


def test_a_family_says_where_it_comes_from_and_what_it_shares():
    evidence, attack = planted(corners=(0,), size=30, target=1)
    images = evidence.inputs[:].copy()
    tone = np.linspace(20, 200, CLASSES).astype(np.uint8)  # a class is a shade of grey, and the poison is of class 3
    images[:] = tone[np.where(attack == 0, 3, evidence.labels)][:, None, None, None]
    images += np.random.default_rng(0).integers(0, 9, images.shape).astype(np.uint8)
    carriers = np.flatnonzero(attack == 0)[:, None]
    images[carriers, *CORNERS[0]] = 255
    ids, [family], pictures = group(replace(evidence, inputs=ImageInputs(images)), attack == 0)
    assert family == Family(1, 1, 30, family.tightness, family.shared, {3: 1.0})
    assert family.tightness > 0.9
    assert family.shared > 10
    assert (ids == (attack == 0)).all()
    assert pictures.shape == (2, *images.shape[1:])
    assert (pictures[0, *CORNERS[0]] == 255).all()
    assert (pictures[1, *CORNERS[0]] > 245).all()
    elsewhere = np.ones(images.shape[1:3], np.bool_)
    elsewhere[CORNERS[0]] = False
    assert np.abs(pictures[1, elsewhere].astype(int) - 127).max() < 16  # nothing but the trigger stands out


def test_the_same_trigger_in_another_class_is_recognised():
    first, attack = planted(corners=(0,), size=30, target=1)
    second, other = planted(corners=(0,), size=20, target=2)
    third, unlike = planted(corners=(1,), size=16, target=3)
    images, features = first.inputs[:].copy(), first.features.copy()
    for evidence, which in ((second, other), (third, unlike)):
        images[which == 0], features[which == 0] = evidence.inputs[which == 0], evidence.features[which == 0]
    flagged = (attack == 0) | (other == 0) | (unlike == 0)
    _, found, _ = group(replace(first, inputs=ImageInputs(images), features=features), flagged)
    assert [(one.target_class, one.size, one.same_as) for one in found] == [(1, 30, None), (2, 20, 1), (3, 16, None)]


def test_templates_by_hand():
    values = np.array([[2.0, 1, 0], [2, -1, 0], [2, 1, 0], [2, -1, 0], [2, 0, 0]], np.float32)
    # Spreads 0 → 0.3, √0.8 and 0 → 0.3; three standard errors with n − 1 = 4: 0.45, 1.342, 0.45.
    assert template(values) == pytest.approx([1.55, 0, 0])
    assert matches(values) == pytest.approx(np.full(5, 2 * 1.55), rel=1e-5)
    reference = np.array([[1.0, 9, 9], [-1, 9, 9]], np.float32)  # on the template ±1.55: mean 0, deviation 1.55
    assert strength(values, reference) == pytest.approx(2, rel=1e-5)
    assert strength(np.zeros((5, 3), np.float32), reference) == 0
    assert cosine(np.array([3.0, 4], np.float32), np.array([4.0, 3], np.float32)) == pytest.approx(0.96)
    assert cosine(np.zeros(2, np.float32), np.ones(2, np.float32)) == 0


def test_a_pattern_within_another_is_a_family_of_its_own():
    """Four pixels and two of them: whoever carries four carries the two, too."""
    rng = np.random.default_rng(0)
    values, reference = rng.normal(size=(60, 40)).astype(np.float32), rng.normal(size=(300, 40)).astype(np.float32)
    values[:30, :4], values[30:, :2] = 4, 4
    found = grouped(np.zeros((60, 1)), Look(values, reference), 0)
    assert sorted(piece.members.tolist() for piece in found) == [list(range(30)), list(range(30, 60))]


def test_an_image_is_never_its_own_neighbour():
    evidence = clean_evidence()
    order = np.arange(len(evidence.labels))
    around = surroundings(evidence.inputs, np.zeros(len(order), np.bool_), order)
    near = around.neighbors(order)
    assert near.shape == (len(order), 5)
    assert not (near == order[:, None]).any()
    assert around.differences(order[:3])[1] == pytest.approx(
        evidence.inputs[1].astype(float) - evidence.inputs[near[1]].astype(float).mean(0), abs=1e-3
    )
    assert surroundings(evidence.inputs, np.ones(len(order), np.bool_), order) is None


def test_differences_are_amplified_around_mid_grey():
    assert contrast(np.zeros((2, 2, 1), np.float32)).tolist() == [[[128], [128]], [[128], [128]]]
    assert contrast(np.array([[[-4.0], [4]]], np.float32)).ravel().tolist() == [0, 255]


def test_families_in_words():
    names = ("bag", "boot", "shirt")
    family = Family(2, 1, 181, 0.9, 12.0, {0: 0.6, 2: 0.25, 1: 0.15}, 1)
    assert title(family, names) == "Family 2: 181 samples into boot"
    assert title(family, names, 1) == "Family 2: 1 sample into boot"
    assert description(family, names) == (
        "They look like bag 60%, shirt 25%, boot 15%. They share a pattern. Looks like the same trigger as family 1."
    )
    assert "perhaps clean" in description(replace(family, shared=3.0), names)
    assert description(Family(1, 0, 9, 0.5), names) == ""


def test_reasons_come_strongest_first_with_their_percentile():
    scores = {
        "BaDLoss": np.array([0.0, 1, 3, 2], np.float32),
        "bimodality": np.array([9.0, 0, 1, 1], np.float32),
        "something new": np.zeros(4, np.float32),
    }
    found = reasons(Detection(np.zeros(4, np.float32), np.zeros(4, np.bool_), scores=scores), 2)
    assert [(one.percentile, one.fraction) for one in found] == [(1.0, 0.75), (0.75, 0.25)]
    assert "losses" in found[0].words
    assert reasons(Detection(np.zeros(4, np.float32), np.zeros(4, np.bool_)), 2) == []


def test_a_run_keeps_its_families_and_follows_the_flags_in_force(finished):
    run = pipeline.work(pipeline.group_again(finished))
    assert run.done(families.STAGE)
    flagged = review_table(opened(run))["flagged"].to_numpy()
    kept = np.where(np.arange(200) % 40 < 10, 1, NO_FAMILY)
    found = [Family(1, 3, 50, 0.8, 5.0, {0: 1.0})]
    families.save(run, flagged, kept, found, np.zeros((2, 16, 16, 1), np.uint8))
    assert families.families(run) == found
    expected = np.where(flagged, kept, NOT_FLAGGED)
    assert review_table(opened(run))["family"].tolist() == expected.tolist()
    more = flagged | (np.arange(200) == np.flatnonzero(~flagged)[0])
    assert (families.membership(run, more) == WAITING).sum() == 1
    count = pipeline.decide_family(run, 1, "exclude", reviewer="ann")
    assert count == (expected == 1).sum() > 0
    assert set(review.verdicts(run.workspace, run.id)) == set(np.flatnonzero(expected == 1).tolist())
    html = report_html(run)
    assert f"Family 1: {count} samples into class 3" in html
    assert f"<td>{count}</td><td>{count}</td>" in html  # all of it decided, all of it excluded
    with pytest.raises(UserError, match="no family 7"):
        pipeline.decide_family(run, 7, "exclude", reviewer="ann")


def test_families_follow_the_detectors_in_the_plan(finished):
    plan = pipeline.full_plan(store.describe(finished.workspace, finished.dataset))
    last = max(place for place, stage in enumerate(plan) if stage.startswith("detect:"))
    assert plan[last + 1] == families.STAGE


def test_a_run_from_before_there_were_families(finished):
    assert families.families(finished) == []
    assert set(review_table(opened(finished))["family"]) == {WAITING, NOT_FLAGGED}


def test_the_scores_of_a_detection_are_kept(finished):
    scores = {"density ratio": np.arange(200, dtype=np.float32)}
    detection = Detection(np.zeros(200, np.float32), np.zeros(200, np.bool_), scores=scores)
    runs.save_detection(finished, "consensus", detection, {}, 0.0)
    back = runs.detections(finished)
    assert list(back["consensus"].scores) == ["density ratio"]
    assert back["consensus"].scores["density ratio"].tolist() == scores["density ratio"].tolist()
    assert back["badloss"].scores == {}
