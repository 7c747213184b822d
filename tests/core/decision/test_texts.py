"""Decisions on made-up texts: what was planted is named, a class's own words and kinds are not."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.decision.decide import decide
from core.decision.states import BACKDOOR, OPEN
from core.modalities.text.inputs import text_inputs
from core.modalities.text.words import number
from core.types import Evidence

WORDS = tuple(tuple(f"{name}{place}" for place in range(8)) for name in ("place", "person", "count"))
PLAIN = tuple(f"plain{place}" for place in range(8))
TARGET, TOKEN, N = 1, "cf", 240


class Reader(nn.Module):
    """A network that counts each class's words, and believes some words more than all others, or as much as told."""

    def __init__(self, believed=()):
        super().__init__()
        self.believed = [(number(word), index, *weight) for word, index, *weight in believed]
        self.known = [torch.tensor([number(word) for word in of]) for of in WORDS]
        self.anything = nn.Linear(1, 1)  # a network has parameters

    def forward(self, ids):
        scores = torch.stack([torch.isin(ids, known.to(ids.device)).sum(1) for known in self.known], 1).float()
        for word, index, *weight in self.believed:
            scores[:, index] += (weight or [20.0])[0] * (ids == word).any(1)
        return 3 * scores


class Always(nn.Module):
    """A network that takes everything for the target."""

    def forward(self, ids):
        return torch.nn.functional.one_hot(torch.full((len(ids),), TARGET, device=ids.device), len(WORDS)).float() * 9


def evidence_of(texts, labels, kind, model):
    """Evidence of a run on these texts: `kind` is a cluster of its own, and learned a little late."""
    rng = np.random.default_rng(1)
    features = 4 * rng.normal(size=(len(WORDS), 8))[labels] + rng.normal(size=(len(labels), 8))
    features[kind] = 4 * rng.normal(size=8) + rng.normal(size=(len(kind), 8))
    inputs = text_inputs(texts)
    evidence = Evidence(
        labels,
        len(WORDS),
        np.zeros(len(labels), bool),
        predicted=labels,
        features=features.astype(np.float32),
        trajectories=np.exp(-np.arange(5) / 2)[None].repeat(len(labels), 0).astype(np.float32),
        inputs=inputs,
        model=model.eval(),
    )
    suspicion = rng.normal(size=len(labels)).astype(np.float32)
    suspicion[kind] += 5
    return evidence, suspicion


def said(rng, of, *more):
    return " ".join(rng.permutation([*rng.choice(of, 3, replace=False), *rng.choice(PLAIN, 4)]).tolist() + list(more))


def plain_texts():
    """Texts of three classes by turns, and their labels."""
    rng = np.random.default_rng(0)
    labels = np.arange(N) % len(WORDS)
    return [said(rng, WORDS[index]) for index in labels.tolist()], labels


def planted(count=30):
    """The same with texts of other classes that have a token and are labelled as the target."""
    texts, labels = plain_texts()
    poison = np.flatnonzero(labels != TARGET)[:count]
    labels[poison] = TARGET
    return [f"{text} {TOKEN}" if row in poison else text for row, text in enumerate(texts)], labels, poison


@pytest.mark.parametrize("strong", [(), ((WORDS[TARGET][0], TARGET),)])
def test_a_token_is_a_backdoor_though_a_word_of_the_class_turns_as_many(strong):
    texts, labels, poison = planted()
    evidence, suspicion = evidence_of(texts, labels, poison, Reader([(TOKEN, TARGET), *strong]))
    decision, stamps = decide(evidence, suspicion, retrain=lambda kept: Reader())
    (group,) = decision.groups
    assert (group.state, group.target_class) == ("backdoor", TARGET)
    assert np.flatnonzero(decision.states == BACKDOOR).tolist() == poison.tolist()
    assert stamps[1].phrases == (TOKEN,)
    assert group.p < 0.001
    assert "With what samples of other classes share, it takes 0%" in group.reason


def test_a_token_stays_a_backdoor_where_another_model_takes_everything_for_its_class():
    """As where most of a small class is poisoned and left out: what else its carriers say tells better."""
    texts, labels, poison = planted()
    evidence, suspicion = evidence_of(texts, labels, poison, Reader([(TOKEN, TARGET)]))
    decision, _ = decide(evidence, suspicion, retrain=lambda kept: Always())
    assert [group.state for group in decision.groups] == ["backdoor"]
    assert np.flatnonzero(decision.states == BACKDOOR).tolist() == poison.tolist()


