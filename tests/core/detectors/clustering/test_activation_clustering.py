"""Activation Clustering: known answers, and the defects of other implementations."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import FastICA
from sklearn.metrics import silhouette_score

from core.detectors.clustering.activation_clustering import activation_clustering
from core.detectors.clustering.decisions import by_distance, by_silhouette, by_size, centre, combined
from core.detectors.clustering.two_means import separation, sharpened, silhouette, steady_two_means, two_means
from core.detectors.parts.subspaces import principal_components, whitened
from core.errors import UserError
from core.modalities.image.inputs import ImageInputs
from core.types import Criterion, Evidence
from tests.core.evidence import clean_evidence, poisoned_evidence


def one_class(features, **settings):
    n = len(features)
    evidence = Evidence(np.zeros(n, np.int64), 1, np.zeros(n, bool), features=features.astype(np.float32))
    return activation_clustering(evidence, **settings)


def two_blobs(n_large, n_small, distance, seed=0):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n_large + n_small, 3))
    points[n_large:, 0] += distance
    return points


def test_a_small_separate_cluster_is_flagged_exactly():
    found = one_class(two_blobs(180, 20, 12), n_components=3)
    assert found.flagged.tolist() == [False] * 180 + [True] * 20
    assert found.groups.tolist() == [0] * 180 + [1] * 20
    assert found.classes[0].size.figure == pytest.approx(0.1)
    assert found.classes[0].poisoned is True
    assert "10%" in found.classes[0].reason
    assert found.notes.figures["poisoned_classes"] == 1


def test_a_clean_class_is_never_flagged_merely_for_having_two_clusters():
    halves = one_class(two_blobs(100, 100, 12), n_components=3)
    assert not halves.flagged.any()
    assert halves.classes[0].silhouette.figure > 0.15
    assert "two kinds of clean samples" in halves.classes[0].reason
    for seed in range(5):
        assert not one_class(two_blobs(200, 0, 0, seed), n_components=3, silhouette_threshold=0.35).flagged.any()


def test_every_class_of_clean_data_is_left_alone():
    found = activation_clustering(clean_evidence())
    assert not found.flagged.any()
    assert {finding.poisoned for finding in found.classes.values()} == {False}


def test_the_thresholds_decide():
    points = two_blobs(160, 40, 12)
    assert one_class(points, n_components=3, size_threshold=0.25).flagged.sum() == 40
    assert not one_class(points, n_components=3, size_threshold=0.15).flagged.any()
    assert not one_class(points, n_components=3, silhouette_threshold=0.9).flagged.any()


def test_suspicion_is_nearness_times_one_less_twice_the_share():
    points = np.array([[-1.0], [1.0]] * 9 + [[9.0], [11.0]])
    found = one_class(points, reduction="pca")
    # Centres 0 and 10; the cluster holds a tenth. 1 lies 1 and 9 from them: 1/10 · (1 − 2/10).
    assert found.suspicion[:2] == pytest.approx([1 / 12 * 0.8, 1 / 10 * 0.8], abs=1e-5)
    assert found.suspicion[18:] == pytest.approx([9 / 10 * 0.8, 11 / 12 * 0.8], abs=1e-5)


def test_ica_is_a_rotation_of_the_whitened_components():
    points = principal_components(np.random.default_rng(0).laplace(size=(300, 8)), 5, 0)
    turned = FastICA(whiten="unit-variance", random_state=0).fit_transform(points)
    white = whitened(points)
    distances = [np.linalg.norm(values[:50, None] - values[None, 50:100], axis=2) for values in (white, turned)]
    np.testing.assert_allclose(distances[0], distances[1], rtol=1e-6)


def test_two_means_is_at_least_as_good_as_k_means():
    for seed in range(3):
        points = whitened(np.random.default_rng(seed).normal(size=(200, 6)))
        members, centres = two_means(points, [0])[0]
        inertia = ((points - centres[members.astype(int)]) ** 2).sum()
        assert inertia <= KMeans(2, n_init=10, random_state=seed).fit(points).inertia_ * 1.001
        assert centres[1] == pytest.approx(points[members].mean(0))
        assert centres[0] == pytest.approx(points[~members].mean(0))


def test_the_silhouette_of_few_samples_is_the_textbook_one():
    points = two_blobs(30, 10, 4)
    members = np.arange(40) >= 30
    assert silhouette(points, members, 0) == pytest.approx(silhouette_score(points, members))
    assert silhouette(points, np.zeros(40, bool), 0) == 0.0


def test_nothing_is_printed():
    evidence, _ = poisoned_evidence()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        activation_clustering(evidence)


def test_classes_smaller_than_the_components():
    evidence = clean_evidence()
    few = np.flatnonzero(evidence.labels == 0)[:12]
    rows = np.concatenate([few, np.flatnonzero(evidence.labels == 1)[:3]])
    small = Evidence(evidence.labels[rows], 3, np.zeros(15, bool), features=evidence.features[rows])
    found = activation_clustering(small, n_components=14)
    assert np.isfinite(found.suspicion).all()
    assert found.groups[12:].tolist() == [-1] * 3
    assert found.classes[1].reason == "only 3 samples: too few to split"
    assert found.classes[2].reason == "only 0 samples: too few to split"
    assert [found.classes[index].poisoned for index in range(3)] == [False, None, None]  # not judged is not clean


def test_identical_samples_are_one_population():
    assert not one_class(np.ones((30, 4))).flagged.any()


def test_splitting_by_prediction():
    evidence, poison = poisoned_evidence()
    wrong = np.where(poison, 3, evidence.predicted)
    assert activation_clustering(replace(evidence, predicted=wrong), split_by="predicted").flagged[poison].all()
    with pytest.raises(UserError, match="split by prediction"):
        activation_clustering(replace(evidence, predicted=None), split_by="predicted")


def test_clustering_the_whitened_components_is_clustering_the_independent_ones():
    points = principal_components(two_blobs(180, 20, 6), 3, 0)
    independent = FastICA(whiten="unit-variance", random_state=0).fit_transform(points)
    expected, found = two_means(independent, [0])[0][0], two_means(whitened(points), [0])[0][0]
    assert (found == expected).all() or (found == ~expected).all()


def test_size_and_silhouette_by_hand():
    assert by_size(0.34, 0.35).poisoned is True
    assert by_size(0.35, 0.35).poisoned is False
    assert by_size(0.0, 0.35).poisoned is False  # there is no cluster that could be poison
    assert by_silhouette(0.15, 0.15).poisoned is True
    assert by_silhouette(0.14, 0.15).poisoned is False
    assert by_size(0.1, 0.35).reason == "it holds 10% of the class, less than 35%"


def test_distance_by_hand():
    """Class 0 lies at 0, and so does its larger cluster; the smaller one lies at 9."""
    small, large = np.array([9.0, 0.0]), np.array([0.0, 0.0])
    near = by_distance(small, large, 0, np.array([[0.0, 0.0], [12.0, 0.0], [np.nan, np.nan]]))
    assert near.figure == pytest.approx(3 / 9)
    assert (near.other_class, near.poisoned) == (1, True)
    far = by_distance(small, large, 0, np.array([[0.0, 0.0], [30.0, 0.0], [9.0, 40.0]]))
    assert far.figure == pytest.approx(21 / 9)
    assert (far.other_class, far.poisoned) == (1, False)
    # The larger cluster lies nearer to class 1, too: then that class tells nothing of the smaller one.
    both = by_distance(small, large, 0, np.array([[20.0, 0.0], [8.0, 0.0]]))
    assert both == Criterion(False, "there is no other class to compare with")
    alone = by_distance(small * np.nan, large, 0, np.zeros((2, 2)))
    assert alone == Criterion(False, "there is one cluster only")


def test_a_centre_is_the_median_of_each_feature():
    features = np.array([[1.0, 9.0], [2.0, 7.0], [9.0, 8.0], [5.0, 0.0]], np.float16)
    assert centre(features, np.array([0, 1, 2])).tolist() == [2.0, 8.0]
    assert centre(features, np.array([3])).tolist() == [5.0, 0.0]
    assert np.isnan(centre(features, np.array([], int))).all()


def test_the_medians_of_many_features_and_of_many_samples():
    """Features are taken 128 at a time, and at most 250 samples, here every fourth of 1,000."""
    values = np.random.default_rng(0).normal(size=(1001, 300)).astype(np.float32)
    for rows, used in ((np.arange(7), slice(7)), (np.arange(8), slice(8)), (np.arange(1, 1001), slice(1, 1001, 4))):
        np.testing.assert_allclose(centre(values, rows), np.median(values[used], axis=0), rtol=1e-6)


@pytest.mark.parametrize(
    ("decision", "said"),
    [("size", True), ("silhouette", False), ("distance", True), ("size_and_silhouette", False), ("all", False)],
)
def test_the_decision_that_is_chosen_decides(decision, said):
    found = combined(by_size(0.2, 0.35), by_silhouette(0.05, 0.15), Criterion(True, "astray", 0.5, 1), decision)
    assert found.poisoned is said
    assert found.reason
    assert (found.size.figure, found.silhouette.figure, found.distance.figure) == (0.2, 0.05, 0.5)


@pytest.mark.parametrize("decision", ["size_and_silhouette", "size", "silhouette", "distance", "all"])
def test_every_decision_flags_a_cluster_that_is_small_apart_and_near_another_class(decision):
    """Poison as the paper describes it: samples of class 1 in class 0, which the model still sees as class 1."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 4)) * 0.5
    features[160:] += [10, 0, 0, 0]
    labels = np.arange(400) // 200
    evidence = Evidence(labels, 2, np.zeros(400, bool), features=features.astype(np.float32))
    found = activation_clustering(evidence, n_components=2, decision=decision, silhouette_threshold=0.45)
    assert np.flatnonzero(found.flagged).tolist() == list(range(160, 200))
    assert found.classes[0].distance.other_class == 1
    own, other = ([finding.size, finding.silhouette, finding.distance] for finding in found.classes.values())
    assert all(criterion.poisoned for criterion in own)
    assert all(criterion.reason for criterion in other)


