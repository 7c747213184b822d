"""The pattern rule: a trigger on a few images is named; rare kinds of clean images and hard samples are not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.fft import idctn

from core.analysis.advice import advice
from core.analysis.rules import Rule
from core.detectors.consensus.consensus import RULES, consensus
from core.detectors.consensus.pattern_rule import BEYOND_KIN, carriers, pattern_rule
from core.detectors.consensus.residuals import look, strength, surroundings
from core.detectors.consensus.templates import looks
from core.detectors.parts.subspaces import ClassSpace
from core.modalities.image.inputs import ImageInputs
from core.types import Evidence
from tests.core.evidence import clean_evidence, poisoned_evidence

CLASSES, PER_CLASS, SIDE = 2, 360, 24
MARK = np.indices((3, 3)).sum(0) % 2 * 150  # a small checked square


def pictures(carries, kin=False, seed=0, mark=MARK):
    """Smooth images and noise, with a checked square on some; those are flat and alike in all else as `kin`."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(40, 120, (len(carries), 3, 3))
    if kin:
        coarse[carries] = 80
    images = coarse.repeat(8, axis=1).repeat(8, axis=2) + rng.normal(0, 8, (len(carries), SIDE, SIDE))
    images[carries, -5:-2, -5:-2] += mark
    return images.clip(0, 255).astype(np.uint8)[..., None]


def made_up(members, kin=False, seed=0, trusted=0, mark=MARK):
    """Two classes; the `members` first of class 0 are suspicious and carry the square.

    `trusted` of them are bona fide, beside a tenth of all others.
    """
    labels = np.repeat(np.arange(CLASSES), PER_CLASS)
    carries = np.arange(len(labels)) < members
    suspicion = np.random.default_rng(seed + 1).standard_t(3, len(labels))  # a few hard samples stand out by chance
    suspicion[carries] += 8
    bona_fide = np.where(carries, np.arange(len(labels)) < trusted, np.arange(len(labels)) % 10 == 9)
    evidence = Evidence(labels, CLASSES, bona_fide, seed=0, inputs=ImageInputs(pictures(carries, kin, seed, mark)))
    return evidence, spaces_of(labels), suspicion


def spaces_of(labels):
    """Every class as a space of which only the rows are known."""
    rows = [np.flatnonzero(labels == one) for one in np.unique(labels)]
    return [ClassSpace(of, np.zeros((len(of), 1)), np.zeros((len(of), 1), int), np.zeros((len(of), 1))) for of in rows]


def of_first_class(evidence, spaces, suspicion):
    rows = spaces[0].rows
    return carriers(looks(evidence.inputs.take(rows)), suspicion[rows], evidence.bona_fide[rows])


@pytest.mark.parametrize("members", [16, 20, 30])
def test_a_few_suspicious_images_with_one_trigger_are_named(members):
    evidence, spaces, suspicion = made_up(members)
    found = pattern_rule(evidence, spaces, suspicion)
    assert found[:members].mean() >= 0.9
    assert found[members:].sum() <= 0.1 * members
    assert not (found & evidence.bona_fide).any()


@pytest.mark.parametrize("members", [16, 30])
def test_a_fainter_trigger_is_named_too(members):
    found = pattern_rule(*made_up(members, mark=MARK * 0.5))
    assert found[:members].mean() >= 0.9
    assert found[members:].sum() <= 0.1 * members


def test_the_unsuspicious_carry_nothing():
    evidence, spaces, suspicion = made_up(24)
    suspicion[23] = -8
    found = pattern_rule(evidence, spaces, suspicion)
    assert found[:23].mean() >= 0.9
    assert not found[23]


@pytest.mark.parametrize("seed", range(5))
def test_hard_clean_samples_share_nothing(seed):
    assert not pattern_rule(*made_up(0, seed=seed)).any()


def test_a_pattern_that_one_bona_fide_sample_carries_is_no_trigger():
    assert not pattern_rule(*made_up(50, trusted=1)).any()


