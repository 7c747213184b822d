"""A transformer from a folder: read as data, refused in words, trained on texts and kept whole in its run."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from core.devices import compute_for
from core.errors import UserError
from core.modalities.text.batches import speaking
from core.modalities.text.inputs import text_inputs
from core.modalities.text.parts import parts
from core.modalities.text.stamps import not_looked_for
from core.modalities.text.tokens import words_of
from core.models import usual_rate
from core.models.pretrained import transformer_folder
from core.models.pretrained.transformer_folder import read_folder
from core.stages.load import with_folder
from core.training.activations import choose, layers
from core.training.config import TrainConfig
from core.training.evaluating import evaluate
from core.training.loop import build_model, train
from core.types import Dataset
from tests.core.models.made_transformer import WORDS, changed, saved_transformer

SHAPE = (256, 10_000)
CONFIG = TrainConfig("transformer", epochs=6, batch_size=8, learning_rate=5e-3, precision="fp32", folder="?")


@pytest.fixture
def folder(tmp_path):
    return saved_transformer(tmp_path / "tiny")


def begun(folder, **config):
    return with_folder(replace(CONFIG, folder=str(folder), **config), SHAPE, 2)


def small(n=40):
    labels = np.arange(n) % 2
    inputs = text_inputs([f"a {('good', 'bad')[label]} film {row % 5}" for row, label in enumerate(labels)])
    return Dataset(
        "small", np.arange(n), inputs, labels, inputs.take(slice(8)), labels[:8], ("a", "b"), np.zeros(n, bool)
    )


def test_its_weights_and_tokenizer_are_those_of_the_folder(folder):
    opened = begun(folder)
    weights = load_file(folder / "model.safetensors")
    assert all(torch.equal(opened.model.backbone.state_dict()[name], value) for name, value in weights.items())
    flat, starts = opened.model.reader.tokens(["good zz", ""])
    assert [WORDS[each - 1] for each in flat] == ["[CLS]", "good", "[UNK]", "[SEP]", "[CLS]", "[SEP]"]
    assert starts.tolist() == [0, 4, 6]
    assert "A bert with" in opened.notes[0]


def test_a_classifier_gives_its_transformer_and_old_names_are_read(tmp_path):
    folder = saved_transformer(tmp_path / "head", head=True)
    weights = load_file(folder / "model.safetensors")
    body = begun(folder).model.backbone.state_dict()
    assert torch.equal(body["encoder.layer.0.output.dense.weight"], weights["bert.encoder.layer.0.output.dense.weight"])


def test_it_answers_as_transformers_do(folder):
    from transformers import AutoModel

    opened, theirs = begun(folder), AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    ids = torch.tensor([[2, 5, 6, 3]])
    expected = opened.model.head(theirs(input_ids=ids).last_hidden_state.mean(1))
    padded = torch.nn.functional.pad(ids + 1, (0, 3))
    assert torch.allclose(opened.model.eval()(padded), expected, atol=1e-5)


@pytest.mark.parametrize("frozen", [False, True])
def test_it_learns_and_its_state_says_the_same_elsewhere(folder, frozen):
    opened = begun(folder, model_settings=(("frozen", True),) if frozen else (), epochs=12 if frozen else 6)
    before = {name: value.clone() for name, value in opened.model.backbone.state_dict().items()}
    dataset = small()
    *_, last = train(opened.model, dataset, replace(opened.config, learning_rate=0.1 if frozen else 5e-3))
    assert (last.predicted == dataset.labels).mean() == 1
    after = opened.model.cpu().backbone.state_dict()
    moved = any(not torch.equal(value, before[name]) for name, value in after.items())
    assert moved != frozen
    again = build_model(opened.config, SHAPE, 2)
    again.load_state_dict(opened.model.state_dict())
    losses, _ = evaluate(again, dataset.inputs, dataset.labels, compute_for("fp32"))
    assert np.allclose(losses, last.losses, atol=1e-5)
    assert choose(layers(again, SHAPE, 2)).features == 16


def test_a_word_that_is_read_in_pieces_speaks_as_a_whole(folder):
    pieces = Tokenizer(models.WordPiece({word: at for at, word in enumerate([*WORDS[:5], "act", "##ing", "a", "!"])}))
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [("[CLS]", 2), ("[SEP]", 3)]
    pieces.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    pieces.save(str(folder / "tokenizer.json"))
    model = begun(folder).model.eval()
    texts = ["a acting!", "", "acting " * 300 + "a"]
    assert model.reader.words_of(texts[:2]).tolist() == [-1, 0, 1, 1, 2, -1, -1, -1]
    inputs, labels = text_inputs(texts), np.array([0, 1, 1])
    found = speaking(model, inputs, labels, 1 - labels)
    assert (found.shape, found.dtype) == ((inputs.lengths().sum(), 2), np.float16)
    assert (found[:3] != 0).all()
    (marked,) = parts(inputs, np.array([0]), found, 100)
    assert "".join(part.text for part in marked) == texts[0]
    assert {part.text for part in marked if part.speaks_for} <= {"a", "acting", "!"}
    assert any(part.speaks_for for part in marked)
    # A piece of other tokenizers begins with the space before it.
    assert words_of([(0, 1), (1, 5), (5, 8), (8, 9)], "a acting!") == [0, 1, 1, 2]


def test_of_a_network_that_reads_upper_case_it_is_said_that_words_do_not_tell_of_it(folder):
    inputs = text_inputs(["a good  film", "Straße", ""])
    assert (
        not_looked_for(inputs, begun(folder).model) == "triggers of upper case, which the model reads and no word tells"
    )
    assert not_looked_for(inputs, build_model(TrainConfig("text_cnn"), SHAPE, 2)) == ""


def test_long_empty_and_strange_texts_are_read(folder):
    model = begun(folder).model
    texts = text_inputs(["good " * 9000, "", "\U0001f600 日本 \0", "bad"])
    flat, starts = model.reader.tokens(texts[:].tolist())
    assert np.diff(starts).max() == 64
    assert [WORDS[each - 1] for each in flat[[0, 63]]] == ["[CLS]", "[SEP]"]
    assert np.isfinite(evaluate(model, texts, np.zeros(4, np.int64))[0]).all()
    assert model.cpu().eval()(torch.tensor([[0, 0], [-1, 0]])).isfinite().all()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda at: changed(at, auto_map={"AutoModel": "evil.Evil"}), "execute code of its own"),
        (lambda at: (at / "tokenizer_config.json").write_text('{"auto_map": {}}'), "execute code of its own"),
        (
            lambda at: (at / "model.safetensors").rename(at / "pytorch_model.bin"),
            "pytorch_model.bin, which may run code",
        ),
        (lambda at: (at / "model.safetensors").unlink(), "It has no weights"),
        (lambda at: (at / "model.safetensors").rename(at / "model.safetensors.index.json"), "lie in several files"),
        (lambda at: (at / "model.safetensors").write_bytes(b"\x80\x04pickle" * 99), "was not opened"),
        (lambda at: (at / "model.safetensors").write_bytes(b"PK\x03\x04" * 99), "model.safetensors"),
        (lambda at: (at / "tokenizer.json").unlink(), "It has no tokenizer.json"),
        (lambda at: (at / "tokenizer.json").write_text('{"model": 1}'), "tokenizer.json cannot be read"),
        (lambda at: (at / "tokenizer.json").write_bytes(b"\xff\xfe\0"), "tokenizer.json cannot be read"),
        (lambda at: (at / "config.json").unlink(), "It has no config.json"),
        (lambda at: (at / "config.json").write_text("[" * 10**5), "config.json cannot be read"),
        (lambda at: (at / "config.json").write_text("[]"), "it holds no object"),
        (lambda at: (at / "config.json").write_text('{"a": "' + "x" * 2**19 + '"}'), "it is larger than"),
        (lambda at: changed(at, model_type="llama"), "of the type 'llama'"),
        (lambda at: changed(at, model_type=None), "of the type 'None'"),
        (lambda at: changed(at, num_hidden_layers=10**6), "num_hidden_layers is 1,000,000"),
        (lambda at: changed(at, hidden_size=10**9), "hidden_size is 1,000,000,000"),
        (lambda at: changed(at, vocab_size=2**20, hidden_size=2**20), "bytes of memory"),
        (lambda at: changed(at, vocab_size=5), "has a token 13"),
        (lambda at: changed(at, max_position_embeddings=4), "reads too little"),
        (lambda at: changed(at, num_attention_heads=0), "cannot be built"),
        (lambda at: changed(at, hidden_size=32), "do not fit its config.json"),
        (lambda at: changed(at, num_hidden_layers=3), "missing: 16"),
    ],
)
def test_a_folder_that_cannot_be_trusted_or_used_is_refused_in_words(folder, spoil, words):
    spoil(folder)
    with pytest.raises(UserError) as caught:
        begun(folder)
    assert words in str(caught.value)
    assert caught.value.hint


def test_what_a_configuration_asks_for_beyond_numbers_is_not_taken(folder):
    changed(folder, _attn_implementation="somebody/kernel", attn_implementation="a/b", quantization_config={"a": 1})
    kept = json.loads(read_folder(folder).architecture)
    assert not {"_attn_implementation", "attn_implementation", "quantization_config", "architectures"} & set(kept)
    assert kept["hidden_size"] == 16


def test_no_folder_and_no_package_are_said(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="There is no folder"):
        read_folder(tmp_path / "nowhere")
    for model, folder in (("transformer", ""), ("text_cnn", "somewhere")):
        with pytest.raises(UserError, match="go together"):
            TrainConfig(model, folder=folder)
    with pytest.raises(UserError, match="needs the folder"):
        build_model(CONFIG, SHAPE, 2)
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)  # as where it is not installed
    with pytest.raises(UserError, match="extra `transformers`"):
        transformer_folder.default_of("bert")


def test_a_transformer_learns_on_slowly_unless_it_is_frozen():
    assert usual_rate("transformer") < usual_rate("transformer", frozen=True) == usual_rate("text_cnn")
