"""A process that has imported what servers import, and becomes each of them by a copy of itself.

A server takes two and a quarter seconds of the processor until it answers, a copy a seventh of one.
"""

import ast
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
# What is imported when a server starts, and when pages are first visited, beyond what the pages name.
FURTHER = (
    *("streamlit.web.cli", "streamlit.web.bootstrap", "streamlit.web.server.starlette", "starlette.applications"),
    *("uvicorn.lifespan.on", "uvicorn.protocols.http.h11_impl", "uvicorn.protocols.websockets.websockets_sansio_impl"),
    *("anyio._backends._asyncio", "sqlalchemy.orm", "sqlalchemy.dialects.sqlite", "streamlit.material_icon_names"),
)


@dataclass
class Copy:
    """A process that is a copy of the zygote, with what a server does with a process of its own."""

    pid: int

    def __post_init__(self) -> None:
        self._process = psutil.Process(self.pid)

    def poll(self) -> int | None:
        """None while it is there, and then 1: only its parent hears how it ended."""
        return None if self._process.is_running() else 1

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it is gone."""
        with suppress(psutil.NoSuchProcess):
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """1 once it is gone. Raises subprocess.TimeoutExpired when it is still there after `timeout` seconds."""
        try:
            self._process.wait(timeout)
        except psutil.TimeoutExpired as error:
            raise subprocess.TimeoutExpired("zygote", error.seconds) from error
        return 1


class Zygote:
    """The process; it ends when it is closed, or when nobody is left who could ask."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.browser.zygote"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, options: Sequence[str], environment: Mapping[str, str], log: Path) -> Copy:
        """A copy that has become `streamlit OPTIONS` and writes into `log`."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps([list(options), dict(environment), str(log)]), file=self._process.stdin, flush=True)
        return Copy(int(self._process.stdout.readline()))

    def close(self) -> None:
        """Let it end; its copies stay."""
        self._process.communicate()


def named() -> Iterator[str]:
    """The modules that the pages name in their imports, without those that are pages' own."""
    for path in (ROOT / "app.py", *(ROOT / "pages").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def become(options: Sequence[str], environment: Mapping[str, str], log: str) -> None:
    """Turn this process into `streamlit OPTIONS`."""
    from streamlit.web import cli

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["streamlit", *options]
    cli.main()


def bury(*_: object) -> None:
    """Let copies that have ended go."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main() -> None:
    """Import, then answer each line with the number of a new process."""
    from streamlit.components.v2 import manifest_scanner

    for name in (*FURTHER, *dict.fromkeys(named())):
        if not name.startswith("pages"):
            with suppress(ImportError):  # a name of a module, but no module
                importlib.import_module(name)
    # A copy has no thread but the one that makes it. The libraries' own, which Python does not know of, allow for that.
    assert threading.active_count() == 1, threading.enumerate()
    # Every server would have all installed packages read for components, which takes it half a second.
    scanned = manifest_scanner.scan_component_manifests()
    manifest_scanner.scan_component_manifests = lambda: scanned
    gc.freeze()  # what is there already is not gone through, and so not copied, by each of them
    signal.signal(signal.SIGCHLD, bury)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            become(*json.loads(line))
            return
        print(child, flush=True)


if __name__ == "__main__":
    main()
