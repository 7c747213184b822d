"""Makes sure that there is a Chromium: finds one and opens it, or installs one, or says what to install.

Playwright is imported only where a browser is opened: benchmarks that need none run without it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = """The browser tests need Chromium, and none could be found or installed. Do one of these, then make test:
  Debian, Ubuntu:  sudo apt-get install chromium
  elsewhere:       .venv/bin/python -m playwright install --with-deps chromium
  already there:   export ASSAY_CHROMIUM=/path/to/chromium"""
# What Chromium leaves out. Of several such lists the last one counts, so this one repeats playwright's own. It adds the
# popups of the address bar: two pages beside every one that is opened, which nobody sees, and a quarter of its work.
_LEFT_OUT = (
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,"
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,"
    "TcpPortRandomizationWin,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch"
)
# Chromium is started with these.
FLAGS = (
    f"--disable-features={_LEFT_OUT}",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """The path of a Chromium that starts: ASSAY_CHROMIUM, one on PATH, or playwright's own; None if there is none."""
    named = os.environ.get("ASSAY_CHROMIUM")
    candidates = [named] if named else [*(shutil.which(name) for name in NAMES), _bundled()]
    return next((path for path in candidates if path and _starts(path)), None)


@contextmanager
def browser() -> Iterator["Browser"]:
    """A Chromium without a window, closed afterwards. Raises RuntimeError that says what to install."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    if path is None:
        raise RuntimeError(ADVICE)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield opened
        opened.close()


def _bundled() -> str | None:
    """Where playwright would keep its own browser, if it is there."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _starts(path: str) -> bool:
    """Ubuntu's /usr/bin/chromium-browser may be a stub that only asks for snap, so being there is not enough."""
    return _run([path, "--version"], timeout=30, quiet=True)


def _run(command: Sequence[str], timeout: float, quiet: bool = False) -> bool:
    output = subprocess.DEVNULL if quiet else None
    try:
        return subprocess.run(command, timeout=timeout, check=False, stdout=output, stderr=output).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _install() -> None:
    """Try playwright's download, which a closed network refuses quickly, then Debian's package."""
    print("No Chromium found, installing one (about a minute, once) ...", flush=True)
    _run([sys.executable, "-m", "playwright", "install", "chromium"], timeout=300, quiet=True)
    if find_chromium() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        _run(["apt-get", "update", "-qq"], timeout=300)
        _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], timeout=900)


def main() -> int:
    """0 when a browser is there, 1 after saying exactly what to install."""
    if find_chromium() is None and "ASSAY_CHROMIUM" not in os.environ:
        _install()
    found = find_chromium()
    print(f"Chromium: {found}" if found else ADVICE, file=sys.stdout if found else sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    raise SystemExit(main())
