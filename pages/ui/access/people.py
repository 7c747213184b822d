"""Who may come in once sign-in is set up, and in which role: a decision on addresses, and nothing else.

`[assay]` in the secrets file lists reviewers and viewers: e-mail addresses, or `*@example.org` for everybody there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import UserError

Role = Literal["reviewer", "viewer"]
ROLES: tuple[Role, ...] = ("reviewer", "viewer")
HOURS = 12  # a sign-in lasts a working day; the provider is asked again after it
CLOCKS_APART = 120  # seconds that the provider's clock may be ahead of this one
_SETTINGS = ("reviewers", "viewers", "unverified")
_ENTRY = re.compile(r"(\*|[^@\s*]+)@[^@\s*]+")


@dataclass(frozen=True)
class People:
    """Who is listed, as `address` spells them.

    Attributes:
        reviewers: may look, decide and start work.
        viewers: may look.
        unverified: whether an address counts of which the provider does not say that it is verified.
    """

    reviewers: frozenset[str] = frozenset()
    viewers: frozenset[str] = frozenset()
    unverified: bool = False

    def __bool__(self) -> bool:
        return bool(self.reviewers or self.viewers)


@dataclass(frozen=True)
class Person:
    """Somebody who signed in and is listed."""

    address: str
    role: Role


def address(text: str) -> str:
    """An e-mail address in lower case; one with signs beyond ASCII as it is: lower case makes some of those equal."""
    return text.strip().lower() if text.isascii() else text.strip()


def people(section: object) -> People:
    """The lists of the `[assay]` section: `reviewers` and `viewers`, each a list, or text with commas between.

    `unverified = true` beside them is for a provider that never says `email_verified`.

    Raises:
        UserError: naming an entry that is neither an address nor `*@domain`, or a setting that is none.
    """
    if not isinstance(section, Mapping):
        raise UserError("[assay] has to be a section.", "It lists reviewers and viewers.", _EXAMPLE)
    if unknown := set(section) - set(_SETTINGS):
        raise UserError(f"[assay] has no setting named {min(unknown)!r}.", f"It has: {', '.join(_SETTINGS)}.", _EXAMPLE)
    unverified = section.get("unverified", False)
    if not isinstance(unverified, bool):
        raise UserError("unverified in [assay] has to be true or false.", f"It is {unverified!r}.", "Correct it.")
    return People(_listed(section, "reviewers"), _listed(section, "viewers"), unverified)


def role_of(who: str, listed: People) -> Role | None:
    """The role of an address, None where no list has it. Exact entries go before `*@domain`, reviewer before viewer."""
    own = address(who)
    if not _ENTRY.fullmatch(own) or own.startswith("*"):
        return None
    for entry in (own, f"*@{own.partition('@')[2]}"):
        for role, names in zip(ROLES, (listed.reviewers, listed.viewers), strict=True):
            if entry in names:
                return role
    return None


def person(claims: Mapping[str, Any], listed: People) -> Person:
    """Who came in, by what the provider says of them.

    Args:
        claims: of the identity token: `email`, and `email_verified`, which has to be true and nothing like it.
        listed: who may come in.

    Raises:
        UserError: in words for whoever is refused.
    """
    who = address(str(claims.get("email") or ""))
    if not listed:
        raise UserError("Nobody is listed yet.", "Sign-in is set up, but not who may come in.", _EXAMPLE)
    if not who:
        raise UserError("Your provider did not say your e-mail address.", "", "Its scope has to include email.")
    if "email_verified" not in claims and not listed.unverified:
        raise UserError(
            f"{who} is not verified.",
            "Your provider does not say whether the address is yours.",
            "Whoever runs this dashboard can trust it all the same: unverified = true in [assay] of secrets.toml.",
        )
    if claims.get("email_verified", True) is not True:
        raise UserError(
            f"{who} is not verified.", "Your provider says so.", "Have it verify your address, then sign in again."
        )
    role = role_of(who, listed)
    if role is None:
        raise UserError(f"{who} is not on the list.", "", "Ask whoever runs this dashboard to add you.")
    return Person(who, role)


def lasts(claims: Mapping[str, Any], now: float) -> bool:
    """Whether a sign-in of the time `iat` still counts at `now`, both in seconds since 1970; not without a time."""
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        return False
    return issued - CLOCKS_APART <= now < issued + HOURS * 3600


_EXAMPLE = 'Whoever runs this dashboard adds a section [assay] to secrets.toml, with reviewers = ["you@example.org"].'


def _listed(section: Mapping[str, Any], name: str) -> frozenset[str]:
    given = section.get(name, ())
    entries = re.split(r"[,\s]+", given.strip(", \n\t")) if isinstance(given, str) else given
    if not isinstance(entries, list | tuple):
        raise UserError(f"{name} in [assay] has to be a list.", f"It is {given!r}.", _EXAMPLE)
    for entry in entries:
        if entry and not (isinstance(entry, str) and _ENTRY.fullmatch(entry.strip())):
            raise UserError(
                f"{name} in [assay] has an entry that cannot be used: {entry!r}.",
                "An entry is an e-mail address, or *@example.org for everybody there.",
                "Correct it.",
            )
    return frozenset(address(entry) for entry in entries if entry)
