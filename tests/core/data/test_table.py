"""Tables of images in CSV and Parquet, also those that nobody made with good intentions."""

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyarrow import parquet

from core.data import open_source
from core.data.decoding import decoded
from core.data.labels_only import labels_only
from core.data.tables import csv_files, parquet_files
from core.errors import UserError
from tests.core.opened import refusal


def png(level):
    """A 4×4 grey PNG of one level."""
    stream = io.BytesIO()
    Image.fromarray(np.full((4, 4), level, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def folder(tmp_path):
    """A folder `photos` with a.png, b.png, c.png of the levels 10, 20, 30."""
    (tmp_path / "photos").mkdir()
    for name, level in (("a", 10), ("b", 20), ("c", 30)):
        (tmp_path / "photos" / f"{name}.png").write_bytes(png(level))
    return tmp_path


def csv(folder, text, name="flowers.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def level(part, index):
    return int(decoded(part.read(index))[0, 0, 0])


def test_paths_and_labels_and_splits(folder):
    text = "Split,File Name,Label\ntrain,photos/b.png,cat\ntrain,photos/a.png,ant\nTEST,photos/c.png,cat\n"
    found = open_source(csv(folder, text))
    assert (found.name, found.class_names) == ("flowers", ("ant", "cat"))
    assert found.train.names == ("photos/b.png", "photos/a.png")
    assert found.train.labels.tolist() == [1, 0]
    assert [level(found.train, 0), level(found.train, 1)] == [20, 10]
    assert found.test.labels.tolist() == [1]
    assert level(found.test, 0) == 30
    assert found.problems == ()


def test_a_first_row_that_names_an_image_is_a_row(folder):
    found = open_source(csv(folder, "photos/b.png,cat\nphotos/a.png,ant\nphotos/c.png,cat\n"))
    assert found.train.names == ("photos/b.png", "photos/a.png", "photos/c.png")
    assert (found.class_names, level(found.train, 0)) == (("ant", "cat"), 20)
    assert found.about["first row"].startswith("read as data")


def test_of_several_columns_without_a_header_somebody_says_which_has_the_labels(folder):
    path = csv(folder, "1,photos/b.png,cat\n2,photos/a.png,ant\n")
    with pytest.raises(UserError, match="column 1, column 2, column 3"):
        open_source(path)
    assert open_source(path, settings={"label_column": "column 3"}).class_names == ("ant", "cat")


def test_validation_is_the_test_set_of_a_table_without_one_and_else_left_out(folder):
    rows = "image,label,split\nphotos/a.png,0,train\nphotos/b.png,1,train\nphotos/c.png,1,val\n"
    assert level(open_source(csv(folder, rows)).test, 0) == 30
    found = open_source(csv(folder, rows + "photos/a.png,0,test\nphotos/b.png,0,extra\n"))
    assert found.test.names == ("photos/a.png",)
    assert {(one.kind, one.what) for one in found.problems} == {("left out", "photos/c.png"), ("split", "photos/b.png")}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_other_delimiters_and_a_byte_order_mark(folder, delimiter):
    rows = [["path", "class"], ["photos/a.png", "0"], ["photos/b.png", "1"]]
    text = "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows)
    assert open_source(csv(folder, text, "flowers.tsv")).train.labels.tolist() == [0, 1]


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_table_is_called_empty(folder, content):
    path = csv(folder, content)
    assert "It is empty: it has no columns." in refusal(path)
    with pytest.raises(UserError, match="a column of labels") as refused:
        labels_only(path)
    assert refused.value.detail == "It is empty: it has no columns."


def test_columns_can_be_named(folder):
    path = csv(folder, "label,what,where\n7,ant,photos/a.png\n7,bee,photos/b.png\n")
    assert "looks like images. Its columns are: label, what, where. Say which it is with image_column." in refusal(path)
    found = open_source(path, settings={"image_column": "where", "label_column": "what"})
    assert found.class_names == ("ant", "bee")
    assert "no column 'wher'" in refusal(path, image_column="wher")
    assert "no setting named 'images'" in refusal(path, images="where")


def test_base64_is_read_where_its_record_begins(folder):
    cells = [base64.b64encode(png(value)).decode() for value in (11, 22, 33)]
    rows = [f'{cells[0]},0,"two\nlines, and \u00e9"', f'"{cells[1]}",1,x', f'"data:image/png;base64,{cells[2]}",1,y']
    text = "\n".join(["image,label,note", *rows])
    train = open_source(csv(folder, text)).train
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda row: level(train, row), [2, 0, 1, 0, 2])) == [33, 11, 22, 11, 33]
    assert train.names[1] == "line 4"


def test_a_cell_of_a_megabyte_is_no_obstacle(folder):
    noise = np.random.default_rng(0).integers(0, 256, (600, 600, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "PNG")
    cell = base64.b64encode(stream.getvalue()).decode()
    assert len(cell) > 1_000_000
    train = open_source(csv(folder, f"image,label\n{cell},0\nphotos/a.png,1\n")).train
    assert (decoded(train.read(0)) == noise).all()


HOSTILE_PATHS = [
    "/etc/passwd",
    "../secret.png",
    "photos/../../secret.png",
    "C:\\windows\\x.png",
    "..\\secret.png",
    "\\\\server\\x.png",
    "~root/x.png",
    "a\0b.png",
    " ",
    "x" * 5000,
]


@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_paths_that_lead_out_are_refused_row_by_row_and_listed(folder, path):
    (folder / "inner").mkdir()
    (folder / "inner" / "a.png").write_bytes(png(5))
    (folder / "secret.png").write_bytes(png(99))
    table = csv(folder / "inner", f'image,label\n"{path}",0\na.png,0\na.png,1\n')
    found = open_source(table)
    assert found.train.names == ("a.png", "a.png")
    assert [(one.kind, one.what) for one in found.problems] == [("row", "line 2")]


def test_a_link_that_leads_out_is_refused_when_it_is_read(folder):
    (folder / "inner").mkdir()
    (folder / "secret.png").write_bytes(png(99))
    (folder / "inner" / "link.png").symlink_to(folder / "secret.png")
    (folder / "inner" / "own.png").write_bytes(png(1))
    (folder / "inner" / "friend.png").symlink_to(folder / "inner" / "own.png")
    train = open_source(csv(folder / "inner", "image,label\nlink.png,0\nfriend.png,1\nmissing.png,1\ninner,0\n")).train
    for row, words in ((0, "a link that leads out"), (2, "no such file"), (3, "no such file")):
        with pytest.raises(UserError, match=words):
            train.read(row)
    assert level(train, 1) == 1


def test_absolute_paths_below_the_table_and_links_into_a_named_folder_are_read(folder, tmp_path_factory):
    real = tmp_path_factory.mktemp("real")
    (real / "x.png").write_bytes(png(77))
    (folder / "link.png").symlink_to(real / "x.png")
    path = csv(folder, f"image,label\n{folder}/photos/a.png,0\nlink.png,1\n/etc/passwd,1\n")
    found = open_source(path, None, {"links_within": str(real)})
    assert [level(found.train, row) for row in (0, 1)] == [10, 77]
    assert [problem.what for problem in found.problems] == ["line 4"]
    with pytest.raises(UserError, match="links_within=FOLDER"):
        open_source(path).train.read(1)


def test_rows_that_cannot_be_used_are_listed(folder):
    text = "image,label\nphotos/a.png,cat\nphotos/b.png\nphotos/c.png,ant,more\nphotos/b.png,\n\nphotos/c.png,ant\n"
    found = open_source(csv(folder, text))
    assert found.train.names == ("photos/a.png", "photos/c.png")
    assert [(one.what, one.detail) for one in found.problems] == [
        ("line 3", "It has 1 cells instead of 2."),
        ("line 4", "It has 3 cells instead of 2."),
        ("photos/b.png", "Its label is ''."),
    ]


@pytest.mark.parametrize(
    ("labels", "classes", "indices"),
    [
        (["0", "1", "2"], ("0", "1", "2"), [0, 1, 2]),
        (["10", "9", "100"], ("9", "10", "100"), [1, 0, 2]),
        (["1.0", "0.0", "1"], ("0", "1"), [1, 0, 1]),
        (["b", "a", "7"], ("7", "a", "b"), [2, 1, 0]),
        (["ring", "none", "nan"], ("nan", "none", "ring"), [2, 1, 0]),
        (["007", "7", "0010"], ("0010", "007", "7"), [1, 2, 0]),
        (["3", "900", "70"], ("3", "70", "900"), [0, 2, 1]),
        (["-1", "1", "1"], ("-1", "1"), [0, 1, 1]),
        (["-1", "+1", "+1"], ("+1", "-1"), [1, 0, 0]),
        (["<b>", "../x", "\U0001f600" * 100], ("../x", "<b>", "\U0001f600" * 100), [1, 0, 2]),
    ],
)
def test_labels(folder, labels, classes, indices):
    rows = "".join(f"photos/{name}.png,{label}\n" for name, label in zip("abc", labels, strict=True))
    found = open_source(csv(folder, "image,label\n" + rows))
    assert found.class_names == classes
    assert found.train.labels.tolist() == indices


def test_negative_and_missing_labels_are_listed(folder):
    labels = ["0", "-1", "", "1", "nan", "0"]
    found = open_source(csv(folder, "image,label\n" + "".join(f"photos/a.png,{one}\n" for one in labels)))
    assert found.train.labels.tolist() == [0, 1, 0]
    assert [one.detail for one in found.problems] == ["Its label is '-1'.", "Its label is ''.", "Its label is 'nan'."]


def test_one_class_or_ten_thousand(folder):
    rows = [f"photos/a.png,{index}" for index in range(10_000)]
    assert "10,000 different labels. At most 1,000 classes" in refusal(csv(folder, "\n".join(["image,label", *rows])))
    assert "There is one class" in refusal(csv(folder, "image,label\nphotos/a.png,x\n"))
    assert "There are no classes" in refusal(csv(folder, "image,label\nphotos/a.png,-1\n"))


def test_other_encodings_and_other_files_are_said(folder):
    text = "image,label\nphotos/a.png,caf\u00e9\nphotos/b.png,x\n"
    assert "Line 2 holds bytes that are no UTF-8. Save the table again as UTF-8" in refusal(
        csv(folder, text.encode("latin-1"))
    )
    assert "It is UTF-16" in refusal(csv(folder, text.encode("utf-16")))
    assert "begins with NUL" in refusal(csv(folder, bytes(100)))
    assert "no column" in refusal(csv(folder, "")).lower()
    assert "no row that can be used" in refusal(csv(folder, "image,label\n"))
    long = csv(folder, "image,label\n" + "x" * 2000 + ",1\n")
    with pytest.raises(UserError, match="longer than 1,000 bytes"):
        csv_files.csv_rows(long, "", "", "", max_line_bytes=1000)


def write(path, columns, metadata=None, **options):
    table = pa.table(columns)
    parquet.write_table(table.replace_schema_metadata(metadata) if metadata else table, path, **options)
    return path


def test_parquet_with_bytes_is_read_by_many_threads_in_any_order(tmp_path):
    rng = np.random.default_rng(1)
    levels = rng.permutation(60)
    path = write(
        tmp_path / "x.parquet",
        {"image": [png(one) for one in levels], "label": [int(one) % 3 for one in levels]},
        row_group_size=25,
    )
    found = open_source(path)
    assert found.train.labels.tolist() == [int(one) % 3 for one in levels]
    order = rng.permutation(60).tolist()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda row: level(found.train, row), order)) == levels[order].tolist()


