"""The lock holds what is required, from the public index alone, and what is installed is what it names."""

import hashlib
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.made import bare_copy, made, read
from tests.sources import ROOT
from tests.tools import tool
from upkeep import hashed, install

LISTS = {
    "pylock.toml": ("requirements.txt",),
    "pylock.dev.toml": ("requirements-dev.txt", "requirements-tools.txt"),
}
PUBLIC = "https://files.pythonhosted.org/packages/"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with a package `tiny` in version 1.0."""
    return made_wheel(tmp_path / "wheels").parent


def made_wheel(folder: Path) -> Path:
    folder.mkdir()
    about = "tiny-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "")
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    return folder / "tiny-1.0-py3-none-any.whl"


def lock_of(folder: Path, version: str, digest: str, url: str = PUBLIC) -> Path:
    """A lock that names one file of `tiny`."""
    path = folder / "pylock.toml"
    file = f'{{ url = "{url}tiny-{version}-py3-none-any.whl", hashes = {{ sha256 = "{digest}" }} }}'
    path.write_text(f'lock-version = "1.0"\n[[packages]]\nname = "tiny"\nversion = "{version}"\nwheels = [{file}]\n')
    return path


def installed(folder: Path, wheels: Path, lock: Path, **how: bool) -> bool:
    """Whether `tiny` is there after an installation from these wheels alone."""
    (folder / "requirements.txt").write_text("tiny==1.0\n")
    pip = [*install.PIP, "--no-index", "--no-deps", "--find-links", str(wheels), "--target", str(folder / "to")]
    status = install.install(lock, [folder / "requirements.txt"], pip=pip, **how)
    there = (folder / "to" / "tiny.py").exists()
    assert there == (status == 0)
    return there


def digest_of(wheels: Path) -> str:
    return hashlib.sha256((wheels / "tiny-1.0-py3-none-any.whl").read_bytes()).hexdigest()


@pytest.mark.parametrize("name", LISTS)
def test_every_requirement_is_locked_in_its_version(name):
    locked = dict(line.split()[0].split("==") for line in hashed.read(ROOT / name))
    asked = {canonicalize_name(one.name): one for path in LISTS[name] for one in read(ROOT / path)}
    assert {one for one in asked if not asked[one].specifier.contains(locked.get(one, ""))} == set(), "make lock"


def test_what_runs_is_locked_as_what_is_tested():
    run, dev = (set(hashed.read(ROOT / name)) for name in LISTS)
    names = {line.split()[0] for line in dev}
    assert {line.split()[0] for line in run} - names == set()


def test_without_gpus_torch_and_what_it_needs_there_are_left_out():
    names = [Requirement(line.split(" --hash")[0]).name for line in hashed.read(ROOT / "pylock.toml", cpu=True)]
    assert {"numpy", "streamlit"} <= set(names)
    assert not {name for name in names if "nvidia" in name or name in {"torch", "triton"}}


@pytest.mark.parametrize("url", ["file:///wheels/", "https://elsewhere.example/", "http://files.pythonhosted.org/"])
def test_a_lock_of_another_place_is_refused(tmp_path, url, capsys):
    assert hashed.main([str(lock_of(tmp_path, "1.0", "0" * 64, url))]) == 1
    assert "lies elsewhere" in capsys.readouterr().err


def test_a_lock_without_a_hash_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no hash"):
        hashed.read(lock_of(tmp_path, "1.0", ""))


def test_the_file_that_the_lock_names_is_installed(tmp_path, wheels):
    assert installed(tmp_path, wheels, lock_of(tmp_path, "1.0", digest_of(wheels)))


def test_another_file_is_not_installed_and_it_is_said_how_to_go_on(tmp_path, wheels, capsys):
    lock = lock_of(tmp_path, "1.0", "0" * 64)
    assert not installed(tmp_path, wheels, lock)
    said = capsys.readouterr().err
    assert "not the file that pylock.toml names" in said
    assert "LOCK=no" in said
    assert installed(tmp_path, wheels, lock, without=True)


def test_where_a_file_cannot_be_had_the_requirements_are_taken_and_it_is_said(tmp_path, wheels, capsys):
    lock = lock_of(tmp_path, "2.0", "0" * 64)
    assert not installed(tmp_path, wheels, lock, only=True)
    assert "without hashes" not in capsys.readouterr().err
    assert installed(tmp_path, wheels, lock)
    assert "without hashes, as requirements.txt" in capsys.readouterr().err


def test_make_lock_refuses_what_lies_on_this_machine(tmp_path, wheels):
    tool("uv")
    clone = bare_copy(tmp_path)
    for path in clone.glob("requirements*.txt"):
        path.write_text("tiny==1.0\n")
    index = wheels / "simple" / "tiny"
    index.mkdir(parents=True)
    (index / "index.html").write_text('<a href="../../tiny-1.0-py3-none-any.whl">tiny-1.0-py3-none-any.whl</a>')
    words = (f"PY={sys.executable}", "DEV_READY=Makefile", f"INDEX=file://{index.parent}")
    with pytest.raises(AssertionError, match="lies elsewhere than on the public index"):
        made(clone, "lock", *words)
