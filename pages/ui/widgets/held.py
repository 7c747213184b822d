"""Numbers that the browser fetches by address, once for each content; a page's rerun sends the address alone."""

import hashlib
import threading
import weakref
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Of all that is held. What was not drawn for longest goes first, and is held again when its page is drawn.
MOST_BYTES = 512 * 2**20
MOST_ARRAYS = 64  # whose addresses are remembered while they live, so that none of them is read through again
_held: OrderedDict[str, bytes] = OrderedDict()
_addresses: OrderedDict[Hashable, tuple["weakref.ref[NDArray[Any]]", str]] = OrderedDict()
_lock = threading.Lock()


def address_of(values: NDArray[Any], *, most_bytes: int = MOST_BYTES) -> str:
    """The address, relative to any page, at which the browser finds the numbers as they lie in memory.

    Args:
        values: of any shape; nobody changes them as long as they live.
        most_bytes: see MOST_BYTES; what was asked for last is held in any case.
    """
    with _lock:
        digest = _digest_of(values)
        if digest not in _held:
            _held[digest] = np.ascontiguousarray(values).tobytes()
        _held.move_to_end(digest)
        while len(_held) > 1 and sum(map(len, _held.values())) > most_bytes:
            _held.popitem(last=False)
    return f"held/{digest}.bin"


def held(digest: str) -> bytes | None:
    """The numbers at an address; None where they are no longer held."""
    with _lock:
        return _held.get(digest)


def _digest_of(values: NDArray[Any]) -> str:
    """The digest of the content, remembered for arrays that live on, such as those of a cache and their views."""
    owner = values.base if isinstance(values.base, np.ndarray) else values
    key = (id(owner), values.ctypes.data, values.shape, values.strides, values.dtype.str)
    known = _addresses.get(key)
    if known and known[0]() is owner:
        return known[1]
    content = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
    digest = hashlib.blake2b(content.data, digest_size=16).hexdigest()
    _addresses[key] = weakref.ref(owner), digest
    while len(_addresses) > MOST_ARRAYS:
        _addresses.popitem(last=False)
    return digest
