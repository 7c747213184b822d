"""Where the server may listen, and who gets images, downloads and uploads once sign-in is set up."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.secrets import secrets_singleton
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from pages.ui.access import doors, sign_in

COOKIE, SECRET, ORIGIN = "_streamlit_user", "a secret of many characters", "http://localhost:8501"
AUTH = f"""
[auth]
redirect_uri = "{ORIGIN}/oauth2callback"
cookie_secret = "{SECRET}"
client_id = "assay"
client_secret = "secret"
server_metadata_url = "http://localhost:1/.well-known/openid-configuration"
"""
LISTS = '[assay]\nreviewers = ["ann@example.org"]\nviewers = ["*@example.org"]\n'
Write = Callable[[str], None]


@pytest.fixture
def secrets(tmp_path: Path) -> Iterator[Write]:
    """`secrets(text)`: the secrets file of a server that is about to start."""
    path, before = tmp_path / "secrets.toml", config.get_option("secrets.files")
    defined = config.get_where_defined("secrets.files")
    config.set_option("secrets.files", [str(path)])

    def write(text: str) -> None:
        path.write_text(text)
        forget()

    def forget() -> None:
        secrets_singleton._reset()
        sign_in._at_start.cache_clear()

    forget()
    yield write
    config.set_option("secrets.files", before, defined)  # else a missing file would count as one that was asked for
    forget()


@pytest.fixture
def address() -> Iterator[Callable[[str | None], None]]:
    """`address(where)`: where the server is told to listen."""
    before = config.get_option("server.address")
    yield lambda where: config.set_option("server.address", where)
    config.set_option("server.address", before)


def client(base_url: str = "http://127.0.0.1:8501") -> TestClient:
    """A server with an image, a download, an upload, and a page, behind the guard."""

    def public(_: object) -> PlainTextResponse:
        return PlainTextResponse("here", headers={"Cache-Control": "public, max-age=9"})

    image = Route("/thumb/{row:int}.png", public)
    rest = [Route(path, public, methods=["GET", "PUT"]) for path in ("/media/a.csv", "/_stcore/upload_file/s/f", "/p")]
    return TestClient(Starlette(routes=[image, *rest], middleware=[doors.guard([image])]), base_url)


def cookie(secret: str = SECRET, **changed: Any) -> dict[str, str]:
    """The header of a request by Ann, with other claims where they are given."""
    claims = {"email": "ann@example.org", "email_verified": True, "origin": ORIGIN, "is_logged_in": True}
    claims |= {"iat": time.time(), **changed}
    return {"Cookie": f"{COOKIE}={create_signed_value(secret, COOKIE, json.dumps(claims)).decode()}"}


@pytest.mark.parametrize("path", ["/thumb/3.png", "/media/a.csv", "/_stcore/upload_file/s/f"])
def test_images_downloads_and_uploads_want_a_sign_in(secrets: Write, path: str) -> None:
    secrets(AUTH + LISTS)
    refused = client().get(path)
    assert (refused.status_code, refused.text) == (401, "Sign in first.")
    assert refused.headers["cache-control"] == "no-store"
    allowed = client().get(path, headers=cookie())
    assert (allowed.status_code, allowed.text) == (200, "here")
    assert (allowed.headers["cache-control"], allowed.headers["vary"]) == ("private", "Cookie")


@pytest.mark.parametrize(
    "header",
    [
        {"Cookie": f"{COOKIE}=forged"},
        cookie(secret="another secret, as long as ours"),
        cookie(email="eve@example.com"),
        cookie(email_verified=False),
        cookie(origin="http://elsewhere.example.org"),
        cookie(is_logged_in=False),
        cookie(iat=time.time() - 13 * 3600),
        cookie(iat=time.time() + 3600),
        cookie(iat=str(time.time())),
    ],
    ids=[
        "no signature",
        "another secret",
        "not listed",
        "not verified",
        "another app's",
        "signed out",
        "yesterday's",
        "tomorrow's",
        "a text",
    ],
)
def test_a_cookie_that_does_not_count_is_refused(secrets: Write, header: dict[str, str]) -> None:
    secrets(AUTH + LISTS)
    assert client().get("/thumb/3.png", headers=header).status_code == 401


def test_a_cookie_is_too_old_by_its_own_signature(secrets: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets(AUTH + LISTS)
    now = time.time()
    # The library that signs reads the clock itself.
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: now - 32 * 86_400)
        old = cookie(iat=now)
    assert client().get("/thumb/3.png", headers=old).status_code == 401


def test_a_viewer_gets_images_and_uploads_nothing(secrets: Write) -> None:
    secrets(AUTH + LISTS)
    bob = cookie(email="bob@example.org")
    assert client().get("/thumb/3.png", headers=bob).status_code == 200
    assert client().put("/_stcore/upload_file/s/f", headers=bob).status_code == 403
    assert client().put("/_stcore/upload_file/s/f", headers=cookie()).status_code == 200


def test_pages_stay_open_so_that_one_can_sign_in(secrets: Write) -> None:
    secrets(AUTH + LISTS)
    assert client().get("/p").status_code == 200


def heard(header: dict[str, str], *sent: BackMsg) -> list[BackMsg]:
    """What reaches Streamlit of the messages that somebody sends over a websocket; the last one always has to."""
    reached = []

    async def listen(socket: WebSocket) -> None:
        await socket.accept()
        while not reached or reached[-1] != sent[-1]:
            reached.append(BackMsg.FromString(await socket.receive_bytes()))
        await socket.close()

    app = Starlette(routes=[WebSocketRoute("/_stcore/stream", listen)], middleware=[doors.guard([])])
    with TestClient(app).websocket_connect("ws://127.0.0.1:8501/_stcore/stream", headers=header) as socket:
        for message in sent:
            socket.send_bytes(message.SerializeToString())
        socket.receive()
    return reached


def message(**what: Any) -> BackMsg:
    return BackMsg(**what)


PART = message(rerun_script={"fragment_id": "f", "is_auto_rerun": True, "query_string": "run=1"})
WHOLE, BEAT = message(rerun_script={"query_string": "run=1"}), message(app_heartbeat=True)
ROWS, CLEAR = message(backend_operation_request={"request_id": "1"}), message(clear_cache=True)


def test_whoever_is_not_listed_any_more_asks_for_the_whole_page_alone(secrets: Write) -> None:
    secrets(AUTH + LISTS)
    everything = (PART, ROWS, CLEAR, WHOLE, BEAT)
    assert heard(cookie(), *everything) == [*everything]
    assert heard(cookie(email="bob@example.org"), *everything) == [PART, ROWS, WHOLE, BEAT]
    for outside in ({}, cookie(email="eve@example.com"), cookie(iat=time.time() - 13 * 3600)):
        assert heard(outside, *everything) == [WHOLE, WHOLE, BEAT]


def test_a_page_that_stays_open_is_asked_again_with_every_message(secrets: Write) -> None:
    secrets(AUTH + LISTS)
    reached = []

    async def listen(socket: WebSocket) -> None:
        await socket.accept()
        reached.append(BackMsg.FromString(await socket.receive_bytes()))
        secrets(AUTH + LISTS.replace("example.org", "example.com"))
        reached.append(BackMsg.FromString(await socket.receive_bytes()))
        await socket.close()

    app = Starlette(routes=[WebSocketRoute("/_stcore/stream", listen)], middleware=[doors.guard([])])
    with TestClient(app).websocket_connect("ws://127.0.0.1:8501/_stcore/stream", headers=cookie()) as socket:
        socket.send_bytes(PART.SerializeToString())
        socket.send_bytes(PART.SerializeToString())
        socket.receive()
    assert reached == [PART, WHOLE]


def test_without_sign_in_a_page_asks_for_everything(secrets: Write) -> None:
    secrets("")
    assert heard({}, PART, ROWS, CLEAR, BEAT) == [PART, ROWS, CLEAR, BEAT]


def test_a_base_path_changes_nothing(secrets: Write) -> None:
    secrets(AUTH + LISTS)
    config.set_option("server.baseUrlPath", "assay")
    try:
        assert client().get("/assay/media/a.csv").status_code == 401
    finally:
        config.set_option("server.baseUrlPath", "")


@pytest.mark.parametrize("text", ["[auth", "", LISTS])
def test_a_secrets_file_that_breaks_while_the_server_runs_lets_nobody_in(secrets: Write, text: str) -> None:
    secrets(AUTH + LISTS)
    assert sign_in.required()
    Path(config.get_option("secrets.files")[0]).write_text(text)
    secrets_singleton._reset()
    assert sign_in.required()
    assert client().get("/thumb/3.png", headers=cookie()).status_code == 401


def test_a_secrets_file_that_cannot_be_read_asks_for_sign_in(secrets: Write) -> None:
    secrets("[auth")
    assert sign_in.required()


def test_without_sign_in_this_machine_is_served_and_no_other(secrets: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets("")
    assert client().get("/thumb/3.png").headers["cache-control"] == "public, max-age=9"
    assert client("http://192.168.1.5").get("/p").status_code == 403
    assert client().get("/thumb/3.png", headers={"Host": "elsewhere.example.org"}).status_code == 403
    monkeypatch.setenv(doors.ALLOW_ANYONE, "1")
    assert client("http://192.168.1.5").get("/p").status_code == 200


@pytest.mark.parametrize("where", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "localhost", "LOCALHOST"])
def test_an_address_of_this_machine_alone(where: str) -> None:
    assert doors.is_loopback(where)


@pytest.mark.parametrize(
    "where",
    [
        None,
        "",
        "0.0.0.0",
        "::",
        "192.168.1.5",
        "::ffff:192.168.1.5",
        "8.8.8.8",
        "0",
        "127.1",
        "localhost.example.org",
        "assay.example.org",
        "unix:///run/assay.sock",
    ],
)
def test_an_address_that_others_reach(where: str | None) -> None:
    assert not doors.is_loopback(where)


@pytest.mark.parametrize("where", [None, "0.0.0.0", "::", "unix:///run/assay.sock"])
def test_nothing_is_served_to_everybody_unless_it_is_said(
    secrets: Write, address: Callable[[str | None], None], monkeypatch: pytest.MonkeyPatch, where: str | None
) -> None:
    secrets("")
    address(where)
    for off in ("", "0", "false", "no"):
        monkeypatch.setenv(doors.ALLOW_ANYONE, off)
        with pytest.raises(SystemExit, match=r"does not listen on .* for everybody.*ASSAY_ALLOW_ANYONE=1"):
            doors.check()
    monkeypatch.setenv(doors.ALLOW_ANYONE, "1")
    doors.check()
    monkeypatch.delenv(doors.ALLOW_ANYONE)
    secrets(AUTH + LISTS)
    doors.check()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[auth", "secrets file cannot be read"),
        ('auth = "yes"', r"\[auth\] has to be a section"),
        (LISTS, "sign-in is not set up"),
        (AUTH.replace(SECRET, "xxx"), "cookie_secret .* 16 characters"),
        (AUTH.replace("/oauth2callback", ""), "redirect_uri .* cannot be used"),
        (AUTH.replace(ORIGIN, "https://assay.example.org"), "server.allowedHosts"),
        (AUTH.replace("client_secret", "other"), "client_secret"),
        (AUTH + '[assay]\nreviewers = ["*"]', "entry that cannot be used"),
    ],
)
def test_sign_in_that_cannot_work_ends_the_start_in_words(secrets: Write, text: str, words: str) -> None:
    secrets(text)
    with pytest.raises(SystemExit, match=words):
        doors.check()


def test_authlib_that_is_missing_ends_the_start_in_words(secrets: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets(AUTH + LISTS)
    monkeypatch.setitem(sys.modules, "authlib.integrations.starlette_client", None)
    with pytest.raises(SystemExit, match=r"Authlib.* is missing.*pip install"):
        doors.check()


def test_several_providers_each_have_a_name(secrets: Write) -> None:
    shared = f'[auth]\nredirect_uri = "{ORIGIN}/oauth2callback"\ncookie_secret = "{SECRET}"\n'
    one = 'client_id = "a"\nclient_secret = "b"\nserver_metadata_url = "http://localhost:1"\n'
    secrets(f"{shared}[auth.google]\n{one}[auth.microsoft]\n{one}")
    doors.check()
    assert sign_in.providers() == ["google", "microsoft"]
    secrets(AUTH)
    assert sign_in.providers() == ["default"]


@pytest.mark.parametrize(
    ("base_url", "path", "status"),
    [
        ("http://127.0.0.1:8501", "/thumb/3.png", 200),
        ("http://127.0.0.1:8501", "/p", 200),
        ("http://127.0.0.1:8501", "/nothing", 404),
        ("http://192.168.1.5", "/p", 403),
    ],
)
def test_every_answer_says_what_the_browser_may_make_of_it(
    secrets: Write, base_url: str, path: str, status: int
) -> None:
    secrets("")
    answer = client(base_url).get(path)
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    rules = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
    assert rules["frame-ancestors"] == rules["object-src"] == "'none'"
    assert rules["default-src"] == "'self'"
    assert not {"*", "https:", "http:", "'unsafe-inline'", "'unsafe-eval'"} & set(rules["script-src"].split())
    assert set(rules["img-src"].split()) == {"'self'", "data:", "blob:"}
