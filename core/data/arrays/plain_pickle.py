"""The plain data in a pickle, without unpickling it: the instructions are listed and only harmless ones are followed.

CIFAR's own files are pickles, and torchvision downloads no others. A pickle is a small program that may call anything;
this reader knows dictionaries, lists, text, numbers and NumPy arrays, and stops at the first other thing. It never
imports what a pickle names.

A few bytes can ask for gigabytes, too: a tuple of twice the tuple before, the same text encoded again and again. So the
number of instructions has a bound, nothing but text is ever written out, and calls make no more than the file holds.
"""

import pickletools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from core.data.paths import own
from core.errors import UserError

MAX_BYTES = 256 * 2**20  # CIFAR's largest file has 155 MB
MAX_INSTRUCTIONS = 2_000_000  # a batch of CIFAR has 40,000, a record of BackdoorBench some 15 an image
MAX_NAME = 200  # characters of a module and a name in it
LARGEST_KEY = 2**60  # larger whole numbers can be chosen so that all have one hash, and a dictionary takes for ever
_ARRAY = ("numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct")
_SCALAR = ("numpy.core.multiarray scalar", "numpy._core.multiarray scalar")
_ALLOWED = {*_ARRAY, *_SCALAR, "numpy ndarray", "numpy dtype", "_codecs encode"}
_IGNORED = {"PROTO", "FRAME"}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_VALUES = {
    "INT",
    "BININT",
    "BININT1",
    "BININT2",
    "LONG",
    "LONG1",
    "LONG4",
    "FLOAT",
    "BINFLOAT",
    "UNICODE",
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "BINUNICODE8",
    "BINBYTES",
    "SHORT_BINBYTES",
    "BINBYTES8",
}
_BYTES = {"STRING", "BINSTRING", "SHORT_BINSTRING"}  # text of Python 2
_NUMBERS = re.compile(r"[|<>=]?[biuf][1248]")
# What the standard library's lister raises on damaged pickles, and NumPy on impossible arrays.
_DAMAGE = (
    *(ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError),
    *(MemoryError, EOFError, RecursionError),
)


@dataclass(frozen=True)
class _Name:
    """A module and a name in it, which a pickle wants to call; it is only ever compared."""

    text: str


@dataclass(frozen=True)
class Unknown:
    """What the pickle would have made by a call that was not made."""


@dataclass
class _Built:
    """An array or a type that a pickle puts together in steps."""

    kind: str
    value: Any = None


_MARK = object()


def plain_data(path: Path) -> Any:
    """What the pickle at `path` holds: dictionaries, lists, tuples, text, bytes, numbers, None and NumPy arrays.

    Raises:
        UserError: it would call anything else, it is damaged, larger than 256 MB, or has more than 2,000,000
            instructions.
    """
    path = own(path)
    if path.stat().st_size > MAX_BYTES:
        raise UserError(
            f"{path.name} is larger than {MAX_BYTES // 2**20} MB.",
            "No pickle of a published data set is.",
            "Get the data set in its binary version.",
        )
    try:
        return _finished(_Reader(path.name).run(path.read_bytes()))
    except _DAMAGE as error:
        raise UserError(f"{path.name} cannot be read.", "It is damaged, or no plain data.", "Copy it again.") from error


def described(pickled: bytes, name: str) -> Any:
    """The plain data in a pickle that holds other things, too: these are `Unknown`, and nothing is called for them.

    Args:
        pickled: a pickle, as `torch.save` puts it into its archive.
        name: of the file, for messages.

    Raises:
        UserError: it is damaged, or has instructions that no plain object needs.
    """
    try:
        return _finished(_Reader(name, strict=False).run(pickled), most=8)
    except _DAMAGE as error:
        raise UserError(f"{name} cannot be read.", "It is damaged, or no pickle.", "Copy it again.") from error


