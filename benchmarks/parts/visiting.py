"""A visitor without a browser: a server of its own, and the messages that a browser would send it."""

import os
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
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).parents[2]
START_SECONDS, ANSWER_SECONDS = 60.0, 60.0


@dataclass
class Server:
    """A dashboard in a process of its own."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def processor_seconds(self) -> float:
        """How long it has kept processors busy; Linux has such a clock for every process."""
        return time.clock_gettime((~self.process.pid << 3) | 2)


@dataclass
class Visit:
    """One session. It knows the widgets on the page by their keys, and what was entered in them."""

    connection: ClientConnection
    widgets: dict[str, tuple[str, str]] = field(default_factory=dict)
    entered: dict[str, tuple[str, Any]] = field(default_factory=dict)
    page: str = ""
    query: str = ""

    def open(self, page: str) -> None:
        """Go to a page by its address, as a browser does that opens it."""
        message = BackMsg()
        message.rerun_script.page_name = page
        self._send(message)

    def press(self, key: str) -> None:
        """Press a button."""
        self._change(key, "trigger_value", True, keep=False)

    def enter(self, key: str, kind: str, value: Any) -> None:
        """Set a widget; `kind` is the field of its message: string_value, int_value or string_array_value."""
        self._change(key, kind, value, keep=True)

    def look(self) -> None:
        """Have the whole page drawn again."""
        self._send(self._message(None))

    def _change(self, key: str, kind: str, value: Any, *, keep: bool) -> None:
        widget, fragment = self.widgets[key]
        message = self._message(fragment)
        _put(message, widget, kind, value)
        if keep:
            self.entered[widget] = kind, value
        self._send(message)

    def _message(self, fragment: str | None) -> BackMsg:
        message = BackMsg()
        message.rerun_script.page_script_hash, message.rerun_script.query_string = self.page, self.query
        if fragment:
            message.rerun_script.fragment_id = fragment
        for widget, (kind, value) in self.entered.items():
            _put(message, widget, kind, value)
        return message

    def _send(self, message: BackMsg) -> None:
        """Send it and take in the answer, up to the end of the last run of the script."""
        self.connection.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(self.connection.recv(ANSWER_SECONDS))  # type: ignore[arg-type]
            kind = answer.WhichOneof("type")
            if kind == "delta":
                self._learn(answer.delta)
            elif kind == "navigation":
                self.page = answer.navigation.page_script_hash
            elif kind == "page_info_changed":
                self.query = answer.page_info_changed.query_string
            elif kind == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return

    def _learn(self, delta: Delta) -> None:
        """The id of the widget that is drawn, and what the server has set in it."""
        kind = delta.new_element.WhichOneof("type") if delta.HasField("new_element") else None
        element = getattr(delta.new_element, kind) if kind else None
        if kind == "exception":
            raise RuntimeError(delta.new_element.exception.message)
        if element is None or not getattr(element, "id", ""):
            return
        self.widgets[element.id.split("-", 2)[-1]] = element.id, delta.fragment_id
        if getattr(element, "set_value", False):
            self.entered.pop(element.id, None)


@contextmanager
def served(workspace: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    """A server for a workspace, ended afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    variables = {**os.environ, "ASSAY_WORKSPACE": str(workspace), "ASSAY_NO_DEMO": "1", **environment}
    with subprocess.Popen(
        [*command, "--server.headless", "true"], cwd=ROOT, env=variables, stdout=subprocess.DEVNULL
    ) as process:
        try:
            server = Server(process, port)
            _wait_for(server)
            yield server
        finally:
            process.kill()


@contextmanager
def visited(server: Server) -> Iterator[Visit]:
    """A session at the server."""
    with connect(f"ws://127.0.0.1:{server.port}/_stcore/stream", subprotocols=["streamlit"], max_size=None) as opened:  # type: ignore[list-item]
        yield Visit(opened)


def _wait_for(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, OSError) as error:
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("The server did not start.") from error
            time.sleep(0.1)


def _put(message: BackMsg, widget: str, kind: str, value: Any) -> None:
    state = message.rerun_script.widget_states.widgets.add(id=widget)
    if kind == "string_array_value":
        state.string_array_value.data.extend(value)
    else:
        setattr(state, kind, value)
