"""Processes that have imported what servers import, and what workers of runs import, and become these by copies.

A server takes a second and a half of the processor until it draws a page, a copy a fifth of one. A worker takes five
until its first stage, a copy half of one. The second process imports when it is first asked for a copy.
"""

import ast
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
# What is imported when a server starts, and when pages are first visited, beyond what the pages name.
FURTHER = (
    *("streamlit.web.cli", "streamlit.web.bootstrap", "streamlit.web.server.starlette", "starlette.applications"),
    *("uvicorn.lifespan.on", "uvicorn.protocols.http.h11_impl", "uvicorn.protocols.websockets.websockets_sansio_impl"),
    *("anyio._backends._asyncio", "sqlalchemy.orm", "sqlalchemy.dialects.sqlite", "streamlit.material_icon_names"),
)
# What workers import: when they start, and with the first step of a training.
WORKERS = ("core.stages.worker", "core.commands.training", "torch._dynamo")


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
    """Both processes; they end when they are closed, or when nobody is left who could ask."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory()
        self._address = str(Path(self._folder.name) / "workers")
        command = [sys.executable, "-m", "tests.browser.zygote"]
        pipes: dict[str, Any] = {"cwd": ROOT, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen(command, **pipes)
        # Whoever looks for workers looks for the word "core" in their command.
        self._workers = subprocess.Popen([*command, self._address, "core"], **pipes)
        assert self._workers.stdout
        self._workers.stdout.readline()

    def start(self, options: Sequence[str], environment: Mapping[str, str], log: Path) -> Copy:
        """A copy that has become `streamlit OPTIONS` and writes into `log`."""
        assert self._process.stdin
        assert self._process.stdout
        words = [list(options), dict(environment), str(log), self._address]
        print(json.dumps(words), file=self._process.stdin, flush=True)
        return Copy(int(self._process.stdout.readline()))

    def close(self) -> None:
        """Let them end; their copies stay."""
        self._process.communicate()
        self._workers.communicate()
        self._folder.cleanup()


def named() -> Iterator[str]:
    """The modules that the pages name in their imports, without those that are pages' own."""
    for path in (ROOT / "app.py", *(ROOT / "pages").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def become(options: Sequence[str], environment: Mapping[str, str], log: str, address: str) -> None:
    """Turn this process into `streamlit OPTIONS`, whose workers of runs are copies of the process at `address`."""
    from streamlit.web import cli

    from core.runs import jobs

    def started(command: Sequence[str], **how: Any) -> Any:
        return copied(address, command, **how) if "resume" in command else subprocess.Popen(command, **how)

    jobs.subprocess = SimpleNamespace(Popen=started, PIPE=subprocess.PIPE)  # a server has no door for this
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


def copied(
    address: str,
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdout: Any,
    pass_fds: Sequence[int],
    **_: Any,
) -> SimpleNamespace:
    """A worker as `core.runs.jobs` starts it: its number, and the stream that it reads from."""
    reading, writing = os.pipe()
    words = [command[command.index("core") + 1 :], str(cwd), dict(env), pass_fds[0]]
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(address)
        socket.send_fds(asking, [b"."], [reading, stdout.fileno(), pass_fds[0]])
        os.close(reading)
        asking.sendall(json.dumps(words).encode())
        asking.shutdown(socket.SHUT_WR)
        return SimpleNamespace(pid=int(asking.recv(20)), stdin=os.fdopen(writing, "wb"))


def work(arguments: Sequence[str], folder: str, environment: Mapping[str, str], lock: int, handed: list[int]) -> None:
    """Turn this process into `python -m core ARGUMENTS`, with the lock at the number that it was told."""
    from core.__main__ import app

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for had, number in zip(handed, (0, 1, lock), strict=True):
        os.dup2(had, number)
    for had in {*handed} - {lock}:  # a worker that lets go of its lock must hold it by no second number
        os.close(had)
    os.dup2(1, 2)
    app([*arguments], prog_name="python -m core")


def workers(address: str) -> None:
    """Answer everybody who connects with the number of a new worker, until nobody is left."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        print("ready", flush=True)
        while sys.stdin not in select.select([sys.stdin, listening], [], [])[0]:
            for name in WORKERS:
                importlib.import_module(name)
            assert threading.active_count() == 1, threading.enumerate()
            gc.freeze()
            asked = listening.accept()[0]
            handed = socket.recv_fds(asked, 1, 3)[1]
            with asked.makefile() as stream:
                words = json.load(stream)
            child = os.fork()
            if child == 0:
                for one in (asked, listening):  # their numbers are free for the lock
                    os.close(one.detach())
                work(*words, handed)
                return
            asked.sendall(str(child).encode())
            for number in (asked.detach(), *handed):
                os.close(number)


def main() -> None:
    """Import, then answer each line with the number of a new process."""
    for name in (*FURTHER, *dict.fromkeys(named())):
        if not name.startswith("pages"):
            with suppress(ImportError):  # a name of a module, but no module
                importlib.import_module(name)
    # A copy has no thread but the one that makes it. The libraries' own, which Python does not know of, allow for that.
    assert threading.active_count() == 1, threading.enumerate()
    gc.freeze()  # what is there already is not gone through, and so not copied, by each of them
    signal.signal(signal.SIGCHLD, bury)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            become(*json.loads(line))
            return
        print(child, flush=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        signal.signal(signal.SIGCHLD, bury)
        workers(sys.argv[1])
    else:
        main()
