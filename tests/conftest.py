"""What every test shares. Run from the repository root: pyproject.toml puts it on sys.path."""

import gc
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Set before anything imports torch or NumPy: tiny arrays gain nothing from many threads, and xdist workers must not
# fight for the same cores.
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_THREADS = str(max(1, min(4, (os.cpu_count() or 1) // _WORKERS)))
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, _THREADS)
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Files that take longest, longest first: processes begin with them, for at the end the others would wait.
_LONGEST = (
    *("test_benchmarks.py", "test_gpu_benchmark.py", "test_notebooks.py"),
    *("test_journey.py", "test_pages.py", "test_in_view.py", "test_detect.py", "test_review.py", "test_opening.py"),
    *("test_texts.py", "test_pictures.py"),
)
_MEMORY = Path("/dev/shm")  # a file system in memory: what is written 50,000 times is not waited for
_ROOM = 4 * 2**30  # bytes free in it: tests hold less than one of these at a time, and Docker's 64 MB are too few


def _held_in_memory() -> bool:
    """Whether temporary files may lie in memory: there is room, and programs in them may be started."""
    if not (hasattr(os, "statvfs") and os.access(_MEMORY, os.W_OK)):
        return False
    found = os.statvfs(_MEMORY)
    return found.f_bavail * found.f_frsize >= _ROOM and not found.f_flag & os.ST_NOEXEC


if _held_in_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


@pytest.hookimpl(tryfirst=True)  # the folder of browser tests moves all of them to the end
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have what takes longest begin first, where there are several processes."""
    if _WORKERS > 1:
        places = {name: place for place, name in enumerate(_LONGEST)}
        items.sort(key=lambda item: places.get(item.path.name, len(places)))


def pytest_collection_finish() -> None:
    """Have nothing that is loaded by now, a million objects, be gone through whenever garbage is collected."""
    gc.freeze()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace of this test's own; nothing is in it, not even the folder."""
    return tmp_path / "workspace"


@pytest.fixture(autouse=True)
def _unlimited() -> Iterator[None]:
    """A worker's limits end with the worker: a test that does its work itself must not leave them on the next ones."""
    if importlib.util.find_spec("resource") is None:  # Windows has no such limits
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_CPU)
    yield
    assert resource.getrlimit(resource.RLIMIT_CPU) == before, "this test limits the process of all tests after it"
