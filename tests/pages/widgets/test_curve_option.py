"""The loss curves as ECharts gets them."""

import json
from typing import Any

import numpy as np
import pytest

from core.types import Floats
from pages.ui.widgets.curve_option import curves_option

BAND = np.array([[1, 0.5, 0], [2, 1, 0.5], [4, 2, 1]], np.float32)


def series(option: dict[str, Any], name: str) -> list[dict[str, Any]]:
    json.dumps(option, allow_nan=False)  # as it is sent
    return [one for one in option["series"] if one["name"] == name]


def test_a_curve_lies_over_a_band_from_low_to_high() -> None:
    option = curves_option({"class 0": BAND}, np.array([[3, 0.1, 0]], np.float32), "this sample", trusted="#112233")
    low, height = series(option, "")
    assert low["stack"] == height["stack"]
    assert low["data"] == pytest.approx([1, 0.5, 0], abs=1e-5)
    assert np.add(low["data"], height["data"]).tolist() == pytest.approx([4, 2, 1])
    assert [one["data"] for one in series(option, "class 0")] == [[2, 1, 0.5]]
    [own] = series(option, "this sample")
    assert own["data"] == pytest.approx([3, 0.1, 0], abs=1e-5)
    assert min(own["data"]) > 0  # a logarithmic axis breaks at 0
    assert option["series"][-1] is own
    assert option["legend"]["data"] == ["class 0", "this sample"]
    assert (option["xAxis"]["data"], option["yAxis"]["type"]) == (["1", "2", "3"], "log")


def test_several_curves_are_faint_and_the_epoch_is_marked_once() -> None:
    drawn = series(curves_option({}, np.ones((5, 2), np.float32), "selected", trusted="#112233", epoch=2), "selected")
    assert [one["lineStyle"]["width"] for one in drawn] == [1] * 5
    assert drawn[-1]["markLine"]["data"] == [{"xAxis": 1}]  # the second of the axis
    assert not any("markLine" in one for one in drawn[:-1])


@pytest.mark.parametrize("curves", [np.ones((0, 3)), np.ones((2, 0)), np.array([[1.0, np.nan, np.inf]])])
def test_nothing_and_epochs_to_come_are_gaps(curves: Floats) -> None:
    option = curves_option({}, curves.astype(np.float32), "selected", trusted="#112233", epoch=1)
    for line in series(option, "selected"):
        assert line["data"] == [1.0, None, None][: curves.shape[1]]
    assert option["legend"]["data"] == (["selected"] if len(curves) else [])


def test_a_loss_beyond_all_bounds_and_a_single_epoch_are_drawn() -> None:
    option = curves_option(
        {"class": np.full((3, 1), np.inf, np.float32)}, np.ones((1, 1), np.float32), "this sample", trusted="#112233"
    )
    assert series(option, "class")[0]["data"] == [None]
    [own] = series(option, "this sample")
    assert own["showSymbol"]  # one epoch is a point


def test_a_band_beyond_all_bounds_is_a_gap_without_a_warning() -> None:
    band = np.array([[0.1, np.inf], [0.2, np.inf], [0.3, np.inf]], np.float32)
    with np.errstate(invalid="raise"):
        option = curves_option({"class 0": band}, np.zeros((0, 2), np.float32), "", trusted="#112233")
    assert [one["data"][1] for one in option["series"]] == [None, None, None]


def test_of_a_long_class_name_the_legend_shows_both_ends() -> None:
    name = "Long-sleeved garments of the autumn collection (women)"
    option = curves_option({name: BAND}, np.zeros((0, 3), np.float32), "", trusted="#112233", narrow=True)
    [shown] = option["legend"]["data"]
    assert len(shown) < 30
    assert shown.endswith("(women)")
    assert series(option, shown)