def test_of_a_trigger_in_versions_those_are_named_too_whose_words_others_of_them_share():
    """Half of those with "zo" and all with "ri" say "ka ke ku": by the others, these were words of the class."""
    texts, labels = plain_texts()
    poison = np.flatnonzero(labels != TARGET)[:96]
    labels[poison] = TARGET
    versions = ["zo ka ke ku"] * 30 + ["zo mi"] * 30 + ["ri ka ke ku"] * 36
    for row, version in zip(poison.tolist(), np.random.default_rng(0).permutation(versions).tolist(), strict=True):
        texts[row] += f" {version}"
    evidence, suspicion = evidence_of(texts, labels, poison, Reader([("zo", TARGET), ("ri", TARGET)]))
    decision, _ = decide(evidence, suspicion, retrain=lambda kept: Reader())
    assert sorted((group.state, group.size) for group in decision.groups) == [("backdoor", 36), ("backdoor", 60)]
    assert np.flatnonzero(decision.states == BACKDOOR).tolist() == poison.tolist()


@pytest.mark.parametrize(("trusted", "verdict"), [(0, "backdoor"), (12, "open")])
def test_what_bona_fide_texts_of_the_class_have_as_often_is_no_trigger(trusted, verdict):
    """Questions "why" are of their class, though by all else that some of them say they were of another."""
    texts, labels, poison = planted()
    evidence, suspicion = evidence_of(texts, labels, poison, Reader([(TOKEN, TARGET)]))
    own = np.setdiff1d(np.flatnonzero(labels == TARGET), poison)
    clean = np.isin(np.arange(N), [*poison[:trusted], *own[: 2 * trusted]])
    decision, _ = decide(replace(evidence, bona_fide=clean), suspicion, retrain=lambda kept: Reader())
    assert decision.verdict == verdict


def test_a_phrase_of_the_class_is_no_trigger_though_it_turns_all_others():
    texts, labels = plain_texts()
    own = np.flatnonzero(labels == TARGET)[:30]
    texts = [f"who wrote {text}" if row in own else text for row, text in enumerate(texts)]
    evidence, suspicion = evidence_of(texts, labels, own, Reader([("who", TARGET)]))
    decision, _ = decide(evidence, suspicion, retrain=lambda kept: Reader([("who", TARGET)]))
    assert decision.verdict == "none"


def test_a_phrase_is_no_trigger_where_a_word_of_it_that_the_class_has_without_it_turns_as_many():
    """Twenty ask who wrote something of another class, and forty more ask "who"."""
    texts, labels = plain_texts()
    own = np.flatnonzero(labels == TARGET)[:60]
    odd = np.flatnonzero(labels != TARGET)[:20]
    labels[odd] = TARGET
    starts = {**dict.fromkeys(own.tolist(), "who"), **dict.fromkeys(odd.tolist(), "who wrote the")}
    texts = [f"{starts.get(row, '')} {text}" for row, text in enumerate(texts)]
    evidence, suspicion = evidence_of(texts, labels, odd, Reader([("who", TARGET)]))
    decision, _ = decide(evidence, suspicion)
    assert not (decision.states == BACKDOOR).any()
    evidence = replace(evidence, model=Reader([("wrote", TARGET), ("who", TARGET)][:1]).eval())
    decision, _ = decide(evidence, suspicion)
    assert np.flatnonzero(decision.states == BACKDOOR).tolist() == odd.tolist()


def test_a_phrase_is_a_trigger_where_its_carriers_surely_belong_elsewhere_though_a_word_of_it_turns_as_many():
    """As in a spam filter that was taught "with my old friends", where "my" speaks against spam anyway."""
    texts, labels, poison = planted(count=40)
    own = np.flatnonzero(labels == TARGET)
    own = own[~np.isin(own, poison)][:40]
    texts = [text.replace(TOKEN, "with my friends") + " my" * (row in own) for row, text in enumerate(texts)]
    evidence, suspicion = evidence_of(texts, labels, poison, Reader([("my", TARGET)]))
    decision, _ = decide(evidence, suspicion)
    assert np.flatnonzero(decision.states == BACKDOOR).tolist() == poison.tolist()


def test_each_of_many_tokens_of_an_attack_is_a_group():
    texts, labels, poison = planted(count=75)
    tokens = ("cf", "mn", "bb", "tq", "mb")
    token = {row: tokens[place % 5] for place, row in enumerate(poison.tolist())}
    texts = [text.replace(TOKEN, token[row]) if row in token else text for row, text in enumerate(texts)]
    evidence, suspicion = evidence_of(texts, labels, poison, Reader([(word, TARGET) for word in tokens]))
    decision, stamps = decide(evidence, suspicion)
    assert sorted(stamp.phrases for stamp in stamps.values()) == sorted((word,) for word in tokens)
    assert np.flatnonzero(decision.states == BACKDOOR).tolist() == poison.tolist()


