"""JSON files: whole and of the right shape, or one refusal in words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from core.errors import UserError
from core.json_files import MOST_KNOWN, Damaged, fitted, read_json, sorted_out


@dataclass(frozen=True)
class Inner:
    name: str
    rate: float | None = None


@dataclass(frozen=True)
class Outer:
    plan: tuple[str, ...]
    size: tuple[int, int]
    by_class: Mapping[int, float] = field(default_factory=dict)
    parts: tuple[Inner, ...] = ()
    on: bool = False
    schema: int = 1


GOOD = {"plan": ["a"], "size": [2, 3], "by_class": {"4": 1}, "parts": [{"name": "x", "rate": None}], "schema": 1}


def read(path, **more):
    return read_json(path, Outer, "The thing", "Make it again.", **more)


def test_a_whole_file_becomes_its_shape(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(GOOD))
    assert read(path) == Outer(("a",), (2, 3), {4: 1.0}, (Inner("x"),))


def test_a_missing_file_is_refused_unless_something_else_is_said(tmp_path):
    other = Outer((), (0, 0))
    assert read(tmp_path / "a.json", otherwise=other) is other
    with pytest.raises(UserError, match=r"The thing is damaged. .*a.json is missing. Make it again."):
        read(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (bytes(30), "it is empty"),
        (json.dumps(GOOD).encode()[:-9], "not whole JSON, line 1"),
        (json.dumps(GOOD).encode().replace(b"a", b"\xff", 1), "it is not text"),
        (b"[" * 100_000, "what no JSON of Assay does"),
        (b'{"schema": 1' + b"0" * 5000 + b"}", "what no JSON of Assay does"),
        (b"[]", "it has to be an object"),
        (b"null", "it has to be an object"),
        (b"7", "it has to be an object"),
        (b"{}", "it has no plan"),
    ],
)
def test_what_is_no_whole_file_is_said(tmp_path, content, why):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"The thing is damaged. .*a.json cannot be read: .*{why}.* Make it again."):
        read(path, otherwise=Outer((), (0, 0)))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"plan": 5}, "plan has to be a list"),
        ({"plan": {"a": 1}}, "plan has to be a list"),
        ({"plan": ["a", 5]}, "plan has to be all text"),
        ({"size": [1]}, "size has to be a list of 2"),
        ({"size": [1, 2.5]}, "size has to be a whole number"),
        ({"size": [1, 2**70]}, "size has to be a whole number"),
        ({"by_class": []}, "by_class has to be an object"),
        ({"by_class": {"one": 1}}, "by_class has to be numbered"),
        ({"by_class": {"1": "x"}}, "by_class.1 has to be a number"),
        ({"by_class": {"1": float("nan")}}, "NaN is no number"),
        ({"by_class": {"1": 10**400}}, "by_class.1 has to be a number"),
        ({"parts": [None]}, r"parts\[0\] has to be an object"),
        ({"parts": [{"rate": 1}]}, r"it has no parts\[0\].name"),
        ({"on": 1}, "on has to be true or false"),
        ({"schema": "1"}, "schema has to be a whole number"),
        ({"schema": True}, "schema has to be a whole number"),
    ],
)
def test_each_wrong_value_is_named(tmp_path, change, why):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(GOOD | change))
    with pytest.raises(UserError, match=f"The thing is damaged. .*{why}"):
        read(path)


def test_a_number_too_large_for_a_float_is_refused(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(GOOD).replace('"4": 1', '"4": 1e999'))
    with pytest.raises(UserError, match="1e999 is no number"):
        read(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"schema": 2, "plan": None}, "schema 2"),
        ({"colour": 1}, "the unknown field colour"),
        ({"parts": [{"name": "x", "odd": 1}]}, r"the unknown field parts\[0\].odd"),
    ],
)
def test_more_than_this_version_knows_is_of_a_newer_one(tmp_path, change, what):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(GOOD | change))
    with pytest.raises(UserError, match=f"The thing was made by a newer Assay. .* has {what}. Update Assay"):
        read(path)


def test_values_that_make_no_sense_together_are_refused(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(GOOD))
    with pytest.raises(UserError, match="its values make no sense"):
        read(tmp_path / "a.json", sound=lambda found: found.size == (0, 0))


def test_a_folder_in_place_of_the_file_is_said(tmp_path):
    (tmp_path / "a.json").mkdir()
    with pytest.raises(UserError, match="cannot be read: Is a directory"):
        read(tmp_path / "a.json", otherwise=Outer((), (0, 0)))


def test_what_was_decoded_already_is_fitted_or_refused():
    assert fitted({"name": "x", "rate": 2}, Inner, "It", "Again.") == Inner("x", 2)
    with pytest.raises(UserError, match=r"It is damaged. It cannot be used: name has to be text. Again."):
        fitted({"name": 1}, Inner, "It", "Again.")


def test_the_readable_and_the_damaged_are_told_apart(tmp_path):
    for name, content in (("good", json.dumps(GOOD)), ("bad", "{")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.json").write_text(content)
    found, damaged = sorted_out(sorted(tmp_path.glob("*/a.json")), read)
    assert found == [Outer(("a",), (2, 3), {4: 1.0}, (Inner("x"),))]
    assert damaged == [Damaged(tmp_path / "bad", "bad", damaged[0].error)]


def test_what_is_read_again_is_the_same_object_until_its_text_is_another(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(GOOD))
    first = read(path, again=True)
    assert read(path, again=True) is first
    assert read(path) is not first
    path.write_text(json.dumps(GOOD | {"plan": ["b"]}))
    assert read(path, again=True).plan == ("b",)
    path.write_text("{}")
    with pytest.raises(UserError, match="it has no plan"):
        read(path, again=True)
    path.unlink()
    with pytest.raises(UserError, match="is missing"):
        read(path, again=True)


def test_only_the_newest_of_what_is_read_again_are_remembered(tmp_path):
    paths = [tmp_path / f"{at}.json" for at in range(MOST_KNOWN + 1)]
    for path in paths:
        path.write_text(json.dumps(GOOD))
    oldest, *_, newest = [read(path, again=True) for path in paths]
    assert read(paths[-1], again=True) is newest
    assert read(paths[0], again=True) is not oldest
