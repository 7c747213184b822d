"""An OpenID Connect provider for tests: whoever comes is signed in at once, as the person that was set."""

import json
import threading
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "assay", "only-for-tests"


@dataclass
class Provider:
    """One provider. `person` holds the claims of whoever signs in next.

    Attributes:
        url: the issuer.
        person: the claims that go into the identity token, `email` among them.
        key: with which tokens are signed.
        asked: code → nonce of sign-ins that are under way.
    """

    url: str = ""
    person: Mapping[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, parameters={"kid": "one"}, private=True))
    asked: dict[str, str] = field(default_factory=dict)

    def secrets(self, origin: str, lists: str) -> str:
        """The text of a secrets file for a server that is reached at `origin`."""
        return f"""
[auth]
redirect_uri = "{origin}/oauth2callback"
cookie_secret = "a secret of forty characters for these tests"
client_id = "{CLIENT}"
client_secret = "{SECRET}"
server_metadata_url = "{self.url}/.well-known/openid-configuration"

[assay]
{lists}
"""

    def answer(self, path: str, query: Mapping[str, str]) -> Any:
        """The JSON of a GET, or where it redirects to."""
        if path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            return {"issuer": self.url} | {name: f"{self.url}/{end}" for name, end in ends.items()}
        if path == "/keys":
            return {"keys": [self.key.as_dict(private=False)]}
        code = f"code-{len(self.asked)}"
        self.asked[code] = query["nonce"]
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, code: str) -> dict[str, Any]:
        """What a code is worth: an identity token, once."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "sub": str(self.person.get("email")), "iat": now, "exp": now + 600}
        signed = jwt.encode(
            {"alg": "RS256", "kid": "one"}, claims | {"nonce": self.asked.pop(code), **self.person}, self.key
        )
        return {"access_token": "unused", "token_type": "Bearer", "expires_in": 600, "id_token": signed}


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that answers on a free port of this machine."""
    one = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            found = one.answer(asked.path, {name: values[0] for name, values in parse_qs(asked.query).items()})
            if isinstance(found, str):
                self._send(302, b"", ("Location", found))
            else:
                self._send(200, json.dumps(found).encode(), ("Content-Type", "application/json"))

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            who = b64decode(self.headers["Authorization"].partition(" ")[2]).decode()
            known = unquote(who) == f"{CLIENT}:{SECRET}"
            found = one.token(form["code"][0]) if known else {"error": "invalid_client"}
            self._send(200 if known else 401, json.dumps(found).encode(), ("Content-Type", "application/json"))

        def _send(self, status: int, body: bytes, header: tuple[str, str]) -> None:
            self.send_response(status)
            self.send_header(*header)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield one
    server.shutdown()
    server.server_close()
