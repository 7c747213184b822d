"""Work on many images a few at a time, by several threads: results come in order, and little is in memory."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

MOST_THREADS = 8  # more than these wait for the disk and for each other
Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


def in_order(work: Callable[[Chunk], Result], chunks: Iterable[Chunk]) -> Generator[Result, None, None]:
    """What `work` makes of each chunk, in the order of the chunks, by threads that run only a little ahead.

    Whoever may stop before the end closes it, which waits for the chunks that are being worked on and drops the others.
    """
    workers = min(MOST_THREADS, _cores())
    pool, pending = ThreadPoolExecutor(workers), deque[Future[Result]]()
    try:
        for chunk in chunks:
            pending.append(pool.submit(work, chunk))
            if len(pending) > 2 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def pieces(n: int, size: int) -> Generator[range, None, None]:
    """The numbers below `n` in order, `size` of them at a time; the last piece may be shorter."""
    return (range(start, min(start + size, n)) for start in range(0, n, size))


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
