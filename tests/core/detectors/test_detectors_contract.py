"""What every detector promises, checked on each entry of the registry."""

import inspect
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.detectors import DETECTORS, NEEDS, Detector, missing, require
from core.errors import UserError
from core.modalities.image.inputs import ImageInputs
from core.registry import tunables
from core.types import Detection, Evidence
from tests.core.evidence import (
    CLASSES,
    clean_evidence,
    learned_early,
    mislabelled,
    passed_on,
    pictured,
    poisoned_evidence,
    reordered,
)

PLANTED, POISON = poisoned_evidence()
FIELDS = {"images": "inputs", "activations": "features"}
# The poison that a detector is made for, where it is not a cluster of its own that is learned late.
KINDS = {
    "abl_isolation": learned_early,
    "confident_learning": mislabelled,
    "strip": pictured,
    "cognitive_distillation": pictured,
    "frequency_analysis": pictured,
    "heatmap_clustering": pictured,
    "backdoor_smoothing": pictured,
    "ted": passed_on,
    "flare": passed_on,
}
SETTINGS = {
    "strip": {"n_copies": 8},
    "cognitive_distillation": {"n_steps": 30},
    "frequency_analysis": {"n_steps": 60},
    "backdoor_smoothing": {"n_copies": 8, "sigma": 0.02},  # the trigger here is white, and noise makes it grey
}
# The most that each may flag of data without poison: its own rejected share, or next to nothing.
BUDGET = {
    "badloss": 0.40,
    "density_ratio": 0.10,
    "logit_trajectories": 0.10,
    "independent_component_outliers": 0.10,
    "spectral_signatures": 0.08,
    "spectre": 0.08,
    "cognitive_distillation": 0.05,
    "frequency_analysis": 0.05,
}
# The consensus looks at directions from the origin, too; and the search for independent components ends in another of
# several good rotations when its input is rounded differently.
NOT_SHIFT_INVARIANT = {"consensus", "independent_component_outliers"}

every = pytest.mark.parametrize("name", DETECTORS)
READERS_OF_ACTIVATIONS = [name for name, entry in DETECTORS.items() if "activations" in entry.needs]


def evidence_for(name):
    return KINDS[name](PLANTED, POISON) if name in KINDS else PLANTED


def run(name, evidence):
    return DETECTORS[name].load()(evidence, **SETTINGS.get(name, {}))


@pytest.fixture(scope="module")
def detections():
    return {name: run(name, evidence_for(name)) for name in DETECTORS}


@every
def test_a_detector_is_called_with_evidence_and_settings_by_name(name):
    signature = inspect.signature(DETECTORS[name].load())
    first, *settings = signature.parameters.values()
    contract = inspect.signature(Detector.__call__)
    assert first.name == "evidence"
    assert (first.annotation, signature.return_annotation) == (Evidence, Detection)
    assert (contract.parameters["evidence"].annotation, contract.return_annotation) == (Evidence, Detection)
    assert all(one.kind is one.KEYWORD_ONLY and one.default is not one.empty for one in settings)


def test_only_what_a_detector_lists_among_its_needs_can_be_read():
    needed = require("badloss", PLANTED)
    assert needed.trajectories is PLANTED.trajectories
    with pytest.raises(ValueError, match="badloss reads activations, which is not among its needs"):
        _ = needed.features


@every
def test_the_shape_of_the_answer(name, detections):
    found, n = detections[name], len(POISON)
    assert found.suspicion.shape == found.flagged.shape == (n,)
    assert (found.suspicion.dtype, found.flagged.dtype) == (np.float32, np.bool_)
    assert np.isfinite(found.suspicion).all()
    assert found.groups is None or (found.groups.shape == (n,) and found.groups.dtype == np.int64)
    figures = [found.notes.figures, *(finding.figures for finding in found.classes.values())]
    scalars = [value for of_one in figures for value in of_one.values()]
    assert all(type(value) in (float, int, str, bool) for value in scalars)


@every
def test_planted_poison_is_the_more_suspicious(name, detections):
    assert roc_auc_score(POISON, detections[name].suspicion) >= 0.9


@every
def test_bona_fide_samples_are_never_flagged(name, detections):
    assert not (detections[name].flagged & PLANTED.bona_fide).any()


@every
def test_the_same_seed_gives_the_same_scores(name, detections):
    again = run(name, evidence_for(name))
    np.testing.assert_array_equal(again.suspicion, detections[name].suspicion)
    np.testing.assert_array_equal(again.flagged, detections[name].flagged)


@every
def test_the_scores_follow_the_samples(name, detections):
    order = np.random.default_rng(5).permutation(len(POISON))
    shuffled = run(name, reordered(evidence_for(name), order))
    np.testing.assert_allclose(shuffled.suspicion, detections[name].suspicion[order], rtol=1e-4, atol=1e-4)
    assert (shuffled.flagged != detections[name].flagged[order]).mean() <= 0.002


