"""The command line: the same pipeline as the app, for scripts and clusters."""

from core.commands.common import app

__all__ = ["app"]

if __name__ == "__main__":
    app(prog_name="python -m core")
