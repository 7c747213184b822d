"""One decision from a run's evidence: what is known to be in made-up data is named, and nothing else is."""

from dataclasses import replace

import numpy as np
import pytest

from core.decision.decide import NO_MODEL, NO_TRAINING, TRAININGS, decide
from core.decision.states import BACKDOOR, NOT_JUDGED, OPEN, WRONG_LABEL
from core.detectors.consensus.consensus import reordered
from core.modalities.image.inputs import ImageInputs
from core.types import Evidence
from tests.core.decision.asked import LEFT, TARGET, K, Model, ask, marked, pictures, sound, suspicion_of

EPOCHS, FEATURES = 6, 8

LARGER = "a class larger than others"


def evidence_of(images, labels, truth, *kinds, answer=ask, seed=0, n_bona_fide=0, k=K):
    """Evidence of a run on these images: in its activations each kind of poison is a cluster of its own."""
    rng = np.random.default_rng((4, seed))
    n = len(labels)
    features = 4 * rng.normal(size=(k, FEATURES))[truth] + rng.normal(size=(n, FEATURES))
    for kind in kinds:
        features[kind] = 4 * rng.normal(size=FEATURES) + rng.normal(size=(len(kind), FEATURES))
    losses = np.exp(-np.arange(EPOCHS) / 2) * rng.lognormal(0, 0.3, (n, EPOCHS))
    bona_fide = np.zeros(n, bool)
    bona_fide[rng.permutation(np.setdiff1d(np.arange(n), np.concatenate([[], *kinds])))[:n_bona_fide]] = True
    return Evidence(
        labels,
        k,
        bona_fide,
        seed=seed,
        predicted=answer(images).argmax(1),
        features=features.astype(np.float32),
        trajectories=losses.astype(np.float32),
        inputs=ImageInputs(images),
        model=Model(answer).eval(),
    )


def poisoned(count=36, n=400, seed=0, **others):
    """Evidence with so many images of other classes with a white corner, their suspicion, and who they are."""
    images, truth = pictures(n, seed)
    poison = np.sort(np.random.default_rng((1, seed)).choice(np.flatnonzero(truth != TARGET), count, replace=False))
    labels = truth.copy()
    labels[poison] = TARGET
    evidence = evidence_of(marked(images, poison), labels, truth, poison, seed=seed, **others)
    return evidence, suspicion_of(poison, n, seed), poison


def seen_only(images, labels):
    """A model that knows these images by heart and takes them for these labels, and others for what they show."""
    known = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}

    def answer(samples):
        says = ask(samples)
        for place, image in enumerate(samples):
            if (label := known.get(image.tobytes())) is not None:
                says[place] = 0.01
                says[place, label] = 0.97
        return says

    return answer


@pytest.fixture(scope="module")
def backdoored():
    evidence, suspicion, poison = poisoned(n_bona_fide=40)
    return evidence, suspicion, poison, decide(evidence, suspicion)


def test_a_backdoor_is_confirmed_in_its_class_with_its_numbers(backdoored):
    evidence, _, poison, (decision, stamps) = backdoored
    assert decision.verdict == "backdoor"
    (group,) = decision.groups
    assert (group.id, group.target_class, group.state, group.size) == (1, TARGET, "backdoor", len(poison))
    assert (group.flip_rate, group.p, group.kept) == (1.0, 1 / 80, 0.0)
    assert group.control < 0.05
    assert group.interval[0] > 0.95
    assert np.flatnonzero(decision.states == BACKDOOR).tolist() == poison.tolist()
    assert np.flatnonzero(decision.membership == 1).tolist() == poison.tolist()
    assert set(stamps) == {1}
    assert stamps[1].picture.shape == evidence.inputs.shape
    assert (decision.left_out, decision.not_judged, decision.n_classes) == (NO_TRAINING, {}, K)


