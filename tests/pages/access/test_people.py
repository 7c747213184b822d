"""Who may come in, and in which role."""

from math import inf, nan
from typing import Any

import pytest

from core.errors import UserError
from pages.ui.access.people import CLOCKS_APART, HOURS, People, Person, lasts, people, person, role_of

LISTED = people(
    {
        "reviewers": ["Ann@Example.org", "*@review.example.org", "both@example.org"],
        "viewers": ["*@example.org", "cat@review.example.org", "both@example.org"],
    }
)


@pytest.mark.parametrize(
    ("who", "role"),
    [
        ("ann@example.org", "reviewer"),
        (" ANN@EXAMPLE.ORG ", "reviewer"),
        ("both@example.org", "reviewer"),
        ("bob@example.org", "viewer"),
        ("dan@review.example.org", "reviewer"),
        ("cat@review.example.org", "viewer"),  # an exact entry goes before a domain
        ("eve@example.com", None),
        ("eve@notexample.org", None),
        ("eve@other.example.org", None),  # a domain does not stand for those below it
        ("eve@evil.com@example.org", None),
        ("example.org", None),
        ("@example.org", None),
        ("*@example.org", None),
        ("", None),
        ("ann@example.org\nx", None),
        ("\u017fam@example.org", "viewer"),
    ],
)
def test_an_address_has_the_role_of_the_list_it_is_on(who: str, role: str | None) -> None:
    assert role_of(who, LISTED) == role


def test_signs_that_lower_case_would_make_equal_stay_apart() -> None:
    assert role_of("\u212aim@example.org", People(frozenset({"kim@example.org"}))) is None  # the sign of Kelvin


@pytest.mark.parametrize("text", ["ann@a.org, *@b.org", " ann@a.org *@b.org\n", "ann@a.org,*@b.org,"])
def test_a_list_may_be_written_as_text(text: str) -> None:
    assert people({"viewers": text}) == People(viewers=frozenset({"ann@a.org", "*@b.org"}))


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"reviewers": ["*"]}, "entry that cannot be used: '[*]'"),
        ({"reviewers": ["*@*"]}, "entry that cannot be used"),
        ({"viewers": ["a*@example.org"]}, "entry that cannot be used"),
        ({"viewers": ["example.org"]}, "viewers in"),
        ({"viewers": [3]}, "entry that cannot be used: 3"),
        ({"viewers": 3}, "has to be a list"),
        ({"reviewer": ["ann@example.org"]}, "no setting named 'reviewer'"),
        ({"unverified": "true"}, "has to be true or false"),
        ("ann@example.org", "has to be a section"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_by_name(section: Any, words: str) -> None:
    with pytest.raises(UserError, match=words):
        people(section)


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"email": "eve@example.com", "email_verified": True}, "eve@example.com is not on the list"),
        ({"email": "ann@example.org", "email_verified": False}, "not verified"),
        ({"email": "ann@example.org", "email_verified": "false"}, "not verified"),
        ({"email": "ann@example.org", "email_verified": "true"}, "not verified"),
        ({"email": "ann@example.org", "email_verified": 1}, "not verified"),
        ({"email": "ann@example.org", "email_verified": None}, "not verified"),
        ({"email": "ann@example.org"}, "does not say whether the address is yours.*unverified = true"),
        ({"email": None, "name": "Ann"}, "did not say your e-mail address"),
        ({}, "did not say your e-mail address"),
    ],
)
def test_a_stranger_is_refused_in_words(claims: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        person(claims, LISTED)


def test_whoever_is_listed_comes_in_under_the_address_in_lower_case() -> None:
    claims = {"email": "Ann@example.org", "email_verified": True}
    assert person(claims, LISTED) == Person("ann@example.org", "reviewer")


def test_a_provider_that_says_nothing_of_addresses_may_be_trusted_with_them() -> None:
    listed = people({"reviewers": ["ann@example.org"], "unverified": True})
    assert person({"email": "ann@example.org"}, listed) == Person("ann@example.org", "reviewer")
    for said in (False, "true", None):
        with pytest.raises(UserError, match="not verified"):
            person({"email": "ann@example.org", "email_verified": said}, listed)


@pytest.mark.parametrize("section", [{}, {"reviewers": []}, {"viewers": ""}])
def test_empty_lists_let_nobody_in_and_say_what_to_add(section: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"Nobody is listed yet.*\[assay\].*reviewers = "):
        person({"email": "ann@example.org"}, people(section))


@pytest.mark.parametrize(
    ("claims", "counts"),
    [
        ({"iat": 1000}, True),
        ({"iat": 1000 - 3600 * HOURS}, False),
        ({"iat": 1001 - 3600 * HOURS}, True),
        ({"iat": 1000 + CLOCKS_APART}, True),
        ({"iat": 1001 + CLOCKS_APART}, False),  # tomorrow's would last for ever
        ({"iat": inf}, False),
        ({"iat": nan}, False),
        ({"iat": "1000"}, False),
        ({"iat": True}, False),
        ({"iat": None}, False),
        ({}, False),
    ],
)
def test_a_sign_in_lasts_a_working_day(claims: dict[str, Any], counts: bool) -> None:
    assert lasts(claims, now=1000) is counts
