"""Word vectors from strangers' text files: read as far as they are wanted, refused where they are anything else."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import UserError
from core.modalities.text.words import number
from core.models.word_vectors import read_vectors

GLOVE = "good 1 2 3 4\nbad -1 -2 -3 -4.5\nfilm 0 0 0 1e-3\n"
WANTED = [number("good"), number("film")]


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "vectors.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("content", [GLOVE, f"3 4\n{GLOVE}", GLOVE.replace("\n", " \r\n")])
def test_wanted_words_are_read_in_both_forms_and_others_are_counted(tmp_path: Path, content: str) -> None:
    found = read_vectors(written(tmp_path, content), WANTED)
    vectors = dict(zip(found.numbers.tolist(), found.values.tolist(), strict=True))
    assert vectors == {number("good"): [1, 2, 3, 4], number("film"): [0, 0, 0, pytest.approx(1e-3)]}
    assert found.n_lines == 3
    assert found.values.dtype == np.float32
    assert found.numbers.tolist() == sorted(WANTED)


def test_a_word_counts_as_it_is_in_lower_case_and_otherwise_where_it_comes_first(tmp_path: Path) -> None:
    lines = "Good 1 1 1 1\ngood 2 2 2 2\nGOOD 3 3 3 3\nFilm 4 4 4 4\nFILM 5 5 5 5\n"
    found = read_vectors(written(tmp_path, lines), WANTED)
    values = dict(zip(found.numbers.tolist(), found.values[:, 0].tolist(), strict=True))
    assert values == {number("good"): 2, number("film"): 4}


def test_words_with_spaces_and_other_scripts_and_broken_bytes_disturb_nothing(tmp_path: Path) -> None:
    content = b"good 1 2 3 4\n. . . 1 2 3 4\nat name@x.org 1 2 3 4\n\xff\xfe 1 2 3 4\n" + "日 5 6 7 8\n\n".encode()
    found = read_vectors(written(tmp_path, content), [number("日"), number("good")])
    assert found.n_lines == 5
    assert sorted(found.values[:, 0].tolist()) == [1, 5]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("good 1 2 3 4\nbad 1 2 3\n", "Line 2 has 3 numbers, where the first word has 4"),
        ("good 1 2 3 4\nbad 1 2 3 4 5\n", "Line 2 has 5 numbers"),
        ("good 1 2 3 4\nfilm 1 2 x 4\n", "Line 2 holds something else than numbers"),
        ("good 1 2 3 nan\n", "something else than numbers"),
        ("good 1 2 3 1e30\n", "something else than numbers"),
        ("9 4\n" + GLOVE, "announces 9 words, and 3 follow"),
        ("other 1 2 3 4\n", "None of its 1 words"),
        ("just some words\n", "A word would have 2 numbers"),
        ("good" + " 1" * 2000 + "\n", "A word would have 2,000 numbers"),
        ("good 1 2 3 4\n" + "x" * 300, "Line 2 is longer than 200 bytes"),
        ("", "It holds 0 bytes"),
        (b"\x80\x04\x95pickled", "It is no text"),
        (b"3 4\ngood \x00\x00\x80?", "It is no text"),
        (b"PK\x03\x04zipped", "It is no text"),
    ],
)
def test_what_is_no_file_of_word_vectors_is_refused_in_words(tmp_path: Path, content: str | bytes, words: str) -> None:
    most = 200 if "longer" in words else 2**16
    with pytest.raises(UserError, match="gives no word vectors") as refused:
        read_vectors(written(tmp_path, content), WANTED, most_line=most)
    assert words in refused.value.detail


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file"):
        read_vectors(tmp_path / "none.txt", WANTED)