def test_the_consensus_is_asked_where_nothing_else_says_whom_to_suspect():
    evidence, _, poison = poisoned(count=60)
    decision, _ = decide(evidence)
    assert [group.target_class for group in decision.groups] == [TARGET]
    assert np.isin(poison, np.flatnonzero(decision.states == BACKDOOR)).mean() >= 0.9


def test_clean_data_has_no_sign():
    images, labels = pictures()
    decision, stamps = decide(evidence_of(images, labels, labels), retrain=lambda kept: Model())
    assert (decision.verdict, decision.groups, stamps, decision.left_out) == ("none", (), {}, "")
    assert not decision.states.any()


def test_a_logo_on_true_samples_is_open_and_no_backdoor():
    images, labels = pictures()
    logo = np.flatnonzero(labels == TARGET)[:36]
    evidence = evidence_of(marked(images, logo), labels, labels, logo)
    decision, stamps = decide(evidence, suspicion_of(logo, len(labels)))
    assert decision.verdict == "open"
    (group,) = decision.groups
    assert (group.state, group.target_class, group.kept) == ("open", TARGET, 1.0)
    assert "keep their label without it" in group.reason
    assert (decision.states[logo] == OPEN).all()
    assert not (decision.states == BACKDOOR).any()
    assert set(stamps) == {1}


def test_two_triggers_on_one_class_are_two_groups():
    images, truth = pictures(480)
    others = np.flatnonzero(truth != TARGET)
    first, second = others[:40], others[40:72]
    labels = truth.copy()
    labels[others[:72]] = TARGET
    suspicion = suspicion_of(others[:72], 480)
    suspicion[first] += 5
    both = marked(marked(images, first), second, LEFT)
    decision, stamps = decide(evidence_of(both, labels, truth, first, second), suspicion)
    assert [(group.target_class, group.state) for group in decision.groups] == [(TARGET, "backdoor")] * 2
    assert (decision.membership[first] == 1).mean() >= 0.95
    assert (decision.membership[second] == 2).mean() >= 0.95
    assert set(stamps) == {1, 2}


def test_a_class_of_thirty_is_not_judged_and_says_why():
    labels = np.repeat(np.arange(K), [30, 130, 130, 130])
    images, _ = pictures(labels=labels)
    decision, _ = decide(evidence_of(images, labels, labels))
    assert decision.not_judged == {0: "only 30 samples; 40 are needed"}
    assert decision.verdict == "not judged"
    assert np.array_equal(decision.states == NOT_JUDGED, labels == 0)


@pytest.mark.parametrize("absent", ["model", "inputs", "predicted"])
def test_without_anything_to_ask_no_class_is_judged(backdoored, absent):
    evidence, suspicion, poison, _ = backdoored
    evidence = replace(evidence, **{absent: None})
    decision, stamps = decide(evidence, suspicion)
    assert decision.verdict == "not judged"
    assert set(decision.not_judged) == set(range(K))
    assert (decision.states == NOT_JUDGED).all()
    assert (decision.left_out, decision.groups, stamps) == (NO_MODEL, (), {})
    flagged = np.isin(np.arange(len(suspicion)), poison)
    assert decide(evidence, suspicion, flagged)[0].verdict == "open"


def test_what_a_detector_flags_and_no_test_confirms_is_open():
    images, labels = pictures()
    flagged = np.arange(400) < 5
    decision, _ = decide(evidence_of(images, labels, labels), None, flagged)
    assert decision.verdict == "open"
    assert np.array_equal(decision.states == OPEN, flagged)


def test_bona_fide_samples_are_of_no_group(backdoored):
    evidence, suspicion, poison, (decision, _) = backdoored
    assert not decision.membership[evidence.bona_fide].any()
    few = np.isin(np.arange(len(suspicion)), poison[:3])
    trusting = decide(replace(evidence, bona_fide=evidence.bona_fide | few), suspicion)[0]
    assert not trusting.membership[few].any()
    assert np.array_equal(trusting.doubted, few)
    assert not decision.doubted.any()
    assert (trusting.membership[poison[3:]] == 1).mean() >= 0.95


