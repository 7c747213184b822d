"""No page takes for Markdown what came with the data."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.util import calc_hash

from core import runs
from pages.ui.cache.words import plain
from pages.ui.shell.journey import QUESTIONS
from tests.hostile import NASTY, TELLING, hostile
from tests.pages.drawn import whole_app
from tests.sources import ROOT

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
# Fields of Streamlit's messages that a browser reads as Markdown.
READ = ("body", "label", "help", "content", "text", "title", "caption", "tooltip")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile(tmp_path_factory.mktemp("hostile") / "workspace")


def texts(message: Any) -> Iterator[str]:
    """What a message of Streamlit's shows as Markdown, with all that is in it."""
    for field, value in message.ListFields():
        values = list(value) if not isinstance(value, str | bytes) and hasattr(value, "__len__") else [value]
        for one in values:
            if isinstance(one, str) and field.name in READ:
                yield one
            elif hasattr(one, "ListFields"):
                yield from texts(one)


def shown(node: Any) -> Iterator[str]:
    """What an element shows as Markdown, and all that stands in it; `st.text` shows letters, and `st.html` is ours."""
    if node.proto is not None and node.type not in ("text", "html", "arrow_data_frame"):
        yield from texts(node.proto)
    for child in getattr(node, "children", {}).values():
        yield from shown(child)


@pytest.mark.parametrize("page", PAGES)
def test_hostile_names_are_no_markdown(page: str, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_WORKSPACE", str(workspace))
    first = next(run for run in runs.all_runs(workspace) if run.done("evaluate") and not run.parent)
    app = whole_app()
    app.query_params["run"] = first.id
    app.run()
    app._page_hash = calc_hash(page.replace("_", "-"))
    app.run()
    assert not app.exception
    found = [text for place in app._tree.children.values() for text in shown(place)]
    assert page != "data" or any(plain(NASTY[:40]) in text for text in found)
    unescaped = {text: re.sub(r"\\.", "", text) for text in found}
    assert [text for text, left in unescaped.items() if any(sign in left for sign in TELLING)] == []
    assert any(QUESTIONS[page] in text for text in found)


@pytest.mark.parametrize(
    "text", ["1. one", "- one", "+ one", "2) two", " - one", "=", "&lt;", "a\n\nb", "www.a.b", "HTTP://a"]
)
def test_plain_text_starts_no_list_and_makes_no_link(text: str) -> None:
    assert plain(text) != text


def test_plain_text_reads_as_it_was_written() -> None:
    assert plain("run 3 of Ann's data (2026), 7.5 %") == "run 3 of Ann's data (2026), 7.5 %"
