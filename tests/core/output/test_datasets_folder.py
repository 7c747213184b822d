"""The clean set as the `datasets` library opens it: right splits, labels, names of classes and contents."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from pyarrow import parquet

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.data import store
from core.errors import UserError
from core.output.clean_copy import write_clean_copy
from core.output.datasets_folder import Limits, quoted, write_datasets_folder
from tests.core.pictures import plain
from tests.tools import tool

ODD = 'say "cheese": #1 🧀\x7f'


@pytest.fixture
def reviewed(workspace):
    """A function: a run on what lies at a path, whose sample 1 is excluded and whose sample 2 is of class 1 now."""

    def review(path, **settings):
        info = pipeline.import_dataset(workspace, path, **settings)
        run = runs.create(workspace, info, {}, ("train",))
        pipeline.decide(run, [1], "exclude", reviewer="ann")
        pipeline.decide(run, [2], "relabel", reviewer="ann", new_label=1)
        return opened(run)

    return review


def loaded(folder, cache):
    """What the library makes of the folder, or a skip where it is not installed."""
    datasets = tool("datasets")
    datasets.disable_progress_bars()
    return datasets.load_dataset(str(folder), cache_dir=str(cache))


def test_images_are_opened_with_their_splits_classes_and_original_bytes(reviewed, tmp_path):
    files = {f"train/{kind}/{row}.png": plain(40 * row + 3, 9) for kind in ("cat", ODD) for row in range(4)}
    files |= {f"test/{kind}/9.png": plain(200, 9) for kind in ("cat", ODD)}
    for name, content in files.items():
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(content)
    said = write_clean_copy(reviewed(tmp_path / "photos"), tmp_path / "clean", files="datasets")
    assert (said["files"], said["samples"], said["excluded"], said["relabelled"]) == (
        "Parquet of original images",
        *(7, 1, 1),
    )
    found = loaded(tmp_path / "clean", tmp_path / "cache")
    assert set(found) == {"train", "test"}
    assert found["train"].features["label"].names == ["cat", ODD]
    assert found["train"]["id"] == [0, 2, 3, 4, 5, 6, 7]
    assert found["train"]["label"] == [0, 1, 0, 1, 1, 1, 1]
    assert found["train"]["name"][:2] == ["train/cat/0.png", "train/cat/2.png"]
    assert found["train"][1]["image"].size == (9, 9)
    bare = parquet.read_table(tmp_path / "clean" / "data" / "train-00000-of-00001.parquet").to_pylist()
    assert [row["image"]["bytes"] for row in bare] == [files[row["name"]] for row in bare]
    assert (found["test"]["label"], found["test"]["name"]) == ([0, 1], ["test/cat/9.png", f"test/{ODD}/9.png"])


def test_what_was_written_is_imported_again(reviewed, workspace, tmp_path):
    (tmp_path / "mail.csv").write_text("text,label\nhello,ham\nbuy,spam\nbuy now,ham\nhi there,ham\n")
    write_clean_copy(reviewed(tmp_path / "mail.csv"), tmp_path / "clean", files="datasets")
    again = pipeline.import_dataset(workspace, tmp_path / "clean")
    data = store.load(workspace, again.id)
    assert (again.modality, again.class_names, data.labels.tolist()) == ("text", ("ham", "spam"), [0, 1, 0])
    assert list(data.inputs[:]) == ["hello", "buy now", "hi there"]


def test_texts_are_opened_as_texts_and_without_their_source_as_they_are_stored(reviewed, tmp_path):
    (tmp_path / "mail.csv").write_text("text,label\nhello,ham\nbuy,spam\nbuy now,ham\nhi there,ham\n")
    run = reviewed(tmp_path / "mail.csv")
    (tmp_path / "mail.csv").unlink()
    said = write_clean_copy(run, tmp_path / "clean", files="datasets")
    assert said["files"] == f"Parquet of stored texts, since {tmp_path / 'mail.csv'} is gone"
    found = loaded(tmp_path / "clean", tmp_path / "cache")["train"]
    assert found["text"] == ["hello", "buy now", "hi there"]
    assert found.features["label"].names == ["ham", "spam"]
    assert found["label"] == [0, 1, 0]


def test_labels_only_are_names_and_labels(reviewed, tmp_path):
    (tmp_path / "names.csv").write_text("name,label,split\na,x,train\nb,y,train\nc,x,train\nd,y,train\ne,y,test\n")
    run = reviewed(tmp_path / "names.csv", source="labels_only")
    said = write_clean_copy(run, tmp_path / "clean", files="datasets")
    assert said["files"] == "Parquet of names and labels"
    found = loaded(tmp_path / "clean", tmp_path / "cache")
    assert found["train"].column_names == ["label", "name", "id"]
    assert (found["train"]["name"], found["train"]["label"]) == (["a", "c", "d"], [0, 1, 1])
    assert found["test"]["name"] == ["e"]


def test_pixels_of_arrays_become_files_that_hold_them(finished, tmp_path):
    pipeline.decide(finished, [0, 1], "exclude", reviewer="ann")
    data = store.load(finished.workspace, finished.dataset)
    write_clean_copy(opened(finished), tmp_path / "clean", files="datasets")
    for split, inputs, n in (("train", data.inputs, 198), ("test", data.test_inputs, len(data.test_labels))):
        rows = parquet.read_table(tmp_path / "clean" / "data" / f"{split}-00000-of-00001.parquet").to_pylist()
        assert len(rows) == n
        pixels = np.asarray(Image.open(io.BytesIO(rows[7]["image"]["bytes"])))
        assert np.array_equal(pixels.reshape(data.shape), inputs[rows[7]["id"]])


def test_many_bytes_go_into_several_files(finished, tmp_path):
    run, said = opened(finished), []
    (tmp_path / "clean").mkdir()
    write_datasets_folder(
        tmp_path / "clean",
        run,
        np.arange(200),
        np.asarray(run.data.labels),
        originals=False,
        listen=lambda done, part: said.append(done),
        limits=Limits(file=1, rows=80),
    )
    names = sorted(path.name for path in (tmp_path / "clean" / "data").glob("train*"))
    assert names == [f"train-0000{part}-of-00003.parquet" for part in range(3)]
    assert said == sorted(said)
    assert said[-1] == 1.0
    found = loaded(tmp_path / "clean", tmp_path / "cache")["train"]
    assert (found["id"], found["label"]) == (list(range(200)), run.data.labels.tolist())


def test_a_source_with_other_test_files_is_refused(reviewed, tmp_path):
    for name in ("train/a/0.png", "train/a/1.png", "train/b/2.png", "train/b/3.png", "test/a/4.png"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(plain(int(name[-5]), 9))
    run = reviewed(tmp_path / "photos")
    (tmp_path / "photos" / "test" / "a" / "4.png").rename(tmp_path / "photos" / "test" / "a" / "5.png")
    with pytest.raises(UserError, match="no longer what was imported"):
        write_clean_copy(run, tmp_path / "clean", files="datasets")
    assert not (tmp_path / "clean").exists()


@pytest.mark.parametrize("text", [ODD, "a\\b", "…\u2028", "\x00", "🧀", "'", "- x: y"])
def test_a_name_on_the_card_is_read_as_it_was(text):
    yaml = tool("yaml")
    assert yaml.safe_load(f"pretty_name: {quoted(text)}") == {"pretty_name": text}
    assert json.dumps(quoted(text))
