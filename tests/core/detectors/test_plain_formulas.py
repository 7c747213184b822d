"""What is worked out cleverly in the consensus, beside its formula as it is written."""

import numpy as np
import pytest
from scipy.fft import dctn
from scipy.ndimage import uniform_filter

from core.detectors.consensus.folds import scored_folds
from core.detectors.consensus.kept_looks import kept_looks
from core.detectors.consensus.pattern_rule import pattern_rule
from core.detectors.consensus.refinement import training_set
from core.detectors.consensus.signals import of_length_one
from core.detectors.consensus.templates import Sums, template_scores
from core.detectors.parts.scores import fitted
from core.detectors.parts.statistics import benjamini_hochberg, cross_conformal
from core.detectors.parts.subspaces import class_spaces
from core.modalities.image.inputs import ImageInputs
from core.modalities.image.patterns import LOWEST, fine_patterns, repeats
from tests.core.evidence import poisoned_evidence

IMAGES = np.random.default_rng(0).integers(60, 190, (700, 16, 16, 3)).astype(np.uint8)


def halves(positive):
    """A training set in which the first 60 % are ordinary."""
    everyone = np.arange(len(positive))
    return training_set(everyone, positive, everyone < 0.6 * len(positive), np.ones(len(positive)))


def plainly_fitted(values, upper):
    """One start of `two_gaussians`, as its formula is written."""
    floor = 0.01 * values.var(0) + 1e-12
    for _ in range(25):
        weights = np.stack([1 - upper, upper])
        totals = weights.sum(1) + 1e-9
        means = (weights * values).sum(1) / totals
        variances = (weights * (values - means[:, None]) ** 2).sum(1) / totals + floor
        logs = np.log(totals / len(values))[:, None] - 0.5 * (values - means[:, None]) ** 2 / variances[:, None]
        logs -= 0.5 * np.log(variances)[:, None]
        upper = np.exp(logs[1] - np.logaddexp(*logs))
    distances = np.sqrt(2) * np.abs(means[1] - means[0]) / np.sqrt(variances.sum(0))
    return upper.mean(0), distances, upper, np.logaddexp(*logs).sum(0)


def test_two_gaussians_are_those_of_the_plain_formula():
    values = np.random.default_rng(1).normal(size=(300, 3)) + 5 * (np.arange(300) < 30)[:, None]
    start = (values > np.median(values, axis=0)).astype(np.float64)
    for found, expected in zip(fitted(values, start), plainly_fitted(values, start), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def plainly_repeated(images, labels):
    """`repeats` of images whose classes are all large enough, as its formula is written."""
    grey = images.mean(3)
    spectra = np.fft.rfft2(grey - grey.mean(0))
    power = np.sqrt((np.abs(spectra) ** 2).mean(0))
    far = np.hypot(np.fft.fftfreq(16, 1 / 16)[:, None], np.fft.rfftfreq(16, 1 / 16)[None]) >= 5
    spectra, scores = spectra[:, far] / power[far], np.empty(len(labels))
    for index in np.unique(labels):
        own = spectra[labels == index]
        strongest = np.argsort(-np.abs(own.mean(0)), kind="stable")[:10]
        kept, total = own[:, strongest], own[:, strongest].sum(0)
        scores[labels == index] = (kept * ((total - kept) / (len(own) - 1)).conj()).real.sum(1)
    return scores


def test_the_matched_filter_is_that_of_the_plain_formula():
    images = IMAGES.copy()
    labels = np.arange(700) % 3
    images[labels == 1, ::2] //= 2
    found = repeats(ImageInputs(images), labels, 3)
    np.testing.assert_allclose(found, plainly_repeated(images, labels), rtol=1e-3, atol=2e-3)


def test_fine_patterns_are_what_a_uniform_filter_takes_away():
    for shape in ((5, 16, 16, 3), (5, 7, 9, 1), (2, 1, 1, 3)):
        images = np.random.default_rng(0).integers(0, 256, shape).astype(np.float32)
        expected = (images - uniform_filter(images, (0, 3, 3, 0))).reshape(len(images), -1)
        np.testing.assert_allclose(fine_patterns(images), expected, atol=1e-4)


def test_sums_that_are_known_are_those_that_numpy_adds_up():
    patterns = fine_patterns(IMAGES[:120])
    positive, known = np.arange(120) >= 112, Sums()
    learned_from = [halves(positive), halves(positive & (np.arange(120) < 118))]
    found = template_scores(patterns, learned_from, known)
    assert len(known) == 3 + 2 * 3  # thirds of the negatives, which both have, and of each one's positives
    for bits, (total, squares) in known.items():
        members = np.unpackbits(np.frombuffer(bits, np.uint8), count=120).astype(np.bool_)
        np.testing.assert_allclose(total, patterns[members].sum(0), rtol=1e-4, atol=1e-2)
        np.testing.assert_allclose(squares, (patterns[members] ** 2).sum(0), rtol=1e-4, atol=1e-2)
    assert np.array_equal(template_scores(patterns, learned_from, known), found)


def plainly_seen(images):
    """`looks` at images of one channel as it is written: what a mean of nine leaves, and cosines of high frequency."""
    pixels = images[..., 0].astype(np.float64)
    fine = pixels - uniform_filter(pixels, (0, 3, 3))
    far = np.hypot(*np.indices(pixels.shape[1:])) >= min(LOWEST, max(pixels.shape[1:]) / 3)
    ways = fine.reshape(len(fine), -1), dctn(pixels, axes=(1, 2), norm="ortho")[:, far]
    return [(way - way.mean(0)).astype(np.float32) for way in ways]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_consensus_flags_the_same_by_plain_formulas(seed):
    evidence, poison = poisoned_evidence(seed, n_bona_fide=300)
    spaces, units = (
        class_spaces(evidence.features, evidence.labels, evidence.n_classes, evidence.seed, prepared=prepared)
        for prepared in (np.asarray, of_length_one)
    )
    answers = []
    with kept_looks(evidence.inputs) as kept:
        for look in (kept, lambda rows: plainly_seen(evidence.inputs.take(rows)[:])):
            folds, scores = scored_folds(evidence, spaces, units, look)
            p_values = cross_conformal([(fold.scores, fold.held_out) for fold in folds])
            sharing = pattern_rule(evidence, spaces, np.mean([fold.unrefined for fold in folds], axis=0), look)
            answers.append((p_values, benjamini_hochberg(p_values, 0.2), sharing, scores["shared pattern"]))
    (p_values, flagged, sharing, carried), (plain_p, plainly, plain_sharing, plain_carried) = answers
    assert carried[poison].min() > 1
    assert flagged[poison].all()
    np.testing.assert_allclose(carried, plain_carried, atol=0.1)
    np.testing.assert_allclose(p_values, plain_p, atol=0.02)
    assert np.array_equal(flagged, plainly)
    assert np.array_equal(sharing, plain_sharing)