def test_parquet_holds_only_a_few_rows_and_reads_on(tmp_path):
    images = [bytes([row]) * 1000 for row in range(100)]
    path = write(tmp_path / "x.parquet", {"image": images, "label": [row % 2 for row in range(100)]})
    cells = parquet_files.Cells([path], "image", held_bytes=10_000)
    assert [cells.cell(row) for row in range(100)] == images
    assert (cells.n_openings, cells.n_held) == (1, 1)
    assert cells.cell(0) == images[0]
    assert cells.n_openings == 2


def test_parquet_of_the_datasets_library(tmp_path):
    (tmp_path / "own.png").write_bytes(png(44))
    image = [
        {"bytes": png(7), "path": None},
        {"bytes": None, "path": "own.png"},
        {"bytes": None, "path": "/etc/passwd"},
    ]
    names = b'{"info": {"features": {"label": {"names": ["cat", "dog", "emu"], "_type": "ClassLabel"}}}}'
    path = write(tmp_path / "x.parquet", {"image": image, "label": [2, 0, 1]}, {b"huggingface": names})
    found = open_source(path)
    assert found.class_names == ("cat", "dog", "emu")
    assert found.train.labels.tolist() == [2, 0, 1]
    assert [level(found.train, 0), level(found.train, 1)] == [7, 44]
    with pytest.raises(UserError, match="The path is absolute"):
        found.train.read(2)


