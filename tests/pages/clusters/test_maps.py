"""What was decided shows at once on both maps: hollow, and counted in the legend."""

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Slider

from core import pipeline
from core.analysis import samples
from core.analysis.opened_run import opened
from core.journal import review
from core.output.names import told_apart
from core.runs import Run
from pages.ui.cache import cached
from pages.ui.cache.map_columns import map_words
from pages.ui.clusters.classes import BROAD, LONG
from pages.ui.clusters.colouring import COLOURS
from pages.ui.widgets.scatter_option import FADED, LARGE, Style, map_option, window_around
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import FEW, SAMPLES, field, legend, legends, page, walk

MARGINS = 16  # pixels of a cell of the table beside the map
PIXELS_A_LETTER = 7.2  # of its font; measured in Chromium


def series(app: AppTest) -> dict[str, dict[str, object]]:
    """Legend's word → how the map draws that group."""
    chart = next(one for one in walk(app.main) if getattr(one, "type", "") == "echarts_chart")
    return {one["name"]: one for one in json.loads(chart.proto.spec)["series"]}  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["clusters", "trajectories"])
def test_decided_samples_are_hollow_and_the_flagged_that_are_left_are_counted(
    name: str, two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    assert "decided" not in legend(page(name))
    pipeline.decide(two_detections, [0, 1, 50], "keep", reviewer="ann")
    app = page(name)
    assert "decided · 3" in legend(app)
    assert f"flagged by Consensus · {FEW - 2}" in legend(app)
    assert series(app)["decided · 3"]["itemStyle"]["color"] == "transparent"  # type: ignore[index]


@pytest.mark.parametrize("name", ["clusters", "trajectories"])
def test_only_samples_with_a_tag_are_drawn_where_it_is_chosen(
    name: str, two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    assert "Only samples with the tag" not in [one.label for one in page(name).selectbox]  # there is none
    for tag, ids in (("sticker", [0, 1, 50]), ("odd", [7])):
        review.note(two_detections.workspace, two_detections.id, ids, "tag", tag, reviewer="ann")
    app = page(name)
    field(app, "Only samples with the tag").select("sticker").run()
    assert not app.exception
    assert any(f"3 of {SAMPLES} drawn" in one.value for one in app.caption)
    assert field(page("review", app), "Tag").value == "sticker"  # one state for all pages


@pytest.mark.parametrize("name", ["clusters", "trajectories"])
def test_only_samples_that_the_model_takes_for_a_class_are_drawn_where_it_is_chosen(
    name: str, two_detections: Run
) -> None:
    app, classes = page(name), cached.info(two_detections).class_names
    field(app, "Only samples predicted as").select(classes[1]).run()
    assert not app.exception
    left = int((cached.table(two_detections)["predicted"] == 1).sum())
    assert 0 < left < SAMPLES
    assert any(f"{left} of {SAMPLES} drawn" in one.value for one in app.caption)
    assert app.query_params["predicted"] == classes[1]
    assert field(page("review", app), "Predicted").value == classes[1]  # one state for all pages


@pytest.mark.parametrize("colour", COLOURS)
def test_every_colour_is_drawn_alone_and_beside_another(colour: str, two_detections: Run) -> None:
    pipeline.decide(two_detections, [0, 1, 50], "keep", reviewer="ann")
    app = page("clusters")
    field(app, "Colour by").select(colour).run()
    field(app, "Beside").select("flag" if colour == "class" else "class").run()
    assert not app.exception, app.exception
    assert len(legends(app)) == 2


def range_of(app: AppTest, what: str) -> Slider:
    """The slider of a range of percentiles."""
    found: Slider = next(one for one in app.slider if one.label == f"{what}, as a percentile")
    return found


@pytest.mark.parametrize("name", ["clusters", "trajectories"])
def test_only_samples_in_a_range_of_suspicion_and_of_loss_are_drawn(name: str, two_detections: Run) -> None:
    app = page(name)
    range_of(app, "Suspicion").set_value((95, 100)).run()
    table = cached.table(two_detections)
    suspicious = (table["suspicion"] >= 0.95).to_numpy()
    assert any(f"{suspicious.sum()} of {SAMPLES} drawn" in one.value for one in app.caption)
    assert app.query_params["suspicion"] == "95-100"
    assert range_of(page("review", app), "Suspicion").value == (95, 100)  # one state for all pages
    app = page(name, app)
    range_of(app, "Loss").set_value((50, 100)).run()
    left = suspicious & (samples.loss_percentiles(table) >= 0.5).to_numpy()
    assert any(f"{left.sum()} of {SAMPLES} drawn" in one.value for one in app.caption)
    low, high = samples.loss_span(table, 50, 100)
    assert any(one.value == f"Losses after training from {low:.3g} to {high:.3g}." for one in app.caption)
    app.button("narrow-none").click().run()
    assert not app.exception
    assert any(f"{SAMPLES} of {SAMPLES} drawn" in one.value for one in app.caption)


@pytest.mark.parametrize("name", ["clusters", "trajectories"])
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ({"suspicion": "0-0", "loss": "0-0"}, "None of 120 samples has a suspicion at percentile 0–0 and a loss at"),
        ({"hide": "not flagged|bona fide|flagged"}, "All 120 samples are hidden in the legend."),
        (
            {"suspicion": "99-100", "done": "hidden", "hide": "flagged"},
            "samples with a suspicion at percentile 99–100 and no decision are hidden in the legend.",
        ),
    ],
)
def test_a_map_without_a_point_says_what_is_left_out_and_one_button_shows_it(
    name: str, address: dict[str, str], words: str, two_detections: Run
) -> None:
    app = page(name)
    for parameter, value in address.items():
        app.query_params[parameter] = value
    app.run()
    assert any(one.value.startswith("**Nothing is drawn.**") and words in one.value for one in app.markdown)
    next(one for one in app.button if one.label == f"Show all {SAMPLES}").click().run()
    assert not app.exception
    assert any(f"{SAMPLES} of {SAMPLES} drawn" in one.value for one in app.caption)
    assert not set(address) & set(app.query_params)


