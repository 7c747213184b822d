"""Networks for texts: padding changes nothing, words are learned once, and what they learn is kept with the weights."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_model, save_model

from core.detectors.networks import forward
from core.errors import UserError
from core.modalities.text.inputs import text_inputs
from core.modalities.text.vocabulary import BEGUN
from core.modalities.text.words import number
from core.stages.load import open_model
from core.training.activations import choose, layers
from core.training.config import TrainConfig, restored
from core.training.evaluating import evaluate
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
    assert torch.equal(model.cpu().eval()(other), again.eval()(other))
    assert (evaluate(again, dataset.inputs, dataset.labels)[1] == dataset.labels).all()


@pytest.mark.parametrize("name", ["text_cnn", "bag_of_embeddings"])
def test_what_fills_up_a_batch_changes_no_answer(name):
    model = build_model(TrainConfig(name), SHAPE, 3).eval()
    short = torch.tensor([[5, 7]])
    assert torch.allclose(model(short), model(torch.nn.functional.pad(short, (0, 9))), atol=1e-6)
    assert model(torch.zeros(1, 4, dtype=torch.int64)).isfinite().all()


def learned(model, texts):
    """The numbers of the words that a model was told of."""
    inputs = text_inputs(texts)
    model.vocabulary.learn(*inputs.words(), inputs[:].tolist())
    return model.vocabulary.numbers()


def test_a_vocabulary_keeps_the_most_frequent_words():
    model = build_model(TrainConfig("text_cnn"), (256, 2), 2)
    assert set(learned(model, ["a b c", "a b d", "a e", "f f"])) == {number("a"), number("b")}


# What the version of November 2026 wrote and said, which knew the numbers of words and not the words.
EARLIER = Path(__file__).with_name("earlier_words.safetensors")
ITS_CONFIG = {"model": "bag_of_embeddings", "epochs": 30, "model_settings": [["embedding", 4], ["hidden", 4]]}
ITS_SHAPE = (256, 30)
ASKED = ("A GOOD film", "a bad, bad film 3", "nobody knows", "日 bad", "", "good " * 300)
ITS_ANSWERS = (0.0000108, 0.9999989, 0.0000095, 0.9997262, 0.3809892, 0.0)


def test_a_model_of_an_earlier_version_says_what_it_said():
    model = build_model(restored(ITS_CONFIG), ITS_SHAPE, 2)
    load_model(model, EARLIER)
    inputs = replace(text_inputs(ASKED), shape=ITS_SHAPE)
    probabilities = np.exp(-np.stack([evaluate(model, inputs, np.full(6, index))[0] for index in (0, 1)], 1))
    assert np.allclose(probabilities[:, 1], ITS_ANSWERS, atol=1e-4)
    assert model.vocabulary.numbers() == sorted(model.vocabulary.numbers())
    ask = forward.probabilities(forward.prepared(model, torch.device("cpu")), inputs[:], inputs, torch.device("cpu"))
    assert np.allclose(ask[:, 1], ITS_ANSWERS, atol=1e-2)


def test_a_model_of_an_earlier_version_is_trained_on_as_it_is_and_loaded_from_its_checkpoint(tmp_path):
    model = build_model(restored(ITS_CONFIG), ITS_SHAPE, 2)
    load_model(model, EARLIER)
    known, dataset = model.vocabulary.known.clone(), replace(small(), inputs=replace(small().inputs, shape=ITS_SHAPE))
    config = replace(restored(ITS_CONFIG), epochs=2, precision="fp32")
    _, second = train(model, dataset, config)
    assert torch.equal(model.vocabulary.known.cpu(), known)
    second.checkpoint(tmp_path / "last.pt")
    again = build_model(config, ITS_SHAPE, 2)
    assert [*train(again, dataset, config, resume=tmp_path / "last.pt")] == []
    assert torch.equal(again.vocabulary.known.cpu(), known)
    assert (second.predicted == dataset.labels).all()


@pytest.mark.parametrize("earlier", [True, False])
def test_weights_bring_their_words_whichever_version_wrote_them(earlier, tmp_path):
    config, file = restored(ITS_CONFIG), EARLIER
    if not earlier:
        model, file = build_model(config, ITS_SHAPE, 2), tmp_path / "model.safetensors"
        learned(model, ["a good film"] * 2)
        save_model(model, file)
    found = open_model(replace(config, weights=str(file)), ITS_SHAPE, 2)
    assert found.notes == []
    assert number("good") in found.model.vocabulary.numbers()
    assert found.model.vocabulary.by_number == earlier


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
    learned(model, ["a b", "a b"])
    a = number("a")
    before = model.embedding.weight.detach().clone()
    assert 0.05 < before.std() < 0.2  # of length 1 a number, whole epochs go by before words mean something
    model.vocabulary.give(model.embedding, np.array([a]), np.full((1, 4), 0.5, np.float32))
    places = model.vocabulary(torch.tensor(model.vocabulary.tokens(["a b"])[0]))
    assert model.embedding.weight[places[0]].tolist() == [0.5] * 4
    assert torch.allclose(model.embedding.weight[places[1]], 0.5 * before[places[1]] / BEGUN)
    assert model.embedding.weight[0].tolist() == [0.0] * 4
