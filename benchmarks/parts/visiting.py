"""A visitor without a browser: the messages that one would send to the server."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from tests.browser.server import Server

ANSWER_SECONDS = 120.0
ENVIRONMENT = {"ASSAY_REVIEWER": "somebody", "ASSAY_NO_DEMO": "1"}


@dataclass
class Visit:
    """One session. It knows the widgets on the page by their keys, and what was entered in them."""

    connection: ClientConnection
    widgets: dict[str, tuple[str, str]] = field(default_factory=dict)
    entered: dict[str, tuple[str, Any]] = field(default_factory=dict)
    page: str = ""
    query: str = ""
    received: int = 0  # bytes

    def open(self, page: str) -> None:
        """Go to a page by its address, as a browser does that opens it."""
        message = BackMsg()
        message.rerun_script.page_name = page
        self._send(message)

    def press(self, key: str) -> None:
        """Press a button."""
        self._change(key, "trigger_value", True, keep=False)

    def current(self, name: str) -> str:
        """The key of the newest widget of that name: each change from elsewhere makes a new one, `<name>-<number>`."""
        numbers = [int(key[len(name) + 1 :]) for key in self.widgets if re.fullmatch(re.escape(name) + r"-\d+", key)]
        return f"{name}-{max(numbers)}"

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
            content: Any = self.connection.recv(ANSWER_SECONDS)
            self.received += len(content)
            answer = ForwardMsg.FromString(content)
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
def visited(server: Server) -> Iterator[Visit]:
    """A session at the server."""
    with connect(f"ws://127.0.0.1:{server.port}/_stcore/stream", subprotocols=["streamlit"], max_size=None) as opened:  # type: ignore[list-item]
        yield Visit(opened)


def _put(message: BackMsg, widget: str, kind: str, value: Any) -> None:
    state = message.rerun_script.widget_states.widgets.add(id=widget)
    if kind == "string_array_value":
        state.string_array_value.data.extend(value)
    else:
        setattr(state, kind, value)


def held(server: Server) -> tuple[int, int]:
    """How many files the server has open, and the MB of memory that it holds."""
    assert server.process is not None
    place = Path(f"/proc/{server.process.pid}")
    status = next(line for line in (place / "status").read_text().splitlines() if line.startswith("VmRSS"))
    return len(list((place / "fd").iterdir())), int(status.split()[1]) // 1024