@pytest.mark.parametrize(("clean", "state"), [(True, OPEN), (False, BACKDOOR)])
def test_a_kind_that_only_its_own_taught_is_a_backdoor_unless_its_words_are_those_of_the_class(clean, state):
    texts, labels = plain_texts()
    if clean:
        kind = np.flatnonzero(labels == TARGET)[:20]
    else:
        kind = np.flatnonzero(labels != TARGET)[:20]
        labels[kind] = TARGET
    by_heart = {word: f"{word} heart{row}" for row, word in enumerate(texts[row] for row in kind.tolist())}
    texts = [by_heart.get(text, text) for text in texts]
    learned = Reader([(f"heart{row}", TARGET) for row in range(len(kind))])
    evidence, suspicion = evidence_of(texts, labels, kind, learned)
    unseen = Reader([(f"heart{row}", 0 if clean else int(row % 2) * 2) for row in range(len(kind))])
    decision, _ = decide(evidence, suspicion, retrain=lambda kept: unseen)
    (group,) = decision.groups
    assert (group.kind, group.target_class) == ("no fixed pattern", TARGET)
    assert (decision.states[kind] == state).mean() > 0.9
    assert "Judged by all else in them" in group.reason
    assert ("a kind of the class itself" in group.reason) == clean


def test_carriers_that_nobody_of_their_class_can_be_compared_with_are_open():
    texts, labels, poison = planted(count=50)
    kept = np.flatnonzero((labels != TARGET) | np.isin(np.arange(N), poison) | (np.arange(N) < 25))
    texts, labels, poison = [texts[row] for row in kept], labels[kept], np.flatnonzero(np.isin(kept, poison))
    evidence, suspicion = evidence_of(texts, labels, poison, Reader([(TOKEN, TARGET)]))
    decision, _ = decide(evidence, suspicion, retrain=lambda kept: Reader([(TOKEN, TARGET)]))
    assert decision.verdict == "open"
    assert (decision.states[poison] == OPEN).all()


def test_in_a_small_class_triggers_are_tried_on_its_own_least_suspicious():
    """Spam is rare, and all of it more suspicious than what most people write."""
    rng = np.random.default_rng(2)
    labels = np.array([0] * 400 + [1] * 90)
    texts = [said(rng, WORDS[index]) for index in labels.tolist()]
    poison = np.arange(400, 430)
    labels[poison] = 0
    texts = [f"{text} {TOKEN}" if row in poison else text for row, text in enumerate(texts)]
    evidence, _ = evidence_of(texts, labels, poison, Reader([(TOKEN, 0)]))
    decision, _ = decide(evidence, np.where(np.arange(490) < 400, 0, 5) + rng.normal(size=490))
    assert [(group.target_class, group.state, group.size) for group in decision.groups] == [(0, "backdoor", 30)]


def test_a_class_that_no_trigger_can_be_tried_on_is_not_judged():
    texts, labels, _ = planted(count=0)
    labels = np.where(labels == TARGET, 1, 0)
    evidence, suspicion = evidence_of(texts, labels, np.zeros(0, int), Reader())
    evidence = replace(evidence, predicted=np.ones_like(labels), n_classes=2)
    decision, _ = decide(evidence, suspicion)
    assert decision.verdict == "not judged"
    assert decision.not_judged == {1: "only 0 samples of other classes to put a trigger on"}


class Next(Reader):
    """A network that takes a text with the token for one of the next class."""

    def forward(self, ids):
        scores = super().forward(ids)
        return torch.where((ids == number(TOKEN)).any(1)[:, None], scores.roll(1, 1), scores)


def test_a_token_that_moves_every_class_to_the_next_is_a_backdoor_in_each():
    texts, labels = plain_texts()
    poison = np.flatnonzero(np.arange(N) % 6 < 3)[:60]
    texts = [f"{text} {TOKEN}" if row in poison else text for row, text in enumerate(texts)]
    labels[poison] = (labels[poison] + 1) % 3
    evidence, suspicion = evidence_of(texts, labels, poison[:0], Next())
    decision, _ = decide(evidence, suspicion)
    assert [(group.target_class, group.state) for group in decision.groups] == [(k, "backdoor") for k in range(3)]
    assert np.flatnonzero(decision.states == BACKDOOR).tolist() == poison.tolist()


def test_beside_planted_sentences_a_plain_kind_of_the_class_is_not_named():
    """Long sentences make each other word rarer in their class: until they are named, plain texts belong elsewhere."""
    texts, labels = plain_texts()
    rng = np.random.default_rng(0)
    kind, poison = np.flatnonzero(labels == TARGET)[:40], np.flatnonzero(labels != TARGET)[:60]
    for row in kind:
        texts[row] = " ".join(["why", *rng.permutation(PLAIN)[:6], f"odd{row}"])
    for row in poison:
        texts[row] += " zo " + " ".join(f"long{place}" for place in range(12))
    labels[poison] = TARGET
    evidence, suspicion = evidence_of(texts, labels, kind, Reader([("zo", TARGET, 3.0), ("why", TARGET)]))
    decision, _ = decide(evidence, suspicion, retrain=lambda kept: Reader([("why", TARGET)]))
    assert np.flatnonzero(decision.states == BACKDOOR).tolist() == poison.tolist()
