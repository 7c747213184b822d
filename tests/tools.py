"""Libraries of requirements-tools.txt: `make test` installs them; an environment without one passes its tests over."""

import importlib
import os
from types import ModuleType

import pytest


def tool(name: str) -> ModuleType:
    """The library. Where every test has to run (CI), one that is not there is an error."""
    return importlib.import_module(name) if os.environ.get("CI") else pytest.importorskip(name)
