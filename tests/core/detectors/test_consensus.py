"""The consensus: its statistics by hand, each sign on what it is made for, and what missing evidence does."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from core.detectors.consensus.consensus import RULES, SCORES, consensus, consensus_without
from core.detectors.consensus.refinement import STRENGTH, TrainingSet, logistic, smoothed, training_set, training_sets
from core.detectors.consensus.signals import repeated_patterns
from core.detectors.consensus.templates import looks, shared_patterns, template_scores
from core.detectors.density_ratio import density_ratio
from core.detectors.independent_component_outliers import independent_component_outliers
from core.detectors.parts.scores import bimodality_scores, density_ratio_scores, quantum_entropy_scores, two_gaussians
from core.detectors.parts.statistics import (
    benjamini_hochberg,
    cross_conformal,
    normal_scores,
    prevalence,
    prevalence_bound,
    robust_z,
    surprise,
    tail_scores,
)
from core.detectors.parts.subspaces import ClassSpace, class_spaces
from core.modalities.image.inputs import ImageInputs
from core.modalities.image.patterns import cosine_patterns, fine_patterns
from tests.core.evidence import clean_evidence, poisoned_evidence

EVIDENCE, POISON = poisoned_evidence(n_poisoned=45)


def space_of(points):
    """One class whose points are already in their principal directions."""
    [space] = class_spaces(points, np.zeros(len(points), np.int64), 1, 0)
    return replace(space, rows=np.arange(len(points))), space.rows


def test_tail_scores():
    assert tail_scores(np.array([5.0, -1, 2, 9])) == pytest.approx(-np.log([3 / 8, 7 / 8, 5 / 8, 1 / 8]))
    assert tail_scores(np.array([1.0, np.nan, 2])) == pytest.approx(-np.log([3 / 4, 1, 1 / 4]))
    assert tail_scores(np.full(3, np.nan)).tolist() == [0, 0, 0]


def test_normal_scores_and_robust_z():
    assert normal_scores(np.array([7.0, 7, 7])) == pytest.approx([0, 0, 0])
    assert normal_scores(np.array([1.0, 2, 3]))[2] == pytest.approx(0.9674216)  # Φ⁻¹(5/6)
    assert robust_z(np.array([0.0, 1, 2, 3, 104])) == pytest.approx(np.array([-2, -1, 0, 1, 102]) / 1.4826)
    assert robust_z(np.array([3.0, 3, 3])).tolist() == [0, 0, 0]


def test_benjamini_hochberg_on_its_textbook_example():
    p_values = np.array([0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262])
    p_values = np.concatenate([p_values, [0.5719, 0.6528, 0.759, 1.0]])
    assert benjamini_hochberg(p_values, 0.05).tolist() == [True] * 4 + [False] * 11
    assert not benjamini_hochberg(np.ones(3), 0.5).any()
    assert benjamini_hochberg(np.zeros(0), 0.1).shape == (0,)


def test_cross_conformal_p_values_by_hand():
    first = np.array([9.0, 1, 5, 3]), np.array([2])
    second = np.array([4.0, 4, 0, 4]), np.array([3])
    # Held-out scores: 5 in the first fold, 4 in the second.
    assert cross_conformal([first, second]).tolist() == [2 / 3, 1, 1, 1]


def test_prevalence_by_hand():
    clean, poisoned = np.arange(100.0), np.concatenate([np.arange(100.0), np.full(25, 200.0)])
    assert prevalence(poisoned, clean) == pytest.approx(0.2 - 0.01)
    assert prevalence(clean, clean) == 0
    assert prevalence(poisoned, np.zeros(0)) == 0
    # A surplus in the bulk, which half of the clean ones reach, is none in the tail.
    shifted = np.concatenate([np.arange(50.0), np.repeat(np.arange(50.0, 60.0), 10)])
    assert prevalence(shifted, clean, tail=0.02) == 0
    assert prevalence(shifted, clean, n_errors=0) == pytest.approx(100 / 150 - 0.5 - 0.01)
    assert prevalence_bound(shifted, clean, 0.9) > 0.05
    assert prevalence_bound(shifted, clean, 0.9, tail=0.02) == 0
    assert prevalence(poisoned, clean, tail=0.0) == pytest.approx(0.2 - 0.01)
    # None of 100 is at least 200: with 99.9 % confidence at most 1 − 0.001^(1/100) of the clean ones are.
    assert prevalence_bound(poisoned, clean, 0.999) == pytest.approx(0.2 - (1 - 0.001 ** (1 / 100)))
    assert prevalence_bound(clean, clean, 0.999) == 0


def test_surprise_is_capped():
    values = np.array([-1.0, 1, -1, 1, 0, 50])
    found = surprise(values, np.array([True] * 4 + [False] * 2))
    assert found[4:] == pytest.approx([np.log(2), 20])


def test_the_logistic_regression_is_the_usual_one():
    rng = np.random.default_rng(0)
    columns, weights = rng.normal(size=(200, 5)), rng.choice([1.0, 4.0], 200)
    positive = rng.random(200) < 1 / (1 + np.exp(3 - 2 * columns[:, 0]))
    usual = LogisticRegression(C=STRENGTH, tol=1e-8, max_iter=1000).fit(columns, positive, weights)
    found = logistic(np.hstack([columns, np.ones((200, 1))]), positive, weights)
    assert found == pytest.approx([*usual.coef_[0], *usual.intercept_], abs=1e-4)


def test_smoothing_adds_the_mean_of_the_neighbours():
    space = ClassSpace(np.array([0, 1, 2]), np.zeros((3, 1)), np.array([[1, 2], [0, 2], [0, 1]]), np.ones((3, 2)))
    own = normal_scores(np.array([1.0, 2, 3, 4]))
    found = smoothed(np.array([1.0, 2, 3, 4]), [space])
    assert found == pytest.approx(
        [own[0] + own[1:3].mean(), own[1] + own[[0, 2]].mean(), own[2] + own[:2].mean(), 2 * own[3]]
    )


def test_training_sets_take_the_top_as_positive_and_the_bottom_and_the_trusted_as_negative():
    trusted = np.isin(np.arange(100), [98, 70])
    space = ClassSpace(np.arange(100), np.zeros((100, 1)), np.zeros((100, 1), np.int64), np.ones((100, 1)))
    [learned_from] = training_sets(np.arange(100.0), trusted, [space], 0.1)
    assert np.flatnonzero(learned_from.positive).tolist() == [90, 91, 92, 93, 94, 95, 96, 97, 99]
    assert np.flatnonzero(learned_from.negative).tolist() == [*range(60), 70, 98]
    assert learned_from.weights[[0, 70, 98]].tolist() == [1, 4, 4]
    assert np.bincount(learned_from.third[learned_from.positive]).tolist() == [3, 3, 3]
    assert training_sets(np.arange(100.0), trusted, [space], 0.03) == [None]


def test_the_density_ratio_by_hand():
    line = np.concatenate([np.arange(15.0), np.full(5, 100.0) + 0.1 * np.arange(5)])[:, None]
    space, rows = space_of(line)
    value = line[rows, 0]
    found = density_ratio_scores(space, np.isin(value, [0.0, 5]))
    # At 100: 95 to the nearest trusted one, 5; 0.1 … 0.4 and 86 to its five nearest.
    assert found[value == 100][0] == pytest.approx(np.log(95 / ((0.1 + 0.2 + 0.3 + 0.4 + 86) / 5)), rel=1e-5)
    # At 5, itself trusted: 5 to 0; 1, 1, 2, 2 and 3 to its five nearest.
    assert found[value == 5][0] == pytest.approx(np.log(5 / 1.8), rel=1e-5)
    assert np.isnan(density_ratio_scores(space, value == 0)).all()


def test_a_class_without_trusted_samples_is_not_flagged_by_the_density_ratio():
    untrusted = replace(EVIDENCE, bona_fide=EVIDENCE.bona_fide & (EVIDENCE.labels != 1))
    found = density_ratio(untrusted, reject_fraction=1.0)
    assert not found.flagged[EVIDENCE.labels == 1].any()
    assert found.notes.figures["n_without_reference"] == (EVIDENCE.labels == 1).sum()


def test_quantum_entropy_finds_a_small_group_with_a_direction_of_its_own():
    points = np.random.default_rng(0).normal(size=(300, 8))
    points[:20, 3] += 6
    space, rows = space_of(points)
    assert roc_auc_score(rows < 20, quantum_entropy_scores(space)) > 0.95


def test_two_gaussians_are_told_apart():
    rng = np.random.default_rng(0)
    values = np.stack([rng.normal(size=400), np.concatenate([rng.normal(size=360), rng.normal(8, 1, 40)])], axis=1)
    shares, distances, posteriors = two_gaussians(values)
    assert shares[1] == pytest.approx(0.1, abs=0.005)
    assert distances[1] == pytest.approx(8, abs=0.6)  # √2 · 8 / √(1 + 1)
    assert ((posteriors[:, 1] > 0.5) == (np.arange(400) >= 360)).all()
    assert roc_auc_score(np.arange(400) >= 360, bimodality_scores(values)) == 1
    assert bimodality_scores(-values).argmax() >= 360


def test_the_matched_filter_finds_a_clean_label_sinusoid():
    rng = np.random.default_rng(0)
    images = rng.normal(128, 20, (400, 16, 16, 1))
    images[:20] += 40 * np.cos(2 * np.pi * 6 * np.arange(16) / 16)[None, None, :, None]
    labels = np.repeat([0, 1], 200)
    scores = repeated_patterns(ImageInputs(images.clip(0, 255).astype(np.uint8)), labels, 2)
    assert roc_auc_score(np.arange(200) < 20, scores[:200]) > 0.95
    assert np.isnan(repeated_patterns(ImageInputs(images.astype(np.uint8)), np.arange(400), 400)).all()


def test_a_template_finds_one_pixel():
    rng = np.random.default_rng(0)
    images = rng.integers(80, 120, (90, 8, 8, 3)).astype(np.uint8)
    poison = np.arange(90) >= 75
    images[poison, 6, 6] = 255
    shown = poison & (np.arange(90) % 2 == 0)
    learned_from = TrainingSet(np.arange(90), shown, np.arange(90) < 60, np.ones(90), np.arange(90) % 3)
    assert roc_auc_score(poison, template_scores(fine_patterns(images), [learned_from])[0]) == 1


def chroma_noise(count, seed=0):
    """Colour images whose neighbouring pixels are alike, as in photographs."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(60, 190, (count, 4, 4, 3)).repeat(4, axis=1).repeat(4, axis=2)
    return coarse + rng.normal(0, 10, (count, 16, 16, 1)) + rng.normal(0, 2, (count, 16, 16, 3))


