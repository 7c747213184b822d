"""What may be asked over a page's websocket: all of it by those who may see the app now, the door alone by others.

A part of a page that is drawn again on its own does not pass the door, nor does a table that asks for more rows.
Somebody who was taken off the list, or whose sign-in is over, would go on looking for as long as the page stays open.
"""

from google.protobuf.message import DecodeError
from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Scope
from streamlit.proto.BackMsg_pb2 import BackMsg

from pages.ui import sign_in

# What whoever is outside may send: draw the page, which is then the door; stop drawing; still here.
OUTSIDE = ("rerun_script", "stop_script", "app_heartbeat")


def heard(scope: Scope, receive: Receive) -> Receive:
    """`receive` of a websocket without what its visitor may not ask for, by the cookies it was opened with."""

    async def allowed() -> Message:
        while True:
            message = await receive()
            kept = _kept(scope, message.get("bytes") or b"")
            if kept is not None:
                return message | {"bytes": kept} if kept else message

    return allowed


def _kept(scope: Scope, sent: bytes) -> bytes | None:
    """What is left of a message; None where nothing is. Streamlit hangs up on one that cannot be read."""
    if not sent or not sign_in.required():
        return sent
    try:
        asked = BackMsg.FromString(sent)
    except DecodeError:
        return sent
    found, what = sign_in.person_of(HTTPConnection(scope).cookies), asked.WhichOneof("type")
    if what == "clear_cache":  # everybody's
        return sent if found and found.role == "reviewer" else None
    if found:
        return sent
    if what == "rerun_script":
        asked.rerun_script.ClearField("fragment_id")
        asked.rerun_script.ClearField("is_auto_rerun")
    return asked.SerializeToString() if what in OUTSIDE else None
