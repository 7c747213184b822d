"""Files appear whole or not at all, and hold what every reader understands."""

import errno
import json
import os
import zipfile

import numpy as np
import pytest

from core.errors import UserError
from core.files import is_archive, plain, write_array, write_file, write_json


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "a.txt"
    write_file(path, lambda stream: stream.write(b"old"))
    write_file(path, lambda stream: stream.write(b"new"))
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_earlier_file_and_no_temporary_one(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def fail(stream):
        stream.write(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_file(path, fail)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_until_it_is_whole_a_file_has_another_name(tmp_path):
    path, seen = tmp_path / "a.txt", []
    write_file(path, lambda stream: seen.append(path.exists()))
    assert seen == [False]
    assert path.exists()


def test_json_writes_nan_as_null(tmp_path):
    content = {"a": float("nan"), "b": np.float32("inf"), 3: np.int64(7), "c": (np.True_, None, "ä"), "d": {1.5}}
    write_json(tmp_path / "a.json", content)
    text = (tmp_path / "a.json").read_text("utf-8")
    assert json.loads(text) == {"a": None, "b": None, "3": 7, "c": [True, None, "ä"], "d": [1.5]}
    assert "ä" in text


def test_plain_keeps_what_json_knows():
    assert plain({"a": [1, 2.5, "x", None, True]}) == {"a": [1, 2.5, "x", None, True]}
    assert type(plain(np.float32(0.5))) is float


def test_arrays_come_back_and_objects_are_refused(tmp_path):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    write_array(tmp_path / "a.npy", array)
    assert np.array_equal(np.load(tmp_path / "a.npy"), array)
    with pytest.raises(ValueError, match=r"[Oo]bject"):
        write_array(tmp_path / "b.npy", np.array([{}], dtype=object))
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]


def test_an_archive_whose_last_record_says_something_impossible_is_one_still(tmp_path):
    path = tmp_path / "weights.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")
    record = path.read_bytes()
    assert is_archive(path)
    locator = b"PK\x06\x07" + (7).to_bytes(4, "little") + bytes(8) + (9).to_bytes(4, "little")
    end = record.rindex(b"PK\x05\x06")
    path.write_bytes(record[:end] + locator + record[end:])
    assert is_archive(path)
    path.write_bytes(b"no archive")
    assert not is_archive(path)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "The disk is full. note.json was not written. Free space on the disk that holds"),
        (errno.EROFS, "note.json cannot be written. Read-only file system. Make .* writable"),
    ],
)
def test_a_disk_that_takes_nothing_is_said_in_words(tmp_path, monkeypatch, code, words):
    write_json(tmp_path / "note.json", {"kept": 1})

    def refuse(_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("core.files.os.fsync", refuse)
    with pytest.raises(UserError, match=words):
        write_json(tmp_path / "note.json", {"kept": 2})
    assert json.loads((tmp_path / "note.json").read_text()) == {"kept": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["note.json"]


def test_other_faults_of_a_disk_are_not_renamed(tmp_path):
    (tmp_path / "note.json").touch()
    with pytest.raises(NotADirectoryError):
        write_json(tmp_path / "note.json" / "inner.json", {})
