"""A slim map makes room above its points for a legend of more lines; only the browser knows that it is slim."""

import numpy as np
import pandas as pd

from pages.ui.widgets.scatter_option import SLIM, Bar, Style, grid_top, in_groups, map_option, window_around

STYLES = {"few": Style("#000000", title="few that are flagged"), "many": Style("#ffffff", title="many that are not")}
POINTS = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0], "group": ["few", "many"], "id": [0, 1]})


def test_a_slim_map_has_a_legend_of_more_lines_and_its_bar_below_the_tools() -> None:
    common = {"tip": "", "window": window_around(POINTS), "ink": "#000000"}
    plain = map_option(POINTS, POINTS.iloc[:0], STYLES, **common)
    [slim] = plain["media"]
    assert slim["query"] == {"maxWidth": SLIM}
    assert plain["grid"]["top"] == grid_top([*STYLES.values()], has_bar=False, narrow=False) == 14 + 18
    assert slim["option"]["grid"]["top"] == 14 + 2 * 18
    bar = Bar("loss", ("#000000", "#ffffff"), ("0", "1", "2"))
    coloured = map_option(POINTS, POINTS.iloc[:0], STYLES, bar=bar, **common)
    placed = [one["option"]["graphic"][1]["left"] for one in coloured["media"]]
    assert (coloured["graphic"][1]["left"], placed) == (104, [0])
    assert map_option(POINTS, POINTS.iloc[:0], STYLES, narrow=True, **common)["media"] == []


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
