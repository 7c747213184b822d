"""The list of attacks in the lab, against a browser that lags behind."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.data import store
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import app_of
from tests.pages.drawn import page as drawn_page

ATTACK = {"kind": "patch", "ratio": 0.02, "target": 1}


def page() -> None:
    """What the attack lab asks, and what it would plant."""
    import json
    from types import SimpleNamespace

    import streamlit as st

    from pages.ui.lab import lab

    lab.open_lab(SimpleNamespace(class_names=("a", "b", "c"), shape=(28, 28, 1)))  # type: ignore[arg-type]
    lab.presets(3)
    lab.seed()
    lab.files()
    st.text(json.dumps(lab.specification().as_dict()))


def listed(app: AppTest) -> dict[str, Any]:
    assert not app.exception
    specification: dict[str, Any] = json.loads(app.text[0].value)
    return specification


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The lab, opened by a reviewer at an address that names a preset."""
    be(REVIEWER, monkeypatch)
    app = app_of(page)
    app.query_params.update(preset="ac-mnist", ratio="0.33", seed="5")
    return app.run()


def test_what_an_older_page_still_shows_does_not_bring_the_list_back(app: AppTest) -> None:
    assert [one["ratio"] for one in listed(app)["attacks"]] == [0.33] * 3
    older = app._tree.get_widget_states()
    file = json.dumps({"seed": 3, "attacks": [ATTACK]}).encode()
    app.file_uploader[0].set_value(("mine.json", file, "application/json")).run()
    taken = listed(app)
    assert (taken["seed"], len(taken["attacks"])) == (3, 1)
    assert taken["attacks"][0] | ATTACK == taken["attacks"][0]
    app._run(older)  # as a part of the page that draws itself sends it, before the browser has the new list
    app.run()
    assert listed(app) == taken


def test_preset_ratio_and_seed_can_be_chosen(app: AppTest) -> None:
    app.button_group[0].set_value(0.15).run()
    app.number_input[0].set_value(7).run()
    assert listed(app)["seed"] == 7
    assert [one["ratio"] for one in listed(app)["attacks"]] == [0.15] * 3
    app.selectbox[0].set_value("demo").run()
    assert "one_to_one" not in {one["labelling"] for one in listed(app)["attacks"]}
    app.selectbox[0].set_value("ac-mnist").run()
    assert [one["ratio"] for one in listed(app)["attacks"]] == [0.10] * 3


def test_an_address_may_name_a_ratio_that_is_not_the_papers_and_a_seed_too_large(app: AppTest) -> None:
    other = app_of(page)
    other.query_params.update(preset="ac-mnist", ratio="0.2", seed="99999999999")
    other.run()
    assert [one["ratio"] for one in listed(other)["attacks"]] == [0.2] * 3
    assert other.button_group[0].value == 0.2
    assert other.number_input[0].value == listed(other)["seed"]


def test_where_nothing_is_clean_the_demo_of_texts_is_offered_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_WORKSPACE", str(tmp_path))
    app = drawn_page("attack_lab")
    next(one for one in app.button if one.label == "Use the built-in demo texts, clean").click().run()
    assert not app.exception
    [info] = store.describe_all(tmp_path)
    assert (info.modality, info.name, info.attacks) == ("text", "SMS", ())
