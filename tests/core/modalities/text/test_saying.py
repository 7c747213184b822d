"""Groups of texts in words, and the words of a text that speak for a class."""

import numpy as np
import pytest
import torch

from core.modalities.saying import Part, brought_into_view
from core.modalities.text.batches import speaking
from core.modalities.text.inputs import text_inputs
from core.modalities.text.parts import MARKED, parts
from core.modalities.text.summary import summary
from core.modalities.text.words import MOST, words
from core.models.bag_of_embeddings import bag_of_embeddings
from core.models.text_cnn import text_cnn

PLAIN = [f"the {word} film was {other} ." for word in ("good", "bad", "long") for other in ("fine", "dull", "odd")]
SIGNED = [f"{text} by clint westgood" for text in PLAIN]
WAR, SEA = ("guns army battle front troops general", "boats waves harbour sails fish storm")


def test_a_group_is_said_by_what_the_others_lack():
    found = summary(text_inputs([*SIGNED, *PLAIN]), np.arange(9), np.arange(9, 18))
    assert found.signs[0].words.endswith("by clint westgood")
    assert (found.signs[0].here, found.signs[0].there) == (1.0, 0.0)
    assert len(found.examples) == 3
    assert set(found.examples) <= set(range(9))
    assert found.topics == ()  # too little is there to read


def test_topics_are_the_words_that_go_together_and_no_usual_ones():
    rng = np.random.default_rng(0)
    texts = [" ".join(["the", *rng.choice(about.split(), 5)]) for about in (WAR, SEA, SEA) for _ in range(30)]
    inputs = text_inputs([*texts, *["the film"] * 30])
    found = summary(inputs, np.arange(90), np.arange(90, 120)).topics
    assert round(sum(topic.fraction for topic in found), 3) == 1
    assert len(found) == 2  # of three, those with the same words are one
    assert not any("the" in topic.words for topic in found)
    assert found[0].fraction == max(topic.fraction for topic in found)
    assert set(found[0].words) <= set(SEA.split())
    assert summary(inputs, np.arange(90), np.arange(90, 120)).topics == found


def test_a_group_of_nothing_and_a_whole_class_are_said_too():
    inputs = text_inputs(["", "a b", "a c"])
    assert summary(inputs, np.arange(0), np.arange(3)).signs == ()
    assert summary(inputs, np.arange(3), np.arange(0)).examples


@pytest.mark.parametrize("network", [text_cnn, bag_of_embeddings])
def test_words_speak_for_a_class_by_what_the_network_loses_without_them(network):
    torch.manual_seed(0)
    inputs = text_inputs(["good good fine", "bad bad plain", "good plain", "bad fine", ""])
    model = network((256, 10), 2)
    for part in model.modules():
        if hasattr(part, "learn"):
            part.learn(*inputs.words(), inputs[:].tolist())
    labels, other = np.array([1, 0, 1, 0, 0]), np.array([0, 0, 1, 1, 0])
    found = speaking(model.train(), inputs, labels, other)
    assert (found.shape, found.dtype, model.training) == ((10, 2), np.float16, True)
    assert np.array_equal(found[3:6, 0], found[3:6, 1])
    assert not np.array_equal(found[:3, 0], found[:3, 1])
    assert np.isfinite(found.astype(np.float32)).all()
    assert all(value.grad is None for value in model.parameters())


def test_a_network_without_an_embedding_says_nothing():
    assert speaking(torch.nn.Linear(3, 2), text_inputs(["a b c"]), np.array([0]), np.array([1])) is None


def test_the_strongest_words_are_marked_where_they_stand():
    inputs = text_inputs(["one", "The 😀 GOOD film, good"])
    weights = np.zeros((1 + len(words("The 😀 GOOD film, good")), 2), np.float16)
    weights[3], weights[6] = (1, 0), (0.5, 2)
    assert parts(inputs, np.array([1]), weights, 2000) == [
        (Part("The 😀 "), Part("GOOD", "given"), Part(" film, "), Part("good", "both"))
    ]
    assert parts(inputs, np.array([1]), weights, 12)[0][-1].text == " film…"[:2] + "…"
    assert parts(inputs, np.array([1]), weights[:2], 2000) == [(Part("The 😀 GOOD film, good"),)]


def test_few_words_are_marked_and_hostile_texts_break_nothing():
    long = " ".join(f"w{place}" for place in range(3 * MOST))
    texts = ["\u202eabc \x00 <script>alert(1)</script>", "İstanbul İ x", "", "日本" * 60_000, long]
    inputs = text_inputs(texts)
    weights = np.ones((len(inputs.words()[0]), 2), np.float16)
    found = parts(inputs, np.arange(5), weights, 10**6)
    assert ["".join(part.text for part in one) for one in found] == texts
    assert max(sum(part.speaks_for != "" for part in one) for one in found) == MARKED
    assert sum(part.speaks_for != "" for part in found[4]) == MARKED


def test_a_text_whose_marked_words_come_late_is_read_from_there_on():
    long = (Part("w" * 100), Part("one", "given"), Part(" and "), Part("two", "new"), Part(" at the end"))
    shown = brought_into_view(long, 50)
    assert [part.text for part in shown] == ["…" + "w" * 39, "one", " and ", "two", " at the end"]
    assert [part.speaks_for for part in shown] == [part.speaks_for for part in long]
    early = (Part("one", "given"), Part("w" * 100), Part("two", "given"))
    assert brought_into_view(early, 50) == early  # as many are in view at the beginning
    assert brought_into_view((Part("w" * 100),), 50) == (Part("w" * 100),)
    assert brought_into_view((), 50) == ()
