"""A real server, a real browser, and pages that must not raise."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from core import pipeline
from core.attacks.specification import Specification, parse_spec
from core.data.store.demo import demo
from core.training.config import TrainConfig
from tests.browser.install_browser import ADVICE, FLAGS, find_chromium

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
Serve = Callable[..., "Server"]
OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder and run them last: the quick ones speak first, and playwright's event loop, which
    stays in the main thread, cannot get in the way of a test that starts one of its own."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.path.is_relative_to(here))


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
    """

    workspace: Path
    env: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    address: str = "127.0.0.1"
    process: subprocess.Popen[bytes] | None = None

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
        return self.workspace.parent / f"server-{self.port}.log"

    def start(self) -> "Server":
        """Itself, once it answers. Raises RuntimeError with the log when it does not."""
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        options = ["--server.address", self.address, "--server.headless", "true", "--server.fileWatcherType", "none"]
        environment = {**os.environ, "ASSAY_WORKSPACE": str(self.workspace), **self.env}
        with self._log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *options], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._healthy():
            if (code := self.process.poll()) is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"The server did not start, exit code {code}:\n{self.log}")
            time.sleep(0.1)
        return self

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL, with no chance to clean up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as Ctrl-C would; SIGKILL if it has not gone after ten seconds."""
        self._end(signal.SIGINT)

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


def end_workers(workspace: Path) -> None:
    """Kill the jobs of `workspace` that are still at work: they outlive their server by design."""
    for path in workspace.glob("runs/*/progress.json"):
        try:
            worker = psutil.Process(int(json.loads(path.read_text())["pid"]))
            # The number may have passed on to a stranger since; ours was started as `python -m core ...`.
            if "core" in worker.cmdline():
                for process in (*worker.children(recursive=True), worker):
                    process.kill()
        except (psutil.Error, OSError, ValueError, KeyError, TypeError):
            continue


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole session; each page gets a context of its own."""
    path = find_chromium()
    if path is None:
        pytest.fail(ADVICE, pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a small finished run: 1,000 of the demo's images, two attacks, three epochs. Copy before use."""
    workspace = tmp_path_factory.mktemp("finished") / "workspace"
    source = workspace.parent / "small.npz"
    rows = np.arange(0, 6000, 6)
    whole = demo()
    parts = {"x_train": whole.images[rows], "y_train": whole.labels[rows], "class_names": np.array(whole.class_names)}
    np.savez(source, **parts, x_test=whole.test_images[::5], y_test=whole.test_labels[::5])
    clean = pipeline.import_dataset(workspace, source, "small")
    specs = ("patch:ratio=0.05,target=2", "blended_pattern:ratio=0.05,target=7,alpha=0.2")
    info = pipeline.attack(workspace, clean.id, Specification(tuple(map(parse_spec, specs))))
    # With so few samples and epochs the consensus may rightly flag nothing, and the review would have nothing to show.
    plan = [stage for stage in pipeline.full_plan(info) if stage not in ("maps:umap", "detect:consensus")]
    run = pipeline.new_run(workspace, info.id, TrainConfig(epochs=3), plan=plan, name="Small")
    pipeline.work(run)
    return workspace


@pytest.fixture
def small(finished: Path, workspace: Path) -> Path:
    """A copy of the finished workspace, to do with as a test likes."""
    shutil.copytree(finished, workspace)
    return workspace


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(workspace, env=None) -> Server`: started, and ended after the test together with its workers."""
    servers: list[Server] = []

    def start(workspace: Path, env: Mapping[str, str] | None = None) -> Server:
        workspace.mkdir(parents=True, exist_ok=True)
        servers.append(Server(workspace, env or {}))
        return servers[-1].start()

    yield start
    for server in servers:
        server.kill()
        end_workers(server.workspace)


@pytest.fixture
def page(chromium: Browser) -> Iterator[OpenPage]:
    """`page(url, width=1400, height=900) -> Page`: opened; the test fails if its JavaScript raises anything or asks
    another machine."""
    contexts: list[BrowserContext] = []
    raised: list[str] = []
    strangers: set[str] = set()

    def asked(request: Request) -> None:
        if urlsplit(request.url).hostname not in (None, "127.0.0.1", "localhost"):
            strangers.add(request.url)

    def open_page(url: str, width: int = 1400, height: int = 900) -> Page:
        contexts.append(chromium.new_context(viewport={"width": width, "height": height}))
        opened = contexts[-1].new_page()
        opened.on("pageerror", lambda error: raised.append(f"{opened.url}: {error}"))
        opened.on("request", asked)
        opened.goto(url, wait_until="domcontentloaded")
        return opened

    yield open_page
    for context in contexts:
        context.close()
    assert not raised, "JavaScript errors:\n" + "\n".join(raised)
    assert not strangers, "Asked of other machines:\n" + "\n".join(strangers)
