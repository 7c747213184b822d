"""What every reader of archives needs: names that may be used, bytes at a place, totals that can be true."""

from collections.abc import Callable
from pathlib import Path

from core.data.collection import MAX_FILES, Files, Problem, Problems, legible
from core.data.paths import named
from core.errors import UserError
from core.system import read_at

MAX_RATIO = 200  # bytes unpacked for one packed: pictures stay below 2, drawings below 50
MAX_NAME = 4096  # characters: Linux opens no longer path
MAX_DEPTH = 32  # folders in one another, as in a folder on disk
_SLACK = 16 * 2**20  # bytes that any archive may unpack to: a few blank pictures are no attack


class Listing:
    """Collects the members of an archive under names that are safe and used once."""

    def __init__(self, max_files: int = MAX_FILES) -> None:
        self._max_files = max_files
        self._paths: dict[str, None] = {}
        self._folders: dict[str, None] = {}
        self._problems = Problems()

    def file(self, name: str) -> bool:
        """Whether the member `name` is taken in; otherwise it is listed as a problem."""
        path = self._safe(name)
        if path in self._paths:
            self.skip(name, "duplicate name", "The archive has several members of this name; only the first is read.")
            return False
        if path is not None:
            self._paths[path] = None
        if len(self._paths) > self._max_files:
            raise UserError(f"The archive has more than {self._max_files:,} files.", "", "Make several archives of it.")
        return path is not None

    def folder(self, name: str) -> None:
        """Take in a folder, which matters only if nothing is in it."""
        path = self._safe(name)
        if path:
            self._folders[path] = None

    def skip(self, name: str, kind: str, why: str) -> None:
        """List a member that is not read."""
        self._problems.add(Problem(kind, legible(name[:MAX_NAME]), why))

    def files(self, read: Callable[[int], bytes], close: Callable[[], None]) -> Files:
        """All that was taken in, in order; `read` counts in the same order."""
        return Files(tuple(self._paths), tuple(self._folders), read, self._problems.listed(), close)

    def _safe(self, name: str) -> str | None:
        if len(name) > MAX_NAME or name.count("/") > MAX_DEPTH:
            why = f"A path has at most {MAX_NAME:,} characters, and {MAX_DEPTH} folders in one another."
            self.skip(name, "unsafe name", why)
            return None
        try:
            return "/".join(named(name).parts)
        except UserError as error:
            self.skip(name, "unsafe name", error.title)
            return None


def positioned(descriptor: int, offset: int, size: int) -> bytes:
    """`size` bytes at `offset` of an open file; threads do not disturb each other. Raises UserError if it has fewer."""
    try:
        content = read_at(descriptor, size, offset)
    except (OSError, OverflowError, ValueError) as error:
        raise UserError("The archive is damaged here.", "A member lies where no file can reach.") from error
    if len(content) != size:
        raise UserError("The archive is cut short.", "A member ends beyond the end of the file.")
    return content


def require_honest_total(path: Path, size: int, packed: int) -> None:
    """Raise UserError for an archive whose members overlap, or unpack to far more than pictures do."""
    there = path.stat().st_size
    if packed > there or size > MAX_RATIO * there + _SLACK:
        raise UserError(
            f"{legible(path.name)} would unpack to {size:,} bytes from {there:,}.",
            "Archives of pictures never do; this one is made to fill memory or disk.",
            "Do not open it.",
        )
