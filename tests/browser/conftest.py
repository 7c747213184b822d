"""A real server, a real browser, and pages that must not raise."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from core import pipeline, system
from core.attacks.specification import Specification, parse_spec
from core.data.store.demo import demo
from core.training.config import TrainConfig
from tests.browser.brush import PATIENT
from tests.browser.install_browser import ADVICE, browser, find_chromium
from tests.browser.server import Server, end_workers
from tests.browser.zygote import Zygote

expect.set_options(timeout=PATIENT)  # five seconds are not enough where other tests keep all cores busy

Serve = Callable[..., Server]
OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder and run them last: the quick ones speak first, and playwright's event loop, which
    stays in the main thread, cannot get in the way of a test that starts one of its own."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.path.is_relative_to(here))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole session; each page gets a context of its own."""
    if find_chromium() is None:
        pytest.fail(ADVICE, pytrace=False)
    with browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a small finished run: 1,000 of the demo's images, two attacks, three epochs. Copy before use.

    Whichever process of the tests asks first makes it; the others wait for it.
    """
    several = "PYTEST_XDIST_WORKER" in os.environ
    folder = tmp_path_factory.getbasetemp().parent if several else tmp_path_factory.mktemp("finished")
    workspace, made = folder / "small" / "workspace", folder / "small.made"
    with (folder / "small.lock").open("wb") as lock:
        system.lock(lock)
        if not made.exists():
            shutil.rmtree(workspace.parent, ignore_errors=True)  # what was left where making it failed
            make_finished(workspace)
            made.touch()
    return workspace


def make_finished(workspace: Path) -> None:
    """Do what `finished` says."""
    workspace.parent.mkdir()
    source = workspace.parent / "small.npz"
    rows = np.arange(0, 6000, 6)
    whole = demo()
    parts = {"x_train": whole.inputs[rows], "y_train": whole.labels[rows], "class_names": np.array(whole.class_names)}
    np.savez(source, **parts, x_test=whole.test_inputs[::5], y_test=whole.test_labels[::5])
    clean = pipeline.import_dataset(workspace, source, "small")
    specs = ("patch:ratio=0.05,target=2", "blended_pattern:ratio=0.05,target=7,alpha=0.2")
    info = pipeline.attack(workspace, clean.id, Specification(tuple(map(parse_spec, specs))))
    # With so few samples and epochs the consensus may rightly flag nothing, and the review would have nothing to show.
    # Nor is it decided on: tests that need a decision make one, and the demo's journey has its own.
    left_out = ("maps:umap", "detect:consensus", "decide:untrained")
    plan = [stage for stage in pipeline.full_plan(info) if stage not in left_out]
    run = pipeline.new_run(workspace, info.id, TrainConfig(epochs=3), plan=plan, name="Small")
    pipeline.work(run)


@pytest.fixture
def small(finished: Path, workspace: Path) -> Path:
    """A copy of the finished workspace, to do with as a test likes."""
    shutil.copytree(finished, workspace)
    return workspace


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote | None]:
    """What servers and workers are copies of; None where a process that has loaded so much cannot be copied."""
    one = Zygote() if sys.platform == "linux" else None
    yield one
    if one:
        one.close()


@pytest.fixture
def serve(zygote: Zygote | None) -> Iterator[Serve]:
    """`serve(workspace, env=None, copied=True) -> Server`: started, and ended after the test together with its workers.

    `copied=False` starts it as people do, for tests of a server's beginning.
    """
    servers: list[Server] = []

    def start(workspace: Path, env: Mapping[str, str] | None = None, copied: bool = True) -> Server:
        workspace.mkdir(parents=True, exist_ok=True)
        servers.append(Server(workspace, env or {}, zygote=zygote if copied else None))
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
        contexts.append(chromium.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce"))
        contexts[-1].set_default_timeout(PATIENT)
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