def test_too_many_points_for_outlines_are_faded() -> None:
    import pandas as pd

    n = LARGE + 1
    points = pd.DataFrame({"id": range(n), "x": 0.0, "y": 0.0, "group": "decided"})
    option = map_option(
        points, points[:0], {"decided": Style("#000000", hollow=True)}, tip="", window=window_around(points), ink="#000"
    )
    assert option["series"][0]["itemStyle"] == {"color": "#000000", "opacity": FADED}


@pytest.mark.parametrize("name", ["clusters", "trajectories"])
def test_decided_samples_are_hidden_when_asked_and_the_map_says_so(
    name: str, two_detections: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    pipeline.decide(two_detections, [0, 1, 50], "keep", reviewer="ann")
    app = page(name)
    next(one for one in app.toggle if one.label == "Decided").set_value(False).run()
    assert not app.exception
    assert "decided" not in legend(app)
    assert any(f"{SAMPLES - 3} of {SAMPLES} drawn" in one.value for one in app.caption)
    app = page(name, page("review", app))  # whose own filters say nothing of it
    assert any(f"{SAMPLES - 3} of {SAMPLES} drawn" in one.value for one in app.caption)


def test_the_table_of_classes_counts_what_is_left(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    before = page("clusters").dataframe[0].value
    first = before["Class"].iloc[0]
    label = int(first.removeprefix("▲ class "))
    flagged = [int(one) for one in np.flatnonzero(opened(two_detections).data.labels == label) if one < FEW]
    pipeline.decide(two_detections, flagged[:1], "keep", reviewer="ann")
    after = page("clusters").dataframe[0].value
    assert before["Left"].iloc[0] == len(flagged)
    assert after["Left"].iloc[0] == len(flagged) - 1


@pytest.mark.parametrize("name", ["clusters", "trajectories"])
def test_two_colourings_of_the_same_points_share_one_selection(name: str, two_detections: Run) -> None:
    app = page(name)
    assert len(maps(app)) == 1
    field(app, "Beside").select("suspicion" if name == "clusters" else "class").run()
    assert len(maps(app)) == 2
    flags = [any("flagged by" in title for title in titles) for titles in legends(app)]
    assert flags in ([True], [True, False])  # by suspicion there is a bar
    assert app.query_params["beside"]
    app.session_state[f"selection-{two_detections.id}"] = (3, 5)
    app.run()
    assert len([one for one in app.caption if f"{SAMPLES} drawn · 2 selected" in one.value]) == 2
    field(app, "Colour by").select(field(app, "Beside").value).run()
    assert len(maps(app)) == 1  # the same twice says nothing more


def maps(app: AppTest) -> list[dict[str, Any]]:
    charts = (one for one in walk(app.main) if getattr(one, "type", "") == "echarts_chart")
    options = [json.loads(one.proto.spec) for one in charts]  # type: ignore[attr-defined]
    return [option for option in options if "toolbox" in option]


def test_a_class_chosen_on_one_map_is_the_one_that_the_other_shows(two_detections: Run) -> None:
    labels = opened(two_detections).data.labels
    count = int((labels == 3).sum())
    app = page("clusters")
    field(app, "Class").select(3).run()
    assert any(f"{count} of {count} drawn" in one.value for one in app.caption)
    app = page("trajectories", app)
    assert field(app, "Class").value == 3
    [drawn] = maps(app)
    window = [drawn["xAxis"]["min"], drawn["xAxis"]["max"]]
    places = np.asarray(two_detections.array("map-trajectories-pca"))[labels == 3, 0]
    assert window[0] < places.min() < places.max() < window[1]
    assert window[1] - window[0] < 1.1 * np.ptp(places)
    assert any(f"{count} of {count} drawn" in one.value for one in app.caption)


@pytest.mark.parametrize("name", ["clusters", "trajectories"])
def test_a_class_that_is_hidden_is_not_drawn_and_still_counted_and_nothing_moves(
    name: str, two_detections: Run
) -> None:
    labels = opened(two_detections).data.labels
    count = int((labels == 3).sum())
    app = page(name)
    app.session_state["view-chosen"] = {"colour": "class", "hide": "class 3|tag nobody has"}
    app.run()
    assert any(f"{SAMPLES - count} of {SAMPLES} drawn" in one.value for one in app.caption)
    assert f"class 3 · {count}" in legends(app)[0]
    [few] = maps(app)
    app.session_state["view-chosen"] = {"hide": ""}
    [whole] = maps(app.run())
    assert [few[axis] for axis in ("xAxis", "yAxis")] == [whole[axis] for axis in ("xAxis", "yAxis")]
    assert any(f"{SAMPLES} of {SAMPLES} drawn" in one.value for one in app.caption)


def test_hovering_costs_numbers_and_categories_and_no_text_a_sample(two_detections: Run) -> None:
    """What the browser gets of each point: half as much as texts, and quicker to read."""
    words = map_words(two_detections, cached.suspicions(two_detections), most=LARGE)
    assert [words[name].dtype.kind for name in ("row", "sample", "loss")] == ["i", "i", "f"]
    assert {words[name].dtype.name for name in ("given", "predicted")} == {"category"}
    chart = next(one for one in walk(page("clusters").main) if getattr(one, "type", "") == "echarts_chart")
    assert "#{@sample}" in json.loads(chart.proto.spec)["tooltip"]["formatter"]  # type: ignore[attr-defined]


def test_of_long_class_names_the_table_has_room_for_what_tells_them_apart() -> None:
    names = [f"Long-sleeved garments of the autumn collection {index} (for {index})" for index in range(10)]
    shown = [f"▲ {name}" for name in told_apart(names, LONG)]
    assert len(set(shown)) == 10
    assert all(len(name) * PIXELS_A_LETTER + MARGINS <= BROAD for name in shown), shown
