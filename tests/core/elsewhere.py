"""Run with `python -m tests.core.elsewhere FOLDER`: the library where Python lacks what it lacks on Windows.

The packages that it uses are imported before, as they have their own ways there. What is said at the end is JSON.
"""

import importlib
import json
import os
import pkgutil
import signal
import sys
import time
from pathlib import Path

import numpy as np

PACKAGES = [
    "alembic.command",
    "cleanlab",
    "httpx2",
    "jinja2",
    "numba",
    "onnx",
    "onnxruntime",
    "pandas",
    "PIL.Image",
    "plotly",
    "portalocker",
    "psutil",
    "pyarrow.parquet",
    "rich.console",
    "safetensors.torch",
    "sklearn.cluster",
    "sklearn.decomposition",
    "sklearn.linear_model",
    "sklearn.mixture",
    "sqlalchemy",
    "streamlit",
    "timm",
    "torch",
    "torchvision",
    "typer",
    "umap",
    "multiprocessing.resource_tracker",
    "concurrent.futures.process",
    "asyncio",
]
MISSING = ("fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")
OF_OS = [
    "O_CLOEXEC",
    "O_DIRECTORY",
    "O_NOFOLLOW",
    "O_NONBLOCK",
    "chown",
    "fchmod",
    "fork",
    "forkpty",
    "getegid",
    "geteuid",
    "getgid",
    "getloadavg",
    "getpgid",
    "getsid",
    "getuid",
    "killpg",
    "mkfifo",
    "nice",
    "posix_fallocate",
    "posix_spawn",
    "pread",
    "pwrite",
    "sched_getaffinity",
    "setpgid",
    "setsid",
    "statvfs",
    "sysconf",
    "uname",
    "wait3",
    "wait4",
]
OF_SIGNAL = ("SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGXCPU", "alarm", "setitimer", "pthread_kill")


def take_away() -> None:
    """Make this interpreter lack what Windows lacks, from here on."""
    for name in PACKAGES:
        importlib.import_module(name)
    for name in MISSING:
        sys.modules[name] = None  # type: ignore[assignment]
    for module, names in ((os, OF_OS), (signal, OF_SIGNAL)):
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # there, nothing of a process stays for whoever started it


def modules_of(*packages: str) -> list[str]:
    """The names of all modules of these packages."""
    found = []
    for package in packages:
        module = importlib.import_module(package)
        found += [one.name for one in pkgutil.walk_packages(module.__path__, f"{package}.")]
    return found


def imported() -> dict[str, str]:
    """What every module of the library and of the pages says that does not import."""
    needing = ("core.callbacks", "core.__main__", "core.journal.migrations.env")  # of others; run by others
    wrong = {}
    for name in modules_of("core", "pages.ui"):
        if not name.startswith(needing):
            try:
                importlib.import_module(name)
            except Exception as error:  # noqa: BLE001 - all of them are listed
                wrong[name] = repr(error)
    return wrong


def worked(folder: Path) -> dict[str, object]:
    """What became of a look at a folder of images, its import and a cancelled second look, each in a worker."""
    from PIL import Image

    from core.runs import jobs, worker_lock

    photos, workspace = folder / "photos", folder / "workspace"
    for name in "ab":
        (photos / name).mkdir(parents=True)
        for i in range(6):
            Image.fromarray(np.full((8, 8, 3), 20 * i, np.uint8)).save(photos / name / f"{i}.png")
    said: dict[str, object] = {}
    for kind, patience in (("imports", 120.0), ("previews", 0.0)):
        job = jobs.new_job(workspace, kind)
        command = "import" if kind == "imports" else "preview"
        jobs.start(job, [command, "--job", str(job), "--workspace", str(workspace), "--", str(photos)])
        said[f"{kind} begun"] = [jobs.poll(job).state, worker_lock.held(job)]
        if not patience:
            jobs.cancel(job, patience=0.1)
        deadline = time.monotonic() + 120
        while jobs.poll(job).active and time.monotonic() < deadline:
            time.sleep(0.05)
        said[f"{kind} ended"] = jobs.poll(job).state
    return said


if __name__ == "__main__":
    take_away()
    print(json.dumps({"wrong": imported(), "jobs": worked(Path(sys.argv[1]))}))
