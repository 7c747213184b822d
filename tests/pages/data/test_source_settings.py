"""The fields that a refused source asks for stand on the page."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from core.pipeline import PreviewOf
from pages.ui.data.source_settings import fields
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import app_of


def page(path: str) -> None:
    """The fields for the source at a path, and what was said with them."""
    import streamlit as st

    from core.pipeline import PreviewOf
    from pages.ui.data import source_settings

    typed = source_settings.form(PreviewOf(path))
    if typed is not None:
        st.session_state["said"] = dict(typed)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text("where,what\na.png,cat\nb.png,dog\n")
    return path


def test_a_table_asks_for_its_columns_and_a_folder_for_its_layout(table: Path) -> None:
    (table.parent / "f" / "a").mkdir(parents=True)
    assert list(fields(PreviewOf(str(table)))) == ["image_column", "label_column", "split_column"]
    assert list(fields(PreviewOf(str(table.parent / "f")))) == ["layout"]
    assert fields(PreviewOf(str(table.parent / "nothing.xyz"))) == {}


def test_of_a_table_of_texts_it_is_asked_what_the_first_row_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    (tmp_path / "t.csv").write_text("good film,pos\ndull film,neg\nfine,pos\n")
    app = app_of(page, args=(str(tmp_path / "t.csv"),)).run()
    app.selectbox(key="source-first_row").select("names")
    app.button[0].click().run()
    assert app.session_state["said"] == {"first_row": "names"}


def test_what_is_typed_is_what_is_looked_at_again_with(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    app = app_of(page, args=(str(table),)).run()
    assert not app.exception
    app.text_input(key="source-image_column").input("where")
    app.button[0].click().run()
    said: Mapping[str, str] = app.session_state["said"]
    assert said == {"image_column": "where"}
