"""Assay as an installed package: its own tree, in which `core`, `pages` and `app.py` lie as in the repository.

Nothing of the tree is importable before it is asked for: `core` and `pages` are common names. `from assay import Assay`
asks for it, and so does the command.
"""

import sys
from pathlib import Path
from typing import Any

TREE = Path(__file__).parent / "tree"


def __getattr__(name: str) -> Any:
    """What `core.api` offers: a workspace from Python and notebooks."""
    if name not in ("Assay", "RunView"):
        raise AttributeError(f"module 'assay' has no attribute {name!r}")
    if str(TREE) not in sys.path:
        sys.path.insert(0, str(TREE))
    from core import api

    return getattr(api, name)
