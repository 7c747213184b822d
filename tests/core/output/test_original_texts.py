"""Tables and folders of texts given back: the same bytes of every row that stays, in any codec and form."""

import codecs
import json

import pandas as pd
import pyarrow as pa
import pytest

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.output.clean_copy import write_clean_copy

ROWS = [("a good film", "pos"), ("dull", "pos"), ("naïve – 日本", "pos"), ("never again", "neg"), ("no", "neg")]
CSV = (
    'id;text;label;note\r\n1;"a ""good"" film";pos;"x;\r\ny"\r\n2;dull;pos;\r\n\r\n'
    '3;naïve \'film;"pos" ; kept \n4;"never";neg;-\r5;"no";neg;end'
)
LEFT = (
    'id;text;label;note\r\n1;"a ""good"" film";pos;"x;\r\ny"\r\n\r\n'
    '3;naïve \'film;neg; kept \n4;"never";neg;-\r5;"no";neg;end'
)


@pytest.fixture
def copied(workspace, tmp_path):
    """A function: a copy of what lies at a path, without its second sample, the third one relabelled."""

    def copy(path, **settings):
        info = pipeline.import_dataset(workspace, path, settings=settings or None)
        run = runs.create(workspace, info, {}, ("train",))
        pipeline.decide(run, [1], "exclude", reviewer="ann")
        pipeline.decide(run, [2], "relabel", reviewer="ann", new_label=info.class_names.index("neg"))
        said = write_clean_copy(opened(run), tmp_path / "clean")
        assert (said["files"], said["excluded"], said["relabelled"]) == ("originals", 1, 1)
        return tmp_path / "clean"

    return copy


@pytest.mark.parametrize(
    ("codec", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("cp1252", b""),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
    ],
)
def test_a_csv_file_keeps_the_bytes_of_all_that_stays(copied, tmp_path, codec, mark):
    path = tmp_path / "films.csv"
    path.write_bytes(mark + CSV.encode(codec))
    assert (copied(path) / "films.csv").read_bytes() == mark + LEFT.encode(codec)
    changes = pd.read_csv(tmp_path / "clean" / "changes.csv")
    assert changes["decision"].tolist() == ["exclude", "relabel"]


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_table_without_a_head_is_given_back_without_one(copied, tmp_path, mark):
    path = tmp_path / "films.csv"
    path.write_bytes(mark + b'"good, yes",pos\ndull,neg\nnaive,pos\nnever,neg\n')
    assert (copied(path) / "films.csv").read_bytes() == mark + b'"good, yes",pos\nnaive,neg\nnever,neg\n'


def test_a_first_row_of_several_lines_is_given_back_as_it_is(copied, tmp_path):
    path = tmp_path / "films.tsv"
    path.write_bytes(b'"good,\n\nyes, really"\tpos\ndull\tneg\nnaive\tpos\nnever\tneg\n')
    assert (copied(path) / "films.tsv").read_bytes() == b'"good,\n\nyes, really"\tpos\nnaive\tneg\nnever\tneg\n'


def test_bytes_that_are_no_text_stay_as_they_are(copied, tmp_path):
    lines = [b"text,label", b"good \x81\xff,pos", b"dull,pos", b"od\x00d \x81,pos", b"never,neg", b"no,neg", b""]
    path = tmp_path / "films.csv"
    path.write_bytes(b"\n".join(lines))
    lines[3] = b"od\x00d \x81,neg"
    assert (copied(path) / "films.csv").read_bytes() == b"\n".join(lines[:2] + lines[3:])


def test_json_lines_keep_their_other_fields(copied, tmp_path):
    records = [{"text": text, "label": label, "more": [1, {"x": None}]} for text, label in ROWS]
    lines = [json.dumps(record, ensure_ascii=False, indent=None) + "  " for record in records]
    path = tmp_path / "films.jsonl"
    path.write_text("\n".join([*lines[:1], "", *lines[1:]]), "utf-8")
    left = (copied(path) / "films.jsonl").read_text("utf-8").split("\n")
    assert [left[0], left[1], *left[3:]] == [lines[0], "", *lines[3:]]
    assert json.loads(left[2]) == {"text": "naïve – 日本", "label": "neg", "more": [1, {"x": None}]}
    assert "naïve" in left[2]


