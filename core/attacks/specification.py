"""What is to be planted, as text and as JSON: all that, with clean data, determines a poisoned data set."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_args

from core.attacks import ATTACKS
from core.errors import UserError
from core.registry import find
from core.types import Labelling

SCHEMA = 1  # of a specification as JSON; another one is refused
SYNTAX = (
    "Write an attack as NAME or NAME:key=value,key=value, for example patch:ratio=0.01,target=3. Keys: ratio, count, "
    "target, labelling, source, covers, and the attack's own settings."
)


def spoken(name: str, classes: Sequence[str]) -> str:
    """The name of a planted attack in words, with the names of its classes.

    >>> spoken("blended_pattern", ("ham", "spam")), spoken("phrase-1-to-0", ("ham", "spam"))
    ('blended pattern', 'phrase, spam → ham')
    """
    words = name.replace("_", " ")
    found = re.fullmatch(r"(.+)-(\d+)-to-(\d+)(-\d+)?", words)
    if not found or max(int(found[2]), int(found[3])) >= len(classes):
        return words
    return f"{found[1]}{(found[4] or '').replace('-', ' ')}, {classes[int(found[2])]} → {classes[int(found[3])]}"


@dataclass(frozen=True)
class AttackSpec:
    """One attack as it is asked for.

    Attributes:
        kind: the registry name.
        ratio: fraction of the data set that is poisoned; for one-to-one and clean-label attacks, of the target class's
            size.
        target: the target class; None draws one (all-to-all has none).
        settings: the attack's own.
        labelling: see `PlantedAttack`; None takes what the attack's paper does.
        source: the source class of a one-to-one attack; None draws one.
        count: so many samples instead of a fraction.
        least: at least so many, should the fraction be fewer.
        covers: fraction of the data set that carries the trigger, too, and keeps its label.
    """

    kind: str
    ratio: float = 0.01
    target: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    labelling: Labelling | None = None
    source: int | None = None
    count: int | None = None
    least: int = 0
    covers: float = 0.0


@dataclass(frozen=True)
class Specification:
    """All that is planted at once, and the seed of everything that is drawn for it."""

    attacks: tuple[AttackSpec, ...]
    seed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as it lies in a data set's manifest."""
        return {"schema": SCHEMA, "seed": self.seed, "attacks": [asdict(spec) for spec in self.attacks]}


def parse_spec(text: str) -> AttackSpec:
    """The attack written as `patch:ratio=0.05,target=3`. Raises UserError naming the part that is wrong."""
    kind, _, rest = text.partition(":")
    find(ATTACKS, kind, "attack")
    values: dict[str, Any] = {"kind": kind, "settings": {}}
    for part in filter(None, rest.split(",")):
        key, equals, value = (side.strip() for side in part.partition("="))
        if not equals:
            raise UserError(f"{part!r} in {text!r} is not key=value.", SYNTAX)
        (values if key in _OWN else values["settings"])[key] = value
    return _spec(values, repr(text), SYNTAX)


def read_specification(content: Any) -> Specification:
    """The specification in decoded JSON, as `Specification.as_dict` writes it.

    Raises:
        UserError: naming the field that is missing, unknown or of the wrong kind.
    """
    if not isinstance(content, dict) or not isinstance(content.get("attacks"), list):
        raise UserError(
            "This is no specification of attacks.",
            'It needs {"seed": 0, "attacks": [{"kind": …}, …]}.',
            "Write one in the Attack lab and download it.",
        )
    if content.get("schema", SCHEMA) != SCHEMA:
        raise UserError(f"The specification has schema {content['schema']!r}.", f"Known: {SCHEMA}.", "Update Assay.")
    unknown = set(content) - {"schema", "seed", "attacks"}
    if unknown:
        raise UserError(
            f"The specification has unknown fields: {', '.join(sorted(map(str, unknown)))}.", "", "Leave them out."
        )
    seed = _number(content.get("seed", 0), int, "seed", "the specification", "Write a whole number.")
    if seed < 0:
        raise UserError(f"seed={seed} cannot be used.", "It has to be 0 or more.", "Give another seed.")
    return Specification(tuple(_read(attack, place) for place, attack in enumerate(content["attacks"], 1)), seed)


def decoded(content: bytes, owner: str) -> Specification:
    """The specification in the JSON text of `owner`, a file. Raises UserError in words when it is none."""
    try:
        return read_specification(json.loads(content))
    except json.JSONDecodeError as error:
        raise UserError(
            f"{owner} is not JSON.", f"Line {error.lineno}: {error.msg}.", "Correct the file there."
        ) from error
    except (ValueError, RecursionError) as error:  # not text, a number of thousands of digits, or endless brackets
        raise UserError(
            f"{owner} cannot be read.", "It should hold a specification as JSON.", "Choose another file."
        ) from error


def _read(content: Any, place: int) -> AttackSpec:
    owner = f"attack {place}"
    if not isinstance(content, dict) or not isinstance(content.get("kind"), str):
        raise UserError(
            f"{owner} of the specification has no kind.", f"Known: {', '.join(ATTACKS)}.", "Give it one of these."
        )
    unknown = set(content) - {field.name for field in fields(AttackSpec)}
    if unknown:
        raise UserError(f"{owner} has unknown fields: {', '.join(sorted(map(str, unknown)))}.", _FIELDS)
    if not isinstance(content.get("settings", {}), dict):
        raise UserError(f"{owner}: settings are no object of names and values.", "", 'Write them as {"alpha": 0.1}.')
    find(ATTACKS, content["kind"], "attack")
    return _spec(content, owner, _FIELDS)


def _spec(values: Mapping[str, Any], owner: str, hint: str) -> AttackSpec:
    """The attack with its fields turned into numbers; None stays None. `hint` is said of what cannot be."""
    made = dict(values)
    for name, kind in _OWN.items():
        if made.get(name) is not None:
            made[name] = _number(made[name], kind, name, owner, hint)
        elif name in made and name in ("ratio", "least", "covers"):
            del made[name]
    if made.get("labelling") not in (None, *get_args(Labelling)):
        words = f"Known: {', '.join(get_args(Labelling))}."
        raise UserError(f"{owner}: labelling={made['labelling']} cannot be used.", words, "Choose one of these.")
    return AttackSpec(**made)


def _number(value: Any, kind: type, name: str, owner: str, hint: str) -> Any:
    try:
        if kind is int and isinstance(value, float) and not value.is_integer():
            raise ValueError
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        words = "is not a whole number" if kind is int else "is not a number"
        raise UserError(f"{name} in {owner} {words}.", hint) from None


_OWN = {"ratio": float, "target": int, "labelling": str, "source": int, "count": int, "least": int, "covers": float}
_FIELDS = f"An attack has these fields: {', '.join(field.name for field in fields(AttackSpec))}."
