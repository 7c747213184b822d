"""What a page has drawn, in words: helpers of the tests of whole pages."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from pages.ui.cache import stamps

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds
SAMPLES, FEW, MANY = 120, 12, 30  # of the made-up run: all, those that the consensus flags, and Activation Clustering


def app_of(page: Callable[..., None], args: Sequence[object] = (), kwargs: Mapping[str, Any] | None = None) -> AppTest:
    """An app of one function, which may take as long as a busy machine needs: its own limit is three seconds."""
    return AppTest.from_function(page, args=tuple(args), kwargs=dict(kwargs or {}), default_timeout=PATIENCE)


def whole_app() -> AppTest:
    """The app as a visitor opens it, before it is drawn."""
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)


def page(name: str, app: AppTest | None = None) -> AppTest:
    """The page as a visitor sees it, in a session that may have seen others, later than what the test has just done."""
    stamps.forget()
    app = app or whole_app().run()
    app.switch_page(f"pages/{name}.py").run()
    assert not app.exception, app.exception
    return app


def field(app: AppTest, title: str) -> Selectbox:
    """The list of this title."""
    found: Selectbox = next(one for one in app.selectbox if one.label == title)
    return found


def walk(block: object) -> list[object]:
    """All that is drawn below it."""
    children = list(getattr(block, "children", {}).values())
    return [one for child in children for one in (child, *walk(child))]


def drawn(app: AppTest, kind: str) -> list[str]:
    """What the server sent of every element of a kind."""
    return [str(one.proto) for one in walk(app.main) if getattr(one, "type", "") == kind]  # type: ignore[attr-defined]


def said(app: AppTest) -> str:
    """All words of the page: headlines, captions, warnings, fields and buttons."""
    words = [*app.markdown, *app.caption, *app.warning, *app.info, *app.success]
    return "\n".join([*(one.value for one in words), *(one.label for one in app.button), *drawn(app, "page_link")])


def legends(app: AppTest) -> list[list[str]]:
    """The words of each map's legend."""
    sent = (json.loads(one.proto.json) for one in walk(app.main) if getattr(one, "type", "") == "bidi_component")  # type: ignore[attr-defined]
    return [[group["title"] for group in one["groups"]] for one in sent if "groups" in one and "kind" not in one]


def legend(app: AppTest) -> str:
    """The words of the legend of the map that is coloured by flags."""
    return next(words for found in legends(app) if "not flagged" in (words := ", ".join(found)))
