"""Streamlit's own page with a script of ours, which runs before Streamlit's: nobody clicks ahead of it.

A component is there only once a page has drawn it, and what is clicked before that would miss it.
"""

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STEPS = Path(__file__).parents[3] / "assets" / "steps.js"
_HEAD = b"<head>"
_SCRIPT = b'<script type="module" src="./steps.js"></script>'


def script_routes() -> list[Route]:
    """The address of the script."""

    def steps(_: Request) -> Response:
        return FileResponse(STEPS, media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    return [Route("/steps.js", steps)]


def scripted() -> Middleware:
    """Middleware that puts the script into the head of Streamlit's page; every other answer goes through as it is."""
    return Middleware(_scripted)


def _scripted(app: ASGIApp) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if _wants_page(scope):
            await app(_whole(scope), receive, _with_script(send))
        else:
            await app(scope, receive, send)

    return answer


def _wants_page(scope: Scope) -> bool:
    """Whether a browser asks for a page; pages have no dot in their name, and files have one."""
    return scope["type"] == "http" and scope["method"] == "GET" and "." not in scope["path"].rpartition("/")[2]


def _whole(scope: Scope) -> Scope:
    """The request for all of the page, as plain text: a browser may hold one from before, without the script."""
    asked = (b"if-none-match", b"if-modified-since", b"accept-encoding")
    return {**scope, "headers": [header for header in scope["headers"] if header[0] not in asked]}


def _with_script(send: Send) -> Send:
    held: list[Message] = []  # the start of an answer, until its length is known

    async def forward(message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            held.append(message | {"body": b""})
        elif message["type"] == "http.response.body" and held:
            held[0]["body"] += message.get("body", b"")
            if not message.get("more_body"):
                start = held.pop()
                body = start.pop("body").replace(_HEAD, _HEAD + _SCRIPT, 1)
                headers = MutableHeaders(scope=start)
                headers["content-length"] = str(len(body))
                del headers["etag"], headers["last-modified"]  # those of the file without the script
                await send(start)
                await send({"type": "http.response.body", "body": body})
        else:
            await send(message)

    return forward


def _is_page(start: Message) -> bool:
    return start["status"] == 200 and MutableHeaders(scope=start).get("content-type", "").startswith("text/html")
