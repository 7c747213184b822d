"""Which paths the Data page may read, and what it lists there."""

import os

import pytest

from core.errors import UserError
from core.settings import DATA
from pages.ui.access.roots import allowed, entries, roots


@pytest.fixture
def fenced(tmp_path, monkeypatch):
    """An allowed folder, and a sibling that is not."""
    for name in ("data", "secret"):
        (tmp_path / name).mkdir()
    (tmp_path / "secret" / "key.npz").write_bytes(b"x")
    monkeypatch.setenv(DATA, str(tmp_path / "data"))
    return tmp_path


def test_the_variable_names_the_roots_and_home_and_here_are_the_default(tmp_path, monkeypatch):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    wanted = os.pathsep.join(str(tmp_path / name) for name in ("one", "absent", "two", "one"))
    monkeypatch.setenv(DATA, wanted)
    assert roots() == (tmp_path / "one", tmp_path / "two")
    monkeypatch.setenv(DATA, "")
    monkeypatch.setenv("HOME", str(tmp_path / "one"))
    monkeypatch.chdir(tmp_path / "two")
    assert roots() == (tmp_path / "one", tmp_path / "two")


def test_a_path_below_a_root_is_resolved(fenced, monkeypatch):
    inside = fenced / "data" / "a b.npz"
    inside.write_bytes(b"x")
    monkeypatch.chdir(fenced / "data")
    for text in (str(inside), f"  {inside}\n", "a b.npz", f"{fenced}/data/../data/./a b.npz"):
        assert allowed(text) == inside
    assert allowed(fenced / "data") == fenced / "data"


@pytest.mark.parametrize("text", ["{}/secret/key.npz", "{}/data/../secret/key.npz", "{}/data/link", "/etc/passwd", "/"])
def test_what_lies_outside_is_refused_whether_or_not_it_exists(fenced, text):
    (fenced / "data" / "link").symlink_to(fenced / "secret" / "key.npz")
    with pytest.raises(UserError, match="lies outside the folders") as there:
        allowed(text.format(fenced))
    assert str(fenced / "data") in there.value.detail
    assert DATA in there.value.hint
    with pytest.raises(UserError, match="lies outside the folders"):
        allowed(f"{fenced}/secret/no-such")


def test_a_name_that_starts_like_the_root_is_no_part_of_it(fenced):
    (fenced / "data-too").mkdir()
    with pytest.raises(UserError, match="lies outside"):
        allowed(fenced / "data-too")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\0b", "no path"),
        ("~nobody-of-this-name/x", "no path"),
        ("loop", "no path|nothing at"),
        ("absent", "nothing at"),
        ("x" * 300, "nothing at"),
    ],
)
def test_what_is_no_path_gets_words(fenced, monkeypatch, text, words):
    monkeypatch.chdir(fenced / "data")
    (fenced / "data" / "loop").symlink_to("loop")
    with pytest.raises(UserError, match=words):
        allowed(text)


def test_a_folder_is_listed_folders_first_then_what_can_be_opened(fenced):
    data = fenced / "data"
    for name in ("b.zip", "A.NPZ", "notes.txt", ".hidden.npz", "<b>.npz"):
        (data / name).write_bytes(b"")
    (data / "zebra").mkdir()
    (data / ".git").mkdir()
    found, more = entries(data)
    assert [one.path.name for one in found] == ["zebra", "<b>.npz", "A.NPZ", "b.zip", "notes.txt"]
    assert [one.is_folder for one in found] == [True, False, False, False, False]
    assert [bool(one.title) for one in found] == [False, True, True, True, False]
    assert "NumPy" in found[2].title
    assert more == 0


def test_a_full_folder_is_listed_in_part_and_says_how_much_is_left(fenced):
    for number in range(230):
        (fenced / "data" / f"{number:03}").mkdir()
    found, more = entries(fenced / "data")
    assert (len(found), more) == (200, 30)
    assert found[0].path.name == "000"


def test_a_folder_that_cannot_be_listed_gets_words(fenced):
    (fenced / "data" / "file").write_bytes(b"")
    with pytest.raises(UserError, match="cannot be read"):
        entries(fenced / "data" / "file")
    with pytest.raises(UserError, match="lies outside"):
        entries(fenced / "secret")
