"""The container without Docker: what the Dockerfile copies is enough to run, and both files name what there is."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core import settings
from tests.browser.server import free_port
from tests.made import bare_copy, bare_environment
from tests.sources import ROOT
from tests.test_package import answered
from tests.tools import tool

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
LINES = [line.split(maxsplit=1) for line in DOCKERFILE.splitlines() if line.strip() and not line.startswith("#")]
OURS = {value for name, value in vars(settings).items() if name.isupper() and str(value).startswith("ASSAY_")}


def instructions(name: str) -> list[str]:
    return [rest for word, rest in LINES if word == name]


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for rest in instructions("ENV") for pair in rest.split())


@pytest.fixture
def compose() -> dict:
    return tool("yaml").safe_load((ROOT / "compose.yaml").read_text("utf-8"))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The folder /assay of the image: what is copied there from a fresh clone, and nothing else."""
    clone, place = bare_copy(tmp_path), tmp_path / "assay"
    for rest in instructions("COPY"):
        *sources, target = rest.split()
        for source in sources:
            to = place / target / (Path(source).name if target in (".", "./") else "")
            to.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (clone / source).is_dir() else shutil.copyfile)(clone / source, to)
    return place


def test_what_the_dockerfile_copies_is_enough_for_the_command_that_it_runs(image: Path, tmp_path: Path) -> None:
    (command,) = instructions("CMD")
    words = [str(part) for part in tool("yaml").safe_load(command)]
    port = free_port()
    around = bare_environment() | environment() | {"ASSAY_WORKSPACE": str(tmp_path / "ws"), "ASSAY_NO_DEMO": "1"}
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, *words[1:-1], str(port)], cwd=image, env=around, stdout=log, stderr=log
        )
    try:
        assert any(answered(f"http://127.0.0.1:{port}/", server)), (tmp_path / "log").read_text()
    finally:
        server.terminate()
        server.wait(20)


def test_both_files_name_variables_and_addresses_that_there_are(compose: dict) -> None:
    service, database = compose["services"]["assay"], compose["services"]["database"]
    own = {name for name in (*environment(), *service["environment"]) if name.startswith("ASSAY_")}
    assert own
    assert own <= OURS
    (exposed,) = instructions("EXPOSE")
    (command,) = instructions("CMD")
    assert service["ports"] == [f"127.0.0.1:{exposed}:{exposed}"]  # this machine alone
    assert f'"--port", "{exposed}"' in command
    user, name, host = re.fullmatch(
        r"postgresql\+psycopg://(\w+):\$\{POSTGRES_PASSWORD:\?[\w ]+\}@(\w+)/(\w+)",
        service["environment"]["ASSAY_DATABASE"],
    ).group(1, 3, 2)
    assert (user, name) == (database["environment"]["POSTGRES_USER"], database["environment"]["POSTGRES_DB"])
    assert host in compose["services"]
    mounted = {volume.split(":")[-1 if volume.count(":") == 1 else -2] for volume in service["volumes"]}
    assert mounted == {environment()["ASSAY_WORKSPACE"], environment()["ASSAY_DATA"]}
    named = {volume.split(":")[0] for one in (service, database) for volume in one["volumes"]}
    assert set(compose["volumes"]) == {name for name in named if not name.startswith(("$", "."))}


def test_what_the_image_is_made_from_leaves_out_what_only_this_machine_has() -> None:
    left_out = set((ROOT / ".dockerignore").read_text("utf-8").split())
    assert {".git", ".venv", "workspace", ".streamlit/secrets.toml"} <= left_out
