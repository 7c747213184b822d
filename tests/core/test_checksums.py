"""A finished file is what was written, or what is wrong with it is said."""

import os
import time

import pytest

from core import checksums
from core.errors import UserError

OLD = time.time_ns() - 10**10  # long enough ago for what was found to be remembered


def written(folder, content=b"0123456789", name="a.npy"):
    with checksums.rewriting(folder, name):
        (folder / name).write_bytes(content)
    os.utime(folder / name, ns=(OLD, OLD))
    return folder / name


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"0123456789", ""),
        (b"0123x56789", "its content is not what was written"),
        (b"01234", "it has 5 bytes, and 10 were written"),
        (b"", "it has 0 bytes, and 10 were written"),
    ],
)
def test_a_file_is_as_it_was_written_or_not(tmp_path, content, words):
    written(tmp_path).write_bytes(content)
    assert checksums.wrong(tmp_path, "a.npy") == words


def test_a_file_that_is_gone_and_a_folder_in_its_place(tmp_path):
    path = written(tmp_path)
    path.unlink()
    assert checksums.wrong(tmp_path, "a.npy") == "it is missing"
    path.mkdir()
    assert checksums.wrong(tmp_path, "a.npy") == "it cannot be read, Is a directory"


def test_a_file_of_before_there_were_checksums_passes(tmp_path):
    (tmp_path / "old.npy").write_bytes(b"x")
    assert checksums.wrong(tmp_path, "old.npy") == ""
    assert not (tmp_path / checksums.FILE).exists()


def test_a_writer_that_is_stopped_leaves_no_wrong_checksum(tmp_path):
    path = written(tmp_path)

    def stopped():
        with checksums.rewriting(tmp_path, "a.npy"):
            path.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert checksums.wrong(tmp_path, "a.npy") == ""
    assert "a.npy" not in checksums.recorded(tmp_path)


def test_a_file_that_is_written_again_has_its_new_checksum(tmp_path):
    written(tmp_path)
    written(tmp_path, b"other", "b.npy")
    written(tmp_path, b"new")
    assert checksums.wrong(tmp_path, "a.npy") == checksums.wrong(tmp_path, "b.npy") == ""
    assert checksums.recorded(tmp_path)["a.npy"].bytes == 3


def test_a_change_that_keeps_size_and_time_is_found_by_a_thorough_look(tmp_path):
    path = written(tmp_path)
    assert checksums.wrong(tmp_path, "a.npy") == ""
    path.write_bytes(b"9876543210")
    os.utime(path, ns=(OLD, OLD))
    assert checksums.wrong(tmp_path, "a.npy", thoroughly=True) == "its content is not what was written"


def test_a_large_file_with_the_time_that_was_recorded_is_not_hashed(tmp_path):
    path = tmp_path / "large.npy"
    with checksums.rewriting(tmp_path, "large.npy"), path.open("wb") as stream:
        stream.truncate(checksums.TRUSTED_BYTES + 1)
    state = path.stat()
    with path.open("r+b") as stream:
        stream.write(b"x")
    assert checksums.wrong(tmp_path, "large.npy") == "its content is not what was written"
    os.utime(path, ns=(state.st_mtime_ns, state.st_mtime_ns))
    assert checksums.wrong(tmp_path, "large.npy") == ""
    assert checksums.wrong(tmp_path, "large.npy", thoroughly=True) == "its content is not what was written"


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"files": {"a.npy": 3}}'])
def test_checksums_that_are_damaged_themselves_are_said(tmp_path, content):
    written(tmp_path)
    (tmp_path / checksums.FILE).write_bytes(content)
    with pytest.raises(UserError, match=r"The list of checksums of .* is damaged"):
        checksums.wrong(tmp_path, "a.npy")
