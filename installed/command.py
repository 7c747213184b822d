"""The command `assay`: all that `python -m core` has, from any folder."""

import sys
from pathlib import Path

TREE = Path(__file__).parent / "tree"


def main() -> None:
    """Call the command line of the tree."""
    sys.path.insert(0, str(TREE))
    from core.__main__ import app

    app(prog_name="assay")
