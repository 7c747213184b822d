"""The wheel works outside the clone: commands, pages, assets and workers, from any folder."""

import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from email import message_from_string
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import core
from core.runs import jobs
from tests.browser.server import free_port
from tests.made import bare_copy, bare_environment

SECONDS = 90.0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pip wheel .` makes of a fresh clone."""
    clone, to = bare_copy(tmp_path_factory.mktemp("source")), tmp_path_factory.mktemp("dist")
    pip(["wheel", str(clone), "--no-deps", "--no-build-isolation", "--no-index", "-w", str(to)])
    return next(to.glob("*.whl"))


@pytest.fixture(scope="module")
def assay(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed into an environment of its own that sees the packages of this one."""
    home = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    pip(["--python", str(python), "install", "--no-deps", "--no-index", str(wheel)])
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(home)}))
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    return home / "bin" / "assay"


def pip(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "-q", *words], capture_output=True, text=True, check=False, env=bare_environment()
    )
    assert done.returncode == 0, done.stdout + done.stderr


def call(assay: Path, folder: Path, *words: str) -> str:
    done = subprocess.run(
        [assay, *words], cwd=folder, env=bare_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_wheel_holds_all_that_the_pages_open_and_no_common_name(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    needed = (
        "app.py",
        ".streamlit/config.toml",
        "assets/gallery.js",
        "pages/data.py",
        "core/models/architectures.json",
    )
    assert {f"assay/tree/{name}" for name in needed} <= names
    assert {name.split("/")[0] for name in names} == {"assay", f"assay_dashboard-{core.__version__}.dist-info"}
    assert not {name for name in names if "secrets.toml" in name or "/tests/" in name or "workspace" in name}


def test_what_few_need_is_an_extra_that_pip_resolves(wheel: Path) -> None:
    names = {"team": ("authlib", "psycopg"), "hub": ("huggingface_hub",), "onnx": ("onnx", "onnxruntime")}
    archive = zipfile.ZipFile(wheel)
    (about,) = (archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA"))
    asked = [Requirement(line) for line in message_from_string(about).get_all("Requires-Dist", [])]
    always = {one.name for one in asked if one.marker is None}
    for extra, wanted in names.items():
        own = {one.name for one in asked if one.marker is not None and one.marker.evaluate({"extra": extra})}
        assert own == set(wanted)
        assert not own & always
    pip(["install", "--dry-run", "--no-index", f"{wheel}[{','.join(names)}]"])  # of what is installed here


def test_the_command_works_from_another_folder(assay: Path, tmp_path: Path) -> None:
    assert call(assay, tmp_path, "--version") == f"Assay {core.__version__}\n"
    said = call(assay, tmp_path, "models")
    assert "convnet" in said
    assert "next: assay demo" in said  # there is no data set


def test_python_reaches_the_workspace_by_the_name_of_the_package(assay: Path, tmp_path: Path) -> None:
    lines = "from assay import Assay, RunView\nprint(list(Assay('here').datasets), RunView.__module__)"
    python = str(assay.parent / "python")
    done = subprocess.run(
        [python, "-c", lines], cwd=tmp_path, env=bare_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("['name', 'modality', 'n'")
    assert done.stdout.endswith("core.api.run\n")


def test_the_dashboard_and_its_workers_run_from_another_folder(assay: Path, tmp_path: Path) -> None:
    port = free_port()
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [assay, "run", "--port", str(port)],
            cwd=tmp_path,
            env=bare_environment(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        assert any(answered(f"http://127.0.0.1:{port}/", server)), (tmp_path / "log").read_text()
        # An empty workspace starts the demo, in a worker.
        runs = tmp_path / "workspace" / "runs"
        assert any(list(runs.glob("*/progress.json")) for _ in waiting(server)), (tmp_path / "log").read_text()
    finally:
        for job in (tmp_path / "workspace" / "runs").glob("*"):
            jobs.cancel(job)
        subprocess.run(["kill", "-INT", "--", f"-{server.pid}"], check=False)
        server.wait(20)


def answered(url: str, server: "subprocess.Popen[bytes]") -> Iterator[bool]:
    for _ in waiting(server):
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                yield response.status == 200
        except (urllib.error.URLError, OSError):
            yield False


def waiting(server: "subprocess.Popen[bytes]") -> Iterator[None]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        yield
        time.sleep(0.2)
