"""Work that is done as a worker does it: in a process of its own, so that what limits it ends with it."""

import os
import traceback
from collections.abc import Callable

import pytest


def as_a_worker(work: Callable[[], object]) -> None:
    """Do the work in a copy of this process; the test fails where it does."""
    if not hasattr(os, "fork"):
        pytest.skip("Windows has no copies of a process")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
