"""Texts of a source on their way into the workspace: in one nameless file, so that memory holds none of them."""

import tempfile
from array import array

from core.data.collection import legible
from core.errors import UserError
from core.system import read_at

LONGEST = 1_000_000  # characters of one text that are kept; what is longer is a file, not a text
UNREAD = "It holds no text."


class Spool:
    """Texts by their number, in the order in which they came; any thread may ask for any."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by whoever closes the collection
        self._starts = array("q", [0])

    def __len__(self) -> int:
        return len(self._starts) - 1

    def add(self, text: str) -> None:
        """Keep a text, without characters that are none."""
        content = legible(text[:LONGEST].replace("\0", "")).encode()
        self._file.write(content)
        self._starts.append(self._starts[-1] + len(content))

    def read(self, index: int) -> str:
        """One of the texts. Raises UserError where it is empty."""
        start, end = self._starts[index], self._starts[index + 1]
        self._file.flush()
        text = read_at(self._file.fileno(), end - start, start).decode("utf-8", "replace")
        if not text.strip():
            raise UserError(UNREAD)
        return text

    def close(self) -> None:
        """Let go of all of them."""
        self._file.close()
