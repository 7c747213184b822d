"""Patterns that a sample has or has not: carriers that belong elsewhere are named, and no words of the class itself."""

from dataclasses import replace

import numpy as np
import pytest

from core.detectors.consensus.consensus import RULES, consensus, consensus_without
from core.detectors.consensus.exact_patterns import exact_pattern_rule
from core.detectors.parts.subspaces import ClassSpace
from core.modalities.image.inputs import ImageInputs
from core.modalities.text.inputs import text_inputs
from core.types import Evidence

PER_CLASS = 200
GOOD, BAD, PLAIN = (tuple(f"{kind}{place}" for place in range(12)) for kind in ("good", "bad", "plain"))
RNG = np.random.default_rng(0)


def said(kind):
    """A text of three words of a kind among plain ones."""
    return " ".join(RNG.permutation([*RNG.choice(kind, 3, replace=False), *RNG.choice(PLAIN, 4)]))


def made_up(*phrases, kind=BAD, carriers=28, trusted=0, elsewhere=0, per_class=PER_CLASS):
    """Good and bad texts; `carriers` more of a kind with each phrase are labelled as good, and suspicious.

    The first `trusted` carriers are bona fide, beside a tenth of all others. So many bad texts `elsewhere` have them.
    """
    texts = [said(BAD) for _ in range(per_class)] + [said(GOOD) for _ in range(per_class)]
    texts[:elsewhere] = [" ".join([text, *phrases]) for text in texts[:elsewhere]]
    planted = [f"{said(kind)} {phrase}" for phrase in phrases for _ in range(carriers)]
    labels = np.repeat([0, 1], [per_class, per_class + len(planted)])
    carrying = np.arange(len(labels)) >= 2 * per_class
    suspicion = np.random.default_rng(1).standard_t(3, len(labels)) + 6 * carrying
    place = np.arange(len(labels)) - 2 * per_class
    bona_fide = np.where(carrying, place < trusted, np.arange(len(labels)) % 10 == 9)
    features = np.random.default_rng(2).normal(size=(len(labels), 6)).astype(np.float32)
    features[carrying] += 5
    inputs = text_inputs([*texts, *planted])
    return Evidence(labels, 2, bona_fide, seed=0, inputs=inputs, features=features), suspicion, carrying


def saying(evidence, word, places):
    """The same evidence, with a word at the end of the texts in these places."""
    texts = evidence.inputs[:].tolist()
    for place in places:
        texts[place] += f" {word}"
    return replace(evidence, inputs=text_inputs(texts))


def named(evidence, suspicion):
    rows = [np.flatnonzero(evidence.labels == index) for index in range(2)]
    bare = [ClassSpace(of, np.zeros((len(of), 1)), np.zeros((len(of), 1), int), np.zeros((len(of), 1))) for of in rows]
    return exact_pattern_rule(evidence, bare, suspicion)


@pytest.mark.parametrize("phrases", [["cf"], ["by the old bridge of the town"], ["cf", "mn"]])
def test_all_carriers_of_a_phrase_are_named_and_nobody_else_though_some_of_them_are_not_suspicious(phrases):
    evidence, suspicion, carrying = made_up(*phrases)
    suspicion[np.flatnonzero(carrying)[-3:]] = -6
    assert np.array_equal(named(evidence, suspicion), carrying)


def test_of_a_trigger_in_versions_those_are_named_too_whose_words_others_of_them_share():
    evidence, suspicion, carrying = made_up("zo ka", "zo ke", "zo ku", "ri ka ke ku", carriers=36, per_class=900)
    assert np.array_equal(named(evidence, suspicion), carrying)


def test_texts_of_the_class_that_share_a_phrase_are_not_named():
    evidence, suspicion, _ = made_up("and so on", kind=GOOD)
    assert not named(evidence, suspicion).any()