def test_the_second_model_is_trained_without_the_suspects_and_progress_is_told(backdoored):
    evidence, suspicion, poison, _ = backdoored
    told, asked = [], []

    def retrain(kept):
        asked.append(kept)
        return Model(sound)

    decision, _ = decide(evidence, suspicion, retrain=retrain, listen=lambda *words: told.append(words))
    for kept in asked:
        assert not kept[poison].any()
        assert 0.25 < kept.mean() < 0.95
    assert 1 <= len(asked) <= len(TRAININGS)
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1
    assert decision.verdict == "backdoor"


def test_a_true_sample_that_plainly_has_the_trigger_stays_in_the_group():
    """Four true samples of the target carry the corner, too: a model that saw none of them still knows them."""
    images, truth = pictures()
    poison = np.flatnonzero(truth != TARGET)[:36]
    innocent = np.flatnonzero(truth == TARGET)[:4]
    labels = truth.copy()
    labels[poison] = TARGET
    carrying = np.union1d(poison, innocent)
    evidence = evidence_of(marked(images, carrying), labels, truth, carrying)
    suspicion = suspicion_of(carrying, 400)
    suspicion[innocent] -= 4
    found, _ = decide(evidence, suspicion, retrain=lambda kept: Model(sound))
    assert np.flatnonzero(found.states == BACKDOOR).tolist() == carrying.tolist()
    assert found.groups[0].size == len(carrying)


def learned_by_heart(known=46):
    """Evidence in which 46 images of other classes are labelled as the target without any mark; `known` are learned."""
    images, truth = pictures()
    poison = np.flatnonzero(truth != TARGET)[:46]
    labels = truth.copy()
    labels[poison] = TARGET
    answer = seen_only(images[poison[:known]], labels[poison[:known]])
    return evidence_of(images, labels, truth, poison, answer=answer), suspicion_of(poison, 400), poison


def test_what_only_its_own_kind_taught_is_a_backdoor_without_a_fixed_pattern():
    evidence, suspicion, poison = learned_by_heart()
    decision, stamps = decide(evidence, suspicion, retrain=lambda kept: Model())
    (group,) = decision.groups
    assert (group.state, group.target_class, group.kind) == ("backdoor", TARGET, "no fixed pattern")
    assert group.turned > 0.6
    assert group.turned_control == 0
    assert group.flip_rate is None
    assert np.flatnonzero(decision.states == BACKDOOR).tolist() == poison.tolist()
    assert stamps == {}
    without, _ = decide(evidence, suspicion)
    assert [group.kind for group in without.groups] == [LARGER]
    assert without.left_out == NO_TRAINING


def test_a_group_of_which_too_few_turn_is_none():
    evidence, suspicion, _ = learned_by_heart(known=20)
    decision, _ = decide(evidence, suspicion, retrain=lambda kept: Model())
    [group] = decision.groups  # all that is left to say
    assert (group.state, group.kind, group.target_class) == ("open", LARGER, TARGET)


def test_the_second_training_leaves_out_those_alone_of_whom_the_first_speaks():
    evidence, suspicion, poison = learned_by_heart()
    trained = []

    def retrain(kept):
        trained.append(kept)
        return Model()

    decide(evidence, suspicion, retrain=retrain)
    first, second, *_ = trained
    assert not first[poison].any()
    assert not second[poison].any()
    assert second.sum() > first.sum()
    spoken_of = np.flatnonzero(~second)
    assert (evidence.labels[spoken_of] == TARGET).all()


def test_a_trigger_that_is_at_home_for_a_model_that_never_saw_it_is_a_mark():
    """Its carriers belong to the class for that model, too: a logo, or a clean-label attack."""
    evidence, suspicion, poison = poisoned()
    decision, stamps = decide(evidence, suspicion, retrain=lambda kept: Model())
    (group,) = decision.groups
    assert (group.state, group.kind, group.target_class) == ("open", "shared mark", TARGET)
    assert "a model that never saw them takes 100% of them for this class, too" in group.reason
    assert (decision.states[poison] == OPEN).all()
    assert set(stamps) == {1}


