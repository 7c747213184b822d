"""Every target of `make help` is called, in the environment that the target makes."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from tests.browser.server import free_port
from tests.made import bare_copy, bare_environment, made, with_environment
from tests.sources import ROOT, python_files
from tests.tools import tool

START_SECONDS = 90.0
THIS = Path(__file__)
PICTURES = ROOT / "tests" / "browser" / "test_pictures.py"  # draws with a browser
UPKEEP = ROOT / "tests" / "upkeep"  # of packages


@pytest.fixture(scope="module")
def run_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with what `make run` installs."""
    return with_environment(bare_copy(tmp_path_factory.mktemp("run")), "requirements.txt", "RUN_READY")


@pytest.fixture(scope="module")
def dev_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with what every other target installs."""
    return with_environment(bare_copy(tmp_path_factory.mktemp("dev")), "requirements-dev.txt", "DEV_READY")


def test_make_help_names_every_target_and_a_test_calls_each(tmp_path: Path) -> None:
    listed = set(re.findall(r"^  make (\w+)", made(bare_copy(tmp_path), "help"), re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == listed
    called = {name for path in (THIS, PICTURES, *UPKEEP.glob("test_*.py")) for name in called_in(path.read_text())}
    assert called == listed


def called_in(source: str) -> list[str]:
    """The targets that a test's source hands to `made`, or to make itself."""
    return re.findall(r"""(?:\bmade\(|\["make", )[^"\n]*"(\w+)\"""", source)


def test_make_run_serves_the_dashboard(run_clone: Path) -> None:
    port = free_port()
    command = ["make", "run", f"PORT={port}", f"WORKSPACE={run_clone / 'work here'}"]
    environment = bare_environment() | {"STREAMLIT_SERVER_HEADLESS": "true"}
    with (run_clone / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=run_clone, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        assert answer(f"http://127.0.0.1:{port}/", server) == 200, (run_clone / "log").read_text()
        assert answer(f"http://127.0.0.1:{port}/_stcore/health", server) == 200
    finally:
        subprocess.run(["kill", "-INT", "--", f"-{server.pid}"], check=False)
        server.wait(20)


def answer(url: str, server: subprocess.Popen[bytes]) -> int:
    """The status of an address, asked again until somebody listens there; 0 when nobody ever does."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return int(response.status)
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return 0


def test_make_bench_lists_the_benchmarks_and_runs_one(dev_clone: Path) -> None:
    assert set(NAMES) - set(re.findall(r"\w+", made(dev_clone, "bench"))) == set()
    assert "| csv_quote | " in made(dev_clone, "bench", "BENCH=bombs --only csv_quote")


def test_a_benchmark_is_loaded_when_it_is_called_and_not_before() -> None:
    loaded = "[name for name in sys.modules if name.startswith('benchmarks.') or name == 'torch']"
    command = [sys.executable, "-c", f"import benchmarks.__main__, sys; print({loaded})"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "['benchmarks.__main__']\n"


@pytest.mark.skipif("LINTED" in os.environ, reason="make test has linted these files, and ends where that fails")
def test_make_lint_passes(dev_clone: Path) -> None:
    # Types are checked for minutes when nothing is known of them; the cache of this checkout knows these files.
    assert "Success" in made(dev_clone, "lint", f"PY={sys.executable}", MYPY_CACHE_DIR=str(ROOT / ".mypy_cache"))


def test_make_notebooks_runs_those_that_are_named(dev_clone: Path) -> None:
    tool("nbclient")
    made(dev_clone, "notebooks", f"PY={sys.executable}", "NOTEBOOKS=none")


def test_make_test_collects_tests_with_and_without_a_browser(dev_clone: Path) -> None:
    only = f"--collect-only --color=no {THIS} {PICTURES}".replace(f"{ROOT}/", "")
    said = made(dev_clone, "test", "--assume-old=lint", PYTEST_ADDOPTS=only)
    assert "Chromium: " in said
    without, with_browser = said.split("tests/browser -m browser")
    assert (THIS.name in without, PICTURES.name in without) == (True, False)
    assert (THIS.name in with_browser, PICTURES.name in with_browser) == (False, True)


def test_every_test_with_a_browser_lies_where_make_looks_for_them() -> None:
    marking = [path for path in python_files(ROOT, "tests") if "mark." + "browser" in path.read_text()]
    assert marking == [ROOT / "tests" / "browser" / "conftest.py"]


def test_make_clean_leaves_the_workspace(tmp_path: Path) -> None:
    clone = bare_copy(tmp_path)
    caches = [clone / name for name in (".venv", ".mypy_cache", "core/data/__pycache__", "tests/__pycache__")]
    for folder in (*caches, clone / "workspace" / "runs"):
        folder.mkdir(parents=True)
    made(clone, "clean")
    assert [folder for folder in caches if folder.exists()] == []
    assert (clone / "workspace" / "runs").is_dir()