@pytest.mark.parametrize(
    ("column", "cells"),
    [("is_test", ("False", "false", "True")), ("Is Train", ("1", "1", "0")), ("is_valid", ("no", "no", "yes"))],
)
def test_a_column_of_true_and_false_tells_the_test_set(folder, column, cells):
    rows = "".join(f"photos/{name}.png,{name},{cell}\n" for name, cell in zip("abc", cells, strict=True))
    found = open_source(csv(folder, f"image,label,{column}\n{rows}"))
    assert (found.train.names, found.test.names) == (("photos/a.png", "photos/b.png"), ("photos/c.png",))


def test_a_column_of_true_and_false_in_parquet(folder):
    columns = {"image": [png(1), png(2), png(3)], "label": ["a", "b", "a"], "is_test": [False, False, True]}
    parquet.write_table(pa.table(columns), folder / "flags.parquet")
    found = open_source(folder / "flags.parquet")
    assert (len(found.train), len(found.test)) == (2, 1)


def test_parquet_with_paths_and_splits(folder):
    columns = {
        "path": ["photos/a.png", "../x.png", "photos/c.png"],
        "target": ["x", "y", "y"],
        "split": ["train", "train", "train"],
    }
    found = open_source(write(folder / "x.parquet", columns))
    assert found.train.names == ("photos/a.png", "photos/c.png")
    assert [one.what for one in found.problems] == ["row 1"]
    assert level(found.train, 1) == 30


