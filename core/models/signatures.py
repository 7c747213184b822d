"""A number that tells architectures apart by their weights."""

from collections.abc import Iterable
from zlib import crc32

_PASSED_OVER = ("num_batches_tracked", "relative_position_index")


def signature(shapes: Iterable[tuple[str, Iterable[int]]], head: Iterable[str]) -> int:
    """The same number for the same names and shapes of all weights but those of the head, in any order.

    Args:
        shapes: name and shape of each weight; counters of batches are passed over.
        head: the modules that depend on the number of classes.
    """
    heads = tuple(f"{name}." for name in head)
    kept = sorted(
        f"{name} {list(shape)}"
        for name, shape in shapes
        if not name.startswith(heads) and not name.endswith(_PASSED_OVER)
    )
    return crc32("\n".join(kept).encode())
