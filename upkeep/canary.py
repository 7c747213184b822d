"""A look at the newest Streamlit: `python -m upkeep.canary`, as `make canary` calls it.

Assay imports modules of Streamlit that promise nothing. This says what would break there, and fails nobody: it fetches
the newest Streamlit into a folder of its own, puts that before the installed one, and runs the tests of the entrance.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = "tests/pages/access"  # the entrance, the doors and the WebSocket
PIP = (sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "-q", "--no-deps", "--target")


def look(requirement: str, tests: Sequence[str]) -> str:
    """What became of some tests with another Streamlit, in words; what pytest says is printed as it comes.

    Args:
        requirement: what pip fetches: "streamlit" is the newest one.
        tests: that are run, as pytest takes them.
    """
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run([*PIP, folder, requirement], check=False).returncode:
            return f"No look was taken: pip could not fetch {requirement}."
        found = [one.version for one in metadata.distributions(name="streamlit", path=[folder])]
        if not found:
            return f"No look was taken: {requirement} is no Streamlit."
        around = os.environ | {"PYTHONPATH": os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")]).rstrip(":")}
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests]
        status = subprocess.run(command, cwd=ROOT, env=around, check=False).returncode
    here = metadata.version("streamlit")
    words = "passes the tests of the entrance" if status == 0 else "breaks tests of the entrance: see above"
    return f"Streamlit {found[0]} {words}. Assay runs with {here}."


if __name__ == "__main__":
    print(look(sys.argv[1], sys.argv[2:] or [TESTS]))