@pytest.mark.parametrize("name", [name for name in READERS_OF_ACTIVATIONS if name not in NOT_SHIFT_INVARIANT])
def test_a_constant_added_to_the_activations_changes_nothing(name, detections):
    evidence = evidence_for(name)
    shifted = run(name, replace(evidence, features=evidence.features + np.float32(16)))
    np.testing.assert_allclose(shifted.suspicion, detections[name].suspicion, rtol=0.02, atol=0.01)


@every
def test_little_is_flagged_where_nothing_is_poisoned(name):
    clean = clean_evidence(3)
    if KINDS.get(name) in {pictured, passed_on}:
        clean = KINDS[name](clean, np.zeros_like(POISON))
    assert run(name, clean).flagged.mean() <= BUDGET.get(name, 0.02)


@every
def test_tiny_and_empty_classes(name):
    evidence = evidence_for(name)
    rows = np.flatnonzero((evidence.labels != 2) | (np.cumsum(evidence.labels == 2) <= 1))
    small = replace(reordered(evidence, rows), n_classes=CLASSES + 1)
    found = run(name, small)
    assert np.isfinite(found.suspicion).all()
    assert not found.flagged[small.labels == 2].any() or DETECTORS[name].needs == ("trajectories", "bona_fide")


@pytest.mark.parametrize("name", [name for name, entry in DETECTORS.items() if "model" in entry.needs])
def test_a_detector_that_asks_the_model_tells_how_far_it_is(name):
    heard = []
    evidence = replace(evidence_for(name), listen=lambda *told: heard.append(told))
    per = DETECTORS[name].passes_per
    DETECTORS[name].load()(evidence, **({per: 2} if per else {}))
    assert heard[-1] == (len(POISON), len(POISON))
    assert heard == sorted(set(heard))


@every
def test_constant_evidence(name):
    evidence = evidence_for(name)
    still = replace(
        evidence,
        features=np.zeros_like(evidence.features),
        trajectories=np.ones_like(evidence.trajectories),
        inputs=ImageInputs(np.zeros_like(evidence.inputs[:])),
    )
    assert np.isfinite(run(name, still).suspicion).all()


@pytest.mark.parametrize("name", READERS_OF_ACTIVATIONS)
def test_half_precision_activations_do(name):
    evidence = evidence_for(name)
    half = run(name, replace(evidence, features=evidence.features.astype(np.float16)))
    assert half.suspicion.dtype == np.float32
    assert roc_auc_score(POISON, half.suspicion) >= 0.9


@every
def test_nothing_given_is_changed(name):
    evidence = evidence_for(name)
    given = {key: np.copy(value) for key, value in vars(evidence).items() if isinstance(value, np.ndarray)}
    shown = np.copy(evidence.inputs[:])
    run(name, evidence)
    np.testing.assert_array_equal(evidence.inputs[:], shown)
    for key, value in given.items():
        np.testing.assert_array_equal(getattr(evidence, key), value)
    fresh = KINDS[name](PLANTED, POISON).model if evidence.model is not None else None
    for weight, before in zip(*([*model.parameters()] for model in (evidence.model, fresh) if model), strict=True):
        assert weight.tolist() == before.tolist()
        assert weight.requires_grad
        assert weight.grad is None


@pytest.mark.parametrize(("name", "need"), [(name, need) for name, entry in DETECTORS.items() for need in entry.needs])
def test_missing_evidence_is_named(name, need):
    absent = np.zeros(len(POISON), bool) if need == "bona_fide" else None
    lacking = replace(evidence_for(name), **{FIELDS.get(need, need): absent})
    assert missing(DETECTORS[name], lacking) == [NEEDS[need]]
    with pytest.raises(UserError) as caught:
        run(name, lacking)
    assert DETECTORS[name].title in caught.value.title
    assert NEEDS[need] in caught.value.detail
    assert caught.value.hint


@every
def test_the_entry_and_the_docstring_name_the_source(name):
    entry = DETECTORS[name]
    assert entry.name == name
    assert entry.title
    assert entry.paper
    assert entry.help.endswith(".")
    assert set(entry.needs) <= NEEDS.keys()
    assert bool(entry.passes) == ("model" in entry.needs)
    assert entry.passes_per in {"", *tunables(entry.load())}
    assert entry.nanoseconds > 0 or entry.passes
    text = inspect.getdoc(entry.load())
    assert all(part in text for part in ("Args:", "Returns:", "suspicion", "Raises:", "References:"))
    assert all(f"{tunable}:" in text for tunable in tunables(entry.load()))


@every
def test_every_tunable_has_its_limits(name):
    for tunable in tunables(DETECTORS[name].load()).values():
        assert tunable.range or tunable.choices or tunable.type is bool
