"""Files appear whole or not at all, and hold what every reader understands."""

import errno
import json
import os
import resource
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.errors import UserError
from core.files import (
    LEFT_SECONDS,
    allow_many_open_files,
    is_archive,
    locked,
    plain,
    sweep,
    write_array,
    write_file,
    write_json,
)


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

    # No test can fill a disk; the last step of a write is where it is told.
    monkeypatch.setattr("core.files.os.fsync", refuse)
    with pytest.raises(UserError, match=words):
        write_json(tmp_path / "note.json", {"kept": 2})
    assert json.loads((tmp_path / "note.json").read_text()) == {"kept": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["note.json"]


def test_other_faults_of_a_disk_are_not_renamed(tmp_path):
    (tmp_path / "note.json").touch()
    with pytest.raises(NotADirectoryError):
        write_json(tmp_path / "note.json" / "inner.json", {})


def at_once(*works):
    """Do all works in threads of their own; fails with the first error of any."""
    errors = []

    def caught(work):
        try:
            work()
        except Exception as error:  # noqa: BLE001 - handed on below
            errors.append(error)

    threads = [threading.Thread(target=caught, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


def test_two_threads_that_write_one_file_do_not_meet_and_no_reader_sees_half(tmp_path):
    path, done = tmp_path / "a.json", threading.Event()
    write_json(path, [0] * 100)

    def write(value):
        for _ in range(200):
            write_json(path, [value] * 100 * value)

    def read():
        while not done.is_set():
            found = json.loads(path.read_text())
            assert found in ([0] * 100, [1] * 100, [2] * 200)

    def both():
        try:
            at_once(lambda: write(1), lambda: write(2))
        finally:
            done.set()

    at_once(read, both)
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


def test_threads_that_change_one_file_under_its_lock_lose_nothing(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, 0)

    def count():
        for _ in range(200):
            with locked(tmp_path / "a.lock"):
                write_json(path, json.loads(path.read_text()) + 1)

    at_once(count, count)
    assert json.loads(path.read_text()) == 400


def test_what_killed_writers_left_is_deleted_and_what_is_being_written_is_not(tmp_path):
    path = tmp_path / "a.json"
    left, young = (tmp_path / f".a.json.{name}.tmp" for name in ("77", "78-ab"))
    for one in (left, young, tmp_path / ".b.json.77.tmp"):
        one.touch()
    os.utime(left, (1, 1))

    def slowly(stream):
        stream.write(b"1")
        stream.flush()
        os.utime(stream.name, (1, 1))  # a write that takes longer than leftovers are kept
        write_json(path, 2)

    assert LEFT_SECONDS > 60  # far longer than between the making of a file and its being held
    write_file(path, slowly)
    assert path.read_bytes() == b"1"
    assert sorted(one.name for one in tmp_path.iterdir()) == [".a.json.78-ab.tmp", ".b.json.77.tmp", "a.json"]


def test_leftovers_of_all_files_of_a_folder_are_swept_and_nothing_else(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    left = [folder / f".{name}.77-0123456789ab.tmp" for folder in (tmp_path, inner) for name in ("a.json", "b.npy")]
    others = [tmp_path / name for name in (".mine.tmp", "a.tmp", ".a.json.tmp", ".young.77-0123456789ab.tmp")]
    for one in (*left, *others):
        one.touch()
    for one in (*left, *others[:3]):
        os.utime(one, (1, 1))
    seen = []

    def slowly(stream):
        os.utime(stream.name, (1, 1))
        sweep(tmp_path)
        seen.append(Path(stream.name).exists())

    write_file(tmp_path / "c.json", slowly)
    assert seen == [True]
    assert sorted(tmp_path.rglob("*.tmp")) == sorted(others)


def test_as_many_files_may_be_open_as_the_system_lets():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(200, before[1]), before[1]))
        assert allow_many_open_files() == before[1]
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
