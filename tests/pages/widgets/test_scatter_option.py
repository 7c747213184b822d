"""Above its points a map makes room for its tools and its bar; only the browser knows whether it is slim."""

import numpy as np
import pandas as pd
import pytest

from pages.ui.widgets.scatter_option import (
    FADED,
    MANY,
    SLIM,
    Bar,
    Style,
    grid_top,
    in_groups,
    map_option,
    window_around,
)

COMMON = {"tip": "", "window": [[0.0, 1.0], [0.0, 1.0]], "ink": "#000000"}
STYLES = {
    "few": Style("#000000", title="few that are flagged by it"),
    "many": Style("#ffffff", title="many that are not"),
}
POINTS = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0], "group": ["few", "many"], "id": [0, 1]})


def test_a_slim_map_has_its_bar_below_the_tools() -> None:
    plain = map_option(POINTS, POINTS.iloc[:0], STYLES, **COMMON)
    assert plain["grid"]["top"] == grid_top(narrow=False) == 32
    assert (
        map_option(POINTS, POINTS.iloc[:0], STYLES, narrow=True, **COMMON)["grid"]["top"] == 50
    )  # as beside one with a bar
    bar = Bar("loss", ("#000000", "#ffffff"), ("0", "1", "2"))
    coloured = map_option(POINTS, POINTS.iloc[:0], STYLES, bar=bar, **COMMON)
    [slim] = coloured["media"]
    assert slim["query"] == {"maxWidth": SLIM}
    assert slim["option"]["grid"]["top"] == coloured["grid"]["top"] + 18
    placed = [one["option"]["graphic"][1]["left"] for one in coloured["media"]]
    assert (coloured["graphic"][1]["left"], placed) == (112, [0])
    assert map_option(POINTS, POINTS.iloc[:0], STYLES, narrow=True, **COMMON)["media"] == []


@pytest.mark.parametrize(("n", "ringed"), [(MANY, True), (MANY + 1, False)])
def test_of_a_large_selection_all_others_are_faded_and_its_points_keep_their_looks(n: int, ringed: bool) -> None:
    group = np.where(np.arange(2 * n) % 2, "few", "many")
    points = pd.DataFrame({"x": 0.0, "y": 0.0, "id": np.arange(2 * n), "group": group})
    option = map_option(points, points[:n], STYLES, **COMMON)
    faded = [one["itemStyle"]["opacity"] <= FADED for one in option["series"][:2]]
    on_top = option["series"][2:]
    assert faded == [not ringed] * 2
    assert sum(len(option["dataset"][one["datasetIndex"]]["source"]) for one in on_top) == n
    own = [style.colour for style in STYLES.values()]
    assert [one["itemStyle"]["color"] for one in on_top] == (["transparent"] if ringed else own)
    assert all(one["name"] == "selected" and one["silent"] for one in on_top)


def test_each_point_is_sent_with_its_group_in_the_order_of_the_samples() -> None:
    rng = np.random.default_rng(0)
    names = ["a", "nobody", "b", "c"]
    points = pd.DataFrame(rng.random((200, 2)), columns=["x", "y"]).assign(
        id=np.arange(200), group=rng.choice(["a", "b", "c", None], 200)
    )
    plain = [points[points["group"] == name] for name in names]
    for places, expected in zip(in_groups(points, names), plain, strict=True):
        assert np.array_equal(points["id"].to_numpy()[places], expected["id"])
    styles = {name: Style("#000000") for name in names}
    option = map_option(points, points[:0], styles, tip="{@id}", window=window_around(points), ink="#000000")
    for sent, expected in zip(option["dataset"], [*plain, points[:0]], strict=True):
        assert sent["source"]["id"].tolist() == expected["id"].tolist()
        assert np.array_equal(sent["source"][["x", "y"]], expected[["x", "y"]].astype(np.float32))
        assert sent["source"].index.equals(pd.RangeIndex(len(expected)))
