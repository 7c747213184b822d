"""Whatever a user can set, call or choose is documented, and what is documented is there."""

import importlib
import re

import pytest
from typer.main import get_command

from core import registry
from core.__main__ import app
from core.attacks import ATTACKS
from core.detectors import DETECTORS
from core.registry import Entry
from tests.sources import ROOT

# The README and CONTRIBUTING, and whatever lies in docs/.
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SETTING = re.compile(r"ASSAY_[A-Z_]*[A-Z](?![A-Z_])")  # not "ASSAY_MOST_", the beginning of several


def documented() -> str:
    """All that is written for users, as one text."""
    return "\n".join(page.read_text() for page in PAGES)


def settings_in(*tops: str) -> set[str]:
    """The names of environment variables that files mention."""
    files = [path for top in tops for path in ([ROOT / top] if (ROOT / top).is_file() else (ROOT / top).rglob("*.py"))]
    return {name for path in files for name in SETTING.findall(path.read_text())}


def families() -> list[Entry]:
    """The members of every registry: dicts of entries in the face of a room."""
    names = [f"core.{path.parent.name}" for path in sorted((ROOT / "core").glob("*/__init__.py"))]
    faces = [vars(importlib.import_module(name)) for name in names]
    dicts = [value for face in faces for name, value in face.items() if name.isupper() and isinstance(value, dict)]
    return [entry for one in dicts for entry in one.values() if isinstance(entry, registry.Entry)]


def test_every_setting_is_documented():
    assert settings_in("core", "pages", "app.py", "Makefile") - set(SETTING.findall(documented())) == set()


def test_every_documented_setting_is_read_somewhere():
    assert set(SETTING.findall(documented())) - settings_in("core", "pages", "app.py", "Makefile", "tests") == set()


def test_every_command_is_documented_and_each_documented_one_is_there():
    commands = set(get_command(app).commands)
    named = set(re.findall(r"python -m core ([a-z][a-z-]*)", documented()))
    assert (commands - named, named - commands) == (set(), set())


@pytest.mark.parametrize("name", [*DETECTORS, *ATTACKS])
def test_every_detector_and_attack_is_documented(name):
    assert f"`{name}`" in documented()


def test_the_names_that_the_readme_uses_from_python_are_there():
    block = (ROOT / "README.md").read_text().split("## From Python")[1].split("```python")[1].split("```")[0]
    known = {}
    for module, names in re.findall(r"from (core[\w.]*) import ([\w, ]+)", block):
        known |= {name: importlib.import_module(f"{module}") for name in names.split(", ")}
    for name, module in known.items():
        one = getattr(module, name, None) or importlib.import_module(f"{module.__name__}.{name}")
        for attribute in re.findall(rf"\b{name}\.(\w+)\(", block):
            assert hasattr(one, attribute), f"{name}.{attribute}"


def test_the_links_of_the_documents_lead_somewhere():
    measured = [ROOT / "benchmarks" / "README.md", ROOT / "benchmarks" / "HISTORY.md"]
    pages = [*PAGES, ROOT / "ARCHITECTURE.md", *measured]
    lost = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text())
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert lost == []


def test_files_that_the_documents_name_are_there():
    """`core/runs/environment.py` and the like; "your_…" stands for what a reader makes."""
    pages = [*PAGES, ROOT / "ARCHITECTURE.md"]
    named = {(page, name) for page in pages for name in re.findall(r"`([\w/]+/[\w/]*\.?\w*)`", page.read_text())}
    tops = {"core", "pages", "tests", "benchmarks", "assets", "upkeep"}
    ours = [(page, name) for page, name in named if name.split("/")[0] in tops]
    assert [f"{page.name}: {name}" for page, name in ours if "your_" not in name and not (ROOT / name).exists()] == []
