"""Networks for texts: padding changes nothing, words are learned once, and what they learn is kept with the weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.errors import UserError
from core.modalities.text.inputs import text_inputs
from core.modalities.text.words import number
from core.training.activations import choose, layers
from core.training.config import TrainConfig
from core.training.loop import build_model, train
from core.types import Dataset

SHAPE = (256, 50)
WORDS = ("good", "bad")


def small(n=40):
    """Texts whose label is a word of theirs."""
    labels = np.arange(n) % 2
    inputs = replace(text_inputs([f"a {WORDS[label]} film {row % 5}" for row, label in enumerate(labels)]), shape=SHAPE)
    return Dataset("small", np.arange(n), inputs, labels, inputs.take(slice(8)), labels[:8], WORDS, np.zeros(n, bool))


@pytest.mark.parametrize("name", ["text_cnn", "bag_of_embeddings"])
def test_a_model_learns_which_word_decides_and_says_the_same_when_loaded(name):
    config, dataset = TrainConfig(name, epochs=8, batch_size=8, learning_rate=0.02, precision="fp32"), small()
    model = build_model(config, dataset.shape, 2)
    *_, last = train(model, dataset, config)
    assert (last.predicted == dataset.labels).all()
    again = build_model(config, dataset.shape, 2)
    again.load_state_dict(model.state_dict())
    assert not again.vocabulary.is_blank
    other = torch.tensor([[1, 2, 3]])
    assert torch.equal(model.eval()(other), again.eval()(other))


@pytest.mark.parametrize("name", ["text_cnn", "bag_of_embeddings"])
def test_what_fills_up_a_batch_changes_no_answer(name):
    model = build_model(TrainConfig(name), SHAPE, 3).eval()
    short = torch.tensor([[5, 7]])
    assert torch.allclose(model(short), model(torch.nn.functional.pad(short, (0, 9))), atol=1e-6)
    assert model(torch.zeros(1, 4, dtype=torch.int64)).isfinite().all()


def test_a_vocabulary_keeps_the_most_frequent_words_and_is_not_learned_twice():
    model = build_model(TrainConfig("text_cnn"), (256, 2), 2)
    model.vocabulary.learn(*text_inputs(["a b c", "a b d", "a e", "f f"]).words())
    known = text_inputs(["a b c f"]).words()[0]
    assert model.vocabulary(torch.tensor(known)[None]).tolist()[0][2:] == [1, 1]
    assert set(model.vocabulary(torch.tensor(known)[None]).tolist()[0][:2]) == {2, 3}


def test_the_head_of_a_text_network_is_found():
    model = build_model(TrainConfig("text_cnn"), SHAPE, 4)
    assert choose(layers(model, SHAPE, 4)).features == 300


def test_a_model_of_images_takes_no_texts_and_an_augmentation_neither():
    with pytest.raises(UserError, match="takes no such samples"):
        build_model(TrainConfig("convnet"), SHAPE, 2)
    dataset, config = small(), TrainConfig("text_cnn", epochs=1, augment="flip")
    with pytest.raises(UserError, match="augment=flip"):
        next(train(build_model(config, dataset.shape, 2), dataset, config))


def test_known_words_begin_with_given_vectors_and_the_others_are_of_their_size():
    model = build_model(TrainConfig("bag_of_embeddings", model_settings=(("embedding", 4),)), (256, 50), 2)
    model.vocabulary.learn(*text_inputs(["a b", "a b"]).words())
    a, b = (number(word) for word in "ab")
    before = model.embedding.weight.detach().clone()
    model.vocabulary.give(model.embedding, np.array([a]), np.full((1, 4), 0.5, np.float32))
    places = model.vocabulary(torch.tensor([a, b]))
    assert model.embedding.weight[places[0]].tolist() == [0.5] * 4
    assert torch.equal(model.embedding.weight[places[1]], 0.5 * before[places[1]])
    assert model.embedding.weight[0].tolist() == [0.0] * 4
