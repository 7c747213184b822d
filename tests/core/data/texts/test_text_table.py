"""Tables of texts: which columns are read, in which encoding, and what is said of what cannot be used."""

import csv
import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from core import pipeline
from core.data import open_source, recognised, store
from core.data.preview.scan import scan
from core.data.texts import text_folder
from core.errors import UserError

ROWS = [("a good film", "pos"), ("日本の映画", "pos"), ("dull, and long", "neg"), ("never again", "neg")]


def written(path, rows=ROWS, columns=("text", "label"), encoding="utf-8"):
    """The path of a table of these rows, in the form that its ending says."""
    records = [dict(zip(columns, row, strict=True)) for row in rows]
    if path.suffix == ".parquet":
        parquet.write_table(pa.Table.from_pylist(records), path)
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(map(json.dumps, records)), encoding)
    else:
        mark = "\t" if path.suffix == ".tsv" else ";"
        lines = [columns, *rows]
        path.write_text("\n".join(mark.join(f'"{cell}"' for cell in line) for line in lines), encoding, "replace")
    return path


def texts_of(part):
    return [part.read(index) for index in range(len(part))]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_every_kind_of_table_gives_the_same_texts(tmp_path, ending):
    path = written(tmp_path / f"films.{ending}")
    assert recognised(path).name == "text_table"
    found = open_source(path)
    assert found.class_names == ("neg", "pos")
    assert texts_of(found.train) == [text for text, _ in ROWS]
    found.close()


def test_a_table_that_names_images_stays_one_of_images(tmp_path):
    assert recognised(written(tmp_path / "a.csv", columns=("path", "label"))).name == "table"


def test_columns_without_a_name_that_says_it_are_told_by_what_they_hold_or_by_somebody(tmp_path):
    rows = [("1", "a long text about it", "x", "train"), ("2", "another long text", "y", "test")] * 2
    path = written(tmp_path / "a.csv", rows, ("n", "said", "kind", "split"))
    found = open_source(path, settings={"label_column": "kind"})
    assert texts_of(found.train)[0] == "a long text about it"
    assert (len(found.train), len(found.test)) == (2, 2)
    with pytest.raises(UserError, match="no column 'none'"):
        open_source(path, settings={"text_column": "none"})


@pytest.mark.parametrize(
    ("encoding", "said"), [("utf-8-sig", "byte order mark"), ("cp1252", "Windows-1252"), ("utf-16", "UTF-16")]
)
def test_an_encoding_is_told_and_said(tmp_path, encoding, said):
    path = written(tmp_path / "a.csv", [("naïve “film”", "a"), ("plain", "b")] * 2, encoding=encoding)
    found = open_source(path)
    assert texts_of(found.train)[0] == "naïve “film”"
    assert said in found.about["encoding"]