def test_what_is_a_kind_of_its_own_is_no_mere_mark_because_true_samples_have_the_mark_as_well():
    images, truth = pictures()
    poison, innocent = np.flatnonzero(truth != TARGET)[:46], np.flatnonzero(truth == TARGET)[:60]
    labels = truth.copy()
    labels[poison] = TARGET
    carrying = np.union1d(poison, innocent)
    evidence = evidence_of(marked(images, carrying), labels, truth, poison)
    decision, _ = decide(evidence, suspicion_of(carrying, 400), retrain=lambda kept: Model(sound))
    assert np.flatnonzero(decision.states == BACKDOOR).tolist() == poison.tolist()
    assert [(group.state, group.size) for group in decision.groups] == [("backdoor", 46)]


def test_label_noise_in_all_classes_is_wrong_labels_and_never_an_attack():
    images, truth = pictures()
    wrong = np.sort(np.random.default_rng(0).choice(400, 30, replace=False))
    labels = truth.copy()
    labels[wrong] = (truth[wrong] + 1) % K
    evidence = evidence_of(images, labels, truth)
    decision, stamps = decide(evidence, suspicion_of(wrong, 400), retrain=lambda kept: Model())
    assert decision.verdict == "wrong label"
    (group,) = decision.groups
    assert (group.target_class, group.state, group.size) == (-1, "wrong label", len(wrong))
    assert np.flatnonzero(decision.states == WRONG_LABEL).tolist() == wrong.tolist()
    assert "label errors" in group.reason
    assert stamps == {}


def test_labels_that_may_be_wrong_are_open_where_they_are_too_few_to_be_named():
    images, truth = pictures()
    wrong = np.arange(8)  # two of each class
    labels = truth.copy()
    labels[wrong] = (truth[wrong] + 1) % K
    losses = np.full((400, 5), 0.1, np.float32)
    losses[wrong] = -np.log(0.08)  # believed by 0.08 while it was trained
    evidence = replace(evidence_of(images, labels, truth), trajectories=losses)
    decision, _ = decide(evidence, suspicion_of(wrong, 400), retrain=lambda kept: Model())
    assert (decision.verdict, decision.groups) == ("open", ())
    assert np.flatnonzero(decision.states == OPEN).tolist() == wrong.tolist()


def test_the_same_evidence_gives_the_same_decision(backdoored):
    evidence, suspicion, _, (decision, _) = backdoored
    again, _ = decide(poisoned(n_bona_fide=40)[0], suspicion)
    assert np.array_equal(again.states, decision.states)
    assert again.groups == decision.groups
    assert evidence.seed == 0


@pytest.mark.parametrize("seed", range(2))
def test_the_order_of_the_samples_does_not_matter(seed):
    """Nor to the sample that is drawn for a figure: these suspects are mixed with ordinary ones, and all is a draw."""
    evidence, suspicion, poison = poisoned(n_bona_fide=40)
    suspicion[poison] -= 3
    flagged, asked = np.arange(len(suspicion)) < 3, []

    def retrain(kept):
        asked.append(kept)
        return Model(sound)

    first, _ = decide(evidence, suspicion, flagged, retrain)
    order = np.random.default_rng(seed).permutation(len(suspicion))
    shuffled, _ = decide(reordered(evidence, order), suspicion[order], flagged[order], retrain)
    assert first.verdict == "backdoor"
    assert np.array_equal(shuffled.states, first.states[order])
    assert np.array_equal(shuffled.membership, first.membership[order])
    assert shuffled.groups == first.groups
    before, after = asked[: len(asked) // 2], asked[len(asked) // 2 :]
    assert np.array_equal(after, [kept[order] for kept in before])
