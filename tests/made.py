"""A bare copy of the checkout with an environment of its own, in which `make` is called."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from tests.sources import ROOT

BARE = shutil.ignore_patterns(".git", ".venv", "workspace", "__pycache__", ".*_cache", ".hypothesis", "secrets.toml")


def bare_copy(to: Path) -> Path:
    """The folder of a copy that has neither an environment nor a workspace, as a fresh clone."""
    return shutil.copytree(ROOT, to / "clone", ignore=BARE)


def with_environment(clone: Path, requirements: str, ready: str) -> Path:
    """The copy with what `make` would install: the packages that a list of requirements asks for, and no other.

    Args:
        clone: a bare copy.
        requirements: the file that the environment is made from, such as "requirements.txt".
        ready: the variable of the Makefile that names the mark of this environment, such as "RUN_READY".
    """
    made(clone, ".venv/bin/python", f"PYTHON={sys.executable}")
    packages = sysconfig.get_path("purelib", "venv", {"base": str(clone / ".venv")})
    link(wanted(ROOT / requirements), Path(packages))
    lines = f"include Makefile\nprint-mark: ; @echo $({ready})\n"
    mark = make(clone, "-s", "-f", "-", "print-mark", text=lines).stdout.strip()
    (clone / mark).touch()
    return clone


def made(clone: Path, target: str, *variables: str, **environment: str) -> str:
    """What `make TARGET` prints in a copy. Raises AssertionError with all of it when it fails."""
    done = make(clone, target, *variables, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def make(clone: Path, *arguments: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """`make` in a copy, with nothing of the outer make or of the outer pytest."""
    return subprocess.run(
        ["make", *arguments],
        cwd=clone,
        env=bare_environment() | environment,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def bare_environment() -> dict[str, str]:
    """This process's environment without what an outer make or pytest left in it."""
    outer = ("MAKE", "MFLAGS", "PYTEST_", "PYTHONPATH", "ASSAY_WORKSPACE", "ASSAY_DATABASE")
    return {name: value for name, value in os.environ.items() if not name.startswith(outer)}


def wanted(requirements: Path) -> set[str]:
    """The names of all distributions that a file of requirements leads to, those of the requirements included."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = list(read(requirements))
    while waiting:
        one = waiting.pop()
        if (one.name, frozenset(one.extras)) in seen:
            continue
        seen.add((one.name, frozenset(one.extras)))
        extras = [{"extra": extra} for extra in ("", *one.extras)]
        further = map(Requirement, metadata.requires(one.name) or ())
        waiting += [needed for needed in further if needed.marker is None or any(map(needed.marker.evaluate, extras))]
    return {name for name, _ in seen}


def read(requirements: Path) -> Iterator[Requirement]:
    """Each requirement of a file, those of the files that it includes among them."""
    for line in requirements.read_text().splitlines():
        if line.startswith("-r "):
            yield from read(requirements.parent / line.removeprefix("-r ").strip())
        elif line and not line.startswith("#"):
            yield Requirement(line)


def link(names: set[str], folder: Path) -> None:
    """Put a link to every file or folder of the named distributions into a folder of packages."""
    for name in names:
        distribution = metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            if not (folder / top).exists():
                (folder / top).symlink_to(Path(str(distribution.locate_file(top))))