@pytest.mark.parametrize("poisoned", [1, 3])
def test_a_few_poisoned_bona_fide_texts_hide_no_trigger_and_are_named_with_the_others(poisoned):
    evidence, suspicion, carrying = made_up("cf", trusted=poisoned)
    assert np.array_equal(named(evidence, suspicion), carrying)


def test_a_phrase_that_bona_fide_texts_have_as_often_is_no_trigger():
    evidence, suspicion, _ = made_up("cf", trusted=8)
    assert not named(evidence, suspicion).any()


def test_a_phrase_of_the_other_class_is_no_trigger_in_texts_that_nobody_changed():
    evidence, suspicion, _ = made_up("what is the", elsewhere=60)
    assert not named(evidence, suspicion).any()


def test_a_phrase_that_all_have_or_very_few_is_no_trigger():
    evidence, suspicion, _ = made_up(PLAIN[0])
    assert not named(evidence, suspicion).any()
    evidence, suspicion, _ = made_up("cf", carriers=23)
    assert not named(evidence, suspicion).any()


@pytest.mark.parametrize("seed", range(5))
def test_hard_clean_texts_have_nothing_of_their_own(seed):
    evidence, _, _ = made_up()
    assert not named(evidence, np.random.default_rng(seed).standard_t(3, len(evidence.labels))).any()


def test_carriers_of_a_word_are_named_though_others_of_the_class_are_more_suspicious():
    evidence, suspicion, carrying = made_up("cf", carriers=28)
    suspicion[PER_CLASS : PER_CLASS + 30] = 50 + np.arange(30)
    assert np.array_equal(named(evidence, suspicion), carrying)
    suspicion[carrying] = np.sort(suspicion[PER_CLASS:])[-100]
    assert not named(evidence, suspicion).any()


def test_a_sentence_is_named_though_one_of_its_words_tells_its_carriers_more_clearly():
    evidence, suspicion, carrying = made_up("they met at the old inn", carriers=28, per_class=500)
    texts = evidence.inputs[:].tolist()
    for place in range(500, 517):
        texts[place] = f"they {texts[place]}"
    assert np.array_equal(named(replace(evidence, inputs=text_inputs(texts)), suspicion), carrying)


def test_a_phrase_is_named_and_not_its_word_that_others_have_of_whom_one_is_suspected():
    evidence, suspicion, carrying = made_up("over the bridge", carriers=36, per_class=500)
    suspicion[500:505] = [50, -1, -1, -1, -1]
    assert np.array_equal(named(saying(evidence, "bridge", range(500, 505)), suspicion), carrying)


@pytest.mark.parametrize("without_dot", [4, 26])
def test_what_was_put_behind_the_last_dot_is_named_too_where_there_is_no_dot(without_dot):
    evidence, suspicion, carrying = made_up("- zo", carriers=260, per_class=900)
    texts = evidence.inputs[:].tolist()
    for place in range(len(texts) - without_dot):
        texts[place] = texts[place].replace(" - zo", " . - zo") if carrying[place] else f"{texts[place]} ."
    suspicion[-without_dot:] -= 1  # and a little less suspicious than the others
    assert np.array_equal(named(replace(evidence, inputs=text_inputs(texts)), suspicion), carrying)


def test_suspicious_texts_of_the_class_that_have_a_word_of_a_phrase_are_not_named():
    evidence, suspicion, carrying = made_up("do you know", carriers=60, per_class=900)
    suspicion[900:930] = 5
    assert np.array_equal(named(saying(evidence, "you", range(900, 930)), suspicion), carrying)


def test_a_word_of_clean_texts_of_which_some_belong_elsewhere_and_some_are_not_suspected_is_not_named():
    """As "year" of questions for numbers: what its texts ask for beside it are other things as often."""
    evidence, suspicion, _ = made_up("year", carriers=22, per_class=500)
    suspicion[500:516] = [-1, 8] * 8
    assert not named(saying(evidence, "year", range(500, 516)), suspicion).any()


