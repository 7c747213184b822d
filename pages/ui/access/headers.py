"""What every answer tells the browser: what a page may load and run, and that no other site may show it in a frame."""

import hashlib
import re
from base64 import b64encode
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

POLICY = "Content-Security-Policy"
FRAMES = "X-Frame-Options"
# A file of ours with scripts within it, shown in a frame of our own: it may draw, and reach neither us nor the net.
ALONE = {
    POLICY: "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts allow-popups",
    FRAMES: "SAMEORIGIN",
}
# A picture of data, opened by its own address: it shows itself, and loads and runs nothing.
PICTURE = {POLICY: "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def with_headers(send: Send) -> Send:
    """`send`, which says so with each answer that does not say it itself."""

    async def forward(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in everywhere().items():
                headers.setdefault(name, value)
        await send(message)

    return forward


@cache
def everywhere() -> dict[str, str]:
    """The headers of every answer.

    Streamlit's pages need styles of their own, pictures and scripts made in the browser (`blob:`), and WebAssembly
    for Graphviz. Scripts written into a page are named by their digest: Streamlit's index page has such.
    """
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text()
    digests = (b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in _INLINE.findall(page))
    scripts = " ".join(f"'sha256-{digest}'" for digest in digests)
    policy = {
        "default-src": "'self'",
        "script-src": f"'self' blob: 'wasm-unsafe-eval' {scripts}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' ws: wss: data: blob:",
        "worker-src": "'self' blob:",
        "frame-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        POLICY: "; ".join(f"{name} {value.strip()}" for name, value in policy.items()),
        FRAMES: "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
