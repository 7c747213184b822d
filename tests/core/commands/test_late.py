"""The list of commands is there without loading any of them, and says what they say."""

import json
import subprocess
import sys
from importlib import import_module

import pytest
from typer.main import get_command

from core.commands.common import app
from core.commands.late import FILES, listed
from tests.sources import ROOT

HEAVY = ("numpy", "pandas", "scipy", "sklearn", "sqlalchemy", "torch", "PIL", "onnx", "plotly", "streamlit")


def loaded_by(*arguments):
    """Which heavy modules `python -m core` loads for these arguments."""
    code = (
        "import json, sys, contextlib, io, runpy\n"
        f"sys.argv = ['core', *{list(arguments)!r}]\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    runpy.run_module('core', run_name='__main__')\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("arguments", [("--help",), (), ("nonsense",)])
def test_the_list_of_commands_loads_nothing_heavy(arguments):
    assert loaded_by(*arguments) == []


def test_a_command_loads_what_it_needs():
    found = loaded_by("runs", "--help")
    assert "numpy" in found
    assert "onnx" not in found


def test_the_list_says_what_every_command_says_itself():
    said = {name: words for file in FILES for name, words in listed(file)}
    for file in FILES:
        import_module(f"core.commands.{file}")
    commands = get_command(app).commands
    assert list(commands) == list(said)
    assert {name: command.help.strip() for name, command in commands.items()} == said
