"""A dashboard in a process of its own: what browser tests, benchmarks and the README's pictures visit."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.zygote import Copy, Zygote

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A dashboard in a process of its own. Start it again after `kill()` to test what survives.

    Attributes:
        workspace: where its runs and verdicts are.
        env: laid over this process's environment.
        port: a free one, kept over restarts so that a page may reconnect.
        address: where it listens.
        logs: the folder of its log; None for the one that the workspace lies in.
        zygote: whose copy it is; None for a process that begins as `python -m streamlit run` does.
    """

    workspace: Path
    env: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    address: str = "127.0.0.1"
    logs: Path | None = None
    zygote: "Zygote | None" = None
    process: "subprocess.Popen[bytes] | Copy | None" = None

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """All that the server has printed."""
        return self._log_path.read_text(errors="replace") if self._log_path.exists() else ""

    @property
    def _log_path(self) -> Path:
        return (self.logs or self.workspace.parent) / f"server-{self.port}.log"

    def start(self) -> "Server":
        """Itself, once it answers. Raises RuntimeError with the log when it does not."""
        options = ["run", "app.py", "--server.port", str(self.port), "--server.address", self.address]
        options += ["--server.headless", "true", "--server.fileWatcherType", "none"]
        environment = {**os.environ, "ASSAY_WORKSPACE": str(self.workspace), **self.env}
        if self.zygote:
            self.process = self.zygote.start(options, environment, self._log_path)
        else:
            command = [sys.executable, "-m", "streamlit", *options]
            with self._log_path.open("ab") as log:
                self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._healthy():
            if (code := self.process.poll()) is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"The server did not start, exit code {code}:\n{self.log}")
            time.sleep(0.1)
        return self

    def processor_seconds(self) -> float:
        """How long it has kept processors busy; Linux has such a clock for every process."""
        assert self.process is not None
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL, with no chance to clean up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as Ctrl-C would; SIGKILL if it has not gone after ten seconds."""
        self._end(signal.SIGINT)

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self.process = None


@contextmanager
def served(workspace: Path, env: Mapping[str, str]) -> Iterator[Server]:
    """A server for a workspace, ended afterwards; no log stays behind."""
    with TemporaryDirectory() as logs:
        server = Server(workspace, env, logs=Path(logs)).start()
        try:
            yield server
        finally:
            server.kill()


def end_workers(workspace: Path) -> None:
    """Kill the jobs of `workspace` that are still at work: they outlive their server by design."""
    import psutil  # benchmarks run without it

    for path in workspace.glob("runs/*/progress.json"):
        try:
            worker = psutil.Process(int(json.loads(path.read_text())["pid"]))
            # The number may have passed on to a stranger since; ours was started as `python -m core ...`.
            if "core" in worker.cmdline():
                for process in (*worker.children(recursive=True), worker):
                    process.kill()
        except (psutil.Error, OSError, ValueError, KeyError, TypeError):
            continue