def test_parquet_of_other_things(tmp_path):
    assert "'image' holds int64" in refusal(write(tmp_path / "a.parquet", {"image": [1, 2], "label": [0, 1]}))
    (tmp_path / "b.parquet").write_bytes(b"PAR1 these are my notes PAR1")
    assert "b.parquet cannot be read. It is damaged" in refusal(tmp_path / "b.parquet")
    found = open_source(write(tmp_path / "c.parquet", {"image": [b"no image", None], "label": [0, 1]}))
    with pytest.raises(UserError, match="no image"):
        found.train.read(1)


def valid_or_refused(path):
    """Opens and reads everything; only UserError may come of it."""
    try:
        found = open_source(path)
    except UserError:
        return
    for part in (found.train, found.test):
        assert len(part.names) == len(part.labels)
        for row in range(min(len(part), 8)):
            with suppress(UserError):
                assert isinstance(part.read(row), bytes)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.one_of(st.binary(max_size=300), st.text("image,lb\n\"';\0é0/.", max_size=100).map(str.encode)))
def test_any_text_is_refused_or_read(tmp_path_factory, noise):
    path = tmp_path_factory.getbasetemp() / "noise.csv"
    path.write_bytes(b"image,label\n" + noise if len(noise) % 2 else noise)
    valid_or_refused(path)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.integers(0, 1200), st.binary(min_size=1, max_size=20))
def test_damage_anywhere_in_parquet_is_refused_or_harmless(tmp_path_factory, place, noise):
    path = tmp_path_factory.getbasetemp() / "noise.parquet"
    write(path, {"image": [png(1), png(2)], "label": ["a", "b"]})
    content = path.read_bytes()
    place %= len(content)
    path.write_bytes(content[:place] + noise + content[place + len(noise) :])
    valid_or_refused(path)


def test_a_parquet_file_that_says_it_has_more_rows_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table({"image": [f"{row}.png" for row in range(21)], "label": list(range(21))}), path)
    content = path.read_bytes()
    said = [place for place in range(len(content)) if content[place] == 2 * 21]  # as the footer writes 21
    refused = 0
    for place in said:
        path.write_bytes(content[:place] + bytes([2 * 25]) + content[place + 1 :])
        try:
            open_source(path)
        except UserError:
            refused += 1
    assert refused