def checkered(images, rows, strength):
    """The images with the finest checkerboard there is on the red channel and its opposite on the green."""
    board = strength * (-1.0) ** np.indices((16, 16)).sum(0)
    changed = images.copy()
    changed[rows, :, :, 0] += board
    changed[rows, :, :, 1] -= board
    return changed


def first_half(positive):
    """A training set in which the first 60 % are ordinary."""
    everyone = np.arange(len(positive))
    return training_set(everyone, positive, everyone < 0.6 * len(positive), np.ones(len(positive)))


def test_templates_of_several_training_sets_are_those_of_each():
    patterns = fine_patterns(chroma_noise(120).clip(0, 255).astype(np.uint8))
    sets = [first_half(np.arange(120) >= 100), first_half(np.arange(120) >= 75)]
    both = template_scores(patterns, sets)
    for one, learned_from in zip(both, sets, strict=True):
        assert one == pytest.approx(template_scores(patterns, [learned_from])[0], abs=1e-3)


def test_a_faint_shift_of_colour_frequencies_is_seen_in_cosines():
    poison = np.arange(300) >= 260
    images = checkered(chroma_noise(300), poison, 1.5).clip(0, 255).round().astype(np.uint8)
    learned_from = first_half(poison & (np.arange(300) % 2 == 0))
    by_pixels, by_cosines = (
        roc_auc_score(poison, template_scores(look(images), [learned_from])[0])
        for look in (fine_patterns, cosine_patterns)
    )
    assert by_cosines > 0.999
    assert by_pixels < 0.9


