"""Sign-in as a team has it: a reviewer, a viewer, a stranger, and what can be reached around the door."""

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from core import runs
from core.journal import review
from core.runs import Run
from tests.browser.conftest import OpenPage
from tests.browser.provider import Provider, provider
from tests.browser.server import Server, end_workers
from tests.browser.test_journey import PATIENT, goto
from tests.browser.test_pages import eventually

TILE, BAR = ".tile[role=option]", ".st-key-selection-bar"
LISTS = 'reviewers = ["ann@example.org"]\nviewers = ["*@example.net"]'


@pytest.fixture(scope="module")
def team(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Provider]]:
    """A server with sign-in, and its provider."""
    folder = tmp_path_factory.mktemp("team")
    with provider() as one:
        server = Server(shutil.copytree(finished, folder / "workspace"))
        secrets = folder / "secrets.toml"
        secrets.write_text(one.secrets(server.url, LISTS))
        server.env = {"STREAMLIT_SECRETS_FILES": str(secrets), "ASSAY_REVIEWER": "whoever runs the server"}
        yield server.start(), one
        server.kill()
        end_workers(server.workspace)


def only(server: Server) -> Run:
    """The run that everybody looks at."""
    return runs.all_runs(server.workspace)[0]


def decisions(server: Server) -> list[tuple[str, str]]:
    """Who decided, and what, in order."""
    journal = review.journal(server.workspace, only(server).id)
    return list(zip(journal["reviewer"], journal["decision"], strict=True))


def enter(team: tuple[Server, Provider], page: OpenPage, email: str, **claims: Any) -> Page:
    """A window of somebody whom the provider signed in."""
    server, one = team
    one.person = {"email": email, "email_verified": True, **claims}
    window = page(server.url)
    window.get_by_role("button", name="Sign in").click(timeout=2 * PATIENT)
    expect(window.get_by_role("button", name="Sign out")).to_be_visible(timeout=2 * PATIENT)
    return window


def status(url: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> int:
    """What the server answers to somebody without a browser."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers or {}), method=method)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def image(server: Server) -> str:
    """The address of a picture."""
    return f"{server.url}/thumb/{only(server).dataset}/0.png"


def test_whoever_has_not_signed_in_sees_a_button_and_nothing_else(
    team: tuple[Server, Provider], page: OpenPage
) -> None:
    server, _ = team
    window = page(f"{server.url}/review?run={only(server).id}")
    expect(window.get_by_role("button", name="Sign in")).to_be_visible(timeout=2 * PATIENT)
    assert only(server).name not in window.inner_text("body")
    for hidden in (
        window.get_by_role("link", name="Review"),
        window.get_by_test_id("stSidebarNav"),
        window.locator(TILE),
    ):
        assert hidden.count() == 0
    assert window.request.get(image(server)).status == 401
    assert status(image(server)) == 401
    claims = {"email": "ann@example.org", "origin": server.url, "is_logged_in": True}
    forged = create_signed_value("a secret that somebody guessed", "_streamlit_user", json.dumps(claims)).decode()
    assert status(image(server), {"Cookie": f"_streamlit_user={forged}"}) == 401
    assert status(f"{server.url}/media/0123456789.csv") == 401
    assert status(f"{server.url}/_stcore/upload_file/session/file", method="PUT") == 401
    assert status(f"{server.url}/_stcore/metrics") == 401


def test_a_reviewer_decides_under_the_address_and_signs_out(team: tuple[Server, Provider], page: OpenPage) -> None:
    server, _ = team
    window = enter(team, page, "Ann@Example.org", name="Ann", email_verified=True)
    expect(window.get_by_text("ann@example.org")).to_be_visible()
    goto(window, "Review")
    expect(window.locator(TILE).first).to_be_visible(timeout=2 * PATIENT)
    answer = window.request.get(image(server))
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    assert "private" in answer.headers["cache-control"]
    window.keyboard.press("k")
    expect(window.get_by_text("Kept: 1 sample")).to_be_visible(timeout=PATIENT)
    assert decisions(server) == [("ann@example.org", "keep")]
    window.get_by_role("radio", name="Journal").click()
    with window.expect_download(timeout=PATIENT) as download:
        window.get_by_role("link", name="Download").click(timeout=PATIENT)
    assert "ann@example.org" in Path(download.value.path()).read_text()
    assert status(download.value.url) == 401
    window.get_by_role("button", name="Sign out").click()
    expect(window.get_by_role("button", name="Sign in")).to_be_visible(timeout=2 * PATIENT)
    eventually(lambda: window.request.get(image(server)).status == 401)  # the browser may still be on its way out


def test_a_viewer_looks_and_neither_decides_nor_starts_anything(team: tuple[Server, Provider], page: OpenPage) -> None:
    server, _ = team
    before = decisions(server)
    window = enter(team, page, "vic@example.net")
    expect(window.get_by_text("Viewer: looks, and changes nothing.")).to_be_visible()
    goto(window, "Data")
    expect(window.get_by_role("button", name="Open other data")).to_be_disabled(timeout=PATIENT)
    goto(window, "Review")
    expect(window.locator(TILE).first).to_be_visible(timeout=2 * PATIENT)
    expect(window.locator(BAR).get_by_role("button", name="Exclude")).to_be_disabled(timeout=PATIENT)
    window.keyboard.press("e")
    expect(window.get_by_text("Viewers look, and change nothing.")).to_be_visible(timeout=PATIENT)
    goto(window, "Train")
    expect(window.get_by_role("button", name="Train", exact=True)).to_be_disabled(timeout=2 * PATIENT)
    assert window.request.get(image(server)).status == 200
    assert window.request.put(f"{server.url}/_stcore/upload_file/session/file").status == 403
    assert decisions(server) == before
    assert len(runs.all_runs(server.workspace)) == 1


def test_a_stranger_is_refused_on_every_page(team: tuple[Server, Provider], page: OpenPage) -> None:
    server, _ = team
    words = "eve@example.com is not on the list."
    window = enter(team, page, "eve@example.com")
    expect(window.get_by_text(words)).to_be_visible()
    window.goto(f"{server.url}/review")
    expect(window.get_by_text(words)).to_be_visible(timeout=2 * PATIENT)
    assert window.get_by_test_id("stSidebarNav").count() == 0
    assert window.request.get(image(server)).status == 401
    window.get_by_role("button", name="Sign out").click()
    expect(window.get_by_role("button", name="Sign in")).to_be_visible(timeout=2 * PATIENT)


def test_a_server_for_everybody_starts_only_where_that_is_said(workspace: Path) -> None:
    workspace.mkdir()
    server = Server(workspace, {"ASSAY_NO_DEMO": "1"}, address="0.0.0.0")
    with pytest.raises(RuntimeError, match=r"exit code 1") as refused:
        server.start()
    assert "Assay does not listen on 0.0.0.0 for everybody." in str(refused.value)
    assert "ASSAY_ALLOW_ANYONE=1" in str(refused.value)
    assert "Traceback" not in str(refused.value)
    server.env = {**server.env, "ASSAY_ALLOW_ANYONE": "1"}
    server.start().kill()
