"""The fields and the card of every attack, as the lab draws them."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.attacks import ATTACKS
from core.attacks.specification import AttackSpec
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import app_of


def page() -> None:
    """One attack opened to be edited, its line, its card, and what would be planted."""
    import json

    import numpy as np
    import streamlit as st

    from core.attacks.preview import previews
    from core.attacks.specification import read_specification
    from core.modalities.image.inputs import ImageInputs
    from core.types import Dataset
    from pages.ui.lab import lab
    from pages.ui.lab.attack_cards import cards
    from pages.ui.lab.attack_editor import listed

    if "lab-attacks" not in st.session_state:
        asked = read_specification(json.loads(st.query_params["spec"]))
        st.session_state.update({"lab-attacks": {1: asked.attacks[0]}, "lab-open": 1})
    names = ("a", "b", "c")
    listed([1], {}, names)
    pictures = ImageInputs(np.random.default_rng(0).integers(0, 255, (90, 32, 32, 3), np.uint8))
    labels = np.arange(90) % 3
    data = Dataset("it", np.arange(90), pictures, labels, pictures, labels, names, np.zeros(90, np.bool_))
    cards(previews(data, lab.specification())[0], names, 0)
    st.text(json.dumps(lab.specification().as_dict()))


def opened(spec: AttackSpec, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    be(REVIEWER, monkeypatch)
    app = app_of(page)
    app.query_params["spec"] = json.dumps(
        {"attacks": [{"kind": spec.kind, "ratio": spec.ratio, "covers": spec.covers}]}
    )
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize("name", [name for name, entry in ATTACKS.items() if entry.takes != "texts"])
def test_every_attack_has_its_fields_and_a_card_and_stays_as_it_was(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(AttackSpec(name, 0.1), monkeypatch)
    assert ATTACKS[name].title in app.markdown[0].value
    (attack,) = json.loads(app.text[-1].value)["attacks"]
    assert AttackSpec(**attack) == AttackSpec(name, 0.1)


def test_covers_are_a_percentage_of_all_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(AttackSpec("patch", 0.1, covers=0.05), monkeypatch)
    (field,) = [one for one in app.number_input if one.label == "Covers, % of all samples"]
    assert field.value == 5.0
    field.set_value(20.0).run()
    assert not app.exception
    assert json.loads(app.text[-1].value)["attacks"][0]["covers"] == 0.2
    assert "20 % covers" in app.markdown[0].value
    assert any("18 cover samples" in one.value for one in app.caption)


@pytest.mark.parametrize("name", ["label_noise", "imbalance", "semantic_subset"])
def test_what_has_no_trigger_has_no_covers_and_says_that_no_image_changes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(AttackSpec(name, 0.1), monkeypatch)
    assert not [one for one in app.number_input if one.label.startswith("Covers")]
    assert any("No sample is changed" in one.value for one in app.caption)


def test_a_long_setting_is_cut_where_it_can_be_seen() -> None:
    def line() -> None:
        import streamlit as st

        from core.attacks.specification import AttackSpec
        from pages.ui.lab.attack_editor import listed

        words = ("we met at the bridge", "a sentence of more letters than its line has room for")
        specs = {place: AttackSpec("sentence", 0.1, settings={"words": said}) for place, said in enumerate(words)}
        st.session_state.update({"lab-attacks": specs, "lab-open": None})
        listed([0, 1], {}, ("a", "b"))

    first, second = (one.value for one in app_of(line).run().markdown if "words" in one.value)
    assert "words we met at the bridge" in first
    assert "words a sentence of more l…s line has room for" in second