def test_a_label_within_another_field_is_given_another_one_there(copied, tmp_path):
    records = [{"said": {"text": text, "about": {"label": label, "by": 1}}} for text, label in ROWS]
    (tmp_path / "films.jsonl").write_text("\n".join(map(json.dumps, records)), "utf-8")
    settings = {"text_column": "said.text", "label_column": "said.about.label"}
    left = (copied(tmp_path / "films.jsonl", **settings) / "films.jsonl").read_text("utf-8").split("\n")
    assert json.loads(left[1]) == {"said": {"text": "naïve – 日本", "about": {"label": "neg", "by": 1}}}
    assert [json.loads(line) for line in (left[0], *left[2:])] == [records[0], *records[3:]]


def test_rows_of_the_test_split_stay_and_rows_without_a_label_go(copied, tmp_path):
    rows = [*((*row, "train") for row in ROWS), ("a test", "pos", "test"), ("none", "", "train")]
    path = tmp_path / "films.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in (("text", "label", "split"), *rows)), "utf-8")
    left = (copied(path) / "films.tsv").read_text("utf-8").splitlines()
    assert left[1:] == [
        *("a good film\tpos\ttrain", "naïve – 日本\tneg\ttrain", "never again\tneg\ttrain", "no\tneg\ttrain"),
        "a test\tpos\ttest",
    ]


def test_a_column_that_somebody_named_holds_the_new_label(copied, tmp_path):
    path = tmp_path / "films.csv"
    path.write_text("text,label,mood\n" + "".join(f"{text},x{i},{mood}\n" for i, (text, mood) in enumerate(ROWS)))
    left = (copied(path, label_column="mood") / "films.csv").read_text().splitlines()
    assert left[2] == "naïve – 日本,x2,neg"


def test_a_parquet_file_keeps_its_types_and_columns(copied, tmp_path):
    path = tmp_path / "films.parquet"
    frame = pd.DataFrame(ROWS, columns=["text", "label"]).assign(
        weight=0.5, label=lambda rows: rows.label.astype("category")
    )
    frame.to_parquet(path)
    again = pd.read_parquet(copied(path) / "films.parquet")
    assert again["label"].tolist() == ["pos", "neg", "neg", "neg"]
    assert again.dtypes.tolist() == frame.dtypes.tolist()


def test_a_saved_folder_is_a_folder_of_the_same_form(copied, tmp_path):
    saved = tmp_path / "films"
    table = pa.Table.from_pylist([{"text": text, "label": label} for text, label in ROWS])
    for split in ("train", "test"):
        (saved / split).mkdir(parents=True)
        with pa.ipc.new_stream(str(saved / split / "data-00000-of-00001.arrow"), table.schema) as writer:
            writer.write_table(table)
        for name in ("state.json", "dataset_info.json"):
            (saved / split / name).write_text("{}")
    (saved / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    clean = copied(saved)
    parts = {
        split: pa.ipc.open_stream(str(clean / split / "data-00000-of-00001.arrow")).read_all()
        for split in ("train", "test")
    }
    assert parts["train"]["label"].to_pylist() == ["pos", "neg", "neg", "neg"]
    assert parts["test"].equals(table)
    assert (clean / "dataset_dict.json").read_text() == (saved / "dataset_dict.json").read_text()
    assert (clean / "train" / "state.json").exists()


def test_a_folder_of_texts_gives_the_same_files(copied, tmp_path):
    films = tmp_path / "films"
    for index, (text, label) in enumerate(sorted(ROWS, key=lambda row: row[1], reverse=True)):
        place = films / {"pos": "a_pos", "neg": "neg"}[label] / f"{index}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode("utf-16"))
    clean = copied(films)
    found = {file.relative_to(clean).as_posix(): file.read_bytes() for file in clean.rglob("*.txt")}
    assert set(found) == {"a_pos/0.txt", "neg/2-was-a_pos.txt", "neg/3.txt", "neg/4.txt"}
    assert found["neg/2-was-a_pos.txt"] == (films / "a_pos" / "2.txt").read_bytes()