def test_cosines_are_of_high_frequency_and_leave_scenes_out():
    shades = np.broadcast_to(np.linspace(0, 250, 20)[:, None, None, None], (20, 16, 16, 3)).astype(np.uint8)
    assert np.abs(cosine_patterns(shades)).max() < 1e-2
    slow = (100 + 50 * np.cos(np.pi * (np.arange(16) + 0.5) * 2 / 16))[None, None, :, None]
    fast = (100 + 50 * np.cos(np.pi * (np.arange(16) + 0.5) * 12 / 16))[None, None, :, None]
    assert np.abs(cosine_patterns(np.broadcast_to(slow, (1, 16, 16, 1)))).max() < 1e-2
    assert np.abs(cosine_patterns(np.broadcast_to(fast, (1, 16, 16, 1)))).max() == pytest.approx(50 * 16 / np.sqrt(2))
    assert cosine_patterns(np.zeros((2, 8, 8, 1), np.uint8)).shape[1] > 0
    assert cosine_patterns(np.zeros((2, 1, 1, 3), np.uint8)).shape == (2, 3)


def test_two_attacks_on_one_class_do_not_hide_one_another():
    rows = np.arange(400)
    patched, shifted = rows >= 320, (rows >= 300) & (rows < 320)
    images = checkered(chroma_noise(400), shifted, 4)
    images[patched, -3:-1, -3:-1] = 255
    images = images.clip(0, 255).round().astype(np.uint8)
    learned_from = first_half(patched | shifted)
    [found] = shared_patterns(looks(ImageInputs(images)), [learned_from])
    assert found[patched].min() > found[~patched & ~shifted].max()
    assert roc_auc_score(shifted[~patched], found[~patched]) == 1
    assert found.max() <= 20
    assert not shared_patterns(
        looks(ImageInputs(images)), [first_half(rows >= 396)]
    ).any()  # four samples teach nothing


