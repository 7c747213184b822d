"""A model of texts begins with word vectors of a file: its run keeps them, and a repair begins with them again."""

import csv

import pytest
import torch
from safetensors.torch import load_file

from core import pipeline, runs
from core.data import store
from core.errors import UserError
from core.stages.load import INITIAL, beginning
from core.training.config import TrainConfig, restored


@pytest.fixture
def texts(workspace, tmp_path):
    """Forty short texts, and vectors of three of their words and one other."""
    with (tmp_path / "texts.csv").open("w", newline="") as stream:
        rows = [(f"{('poor', 'fine')[row % 2]} film {row % 5}", row % 2) for row in range(40)]
        csv.writer(stream).writerows([("text", "label"), *rows])
    (tmp_path / "vectors.txt").write_text("poor 1 1 1 1\nfine 2 2 2 2\nfilm 3 3 3 3\nelse 4 4 4 4\n")
    return pipeline.import_dataset(workspace, tmp_path / "texts.csv", "Texts")


def asked(info, path, model="bag_of_embeddings"):
    config = TrainConfig(model, epochs=2, learning_rate=0.1, embeddings=str(path))
    return pipeline.LoadRequest(info.id, config, train=True)


def test_a_run_keeps_the_vectors_that_it_began_with_and_needs_the_file_no_more(workspace, tmp_path, texts):
    run = pipeline.load_model(workspace, asked(texts, tmp_path / "vectors.txt"))
    (tmp_path / "vectors.txt").unlink()
    run = pipeline.work(run)
    assert runs.loaded(run)["notes"] == ["3 of 8 known words begin with a vector of vectors.txt, 4 numbers each."]
    kept = load_file(run.path / INITIAL)
    place = kept["vocabulary.words"].numpy().tobytes().decode().split().index("fine")
    assert kept["embedding.weight"][place].tolist() == [2, 2, 2, 2]
    assert not torch.equal(
        load_file(run.path / "model.safetensors")["embedding.weight"][place], kept["embedding.weight"][place]
    )
    pipeline.decide(run, [0], "exclude", reviewer="ann")
    child = pipeline.work(pipeline.new_repair(run))
    again = beginning(child, restored(child.config), store.load(workspace, texts.id))
    assert again.embedding.weight[place].tolist() == [2, 2, 2, 2]


def test_a_file_that_is_refused_leaves_no_run_and_a_model_without_words_takes_none(
    workspace, tmp_path, texts, make_dataset
):
    (tmp_path / "ragged.txt").write_text("poor 1 1 1 1\nfine 2 2\n")
    with pytest.raises(UserError, match="gives no word vectors"):
        pipeline.load_model(workspace, asked(texts, tmp_path / "ragged.txt"))
    images = store.save(workspace, make_dataset(20, n_test=4), source="test")
    with pytest.raises(UserError, match="Only models that read words"):
        pipeline.load_model(workspace, asked(images, tmp_path / "vectors.txt", "convnet"))
    assert runs.all_runs(workspace) == []