def test_raw_pixels_are_a_baseline_that_needs_no_model():
    evidence, poison = poisoned_evidence()  # its poison has a white corner
    bare = replace(evidence, features=None)
    found = activation_clustering(bare, space="pixels", n_components=6)
    assert (found.flagged == poison).all()
    with pytest.raises(UserError, match="cannot cluster pixels"):
        activation_clustering(replace(bare, inputs=None), space="pixels")


def test_large_images_are_thinned_out():
    images = np.random.default_rng(0).integers(0, 255, (24, 130, 100, 1), np.uint8)
    images[20:, ::3, ::3] = 255  # on the pixels that are looked at
    evidence = Evidence(np.zeros(24, np.int64), 1, np.zeros(24, bool), inputs=ImageInputs(images))
    found = activation_clustering(evidence, space="pixels", n_components=2)
    assert np.flatnonzero(found.groups).tolist() == [20, 21, 22, 23]


def test_a_split_that_is_there_is_found_from_every_seed():
    apart = one_class(two_blobs(180, 20, 12), n_components=3, n_seeds=5)
    assert apart.classes[0].unstable == apart.notes.figures["unstable"] == 0.0
    noise = one_class(np.random.default_rng(0).normal(size=(300, 12)), n_seeds=5)
    assert 0.0 < noise.classes[0].unstable <= 0.5
    assert one_class(two_blobs(50, 50, 0), n_components=3, n_seeds=1).classes[0].unstable == 0.0


