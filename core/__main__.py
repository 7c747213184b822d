"""The command line: the same pipeline as the app, for scripts and clusters."""

from core.commands import data, detection, review, training
from core.commands.common import app

__all__ = ["app", "data", "detection", "review", "training"]

if __name__ == "__main__":
    app(prog_name="python -m core")
