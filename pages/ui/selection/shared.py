"""The selection in the address: a reload brings it back, and whoever is sent the address sees it, too."""

import hashlib
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence

import numpy as np
import streamlit as st

from core.runs import Run
from pages.ui.cache import cached
from pages.ui.widgets import address

NAME = "sel"  # the parameter of the address
LONGEST = 1200  # characters; browsers and proxies cut longer addresses, and the server remembers what it stands for
LEVEL = 6  # of zlib: 9 saves a tenth, and takes a second for 200,000 samples, again whenever the page runs
MOST_BYTES = 8_000_000  # that an address may unfold to
REMEMBERED = 200  # selections that are too long; the oldest is forgotten


def say(run: Run, ids: Sequence[int]) -> None:
    """Have the address say what is selected in this run."""
    address.put(NAME, f"{_mark(run)}.{packed(ids)}" if len(ids) else "")


def said(run: Run) -> tuple[int, ...]:
    """The samples of the run that the address names; none where it speaks of another run or cannot be read."""
    mark, _, text = address.get(NAME).partition(".")
    if mark != _mark(run) or not text:
        return ()
    ids = np.array(unpacked(text), np.int64)
    return tuple(np.intersect1d(ids, cached.opened(run).data.ids).tolist())


def packed(ids: Iterable[int]) -> str:
    """Ids as letters, digits, "-" and "_"; a "~" and a name where that would be too long for an address."""
    raw = np.diff(np.array(sorted(ids), np.int64), prepend=np.int64(0)).tobytes()
    text = urlsafe_b64encode(zlib.compress(raw, LEVEL)).decode().rstrip("=")
    if len(text) <= LONGEST:
        return text
    name, memory = hashlib.sha256(raw).hexdigest()[:16], _memory()
    memory[name] = text
    while len(memory) > REMEMBERED:
        memory.pop(next(iter(memory)), None)
    return f"~{name}"


def unpacked(text: str) -> tuple[int, ...]:
    """The ids again; none from what is no such text, or is remembered no more."""
    text = _memory().get(text[1:], "") if text.startswith("~") else text
    try:
        raw = zlib.decompressobj().decompress(urlsafe_b64decode(text + "=" * (-len(text) % 4)), MOST_BYTES)
        return tuple(np.cumsum(np.frombuffer(raw, np.int64)).tolist())
    except (ValueError, zlib.error):
        return ()


def _mark(run: Run) -> str:
    """What tells the run from others: positions are not ids, and ids of one run mean nothing in another."""
    return hashlib.sha256(run.id.encode()).hexdigest()[:6]


@st.cache_resource(show_spinner=False)
def _memory() -> dict[str, str]:
    return {}
