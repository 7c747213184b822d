"""The command line: the same pipeline as the app, for scripts and clusters."""

from core.commands import common
from core.commands.late import app

__all__ = ["app", "common"]

if __name__ == "__main__":
    app(prog_name="python -m core")
