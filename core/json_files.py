"""JSON files as they were kept, read into the shape that they have to have, or refused in words.

A disk, a crash or another version can leave anything in a file. Whatever it is, the reader gets one `UserError`.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from math import isfinite
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NoReturn, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from core.errors import UserError

LARGEST = 2**63 - 1  # what an int64 holds; nothing that is kept is larger
MOST_KNOWN = 200  # files whose content is remembered; the oldest is forgotten
_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false", NoneType: "nothing"}
T = TypeVar("T")
_known: dict[Path, tuple[str, Any]] = {}  # text and content of files that are read again and again


@dataclass(frozen=True)
class Damaged:
    """A run or data set that is there and cannot be read.

    Attributes:
        path: its directory; `id` is the directory's name.
        error: what is wrong and what to do.
    """

    path: Path
    id: str
    error: UserError


class _Wrong(Exception):
    """Content does not have the shape that it has to have; says why."""


class _Newer(Exception):
    """Content has more to it than this version knows; says what."""


def read_json(
    path: Path,
    shape: type[T],
    owner: str,
    hint: str,
    *,
    otherwise: T | None = None,
    given: Mapping[str, Any] | None = None,
    renamed: Mapping[str, str] | None = None,
    sound: Callable[[T], bool] = lambda result: True,
    again: bool = False,
) -> T:
    """What the JSON file `path` holds, as `shape`.

    Args:
        path: the file.
        shape: a dataclass, or a type such as `dict[str, list[int]]`.
        owner: what is damaged when the file is, to begin a sentence with: "The run a-1".
        hint: what to do then.
        otherwise: what to return when there is no such file; None refuses that, too.
        given: fields of the dataclass that are not in the file.
        renamed: names that earlier versions gave to fields → the names of today.
        sound: whether values of the right types make sense.
        again: whether the file is read often, always in this way: the same text then gives the same object, which
            nobody may change.

    Raises:
        UserError: the file is missing, cannot be read, is not whole, does not fit, or is of a newer Assay.
    """
    try:
        text = path.read_text("utf-8")
        before = _known.get(path) if again else None  # another thread may forget it meanwhile
        if before and before[0] == text:
            return cast("T", before[1])
        content = json.loads(text, parse_constant=_not_a_number, parse_float=_number)
        if isinstance(content, dict) and renamed:
            content = {renamed.get(name, name): value for name, value in content.items()}
        result = cast("T", _fitted(content, shape, "", given or {}))
        if not sound(result):
            raise _Wrong("its values make no sense")
        if again:
            _remember(path, text, result)
    except FileNotFoundError as error:
        if otherwise is not None:
            return otherwise
        raise UserError(f"{owner} is damaged.", f"{path} is missing.", hint) from error
    except _Newer as error:
        raise UserError(
            f"{owner} was made by a newer Assay.", f"{path} has {error}.", "Update Assay to open it."
        ) from error
    except (OSError, ValueError, RecursionError, _Wrong) as error:
        raise UserError(f"{owner} is damaged.", f"{path} cannot be read: {_why(error)}.", hint) from error
    return result


def fitted(content: Any, shape: type[T], owner: str, hint: str) -> T:
    """Decoded JSON as `shape`. Raises UserError when it does not fit; see `read_json`."""
    try:
        return cast("T", _fitted(content, shape, "", {}))
    except _Newer as error:
        raise UserError(f"{owner} was made by a newer Assay.", f"It has {error}.", "Update Assay.") from error
    except _Wrong as error:
        raise UserError(f"{owner} is damaged.", f"It cannot be used: {error}.", hint) from error


def sorted_out(paths: Iterable[Path], read: Callable[[Path], T]) -> tuple[list[T], list[Damaged]]:
    """What `read` makes of each file, and the directories of those that it refuses."""
    readable, damaged = [], []
    for path in paths:
        try:
            readable.append(read(path))
        except UserError as error:
            damaged.append(Damaged(path.parent, path.parent.name, error))
    return readable, damaged


def _remember(path: Path, text: str, content: Any) -> None:
    _known.pop(path, None)  # the last one in is the last one out
    _known[path] = text, content
    while len(_known) > MOST_KNOWN:
        _known.pop(next(iter(_known), path), None)


def _fitted(value: Any, shape: Any, place: str, given: Mapping[str, Any]) -> Any:
    origin, inner = get_origin(shape) or shape, get_args(shape)
    if origin in (Union, UnionType):
        return _one_of(value, inner, place)
    if is_dataclass(shape):
        return _record(value, shape, place, given)
    if origin in (list, tuple):
        return origin(_row(value, origin, inner, place))
    if origin is dict or origin is Mapping:
        if not isinstance(value, dict):
            _refuse(place, "an object")
        return {
            _key(key, inner[0], place): _fitted(item, inner[1], f"{place}.{key}", {}) for key, item in value.items()
        }
    if origin is Literal:
        return value if value in inner else _refuse(place, f"one of {', '.join(map(str, inner))}")
    return value if shape is Any or _scalar(value, shape) else _refuse(place, _WORDS[shape])


def _one_of(value: Any, shapes: tuple[Any, ...], place: str) -> Any:
    if value is None and NoneType in shapes:
        return None
    known = [shape for shape in shapes if shape is not NoneType]
    for shape in known[:-1]:
        try:
            return _fitted(value, shape, place, {})
        except _Wrong:
            continue
    return _fitted(value, known[-1], place, {})


def _record(value: Any, shape: Any, place: str, given: Mapping[str, Any]) -> Any:
    if not isinstance(value, dict):
        _refuse(place, "an object")
    known = {field.name: field for field in fields(shape) if field.name not in given}
    schema, latest = value.get("schema"), known["schema"].default if "schema" in known else None
    if type(schema) is int and type(latest) is int and schema > latest:
        raise _Newer(f"schema {schema}")
    for name, field in known.items():
        if name not in value and field.default is MISSING and field.default_factory is MISSING:
            raise _Wrong(f"it has no {f'{place}.{name}'.lstrip('.')}")
    hints = _hints(shape)
    content = {name: _fitted(value[name], hints[name], f"{place}.{name}", {}) for name in known if name in value}
    if unknown := sorted(set(value) - set(known)):
        raise _Newer(f"the unknown field {f'{place}.{unknown[0][:40]}'.lstrip('.')}")
    return shape(**content, **given)


def _row(value: Any, origin: type, inner: tuple[Any, ...], place: str) -> list[Any]:
    if not isinstance(value, list):
        _refuse(place, "a list")
    if origin is list or inner[-1:] == (...,):
        if inner[0] in _WORDS:  # names of a million samples are looked through here
            return (
                value if all(_scalar(item, inner[0]) for item in value) else _refuse(place, f"all {_WORDS[inner[0]]}")
            )
        return [_fitted(item, inner[0], f"{place}[{index}]", {}) for index, item in enumerate(value)]
    if len(value) != len(inner):
        _refuse(place, f"a list of {len(inner)}")
    return [_fitted(item, shape, place, {}) for item, shape in zip(value, inner, strict=True)]


def _scalar(value: Any, shape: Any) -> bool:
    if shape is float:
        return type(value) is float or (type(value) is int and abs(value) <= LARGEST)
    return type(value) is shape and (shape is not int or abs(value) <= LARGEST)


def _key(key: str, shape: Any, place: str) -> Any:
    if shape is not int:
        return key
    return int(key) if key.lstrip("-").isdecimal() and len(key) < 20 else _refuse(place, "numbered")


def _refuse(place: str, what: str) -> NoReturn:
    raise _Wrong(f"{place.lstrip('.') or 'it'} has to be {what}")


def _not_a_number(text: str) -> NoReturn:
    raise _Wrong(f"{text} is no number")


def _number(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _not_a_number(text[:20])


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return "it is not text"
    if isinstance(error, json.JSONDecodeError):
        return f"it is not whole JSON, line {error.lineno}" if error.doc.strip("\0 \n") else "it is empty"
    return str(error) if isinstance(error, _Wrong) else "it holds what no JSON of Assay does"


@cache
def _hints(shape: Any) -> dict[str, Any]:
    return get_type_hints(shape)