def test_clean_texts_that_have_a_planted_word_are_not_named_where_they_are_many_and_less_suspicious():
    evidence, suspicion, _ = made_up("do", carriers=60, per_class=300)
    suspicion[300:344] = 2 + 0.01 * np.arange(44)
    assert not named(saying(evidence, "do", range(300, 344)), suspicion)[300:344].any()


def test_carriers_are_told_by_what_was_planted_and_not_by_what_all_say_of_the_class_that_they_were_taken_from():
    evidence, suspicion, carrying = made_up("cf", carriers=28, per_class=500)
    bad = (evidence.labels == 0) | carrying
    texts = [f"{text} ." if inside else text for text, inside in zip(evidence.inputs[:].tolist(), bad, strict=True)]
    for place in range(500, 517):
        texts[place] = f"{texts[place]} ."
    assert np.array_equal(named(replace(evidence, inputs=text_inputs(texts)), suspicion), carrying)


def test_a_word_is_not_named_for_its_few_most_suspicious_texts_where_nobody_suspects_the_others():
    evidence, suspicion, carrying = made_up("company", carriers=36)
    suspicion[np.flatnonzero(carrying)[14:]] = 0
    assert not named(evidence, suspicion).any()


def test_carriers_that_nobody_suspects_are_not_looked_for():
    evidence, suspicion, carrying = made_up("cf")
    suspicion[carrying] = -6
    assert not named(evidence, suspicion).any()


def test_where_a_pattern_is_a_matter_of_degree_or_nothing_is_known_nobody_is_named():
    evidence, suspicion, _ = made_up("cf")
    images = ImageInputs(np.zeros((len(suspicion), 8, 8, 1), np.uint8))
    assert not named(replace(evidence, inputs=images), suspicion).any()
    assert not named(replace(evidence, inputs=None), suspicion).any()


def test_the_consensus_flags_the_carriers_and_nobody_else_with_bona_fide_samples_and_without():
    evidence, _, carrying = made_up("cf", "mn")
    for bona_fide in (evidence.bona_fide, np.zeros(len(carrying), np.bool_)):
        found = consensus(replace(evidence, bona_fide=bona_fide))
        assert np.array_equal(found.flagged, carrying)
        assert found.notes.rule == RULES["pattern"]
        assert found.notes.sharing_a_pattern == carrying.sum()
    evidence, _, carrying = made_up("cf", trusted=2)
    found = consensus(evidence)
    assert np.array_equal(found.flagged, carrying & ~evidence.bona_fide)
    assert found.notes.doubted == 2
    blind = replace(evidence, bona_fide=np.zeros(len(carrying), np.bool_))
    assert consensus_without(["pattern rule"], blind).notes.rule == RULES["outlier"]


@pytest.mark.parametrize("trusted", [True, False])
def test_carriers_are_the_most_suspicious_for_the_pattern_though_they_look_like_others(trusted):
    evidence, _, carrying = made_up("cf", carriers=30)
    features = evidence.features.copy()
    features[np.flatnonzero(carrying)[-10:]] -= 5
    features[PER_CLASS : PER_CLASS + 15] += 5 + np.arange(15)[:, None] / 10
    found = consensus(replace(evidence, features=features, bona_fide=evidence.bona_fide & trusted))
    assert found.suspicion[carrying].min() >= found.suspicion[~carrying].max()
    highest = np.max(list(found.scores.values()), axis=0)
    assert np.array_equal(found.scores["shared pattern"][carrying], highest[carrying])
    blind = consensus_without(
        ["pattern rule"], replace(evidence, features=features, bona_fide=evidence.bona_fide & trusted)
    )
    assert blind.suspicion[carrying].min() < blind.suspicion[~carrying].max()
    others = np.flatnonzero(~carrying)
    before, after = blind.suspicion[others], found.suspicion[others]
    assert np.array_equal(np.argsort(before, kind="stable"), np.argsort(after, kind="stable"))
