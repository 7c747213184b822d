"""The command line: the same pipeline as the app, for scripts and clusters."""

from core.commands import data, deciding, detecting, training
from core.commands.frame import app

__all__ = ["app", "data", "deciding", "detecting", "training"]

if __name__ == "__main__":
    app(prog_name="python -m core")