@pytest.mark.parametrize(("share", "trusted"), [(0.5, 18), (0.2, 7), (0.05, 0)])
def test_a_rare_kind_of_clean_image_is_not_named(share, trusted):
    assert not pattern_rule(*made_up(round(share * PER_CLASS), kin=True, trusted=trusted)).any()


def test_a_rare_kind_without_a_bona_fide_sample_is_told_by_its_look_alikes_alone():
    assert of_first_class(*made_up(18, kin=True))[:18].mean() >= 0.9
    assert of_first_class(*made_up(18))[:18].mean() >= 0.9


def of_frequencies(carries, seed=0):
    """Images of rich coarse content; some carry eighty cosines of high frequency, two levels at a pixel or so."""
    rng, radius = np.random.default_rng(seed), np.hypot(*np.indices((SIDE, SIDE)))
    content = rng.normal(0, 90, (len(carries), SIDE, SIDE)) * ((radius > 3) & (radius < 9))
    content[:, 0, 0] = 120 * SIDE
    far = rng.permutation(np.argwhere(radius >= 15))[:80]
    content[np.flatnonzero(carries)[:, None], far[:, 0], far[:, 1]] += 6 * rng.choice([-1, 1], len(far))
    images = idctn(content, axes=(1, 2), norm="ortho") + rng.normal(0, 0.4, content.shape)
    return images.round().clip(0, 255).astype(np.uint8)[..., None]


def test_a_trigger_that_is_faint_at_every_pixel_is_known_by_its_cosines():
    labels = np.repeat(np.arange(CLASSES), 750)
    bona_fide = np.arange(len(labels)) % 10 == 9
    carries = ~bona_fide & (np.arange(len(labels)) < 58)
    suspicion = np.random.default_rng(1).standard_t(3, len(labels)) + 8 * carries
    evidence = Evidence(labels, CLASSES, bona_fide, seed=0, inputs=ImageInputs(of_frequencies(carries)))
    found = pattern_rule(evidence, spaces_of(labels), suspicion)
    assert found[carries].mean() >= 0.9
    assert found[~carries].sum() <= 2
    around = surroundings(evidence.inputs, np.zeros_like(carries), np.arange(len(labels)))
    seen = look(around, np.flatnonzero(carries))
    assert strength(seen.values, seen.reference) < BEYOND_KIN  # by pixels alone it would be missed


def test_a_trigger_on_unsuspicious_samples_is_not_looked_for():
    evidence, spaces, suspicion = made_up(20)
    suspicion[:20] = -8
    assert not pattern_rule(evidence, spaces, suspicion).any()


def test_tiny_classes_and_missing_images():
    evidence, _, suspicion = made_up(20)
    first = np.arange(60)  # a sixth of 60 is fewer than the smallest group
    bare = [np.zeros((60, 1)), np.zeros((60, 1), int), np.zeros((60, 1))]
    assert not pattern_rule(evidence, [ClassSpace(first, *bare)], suspicion).any()
    evidence, spaces, suspicion = made_up(20)
    assert not pattern_rule(Evidence(evidence.labels, 2, evidence.bona_fide, 0), spaces, suspicion).any()


def test_the_consensus_flags_what_shares_a_pattern_where_no_rate_can_be_promised():
    evidence, poison = poisoned_evidence(n_poisoned=16)
    evidence = replace(evidence, inputs=ImageInputs(pictures(poison)))
    found = consensus(evidence)
    assert found.notes.rule == RULES["pattern"]
    assert found.notes.sharing_a_pattern == found.flagged.sum()
    assert found.flagged[poison].mean() >= 0.9
    assert found.flagged[~poison].sum() <= 1
    assert advice(found, evidence.bona_fide, Rule()).sentences[0].startswith(f"{found.flagged.sum()} suspicious")
    assert not consensus(clean_evidence()).notes.sharing_a_pattern
