"""Folders of the `datasets` library, put together by hand as that library writes them."""

import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from core.data import open_source
from core.data.tables import arrow_files
from core.errors import UserError
from tests.core.data.test_table import level, png, valid_or_refused
from tests.core.opened import refusal

IMAGE = pa.struct({"bytes": pa.binary(), "path": pa.string()})
FEATURES = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}


def stream(path, levels, labels, **options):
    """An Arrow stream with a batch for every two rows."""
    images = pa.array([{"bytes": png(one), "path": None} for one in levels], IMAGE)
    table = pa.table({"image": images, "label": pa.array(labels, pa.int64())})
    how = pa.ipc.IpcWriteOptions(**options)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema, options=how) as writer:
        writer.write_table(table, max_chunksize=2)


def saved(folder, levels, labels, **state):
    folder.mkdir(parents=True)
    stream(folder / "data-00000-of-00001.arrow", levels, labels)
    state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], **state}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text(json.dumps({"features": FEATURES}))
    return folder


def test_what_save_to_disk_writes(tmp_path):
    (tmp_path / "pets").mkdir()
    (tmp_path / "pets" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    saved(tmp_path / "pets" / "train", [1, 2, 3, 4, 5], [0, 1, 1, 0, -1])
    saved(tmp_path / "pets" / "test", [9], [1])
    found = open_source(tmp_path / "pets")
    assert (found.name, found.class_names) == ("pets", ("cat", "dog"))
    assert found.train.labels.tolist() == [0, 1, 1, 0]
    assert [level(found.train, row) for row in range(4)] == [1, 2, 3, 4]
    assert (found.test.labels.tolist(), level(found.test, 0)) == ([1], 9)
    assert [(one.kind, one.what) for one in found.problems] == [("label", "train: row 4")]


def test_one_split_alone(tmp_path):
    found = open_source(saved(tmp_path / "pets", [1, 2], [0, 1]))
    assert (len(found.train), len(found.test)) == (2, 0)


def test_parquet_as_on_the_hub(tmp_path):
    data = tmp_path / "pets" / "data"
    data.mkdir(parents=True)
    noted = {b"huggingface": json.dumps({"info": {"features": FEATURES}}).encode()}
    for name, levels in (("train-00000-of-00002", [1, 2]), ("train-00001-of-00002", [3]), ("test-00000-of-00001", [4])):
        images = pa.array([{"bytes": png(one)} for one in levels], IMAGE)
        table = pa.table({"image": images, "label": [one % 2 for one in levels]})
        parquet.write_table(table.replace_schema_metadata(noted), data / f"{name}.parquet")
    for path in (tmp_path / "pets", data):
        found = open_source(path)
        assert found.class_names == ("cat", "dog")
        assert [level(found.train, row) for row in range(3)] == [1, 2, 3]
        assert found.train.labels.tolist() == [1, 0, 1]
        assert level(found.test, 0) == 4


def test_what_is_wrong_is_said(tmp_path):
    selected = saved(tmp_path / "a", [1], [0], _indices_data_files=[{"filename": "i"}])
    assert "a selection of other files" in refusal(selected)
    (saved(tmp_path / "b", [1], [0]) / "dataset_info.json").write_text("[" * 100_000)
    assert "dataset_info.json of b is damaged" in refusal(tmp_path / "b")
    (saved(tmp_path / "c", [1], [0]) / "state.json").write_text('{"_data_files": [{"filename": "../a/data.arrow"}]}')
    assert "leads out of the folder" in refusal(tmp_path / "c")
    (tmp_path / "d").mkdir()
    for splits in ('["../a"]', '["a\\u0000"]', "[]", "7"):
        (tmp_path / "d" / "dataset_dict.json").write_text(f'{{"splits": {splits}}}')
        assert "split" in refusal(tmp_path / "d")
    for name in ("one", "two"):
        (tmp_path / "e" / name).mkdir(parents=True)
        parquet.write_table(pa.table({"image": [b"x"], "label": [0]}), tmp_path / "e" / name / "train-0.parquet")
    assert "several data sets. They are: one, two" in refusal(tmp_path / "e")


@pytest.mark.parametrize(
    "names", [("mnist_train", "mnist_test"), ("train-0-of-1", "test-0-of-1"), ("a.train", "a.test")]
)
def test_parquet_files_whose_names_hold_their_split(tmp_path, names):
    for name, grey in zip(names, (1, 7), strict=True):
        parquet.write_table(pa.table({"image": [png(grey), png(grey)], "label": [0, 1]}), tmp_path / f"{name}.parquet")
    found = open_source(tmp_path)
    assert (level(found.train, 0), level(found.test, 0)) == (1, 7)


@pytest.mark.parametrize("each", [True, False])
def test_flat_folders_of_images_with_their_labels_in_a_table(tmp_path, each):
    for split, grey in (("train", 10), ("test", 60)):
        (tmp_path / split).mkdir()
        for row in range(3):
            (tmp_path / split / f"{row}.png").write_bytes(png(grey + row))
    rows = {split: [f"{row}.png,{'aba'[row]}\n" for row in range(3)] for split in ("train", "test")}
    if each:
        for split, lines in rows.items():
            (tmp_path / split / "metadata.csv").write_text("file_name,label\n" + "".join(lines))
    else:
        lines = [f"{split}/{line}" for split, listed in rows.items() for line in listed]
        (tmp_path / "metadata.csv").write_text("file_name,label\n" + "".join(lines))
    found = open_source(tmp_path)
    assert (found.class_names, found.train.labels.tolist()) == (("a", "b"), [0, 1, 0])
    assert (level(found.train, 2), level(found.test, 1)) == (12, 61)


def test_the_cache_of_the_hub(tmp_path):
    entry = tmp_path / "datasets--ada--pets"
    data, blob = entry / "snapshots" / "abc" / "data", entry / "blobs" / "0123"
    data.mkdir(parents=True)
    blob.parent.mkdir()
    parquet.write_table(pa.table({"image": [png(3), png(4)], "label": [0, 1]}), blob)
    (data / "train-00000-of-00001.parquet").symlink_to(blob)
    for path in (entry, entry / "snapshots" / "abc"):
        assert level(open_source(path).train, 1) == 4
    (data / "train-00000-of-00001.parquet").unlink()
    (data / "train-00000-of-00001.parquet").symlink_to(blob.rename(tmp_path / "secret"))
    assert "a link that leads out of the folder" in refusal(entry)


def test_a_stream_that_unpacks_to_too_much_is_refused(tmp_path):
    saved(tmp_path / "a", [1, 2, 3, 4], [0, 1, 0, 1])
    stream(tmp_path / "a" / "data-00000-of-00001.arrow", [1, 2, 3, 4], [0, 1, 0, 1], compression="zstd")
    assert [level(open_source(tmp_path / "a").train, row) for row in range(4)] == [1, 2, 3, 4]
    with pytest.raises(UserError, match="compressed and unpacks to more"):
        arrow_files.arrow_rows([tmp_path / "a" / "data-00000-of-00001.arrow"], {}, "", "", max_unpacked=100)
    stream(tmp_path / "a" / "data-00000-of-00001.arrow", [1, 2, 3, 4], [0, 1, 0, 1])
    assert len(open_source(tmp_path / "a").train) == 4  # mapped, so nothing is set aside


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.integers(0, 3000), st.binary(min_size=1, max_size=16))
def test_damage_anywhere_in_arrow_is_refused_or_harmless(tmp_path_factory, place, noise):
    folder = tmp_path_factory.getbasetemp() / "noise"
    if not folder.exists():
        saved(folder, [1, 2, 3], [0, 1, 0])
    stream(folder / "data-00000-of-00001.arrow", [1, 2, 3], [0, 1, 0])
    path = folder / "data-00000-of-00001.arrow"
    content = path.read_bytes()
    place %= len(content)
    path.unlink()  # an earlier mapping keeps the file that it was made of
    path.write_bytes(content[:place] + noise + content[place + len(noise) :])
    valid_or_refused(folder)


@pytest.mark.parametrize(
    "names",
    [
        ("train/part-00000-of-00002", "train/part-00001-of-00002", "test/part-00000-of-00001"),
        ("split=train/0000", "split=train/0001", "split=test/0000"),
        ("default/train/0000", "default/train/0001", "default/test/0000"),
    ],
)
def test_folders_of_parquet_files_that_are_named_after_splits(tmp_path, names):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        table = pa.table({"image": [png(1), png(2)], "label": ["cat", "dog"]})
        parquet.write_table(table, tmp_path / f"{name}.parquet")
    found = open_source(tmp_path)
    assert (found.class_names, len(found.train), len(found.test)) == (("cat", "dog"), 4, 2)
