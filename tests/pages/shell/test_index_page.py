"""Streamlit's page carries our script ahead of its own; what else is served is left as it is."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.ui.shell.index_page import script_routes, scripted

PAGE = f"<html><head><script src='./theirs.js'></script></head><body>{'é' * 2000}</body></html>"
SCRIPT = '<head><script type="module" src="./steps.js"></script>'


def client() -> TestClient:
    """A server whose pages are compressed and known by a tag, as Streamlit's are."""
    routes = [
        Route("/clusters", lambda _: HTMLResponse(PAGE, headers={"ETag": "theirs"})),
        Route("/report/a.html", lambda _: HTMLResponse(PAGE)),
        Route("/health", lambda _: PlainTextResponse("<head>")),
        Route("/gone", lambda _: HTMLResponse(PAGE, 404)),
    ]
    middleware = [scripted(), Middleware(GZipMiddleware)]
    return TestClient(Starlette(routes=[*routes, *script_routes()], middleware=middleware))


def test_a_page_has_the_script_before_those_of_streamlit() -> None:
    answer = client().get("/clusters", headers={"If-None-Match": "theirs"})
    assert answer.text == PAGE.replace("<head>", SCRIPT)
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "etag" not in answer.headers


def test_all_else_is_as_it_was() -> None:
    for path, words in (("/report/a.html", PAGE), ("/health", "<head>"), ("/gone", PAGE)):
        assert client().get(path).text == words


def test_the_script_is_served() -> None:
    answer = client().get("/steps.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "history.pushState" in answer.text
