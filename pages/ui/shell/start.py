"""What a server does when it starts: it answers at once, and imports the library while browsers fetch the front end.

Nothing that `app.py` imports for the server may import core's heavy parts, for then the port waits for them.
"""

import gc
import os
import socket
import threading
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from stat import S_ISSOCK
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.pages_manager import PagesManager

from core import settings
from pages.ui.shell.index_page import script_routes
from pages.ui.shell.routes import download_routes, held_routes, image_routes

# What the first page needs, whatever the workspace holds.
FIRST = (
    *("pages.ui.shell.entrance", "pages.ui.shell.context", "pages.ui.shell.marks"),
    *("pages.ui.overview.beginning", "pages.ui.overview.groups", "pages.ui.overview.standing"),
    "pages.ui.overview.way_on",
)
OPEN = Path("/dev/fd")  # the numbers of this process's open files; Windows has none
_ready = threading.Event()  # false from the start of a server until all is imported
_ready.set()


def workspace() -> Path:
    """The folder of runs and data sets: ASSAY_WORKSPACE, by default `workspace` where the server was started."""
    return Path(os.environ.get(settings.WORKSPACE, "workspace")).resolve()


def routes() -> list[Route]:
    """The addresses served beside the pages."""
    ours = [*image_routes(workspace()), *download_routes(workspace()), *held_routes()]
    return [*(Route(route.path, _when_ready(route.endpoint)) for route in ours), *script_routes()]


def without_components() -> None:
    """Keep Streamlit from reading through all installed packages for components: the pages' own are not of packages.

    That takes a fifth of a second before the server answers, and no stranger's package has anything to add to a page.
    """
    manifest_scanner.scan_component_manifests = lambda *_, **__: []


def without_delay() -> None:
    """Have whatever listens in this process send each part of an answer at once; its connections inherit that.

    Python sees to it where a socket says that it is one of TCP, which Streamlit's does not. So the second part of every
    answer waited for the browser's word on the first: 40 ms by the clock, for a picture of two.
    """
    for number in [int(one.name) for one in OPEN.iterdir()] if OPEN.is_dir() else []:
        with suppress(OSError):  # what listed them is closed by now
            if S_ISSOCK(os.fstat(number).st_mode):
                with socket.socket(fileno=os.dup(number)) as one:
                    if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
    """While the server answers: interrupted runs go on, and an empty workspace gets the demo; see `ready`."""
    # The folder's name would switch on the old page discovery until the first page is drawn, and the first visit to a
    # deep link would run that page without its frame.
    PagesManager.uses_pages_directory = False
    without_delay()
    _ready.clear()
    threading.Thread(target=_get_ready, name="getting ready", daemon=True).start()
    yield {}


def ready() -> None:
    """Wait until the server's start is done: what is imported twice at once may be had by halves."""
    _ready.wait()


def _when_ready(endpoint: Callable[[Request], Response]) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        ready()
        return endpoint(request)

    return answer


def _get_ready() -> None:
    """Import, and do what a server does when it starts; one that cannot ends, and says why."""
    gc.disable()  # what is imported stays; going through it again and again took an eighth of the time
    try:
        from core import pipeline

        demo = os.environ.get(settings.NO_DEMO, "") in ("", "0")
        pipeline.wake(workspace(), demo=demo)  # no visitor asks for this
        for name in FIRST:
            import_module(name)
        gc.freeze()
        gc.enable()
        _ready.set()
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
        os._exit(1)  # a thread can end the process in no other way
