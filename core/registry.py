"""Families: an ordered dict of entries, each importing its member on first use.

A member is one public function; its keyword-only, annotated arguments are its tunables. The command line parses
`key=value` by them and the pages build their widgets from them, so a new member needs no other change.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from core.errors import UserError
from core.types import Scalar


@dataclass(frozen=True)
class Range:
    """The closed interval that a numeric tunable may take."""

    low: float
    high: float


@dataclass(frozen=True)
class Entry:
    """One member of a family.

    Attributes:
        name: the registry key, also the function's name in `module`.
        title: what people read.
        module: where the function is, imported on use only.
        needs: what has to exist first, in the family's own words.
        paper: source of the method.
        help: one sentence for a newcomer.
    """

    name: str
    title: str
    module: str
    needs: tuple[str, ...] = ()
    paper: str = ""
    help: str = ""

    def load(self) -> Callable[..., Any]:
        """The member itself."""
        member: Callable[..., Any] = getattr(import_module(self.module), self.name)
        return member

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return {"name": self.name, "title": self.title, "needs": list(self.needs), "paper": self.paper}


E = TypeVar("E", bound=Entry)


@dataclass(frozen=True)
class Tunable:
    """One keyword-only argument: its name, Python type, default, allowed values, and what its docstring says of it."""

    name: str
    type: type
    default: Scalar
    range: Range | None = None
    choices: tuple[Scalar, ...] = ()
    help: str = ""


def find(family: Mapping[str, E], name: str, kind: str) -> E:
    """The entry called `name`. Raises UserError naming the known ones."""
    if name not in family:
        raise UserError(f"There is no {kind} named {name!r}.", f"Known: {', '.join(family)}.", "Choose one of these.")
    return family[name]


def tunables(member: Callable[..., Any]) -> dict[str, Tunable]:
    """The keyword-only scalar arguments of a member, in the order they are written."""
    hints, helps = get_type_hints(member, include_extras=True), _explained(member)
    settings = {}
    for parameter in inspect.signature(member).parameters.values():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY or parameter.default is inspect.Parameter.empty:
            continue
        hint, limits = hints[parameter.name], None
        if get_origin(hint) is Annotated:
            hint, *extras = get_args(hint)
            limits = next((extra for extra in extras if isinstance(extra, Range)), None)
        choices = get_args(hint) if get_origin(hint) is Literal else ()
        kind = type(choices[0]) if choices else hint
        words = helps.get(parameter.name, "")
        settings[parameter.name] = Tunable(parameter.name, kind, parameter.default, limits, choices, words)
    return settings


def checked(member: Callable[..., Any], settings: Mapping[str, Any], owner: str) -> dict[str, Scalar]:
    """All tunables of `member`, `settings` laid over the defaults, parsed from text and checked.

    Raises:
        UserError: naming the field, what was given and what is allowed.
    """
    known = tunables(member)
    for name in settings:
        if name not in known:
            raise UserError(
                f"{owner} has no setting named {name!r}.",
                f"It has: {', '.join(known) or 'none'}.",
                "Check the spelling.",
            )
    return {name: _parsed(tunable, settings.get(name, tunable.default), owner) for name, tunable in known.items()}


def _parsed(tunable: Tunable, value: Any, owner: str) -> Scalar:
    title = f"{owner}: {tunable.name}={value} cannot be used."
    try:
        if tunable.type is bool and isinstance(value, str):
            value = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[value.lower()]
        parsed: Scalar = tunable.type(value)
    except (ValueError, KeyError, TypeError):
        raise UserError(
            title, f"It has to be of type {tunable.type.__name__}.", f"The default is {tunable.default}."
        ) from None
    if tunable.choices and parsed not in tunable.choices:
        raise UserError(
            title, f"Allowed: {', '.join(map(str, tunable.choices))}.", f"The default is {tunable.default}."
        )
    if tunable.range and not (tunable.range.low <= float(parsed) <= tunable.range.high):
        limits = f"It has to lie between {tunable.range.low:g} and {tunable.range.high:g}."
        raise UserError(title, limits, f"The default is {tunable.default}.")
    return parsed


def _explained(member: Callable[..., Any]) -> dict[str, str]:
    """Argument → what the `Args` of the docstring say of it, on one line."""
    _, _, listed = (inspect.getdoc(member) or "").partition("\nArgs:\n")
    block = re.split(r"\n(?=\S)", listed, maxsplit=1)[0]
    entries = re.split(r"\n(?=    \S)", "\n" + block)
    named = (entry.strip().partition(":") for entry in entries)
    return {name.strip(): " ".join(words.split()) for names, _, words in named for name in names.split(",") if words}
