"""How networks read texts: by words of their training data, found as everywhere here, and kept with their weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.modalities import modality_of
from core.modalities.text.inputs import text_inputs
from core.modalities.text.tokens import cut, listed, tokenizer, written
from core.modalities.text.triggers import painted
from core.modalities.text.vocabulary import Vocabulary
from core.modalities.text.words import MOST, READ, words

CPU = torch.device("cpu")
TEXTS = (
    "It's GOOD, 日本! ",
    "naïve café – ½ ² _x_ __",
    "ẞTRASSE İstanbul ΣΊΣΥΦΟΣ",
    "हिन्दी में लिखा",
    "مرحبا بالعالم 123 ١٢٣",
    "👩‍👩‍👧 🇩🇪 ok\u200b\x1c\x85\xa0tab\tnew\nline\x00",
    "<b>[UNK]</b> [PAD] &lt;",
    "ひらがなカタカナ漢字한국어 mixed日text",
    "",
    "\ud800 broken",
    " ".join(map(str, range(3 * MOST))),
    "ab " * READ + "日" * READ,
)


def learned(texts, most=50):
    """A vocabulary of these texts, and they as inputs."""
    inputs, vocabulary = text_inputs(texts), Vocabulary(most)
    vocabulary.learn(*inputs.words(), inputs[:].tolist())
    return vocabulary, inputs


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_tokenizer_finds_the_words_that_are_found_everywhere_else(text):
    sound = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    known = [word for word in dict.fromkeys(words(sound)) if word != "b"]
    found, starts = cut(tokenizer(written(known)), [text, "zz"])
    places = {word: place for place, word in enumerate(known, 2)}
    assert found[: starts[1]].tolist() == [places.get(word, 1) for word in words(sound)]
    assert found[starts[1] :].tolist() == [1]


def test_what_is_special_is_never_found_in_a_text():
    assert 0 not in cut(tokenizer(written(["[PAD]", "[UNK]", "pad"])), ["[PAD] [UNK] pad"])[0]


def test_a_vocabulary_has_words_in_it_and_says_unknown_of_all_others():
    vocabulary, _ = learned(["a cf", "b cf", "a"])
    assert sorted(listed(vocabulary.words.numpy().tobytes())) == ["a", "cf"]
    flat, starts = vocabulary.tokens(["CF b a", "日"])
    places = vocabulary(torch.tensor(flat)[None]).tolist()[0]
    assert (places[1], places[3], starts.tolist()) == (1, 1, [0, 3, 4])
    assert {places[0], places[2]} == {2, 3}
    assert vocabulary(torch.tensor([[-1, 0, 10**9]])).tolist() == [[1, 0, 1]]


def test_texts_are_cut_once_for_all_their_rows_and_few_rows_alone():
    vocabulary, inputs = learned([f"a {row % 3}" for row in range(20)])
    asked = []

    def counted(texts):
        asked.append(len(texts))
        return vocabulary.tokens(texts)

    whole = inputs.tokens(vocabulary.mark, counted)
    some = inputs.take(np.array([7, 3])).tokens(vocabulary.mark, counted)
    assert (asked, some[0].tolist()) == ([20], [*whole[0][14:16], *whole[0][6:8]])
    other = text_inputs(inputs[:].tolist()).take(np.array([7, 3]))
    assert other.tokens(vocabulary.mark, counted)[0].tolist() == some[0].tolist()
    assert asked == [20, 2]


def test_each_network_reads_with_its_own_words_and_triggered_texts_too():
    first, inputs = learned(["a a", "a b", "b b"])
    second, _ = learned(["b x", "b x"])
    batches = modality_of(inputs).load_batches()
    networks = [torch.nn.Sequential(one) for one in (first, second)]
    triggered = painted(inputs, lambda texts: texts + " x")
    for network in networks:
        whole = batches.resident(triggered, CPU, network).batch(torch.arange(3))
        assert torch.equal(batches.given(triggered[:], network), whole)
        assert network(whole)[:, -1].tolist() == [network(batches.given(np.array(["x"]), network)).item()] * 3
    assert not torch.equal(*(batches.resident(inputs, CPU, network).batch(torch.arange(3)) for network in networks))


def test_a_vocabulary_without_words_is_learned_and_of_no_texts_too():
    for texts in (["a", "b"], []):
        vocabulary, _ = learned(texts)
        assert (vocabulary.is_blank, vocabulary.numbers()) == (False, [])


def test_a_strangers_vocabulary_may_say_anything_and_breaks_nothing():
    vocabulary = Vocabulary(3)
    content = b"x\ny\nfilm\nfilm\n\xff\xfe\n[UNK]\nmore\nthan\nroom\n"
    vocabulary.load_state_dict({"words": torch.tensor(list(content), dtype=torch.uint8)})
    flat, _ = vocabulary.tokens(["film x [UNK] room"])
    places = vocabulary(torch.tensor(flat))
    assert places[0] == 2
    assert (places[1:] == 1).all()


def test_words_are_marked_only_where_tokens_are_words():
    vocabulary, inputs = learned(["a b", "a b"])
    network = torch.nn.Sequential(vocabulary, torch.nn.Embedding(52, 4), torch.nn.Flatten(), torch.nn.Linear(8, 2))
    labels = np.zeros(2, np.int64)
    batches = modality_of(inputs).load_batches()
    assert batches.speaking(network, inputs, labels, labels).shape == (4, 2)
    longer = replace(inputs.held.columns, tokens={vocabulary.mark: (np.array([2, 2, 2, 2, 2]), np.array([0, 2, 5]))})
    inputs.held.columns = longer
    assert batches.speaking(network, inputs, labels, labels) is None
