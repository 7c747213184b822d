"""What a server does when it starts: it answers before the library is imported, and no page is drawn before it is."""

import subprocess
import sys
from pathlib import Path

from core import settings
from tests.sources import ROOT

SERVER = "import asyncio, sys, app\nfrom pages.ui.shell import start\n"
BEGUN = """
async def begun():
    async with start.lifespan(app.app):
        pass
asyncio.run(begun())
"""


def ran(workspace: Path, text: str) -> "subprocess.CompletedProcess[str]":
    """A process that imports the app as a server does, and then does what `text` says."""
    env = {"PATH": "", "PYTHONPATH": str(ROOT), settings.WORKSPACE: str(workspace), settings.NO_DEMO: "1"}
    command = [sys.executable, "-c", SERVER + text]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_a_server_answers_before_it_has_imported_the_library(tmp_path):
    heavy = "{'numpy', 'pandas', 'sqlalchemy', 'core.pipeline', 'core.runs', 'core.modalities'}"
    done = ran(tmp_path, f"print(sorted({heavy} & set(sys.modules)))")
    assert done.stdout == "[]\n", done.stderr


def test_the_first_page_is_drawn_when_all_that_it_needs_is_imported(tmp_path):
    done = ran(tmp_path, BEGUN + "start.ready()\nprint(set(start.FIRST) <= set(sys.modules))")
    assert done.stdout == "True\n", done.stderr


def test_a_picture_is_served_when_all_that_it_needs_is_imported(tmp_path):
    asked = "from starlette.testclient import TestClient\nfrom starlette.applications import Starlette\n"
    asked += "answer = TestClient(Starlette(routes=app.routes)).get('/thumb/nothing/1.png')\n"
    done = ran(tmp_path, BEGUN + asked + "print(answer.status_code, set(start.FIRST) <= set(sys.modules))")
    assert done.stdout == "404 True\n", done.stderr


def test_a_server_that_cannot_start_ends_and_says_why(tmp_path):
    broken = "import core.pipeline\ncore.pipeline.wake = None\n"
    done = ran(tmp_path, broken + BEGUN + "start.ready()\nprint('drawn')")
    assert (done.returncode, done.stdout) == (1, "")
    assert "TypeError" in done.stderr


def test_no_page_waits_where_no_server_starts(tmp_path):
    assert ran(tmp_path, "start.ready()\nprint('drawn')").stdout == "drawn\n"


def test_no_part_of_an_answer_waits_for_the_browsers_word_on_the_one_before(tmp_path):
    """Streamlit's socket does not say that it is one of TCP, so Python leaves Nagle's algorithm on."""
    asked = """
import socket
listening = socket.socket(socket.AF_INET)
listening.bind(("127.0.0.1", 0))
listening.listen()
"""
    accepted = """
browser = socket.create_connection(listening.getsockname())
print(listening.accept()[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
"""
    done = ran(tmp_path, asked + BEGUN + accepted)
    assert done.stdout == "1\n", done.stderr