def test_of_several_seeds_the_tightest_split_is_kept(monkeypatch):
    points = np.array([[0.0], [1.0], [10.0], [11.0]])
    splits = {0: [0, 0, 0, 1], 1: [1, 1, 0, 0], 2: [0, 0, 1, 1]}

    def split(points, seeds, choice):
        assert choice == "tightness"
        found = [np.array(splits[seed], bool) for seed in seeds]
        return [(own, np.stack([points[~own].mean(0), points[own].mean(0)])) for own in found]

    # Which seed finds which split is rounding: here it is known, and the choice among them is worked out by hand.
    monkeypatch.setattr("core.detectors.clustering.two_means.two_means", split)
    members, centres, unstable = steady_two_means(points, 0, 3)
    assert members.tolist() == [True, True, False, False]
    assert centres.tolist() == [[10.5], [0.5]]
    assert unstable == pytest.approx((0.25 + 0.0) / 2)  # one of four moves; naming the clusters otherwise moves none


def test_a_split_by_separation_finds_the_small_group_that_stands_apart():
    rng = np.random.default_rng(0)
    # A long class, whose halves have the least variance (300 · 2.5² > 22 · 8.5²), and a tight group off its axis.
    halves = np.column_stack([np.linspace(-5, 5, 300), rng.normal(size=300) * 0.3])
    apart = rng.normal(size=(24, 2)) * 0.1 + [0.0, 8.5]
    points, small = np.concatenate([halves, apart]), np.arange(324) >= 300
    tight = two_means(points, [0])[0][0]
    chosen = two_means(points, [0], "separation")[0][0]
    assert min((tight != small).sum(), (tight == small).sum()) > 100
    assert min((chosen != small).sum(), (chosen == small).sum()) == 0
    assert separation(points, chosen) > separation(points, tight)
    members, centres, unstable = steady_two_means(points, 0, 3, "separation")
    assert min((members != small).sum(), (members == small).sum()) == 0
    assert np.allclose(centres[int(members[-1])], points[small].mean(0))
    assert unstable == 0.0


