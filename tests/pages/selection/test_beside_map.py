"""Beside a map: the images of the selection say why, and the bar is there before anything is selected."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.runs import Run
from pages.ui.selection.beside_map import LIKE, SHOWN
from pages.ui.selection.selection import places_of
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import drawn, page, said, walk

MAPS = ("clusters", "trajectories")


@pytest.mark.parametrize("name", MAPS)
def test_the_bar_waits_for_a_selection_and_its_decisions_cannot_be_pressed(
    name: str, two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    app = page(name)
    assert "Nothing is selected" in said(app)
    assert all(button.disabled for button in app.button if button.key == "exclude-selection")
    app.session_state[f"selection-{two_detections.id}"] = (3, 4)
    app.run()
    assert "**2 selected**" in said(app)
    assert not any(button.disabled for button in app.button if button.key == "exclude-selection")


def test_a_flagged_tile_says_how_suspicious_it_is_instead_of_flagged(two_detections: Run) -> None:
    app = page("clusters")
    app.session_state[f"selection-{two_detections.id}"] = (3, 119)
    app.run()
    [sent] = [one for one in drawn(app, "bidi_component") if "selection-gallery" in one and "badge" in one]
    words = dict(re.findall(r'"id\W+(\d+).*?words\W*?: \W"(.*?)\W"', sent))
    assert re.fullmatch(r"\d+(\.\d)?%", words["3"]), words
    assert words["119"] == ""


def test_a_class_is_chosen_once_for_both_maps(two_detections: Run) -> None:
    app = page("clusters")
    field = next(one for one in app.selectbox if one.label == "Class")
    assert field.options[:2] == ["all classes", "▲ class 0"]
    field.select_index(1).run()
    assert not app.exception
    assert next(one for one in page("trajectories", app).selectbox if one.label == "Class").value == 0


def shown_ids(app: AppTest) -> list[int]:
    """The tiles beside the map, in their order."""
    sent = [json.loads(one.proto.json) for one in walk(app.main) if getattr(one, "type", "") == "bidi_component"]  # type: ignore[attr-defined]
    [tiles] = [one["tiles"] for one in sent if str(one.get("name", "")).startswith("selection-gallery")]
    return [tile["id"] for tile in tiles]


def test_every_sample_of_a_large_selection_is_reached(two_detections: Run) -> None:
    app = page("clusters")
    chosen = tuple(range(SHOWN + 10))
    app.session_state[f"selection-{two_detections.id}"] = chosen
    app.run()
    assert f"**1–{SHOWN}** of {len(chosen)}" in said(app)
    first = shown_ids(app)
    app.button(key="selection-Next").click().run()
    assert f"**{SHOWN + 1}–{len(chosen)}** of {len(chosen)}" in said(app)
    assert sorted(first + shown_ids(app)) == list(chosen)
    assert app.button(key="selection-Next").disabled
    app.button(key="selection-Back").click().run()
    assert shown_ids(app) == first


def test_what_is_most_like_the_selection_to_the_model_is_selected_too(two_detections: Run) -> None:
    app = page("clusters")
    app.session_state[f"selection-{two_detections.id}"] = (3, 4)
    app.run()
    app.button(key="more-like").click().run()
    features = np.asarray(two_detections.array("activations"), np.float64)
    far = np.linalg.norm(features - features[[3, 4]].mean(0), axis=1)
    far[[3, 4]] = np.inf
    expected = {3, 4, *np.argsort(far, kind="stable")[:LIKE].tolist()}
    assert {int(one) for one in app.session_state[f"selection-{two_detections.id}"]} == expected
    assert f"**{LIKE + 2} selected**" in said(app)


@pytest.mark.parametrize("own", [(0, 1, 2, 5, 9), (9, 0, 5, 1), (4,), ()])
@pytest.mark.parametrize("ids", [(), (0, 5), (3, 4, 9, 100), (0, 1, 2, 4, 5, 9)])
def test_the_rows_of_a_selection_are_those_with_its_ids(own: tuple[int, ...], ids: tuple[int, ...]) -> None:
    table, wanted = pd.DataFrame({"id": np.array(own, np.int64)}), np.array(ids, np.int64)
    assert places_of(table, wanted).tolist() == np.flatnonzero(table["id"].isin(wanted)).tolist()