def test_a_hugging_face_folder_of_texts_has_its_splits_and_class_names(tmp_path):
    for split in ("train", "test"):
        table = pa.table({"sentence": ["one text", "two texts"], "label": [0, 1]})
        noted = {"info": {"features": {"label": {"names": ["bad", "good"], "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(noted)})
        parquet.write_table(table, tmp_path / f"{split}-00000-of-00001.parquet")
    assert recognised(tmp_path).name == "text_table"
    found = open_source(tmp_path)
    assert (found.class_names, len(found.train), len(found.test)) == (("bad", "good"), 2, 2)


def test_a_folder_of_text_files_is_read_by_its_classes(tmp_path):
    for place, content in {"train/a/1.txt": b"caf\xe9", "train/b/2.txt": b"ok", "test/a/3.txt": b"x"}.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(content)
    assert recognised(tmp_path).name == "text_folder"
    found = open_source(tmp_path)
    assert (texts_of(found.train), texts_of(found.test)) == (["café", "ok"], ["x"])
    assert "Windows-1252" in found.about["encoding"]


def test_lines_that_are_no_json_are_said_by_their_number(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "x", "label": 1}\n{"text": ')
    with pytest.raises(UserError, match="Line 2"):
        open_source(tmp_path / "a.jsonl", "text_table")


def test_fields_within_others_are_columns_of_json_lines(tmp_path):
    lines = [{"id": row, "data": {"review": text, "meta": {"mood": label}}} for row, (text, label) in enumerate(ROWS)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = open_source(tmp_path / "a.jsonl", settings={"label_column": "data.meta.mood"})
    assert found.about["columns"] == "texts in data.review, labels in data.meta.mood"
    assert (found.class_names, texts_of(found.train)) == (("neg", "pos"), [text for text, _ in ROWS])


def test_rows_with_more_fields_than_the_header_are_left_out_and_said(tmp_path):
    rows = ["good,pos,", "dull, and long,neg", "never again,neg", '"fine, then",pos']
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["text,label", *rows]))
    found = open_source(path)
    assert (texts_of(found.train), found.class_names) == (["good", "never again", "fine, then"], ("neg", "pos"))
    assert "line 3: It has more fields than the header: put its text in quotes." in [
        f"{problem.what}: {problem.detail}" for problem in found.problems
    ]
    path.write_text("\n".join(["text,label", rows[1], rows[1]]))
    with pytest.raises(UserError, match=r"has no row that can be used\. line 2: It has more fields"):
        open_source(path)


def test_a_table_of_texts_alone_is_told_what_it_lacks(tmp_path):
    (tmp_path / "a.csv").write_text("text\nsome words\nmore words\n")
    with pytest.raises(UserError, match="A table of texts needs a column of labels beside them"):
        open_source(tmp_path / "a.csv")


HOSTILE = ["<script>alert(1)</script>", "\u202eright to left", "a\0b", "x" * 100_000, "\ud800", "😀", "  "]


def test_hostile_texts_are_imported_and_empty_ones_left_out(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps({"text": text, "label": row % 2}) for row, text in enumerate(HOSTILE)))
    info = pipeline.import_dataset(tmp_path / "w", path)
    dataset = store.load(tmp_path / "w", info.id)
    assert (info.n, info.n_skipped, info.modality) == (6, 1, "text")
    assert dataset.inputs[:].tolist() == [*HOSTILE[:2], "ab", "x" * 100_000, "�", "😀"]
    assert [problem.kind for problem in store.problems(tmp_path / "w", info.id)] == ["unreadable"]
    assert np.array_equal(dataset.ids, np.arange(6))


def test_a_look_says_lengths_scripts_and_what_occurs_twice(tmp_path):
    rows = [*ROWS, ("a good film", "neg"), ("A GOOD film!", "pos")]
    found = scan(open_source(written(tmp_path / "a.csv", rows)))
    assert found.modes == {"Latin": 5, "CJK": 1}
    assert found.about["length"] == "5 to 14 characters, half of them up to 11"
    assert (found.found["two labels"], found.found["near duplicate"]) == (1, 1)
    assert len(found.examples) == 6


def test_a_single_folder_with_notes_is_no_folder_of_texts(tmp_path):
    """As published sets of images have them, beside records that hold no image file."""
    (tmp_path / "batches").mkdir()
    for name in ("readme.txt", "batches.meta.txt"):
        (tmp_path / "batches" / name).write_text("airplane\n")
    assert not text_folder.recognises(tmp_path)
    (tmp_path / "spam").mkdir()
    (tmp_path / "spam" / "1.txt").write_text("win")
    assert text_folder.recognises(tmp_path)


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\x1f\x8b", b"\x89PNG", b"\x80\x02"])
def test_an_archive_under_the_name_of_a_table_is_no_text_whatever_bytes_follow(tmp_path, start):
    path = tmp_path / "evil.csv"
    path.write_bytes(start + b",text,label\nx,good one,a\nx,bad one,b\n")
    for source in (None, "text_table"):
        with pytest.raises(UserError):
            open_source(path, source)


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_a_first_row_that_is_data_is_read_as_data_and_said(tmp_path, ending):
    mark = {"csv": ",", "tsv": "\t"}[ending]
    rows = [("what a film", "pos"), ("how dull", "neg"), ("once more", "pos"), ("never again", "neg")]
    path = tmp_path / f"films.{ending}"
    path.write_text("".join(f'"{text}"{mark}{label}\n' for text, label in rows))
    found = open_source(path)
    assert texts_of(found.train) == [text for text, _ in rows]
    assert found.about["columns"] == "texts in column 1, labels in column 2"
    assert found.about["first row"].startswith("read as data")
    named = open_source(path, settings={"first_row": "names"})
    assert (len(named.train), "first row" in named.about) == (3, False)


def test_somebody_says_that_the_first_row_is_data_where_it_does_not_tell(tmp_path):
    path = tmp_path / "films.csv"
    path.write_text('"what a film,\nreally",superb\n"how, dull",neg\nonce more,pos\nnever,neg\n')
    found = open_source(path, "text_table", {"first_row": "data", "text_column": "column 1"})
    assert texts_of(found.train)[0] == "what a film,\nreally"
    assert found.class_names == ("neg", "pos", "superb")


@pytest.mark.parametrize("ending", ["csv", "tsv"])
@pytest.mark.parametrize("head", ["", '"the\ntext"{mark}label\n'])
def test_a_first_row_of_several_lines_is_one_row_whatever_stands_in_it(tmp_path, ending, head):
    mark = {"csv": ",", "tsv": "\t"}[ending]
    rows = [('what; a film,\n\n"really"', "pos"), ("how dull", "neg"), ("once more", "pos"), ("never again", "neg")]
    path = tmp_path / f"films.{ending}"
    with path.open("w", newline="") as stream:
        stream.write(head.format(mark=mark))
        csv.writer(stream, delimiter=mark, lineterminator="\n").writerows(rows)
    found = open_source(path)
    assert texts_of(found.train) == [text for text, _ in rows]
    assert found.class_names == ("neg", "pos")


def test_a_quotation_mark_that_never_ends_makes_no_row_of_the_whole_table(tmp_path):
    path = tmp_path / "films.csv"
    path.write_text('"text,label\n' + "what a film,pos\nhow dull,neg\n" * 500)
    with pytest.raises(UserError, match="column"):
        open_source(path, "text_table")


@pytest.mark.parametrize("head", ["text,label", "spam,y", "0,1", "question,topic"])
def test_names_of_columns_are_not_taken_for_data(tmp_path, head):
    path = tmp_path / "films.csv"
    path.write_text(f"{head}\nwhat a film,1\nhow dull,0\nonce more,1\nnever,0\n")
    assert len(open_source(path).train) == 4


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_where_names_are_part_of_the_format_there_is_nothing_to_say(tmp_path, ending):
    path = written(tmp_path / f"films.{ending}", columns=("what a film", "pos"))
    assert len(open_source(path, settings={"first_row": "data", "label_column": "pos"}).train) == len(ROWS)
