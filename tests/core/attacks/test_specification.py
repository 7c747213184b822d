"""Specifications of attacks, as text and as JSON."""

import json

import pytest

from core.attacks.presets import PRESETS, preset
from core.attacks.specification import AttackSpec, Specification, decoded, parse_spec, read_specification
from core.errors import UserError


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("patch", AttackSpec("patch", 0.01, None, {})),
        ("patch:ratio=0.05,target=3", AttackSpec("patch", 0.05, 3, {})),
        ("blended_random: alpha = 0.2 , ratio=.1", AttackSpec("blended_random", 0.1, None, {"alpha": "0.2"})),
        ("patch:target=0,", AttackSpec("patch", 0.01, 0, {})),
        ("patch:labelling=one_to_one,source=2,count=7", AttackSpec("patch", labelling="one_to_one", source=2, count=7)),
    ],
)
def test_a_specification_is_read(text, spec):
    assert parse_spec(text) == spec


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "There is no attack named ''"),
        ("warp:ratio=0.1", "There is no attack named 'warp'"),
        ("patch:ratio", "'ratio' in 'patch:ratio' is not key=value"),
        ("patch:ratio=many", "ratio in 'patch:ratio=many' is not a number"),
        ("patch:target=1.5", "target in 'patch:target=1.5' is not a whole number"),
        ("patch:labelling=some", "labelling=some cannot be used. Known: all_to_one, one_to_one"),
    ],
)
def test_a_specification_that_cannot_be_read(text, words):
    with pytest.raises(UserError, match=words):
        parse_spec(text)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_survives_json(name):
    asked = Specification(preset(name, 10), 7)
    assert read_specification(json.loads(json.dumps(asked.as_dict()))) == asked


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "is no specification of attacks"),
        ({"seed": 1}, "is no specification of attacks"),
        ({"attacks": [], "schema": 2}, "has schema 2. Known: 1"),
        ({"attacks": [], "author": "me"}, "unknown fields: author"),
        ({"attacks": [], "seed": -1}, "seed=-1 cannot be used. It has to be 0 or more"),
        ({"attacks": [], "seed": float("inf")}, "seed in the specification is not a whole number"),
        ({"attacks": [], "seed": "x"}, "seed in the specification is not a whole number"),
        ({"attacks": ["patch"]}, "attack 1 of the specification has no kind"),
        ({"attacks": [{"kind": "patch"}, {"kind": "warp"}]}, "There is no attack named 'warp'"),
        ({"attacks": [{"kind": "patch", "colour": 1}]}, "attack 1 has unknown fields: colour"),
        ({"attacks": [{"kind": "patch", "ratio": "much"}]}, "ratio in attack 1 is not a number"),
        ({"attacks": [{"kind": "patch", "target": 1.5}]}, "target in attack 1 is not a whole number"),
        ({"attacks": [{"kind": "patch", "target": [1]}]}, "target in attack 1 is not a whole number"),
        ({"attacks": [{"kind": "patch", "settings": 3}]}, "settings are no object"),
        ({"attacks": [{"kind": "patch", "count": 1e400}]}, "count in attack 1 is not a whole number"),
    ],
)
def test_json_that_is_no_specification(content, words):
    with pytest.raises(UserError, match=words):
        read_specification(content)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("warp", "There is no preset named 'warp'. Known: ac-mnist, badloss-cifar10"),
        ("demo:ratio=0.1", "demo has no setting named 'ratio'. It has: none"),
        ("ac-mnist:share=0.1", "ac-mnist has no setting named 'share'. It has: ratio"),
        ("ac-mnist:ratio=some", "is not a number"),
    ],
)
def test_a_preset_that_cannot_be_used(text, words):
    with pytest.raises(UserError, match=words):
        preset(text, 10)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"attacks": [,]}', "it.json is not JSON. Line 1: Expecting value"),
        (b'"\x80"', "it.json cannot be read. It should hold a specification as JSON"),
        (b"[" * 100_000, "it.json cannot be read"),
        (b'{"seed": 1' + b"0" * 5000 + b"}", "it.json cannot be read"),
        (b"[]", "is no specification of attacks"),
    ],
)
def test_a_file_that_holds_no_specification(content, words):
    with pytest.raises(UserError, match=words):
        decoded(content, "it.json")


def test_a_file_is_decoded():
    text = b'{"seed": 5, "attacks": [{"kind": "patch", "ratio": 0.25}]}'
    assert decoded(text, "it.json") == Specification((AttackSpec("patch", 0.25),), 5)
