"""Settings: parsed from text, held to their ranges, refused in words."""

from typing import Annotated, Literal

import pytest

from core.attacks import ATTACKS
from core.data import SOURCES
from core.detectors import DETECTORS
from core.errors import UserError
from core.models import MODELS
from core.registry import Range, checked, find, tunables


def member(
    evidence,
    *,
    share: Annotated[float, Range(0.0, 0.5)] = 0.1,
    count: Annotated[int, Range(1, 9)] = 3,
    method: Literal["ica", "pca"] = "ica",
    deep: bool = False,
):
    """Not called; only its signature matters."""


def test_tunables_are_the_keyword_only_arguments_in_order():
    found = tunables(member)
    assert list(found) == ["share", "count", "method", "deep"]
    assert (found["share"].type, found["share"].default, found["share"].range) == (float, 0.1, Range(0.0, 0.5))
    assert (found["method"].type, found["method"].choices) == (str, ("ica", "pca"))
    assert (found["deep"].type, found["deep"].range, found["deep"].choices) == (bool, None, ())


def test_defaults_fill_what_is_not_given():
    assert checked(member, {}, "member") == {"share": 0.1, "count": 3, "method": "ica", "deep": False}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"share": "0.5"}, 0.5),
        ({"share": "0"}, 0.0),
        ({"count": "9"}, 9),
        ({"method": "pca"}, "pca"),
        ({"deep": "true"}, True),
        ({"deep": "No"}, False),
        ({"deep": "1"}, True),
        ({"deep": True}, True),
    ],
)
def test_text_is_parsed_to_the_type(given, expected):
    value = checked(member, given, "member")[next(iter(given))]
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"share": "0.51"}, "member: share=0.51 cannot be used. It has to lie between 0 and 0.5. The default is 0.1."),
        ({"share": "-0.01"}, "It has to lie between 0 and 0.5"),
        ({"share": "nan"}, "It has to lie between 0 and 0.5"),
        ({"share": "much"}, "It has to be of type float"),
        ({"share": None}, "It has to be of type float"),
        ({"count": "0"}, "It has to lie between 1 and 9"),
        ({"count": "2.5"}, "It has to be of type int"),
        ({"method": "tsne"}, "Allowed: ica, pca. The default is ica."),
        ({"deep": "maybe"}, "It has to be of type bool"),
        ({"depth": "1"}, "member has no setting named 'depth'. It has: share, count, method, deep."),
    ],
)
def test_what_cannot_be_used_is_said_with_what_can(given, words):
    with pytest.raises(UserError) as caught:
        checked(member, given, "member")
    assert words in str(caught.value)


def test_find_names_the_known_ones():
    assert find(ATTACKS, "patch", "attack").name == "patch"
    with pytest.raises(UserError, match=r"There is no attack named 'warp'. Known: patch, single_pixel"):
        find(ATTACKS, "warp", "attack")


@pytest.mark.parametrize("entry", [*ATTACKS.items(), *SOURCES.items(), *MODELS.items()], ids=lambda item: item[0])
def test_every_entry_loads_a_documented_member_whose_defaults_are_allowed(entry):
    name, found = entry
    loaded = found.load()
    assert found.name == name == loaded.__name__
    assert loaded.__doc__
    assert found.title
    assert found.help
    checked(loaded, {}, name)


def test_an_entry_as_plain_data():
    assert DETECTORS["badloss"].as_dict() == {
        "name": "badloss",
        "title": "BaDLoss",
        "needs": ["trajectories", "bona_fide"],
        "paper": "Alex et al. 2025, arXiv 2408.13221",
    }


def test_a_tunable_carries_what_the_docstring_says_of_it():
    def spoken(evidence, *, share: float = 0.1, low: int = 0, high: int = 9, silent: bool = False):
        """Nothing.

        Args:
            evidence: not a tunable.
            share: of all samples; the paper:
                0.25.
            low, high: both ends.

        Returns:
            silent: nothing.
        """

    helps = {name: tunable.help for name, tunable in tunables(spoken).items()}
    both = "both ends."
    assert helps == {"share": "of all samples; the paper: 0.25.", "low": both, "high": both, "silent": ""}