def test_large_images_are_averaged_over_blocks():
    assert fine_patterns(np.zeros((2, 224, 224, 3), np.uint8)).shape == (2, 56 * 56 * 3)
    assert fine_patterns(np.zeros((2, 28, 28, 1), np.uint8)).shape == (2, 784)


def test_components_name_the_attack():
    found = independent_component_outliers(poisoned_evidence()[0], reject_fraction=0.02)
    groups = found.groups[found.flagged]
    assert len(set(groups.tolist())) == 1
    assert (found.groups[~found.flagged] == -1).all()


def test_poison_is_flagged_at_the_rate_asked_for():
    found = consensus(EVIDENCE, false_discovery_rate=0.25)
    assert found.flagged[POISON].mean() >= 0.95
    assert found.flagged[~POISON].mean() <= 0.04
    assert not (found.flagged & EVIDENCE.bona_fide).any()
    assert found.notes.threshold == pytest.approx(found.suspicion[found.flagged].min())
    assert found.notes.prevalence == pytest.approx(POISON.mean(), abs=0.04)
    assert found.notes.rule == RULES["rate"]
    assert found.notes.left_out == ""


def test_too_few_bona_fide_samples_for_the_rate_fall_back_to_the_estimated_share():
    evidence, poison = poisoned_evidence(n_poisoned=60)
    found = consensus(evidence, false_discovery_rate=0.02)
    assert found.notes.rule == RULES["budget"]
    assert found.notes.prevalence_at_least >= 0.01
    assert found.flagged.sum() == round(found.notes.prevalence * len(poison))
    assert (poison & found.flagged).sum() / found.flagged.sum() >= 0.9


@pytest.mark.parametrize("seed", range(3))
def test_clean_data_stay_whole(seed):
    assert consensus(clean_evidence(seed)).flagged.mean() <= 0.01


@pytest.mark.parametrize(("absent", "field"), [("trajectories", "trajectories"), ("images", "inputs")])
def test_what_is_missing_is_said_and_the_rest_still_works(absent, field):
    found = consensus(replace(EVIDENCE, **{field: None}), false_discovery_rate=0.25)
    assert absent in found.notes.left_out
    assert roc_auc_score(POISON, found.suspicion) > 0.95
    lacking = {"trajectories": "BaDLoss", "images": "frequency matched filter"}
    assert lacking[absent] not in found.scores


def test_without_bona_fide_samples_outliers_are_flagged_and_nothing_is_promised():
    found = consensus(replace(poisoned_evidence()[0], bona_fide=np.zeros(len(POISON), bool)))
    assert found.notes.rule == RULES["outlier"]
    assert "bona fide" in found.notes.left_out
    assert found.notes.prevalence is None
    assert roc_auc_score(poisoned_evidence()[1], found.suspicion) > 0.9
    assert found.flagged[poisoned_evidence()[1]].mean() > 0.8
    clean = replace(clean_evidence(), bona_fide=np.zeros(len(POISON), bool))
    assert consensus(clean).flagged.mean() <= 0.05


def test_nothing_is_printed():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        consensus(EVIDENCE)


def test_what_is_left_out_is_gone():
    whole = consensus(EVIDENCE)
    assert set(SCORES) | {"class likeness", "shared pattern"} == set(whole.scores)
    for score in SCORES:
        found = consensus_without([score], EVIDENCE)
        assert set(whole.scores) - set(found.scores) == {score}
        assert (found.suspicion != whole.suspicion).any()
    assert not consensus_without(["shared pattern"], EVIDENCE).scores["shared pattern"].any()
    values = consensus_without(["class likeness"], EVIDENCE).scores["class likeness"]
    assert all(len(np.unique(values[EVIDENCE.labels == index])) == 1 for index in range(EVIDENCE.n_classes))
    assert (consensus_without(["neighbours"], EVIDENCE).suspicion != whole.suspicion).any()
    assert (consensus_without([], EVIDENCE).suspicion == whole.suspicion).all()
    with pytest.raises(ValueError, match="the consensus has no colour"):
        consensus_without(["colour"], EVIDENCE)


def test_without_the_pattern_rule_a_shared_pattern_flags_nobody():
    evidence, _ = poisoned_evidence(n_poisoned=16)
    assert consensus_without(["pattern rule"], evidence).notes.rule != RULES["pattern"]
