"""The command that starts the dashboard."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from core import settings, system
from core.commands.common import HERE, Json, Workspace, command
from core.errors import UserError

APP = Path(__file__).parents[2] / "app.py"


@command
def run_(
    port: Annotated[
        int, typer.Option(min=1, max=65_535, help="Of this machine; the page is then at that number.")
    ] = 8501,
    workspace: Workspace = HERE,
    as_json: Json = False,
) -> None:
    """Start the dashboard at http://127.0.0.1:8501; it ends with Ctrl-C."""
    if not APP.is_file():
        raise UserError("The pages are not here.", f"{APP} is looked for.", "Install Assay again, or take a clone.")
    os.environ[settings.WORKSPACE] = str(workspace.absolute())
    words = ["run", str(APP), "--server.port", str(port), "--server.showEmailPrompt", "false"]
    command_line = [sys.executable, "-m", "streamlit", *words]
    if not system.HANDS_DOWN:  # there, a program cannot take the place of this one
        raise SystemExit(subprocess.run(command_line, check=False).returncode)
    os.execv(sys.executable, command_line)
