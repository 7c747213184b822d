"""Widgets made from a signature: the right kind, within its limits, starting where they should."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.registry import Range, Tunable
from pages.ui.widgets import params
from tests.pages.drawn import app_of

TUNABLES = {
    "alpha": Tunable("alpha", float, 0.075, Range(0.001, 1.0), help="weight of the noise."),
    "n_folds": Tunable("n_folds", int, 3, Range(2, 20)),
    "space": Tunable("space", str, "activations", None, ("activations", "raw_pixels")),
    "deep": Tunable("deep", bool, False),
}


def page(values: dict[str, Any]) -> AppTest:
    def script(values: dict) -> None:  # type: ignore[type-arg]  # runs on its own, without this file's imports
        import streamlit as st

        from pages.ui.widgets import params
        from tests.pages.widgets.test_params import TUNABLES

        st.session_state["chosen"] = params.settings(TUNABLES, values, key="test")

    return app_of(script, kwargs={"values": values}).run()


def test_every_type_has_its_widget_with_its_limits() -> None:
    shown = page({})
    alpha, folds = shown.number_input
    assert (alpha.label, alpha.min, alpha.max, alpha.value, alpha.step) == ("Alpha", 0.001, 1.0, 0.075, 0.005)
    assert alpha.help == "weight of the noise."
    assert (folds.label, folds.min, folds.max, folds.value, folds.step) == ("Folds", 2, 20, 3, 1)
    assert shown.selectbox[0].options == ["activations", "raw pixels"]
    assert shown.checkbox[0].value is False
    assert shown.session_state["chosen"] == {name: one.default for name, one in TUNABLES.items()}


def test_what_is_set_comes_back() -> None:
    shown = page({"alpha": 0.2, "space": "raw_pixels"})
    assert shown.session_state["chosen"] == {"alpha": 0.2, "n_folds": 3, "space": "raw_pixels", "deep": False}
    shown.number_input[1].set_value(5)
    shown.checkbox[0].check()
    shown.run()
    assert shown.session_state["chosen"] == {"alpha": 0.2, "n_folds": 5, "space": "raw_pixels", "deep": True}
    assert params.changed(TUNABLES, shown.session_state["chosen"]) == {
        "alpha": 0.2,
        "n_folds": 5,
        "space": "raw_pixels",
        "deep": True,
    }


@pytest.mark.parametrize("value", ["much", 7.0, -1, None, [1], float("nan"), 10**400])
def test_what_cannot_be_shown_starts_at_the_default(value: object) -> None:
    assert page({"alpha": value}).session_state["chosen"]["alpha"] == 0.075


def test_only_what_differs_from_the_default_is_kept() -> None:
    assert params.changed(TUNABLES, {"alpha": 0.075, "n_folds": 4, "space": "activations", "deep": False}) == {
        "n_folds": 4
    }
    assert params.words(TUNABLES, {"deep": True, "alpha": 0.1}) == "alpha 0.1, deep True"
