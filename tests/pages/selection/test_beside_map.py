"""Beside a map: the images of the selection say why, and the bar is there before anything is selected."""

import re

import numpy as np
import pandas as pd
import pytest

from core.runs import Run
from pages.ui.selection.selection import places_of
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import drawn, page, said

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


@pytest.mark.parametrize("own", [(0, 1, 2, 5, 9), (9, 0, 5, 1), (4,), ()])
@pytest.mark.parametrize("ids", [(), (0, 5), (3, 4, 9, 100), (0, 1, 2, 4, 5, 9)])
def test_the_rows_of_a_selection_are_those_with_its_ids(own: tuple[int, ...], ids: tuple[int, ...]) -> None:
    table, wanted = pd.DataFrame({"id": np.array(own, np.int64)}), np.array(ids, np.int64)
    assert places_of(table, wanted).tolist() == np.flatnonzero(table["id"].isin(wanted)).tolist()
