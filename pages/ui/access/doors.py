"""What stands between the network and the server: where it may listen, and what a visitor may fetch and send.

Pictures, downloads and uploads are for those who signed in and are listed. So is all that a page's websocket carries,
and that is asked with every message. A part of a page that is drawn again on its own does not pass the entrance.
So somebody taken off the list would go on looking for as long as the page stays open.
"""

import os
import sys
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address

from google.protobuf.message import DecodeError
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.web.server.starlette.starlette_routes import BASE_ROUTE_CORE, BASE_ROUTE_MEDIA, BASE_ROUTE_UPLOAD_FILE
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from core.errors import UserError
from core.settings import ALLOW_ANYONE
from pages.ui.access import sign_in
from pages.ui.access.headers import with_headers

# What a visitor who is not admitted may send: draw the page, which is the entrance then; stop drawing; still here.
OUTSIDE = ("rerun_script", "stop_script", "app_heartbeat")
UPLOADS = f"/{BASE_ROUTE_UPLOAD_FILE}/"
# What Streamlit serves beside the pages and is somebody's: downloads and pictures, uploads, counts of both.
KEPT = (f"/{BASE_ROUTE_MEDIA}/", UPLOADS, f"/{BASE_ROUTE_CORE}/metrics", f"/{BASE_ROUTE_CORE}/agent/")
ONLY_HERE = "Sign-in is not set up, so only the machine that this server runs on is answered."
_NOT_STORED = {"Cache-Control": "no-store"}


def check() -> None:
    """End the process, saying what to do, where strangers could come in or sign-in is set up wrongly."""
    try:
        sign_in.check()
        where = config.get_option("server.address")
        if not (sign_in.required() or _open_to_anyone() or is_loopback(where)):
            raise UserError(
                f"Assay does not listen on {where or 'every address of this machine'} for everybody.",
                "Whoever reaches it could look at the data, decide, and start work.",
                "Set sign-in up (README, “For a team”), or stay on this machine with --server.address 127.0.0.1, or, "
                f"where something else keeps strangers out, say so with {ALLOW_ANYONE}=1.",
            )
    except UserError as error:
        sys.stdout.flush()
        sys.exit(f"\nNot started. {error}\n")


def guard(routes: Sequence[BaseRoute]) -> Middleware:
    """Middleware that keeps `routes` and Streamlit's own files for those who signed in and are listed.

    With every answer it says what the browser may make of it; see `headers`.

    401 for others, 403 for a viewer's upload; what is answered may be kept by the visitor's browser alone, and for as
    long as the cookie is the same. Without sign-in, requests from beyond this machine are answered only where
    `ASSAY_ALLOW_ANYONE` says so: a server started in another way than `streamlit run` is not seen by `check`.
    """
    return Middleware(_guarded, routes=tuple(routes))


def is_loopback(address: str | None) -> bool:
    """Whether only this machine reaches a server that listens there; False for names, socket files, and no address."""
    if not address:
        return False
    try:
        number = ip_address(address)
    except ValueError:
        return address.lower() == "localhost"
    mapped = number.ipv4_mapped if isinstance(number, IPv6Address) else None
    return (mapped or number).is_loopback


def _guarded(app: ASGIApp, routes: tuple[BaseRoute, ...]) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            send = with_headers(send)
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
        elif not (sign_in.required() or _open_to_anyone() or _from_this_machine(scope)):
            await _refusal(403, ONLY_HERE)(scope, receive, send)
        elif scope["type"] == "websocket":
            await app(scope, _allowed_messages(scope, receive), send)
        elif sign_in.required() and _is_kept(scope, routes):
            refusal = _refused(scope)
            await (refusal(scope, receive, send) if refusal else app(scope, receive, _privately(send)))
        else:
            await app(scope, receive, send)

    return answer


def _refused(scope: Scope) -> PlainTextResponse | None:
    """The answer to somebody who may not have it; None for somebody who may."""
    person = sign_in.person_of(HTTPConnection(scope).cookies)
    if person is None:
        return _refusal(401, "Sign in first.")
    if person.role != "reviewer" and _path(scope).startswith(UPLOADS):
        return _refusal(403, "Viewers upload nothing.")
    return None


def _is_kept(scope: Scope, routes: tuple[BaseRoute, ...]) -> bool:
    ours = any(route.matches(scope)[0] is not Match.NONE for route in routes)
    return ours or _path(scope).startswith(KEPT)


def _path(scope: Scope) -> str:
    """The path below `server.baseUrlPath`, which stands before Streamlit's own addresses."""
    base = (config.get_option("server.baseUrlPath") or "").strip("/")
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path.removeprefix(f"/{base}") if base else path


def _privately(send: Send) -> Send:
    async def forward(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if "private" not in headers.get("cache-control", ""):
                headers["Cache-Control"] = "private"
            headers.add_vary_header("Cookie")
        await send(message)

    return forward


def _from_this_machine(scope: Scope) -> bool:
    """Whether a request came in at an address that only this machine reaches, under a name that is this server's.

    A page from elsewhere may have its own name lead to this machine, and would read whatever is answered under it.
    """
    return is_loopback((scope.get("server") or ("",))[0]) and is_host_allowed(HTTPConnection(scope).headers.get("host"))


def _refusal(status: int, words: str) -> PlainTextResponse:
    return PlainTextResponse(words, status, _NOT_STORED)


def _open_to_anyone() -> bool:
    return os.environ.get(ALLOW_ANYONE) == "1"


def _allowed_messages(scope: Scope, receive: Receive) -> Receive:
    """`receive` of a websocket without what its visitor may not send, by the cookies it was opened with."""

    async def receive_allowed() -> Message:
        while True:
            message = await receive()
            part = _allowed_part(scope, message.get("bytes") or b"")
            if part is not None:
                return message | {"bytes": part} if part else message

    return receive_allowed


def _allowed_part(scope: Scope, sent: bytes) -> bytes | None:
    """What of a message is let through; None for nothing. Streamlit hangs up on one that cannot be read."""
    if not sent or not sign_in.required():
        return sent
    try:
        request = BackMsg.FromString(sent)
    except DecodeError:
        return sent
    person, kind = sign_in.person_of(HTTPConnection(scope).cookies), request.WhichOneof("type")
    if kind == "clear_cache":  # everybody's
        return sent if person and person.role == "reviewer" else None
    if person:
        return sent
    if kind == "rerun_script":
        request.rerun_script.ClearField("fragment_id")
        request.rerun_script.ClearField("is_auto_rerun")
    return request.SerializeToString() if kind in OUTSIDE else None
