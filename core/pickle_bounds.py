"""How much a pickle asks for, told from its instructions before anybody follows them.

torch reads tensors with an unpickler that runs nothing foreign, and still does what it is told. A tuple of twice the
tuple before, forty times over, takes 317 bytes, and to hash it takes years. So the instructions are listed first, and
what contains what is noted; the objects are never made.
"""

import io
import pickletools
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.errors import UserError

MAX_INSTRUCTIONS = 500_000  # a state_dict has some thirty for each tensor, a list of labels two for each
MAX_EXPANDED = 4_000_000  # objects, each counted as often as it is contained; to hash or print them takes a second
MAX_DEPTH = 200  # containers in one another; Python's own limit is a thousand calls
MAX_PICKLE_BYTES = 64 * 2**20  # without the tensors, which lie beside it
MAX_DIMENSIONS = 64  # of a tensor, which is all that torch itself prints; a million of them take it hours
_PICKLES = 5  # of torch's old format: a number, the version, the machine, the content, the names of the tensors
_GROWS = {"APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS", "BUILD"}
_SAVES = {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"}
_RECALLS = {"GET", "BINGET", "LONG_BINGET"}
_DAMAGE = (OSError, EOFError, ValueError, LookupError, TypeError, OverflowError, MemoryError, RuntimeError)
_ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, NotImplementedError)


def require_modest(path: Path) -> None:
    """Refuse what `torch.save` wrote when its pickles would take far more time or memory than their length tells.

    Raises:
        UserError: too many instructions, too deep, or objects that contain the same objects again and again; or it is
            damaged, so that nobody can tell.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    if info.filename.endswith("data.pkl"):
                        _require_size(info.file_size, path)
                        _check(io.BytesIO(archive.read(info)), path)
        else:
            with path.open("rb") as file:
                stream = io.BytesIO(file.read(MAX_PICKLE_BYTES))
            for _ in range(_PICKLES):
                _check(stream, path)
    except (*_DAMAGE, *_ZIP_DAMAGE) as error:
        raise UserError(
            f"{path.name} cannot be read.", "It is damaged, or torch did not save it.", "Copy it again."
        ) from error


def _check(stream: BinaryIO, path: Path) -> None:
    contents = _contents(stream, path)
    sizes, depths = [1] * len(contents), [1] * len(contents)
    for number in _inner_first(contents, path):
        sizes[number] = 1 + sum(sizes[inner] for inner in contents[number])
        depths[number] = 1 + max((depths[inner] for inner in contents[number]), default=0)
        if sizes[number] > MAX_EXPANDED or depths[number] > MAX_DEPTH:
            raise _refusal(path, f"Its objects contain each other more than {MAX_DEPTH} deep or a million times.")


def _contents(stream: BinaryIO, path: Path) -> list[list[int]]:
    """For each object of the next pickle of a stream, the numbers of those that it contains."""
    walk = _Walk(path)
    for place, (operation, argument, _) in enumerate(pickletools.genops(stream)):
        if place >= MAX_INSTRUCTIONS:
            raise _refusal(path, f"It has more than {MAX_INSTRUCTIONS:,} instructions.")
        walk.follow(operation, argument)
    return walk.contents


class _Walk:
    """Follows instructions as far as what contains what; objects are numbers here."""

    def __init__(self, path: Path) -> None:
        self.contents: list[list[int]] = []
        self._path = path
        self._stack: list[int] = []
        self._marks: list[int] = []
        self._memo: dict[int, int] = {}
        self._long: set[int] = set()  # tuples that are no shape

    def follow(self, operation: pickletools.OpcodeInfo, argument: object) -> None:
        """Take one more instruction in."""
        name = operation.name
        if name in _SAVES:
            self._memo[len(self._memo) if argument is None else int(str(argument))] = self._stack[-1]
        elif name in _RECALLS:
            self._stack.append(self._memo[int(str(argument))])
        elif name == "MARK":
            self._marks.append(len(self._stack))
        elif name == "DUP":
            self._stack.append(self._stack[-1])
        elif name != "STOP" and (operation.stack_before or operation.stack_after):
            self._make(operation, self._taken(operation))

    def _make(self, operation: pickletools.OpcodeInfo, taken: list[int]) -> None:
        name = operation.name
        if name == "REDUCE" and not self._long.isdisjoint(self.contents[taken[1]]):
            raise _refusal(self._path, f"A tensor has more than {MAX_DIMENSIONS} dimensions.")
        if name in _GROWS:
            self.contents[taken[0]] += taken[1:]
            self._stack.append(taken[0])
        elif operation.stack_after:
            if name == "TUPLE" and len(taken) > MAX_DIMENSIONS:
                self._long.add(len(self.contents))
            self.contents.append(taken)
            self._stack.append(len(self.contents) - 1)

    def _taken(self, operation: pickletools.OpcodeInfo) -> list[int]:
        """What an instruction takes off the stack."""
        before = operation.stack_before
        if pickletools.markobject in before:
            start = self._marks.pop() - before.index(pickletools.markobject)
        else:
            start = len(self._stack) - len(before)
        if start < 0:
            raise ValueError("The stack is too short.")
        taken = self._stack[start:]
        del self._stack[start:]
        return taken


def _inner_first(contents: list[list[int]], path: Path) -> Iterator[int]:
    """All objects, each after those that it contains. Raises UserError for one that contains itself."""
    done, open_ = [False] * len(contents), [False] * len(contents)
    for first in range(len(contents)):
        waiting = [] if done[first] else [(first, iter(contents[first]))]
        open_[first] = True
        while waiting:
            number, rest = waiting[-1]
            inner = next((other for other in rest if not done[other]), None)
            if inner is None:
                waiting.pop()
                done[number] = True
                yield number
            elif open_[inner]:
                raise _refusal(path, "One of its objects contains itself.")
            else:
                open_[inner] = True
                waiting.append((inner, iter(contents[inner])))


def _require_size(size: int, path: Path) -> None:
    if size > MAX_PICKLE_BYTES:
        raise _refusal(path, f"It describes its tensors in more than {MAX_PICKLE_BYTES // 2**20} MB.")


def _refusal(path: Path, why: str) -> UserError:
    return UserError(
        f"{path.name} was not opened: it asks for more than any weights or labels do.",
        why,
        "If you trust the file, open it where it was made, and save its tensors alone as .safetensors.",
    )