class _Reader:
    """The stack machine that a pickle is written for, with nothing dangerous in it.

    A strict one stops at whatever is not plain data; another one goes on with `Unknown` in its place.
    """

    def __init__(self, name: str, *, strict: bool = True) -> None:
        self._name, self._strict = name, strict
        self._stack: list[Any] = []
        self._marks: list[int] = []  # where in the stack the marks are
        self._left = 0  # how many bytes calls may still make
        self._memo: dict[int, Any] = {}
        self._steps: dict[str, Callable[[Any], None]] = {
            "MARK": lambda _: self._mark(),
            "EMPTY_DICT": lambda _: self._stack.append({}),
            "EMPTY_LIST": lambda _: self._stack.append([]),
            "EMPTY_TUPLE": lambda _: self._stack.append(()),
            "DICT": lambda _: self._stack.append(self._pairs({}, self._marked())),
            "LIST": lambda _: self._stack.append(self._marked()),
            "TUPLE": lambda _: self._stack.append(tuple(self._marked())),
            "TUPLE1": lambda _: self._stack.append(tuple(self._last(1))),
            "TUPLE2": lambda _: self._stack.append(tuple(self._last(2))),
            "TUPLE3": lambda _: self._stack.append(tuple(self._last(3))),
            "APPEND": lambda _: self._append(self._last(1)),
            "APPENDS": lambda _: self._append(self._marked()),
            "SETITEM": lambda _: self._set(self._last(2)),
            "SETITEMS": lambda _: self._set(self._marked()),
            "GLOBAL": lambda name: self._stack.append(self._named(name)),
            "STACK_GLOBAL": lambda _: self._stack.append(self._named(_joined(*self._last(2)))),
            "REDUCE": lambda _: self._stack.append(self._called(*self._last(2))),
            "BUILD": lambda _: self._build(self._last(1)[0]),
        }
        if not strict:
            self._steps["BINPERSID"] = lambda _: self._replaced(1)  # a tensor's storage
            self._steps["NEWOBJ"] = lambda _: self._replaced(2)

    def run(self, pickled: bytes) -> Any:
        """The value that is on top of the stack at the end."""
        self._left = len(pickled)
        for number, (operation, given, _) in enumerate(pickletools.genops(pickled)):
            if number >= MAX_INSTRUCTIONS:
                raise UserError(
                    f"{self._name} has more than {MAX_INSTRUCTIONS:,} instructions.",
                    "Pickles of data sets have far fewer; this one is made to fill memory.",
                    "Do not open it.",
                )
            name, argument = operation.name, cast(Any, given)
            if name == "STOP":
                return self._stack[-1]
            if name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
                self._memo[len(self._memo) if argument is None else int(argument)] = self._stack[-1]
            elif name in ("GET", "BINGET", "LONG_BINGET"):
                self._stack.append(self._memo[int(argument)])
            elif name in _CONSTANTS:
                self._stack.append(_CONSTANTS[name])
            elif name in _VALUES or name in _BYTES:
                self._stack.append(argument.encode("latin-1") if name in _BYTES else argument)
            elif name in self._steps:
                self._steps[name](argument)
            elif name not in _IGNORED:
                raise self._refusal(f"the instruction {name}")
        raise ValueError("The pickle has no end.")

    def _mark(self) -> None:
        self._marks.append(len(self._stack))
        self._stack.append(_MARK)

    def _last(self, n: int) -> list[Any]:
        taken = self._stack[-n:]
        if len(taken) < n or any(item is _MARK for item in taken):
            raise ValueError("The stack is too short.")
        del self._stack[-n:]
        return taken

    def _marked(self) -> list[Any]:
        place = self._marks.pop()
        taken = self._stack[place + 1 :]
        del self._stack[place:]
        return taken

    def _replaced(self, n: int) -> None:
        self._last(n)
        self._stack.append(Unknown())

    def _append(self, values: list[Any]) -> None:
        if isinstance(self._stack[-1], Unknown):
            return
        if not isinstance(self._stack[-1], list):
            raise TypeError("Only lists grow.")
        self._stack[-1].extend(values)

    def _set(self, values: list[Any]) -> None:
        if not isinstance(self._stack[-1], Unknown):
            self._pairs(self._stack[-1], values)

    def _pairs(self, into: Any, values: list[Any]) -> dict[str | int, Any]:
        """Keys of Python 2 are bytes; they become text."""
        if not isinstance(into, dict) or len(values) % 2:
            raise TypeError("Only dictionaries take keys.")
        for key, value in zip(values[::2], values[1::2], strict=True):
            if not isinstance(key, str | bytes | int) or (isinstance(key, int) and abs(key) > LARGEST_KEY):
                raise TypeError("Only text and numbers are keys.")
            into[self._made(key).decode("latin-1") if isinstance(key, bytes) else key] = value
        return into

    def _made(self, content: bytes) -> bytes:
        """The bytes themselves, counted: what is kept once in the file must not come out a thousand times."""
        self._left -= len(content)
        if self._left < 0:
            raise UserError(
                f"{self._name} unpacks to more than it holds.",
                "Pickles of data sets never do; this one is made to fill memory.",
                "Do not open it.",
            )
        return content

    def _named(self, text: str) -> _Name:
        if text not in _ALLOWED and self._strict:
            raise self._refusal(text.replace(" ", "."))
        return _Name(text)

    def _called(self, name: Any, arguments: Any) -> Any:
        """What the few allowed calls give."""
        if name == _Name("_codecs encode"):
            text, encoding = arguments
            if encoding != "latin1":
                raise ValueError("Only one encoding is written by NumPy.")
            return self._made(text.encode("latin-1"))
        if name == _Name("numpy dtype"):
            return _Built("type", _text(arguments[0])[:MAX_NAME])
        if isinstance(name, _Name) and name.text in _ARRAY and arguments[0] == _Name("numpy ndarray"):
            return _Built("array")
        if isinstance(name, _Name) and name.text in _SCALAR:
            return _array((), arguments[0], False, arguments[1]).item()
        if not self._strict:
            return Unknown()
        raise self._refusal("a call of something else")

    def _build(self, state: Any) -> None:
        built = self._stack[-1]
        if isinstance(built, Unknown):
            return
        if not isinstance(built, _Built):
            raise TypeError("Only arrays and types are put together.")
        if built.kind == "type":  # (version, byte order, then nothing that plain numbers have)
            order = _text(state[1])[:1]
            built.value = (order if order in "<>" else "") + built.value.lstrip("<>|=")
        else:
            _, shape, kind, fortran, content = state
            if not isinstance(shape, tuple):
                raise TypeError("A shape is a tuple.")
            built.value = _array(shape, kind, bool(fortran), content)

    def _refusal(self, what: str) -> UserError:
        return UserError(
            f"{self._name} is a pickle that does more than hold data: it contains {what[:100]!r}.",
            "Loading it could run code; it was not loaded.",
            "Get the data set from its own site, best in its binary version.",
        )


def _joined(module: Any, name: Any) -> str:
    """A module and a name in it. Anything but short text is none, and might be endless to write out."""
    if not isinstance(module, str) or not isinstance(name, str) or len(module) + len(name) > MAX_NAME:
        raise TypeError("A name is text.")
    return f"{module} {name}"


def _text(value: Any) -> str:
    if not isinstance(value, str | bytes) or len(value) > MAX_NAME:
        raise TypeError("Short text is needed.")
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _array(shape: tuple[int, ...], kind: Any, fortran: bool, content: Any) -> np.ndarray[Any, Any]:
    if not isinstance(kind, _Built) or not _NUMBERS.fullmatch(str(kind.value)) or not isinstance(content, bytes):
        raise ValueError("Only arrays of numbers are read.")
    return np.frombuffer(content, kind.value).reshape(shape, order="F" if fortran else "C")


def _finished(value: Any, most: int = 2, depth: int = 0) -> Any:
    """The value with arrays in the place of what they were built from, as deep as data sets have them."""
    if isinstance(value, _Built | _Name):
        return value.value if isinstance(value, _Built) else Unknown()
    if isinstance(value, dict) and depth < most:
        return {key: _finished(inner, most, depth + 1) for key, inner in value.items()}
    return value