def test_separation_is_ashmans_distance_along_the_line_of_centres():
    points = np.array([[0.0, 5], [2, 5], [10, 5], [14, 5]])  # means 1 and 12, variances 1 and 4
    assert separation(points, np.array([False, False, True, True])) == pytest.approx(np.sqrt(2) * 11 / np.sqrt(5))
    assert separation(points, np.zeros(4, bool)) == separation(points, np.ones(4, bool)) == 0.0


def test_a_sharpened_border_is_where_the_two_gaussians_meet():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(0, 1, 900), rng.normal(7, 2, 100)])[:, None]
    wide = np.arange(1000) >= 900
    halves = points[:, 0] > 4.5  # half-way between where 2-means puts the centres: it cuts off the near side
    members, centres = sharpened(points, halves)
    assert (members != wide).sum() < (halves != wide).sum() / 2
    assert centres[:, 0] == pytest.approx([points[~wide].mean(), points[wide].mean()], abs=0.3)
    everyone = np.ones(1000, bool)
    assert sharpened(points, everyone)[0].all()


def test_the_silhouette_is_that_of_scikit_learn():
    points = np.random.default_rng(1).normal(size=(60, 3))
    for split in (points[:, 0] > 0, points[:, 1] > 1.5, np.arange(60) == 7):
        assert silhouette(points, split, 0) == pytest.approx(silhouette_score(points, split))
    assert silhouette(points, np.zeros(60, bool), 0) == silhouette(points, np.ones(60, bool), 0) == 0.0


def test_every_sample_has_an_answer_and_only_the_smaller_cluster_of_a_poisoned_class_is_flagged():
    evidence, _ = poisoned_evidence()
    for decision in ("size", "silhouette", "distance"):
        found = activation_clustering(evidence, decision=decision)
        poisoned = np.array([found.classes[index].poisoned for index in range(evidence.n_classes)])
        assert (found.flagged == (poisoned[evidence.labels] & (found.groups == 1))).all()
        assert set(np.unique(found.groups)) == {0, 1}
