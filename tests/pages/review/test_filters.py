"""The filters of the review are in the address, stay when the page is left, and give way to those of a link."""

import re

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Slider

from core.analysis import opened_run
from core.analysis.queue import Filter, queue
from core.analysis.samples import loss_percentiles, review_table
from core.runs import Run
from pages.ui.review.filters import FILTERS
from tests.pages.drawn import FEW, MANY, field, page, said


def opened(**address: str) -> AppTest:
    """Review at an address, in a session of its own."""
    app = page("review")
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def counts(app: AppTest) -> list[str]:
    assert not app.exception, app.exception
    return [one.value for one in app.caption if re.fullmatch(r"[0-9]+ of [0-9]+", one.value)]


def loss_range(app: AppTest) -> Slider:
    return next(one for one in app.slider if one.label == "Loss, as a percentile")


def address(app: AppTest) -> dict[str, str]:
    said_now = {name: app.query_params[name] for name in FILTERS if name in app.query_params}
    return {name: value[0] if isinstance(value, list) else value for name, value in said_now.items()}


def test_what_is_filtered_is_in_the_address_and_holds_when_the_page_is_left(two_detections: Run) -> None:
    app = opened()
    assert (address(app), counts(app)) == ({}, [f"{FEW} of {FEW}"])
    field(app, "Verdict").select("All").run()
    field(app, "Given").select(0).run()
    n = len(queue(review_table(opened_run.opened(two_detections)), Filter(label=0, verdict="all")))
    assert 0 < n < FEW
    assert counts(app) == [f"{n} of {n}"]
    assert address(app) == {"verdict": "All", "class": "0"}
    app = page("review", page("repair", app))
    assert counts(app) == [f"{n} of {n}"]
    assert address(app) == {"verdict": "All", "class": "0"}
    assert counts(opened(**address(app))) == [f"{n} of {n}"]
    next(one for one in app.button if one.key == "clear-filters").click().run()
    assert (address(app), counts(app)) == ({}, [f"{FEW} of {FEW}"])


@pytest.mark.parametrize(
    ("said_there", "expected"),
    [
        ({"suspicion": "95-100"}, "7 of 7"),
        ({"agree": "2"}, f"{FEW} of {FEW}"),
        ({"ids": "3-5"}, "3 of 3"),
        ({"predicted": "class 1"}, "1 of 1"),
        ({"given": "class 1"}, "1 of 1"),  # as an earlier version had it
        ({"verdict": "gone", "class": "77", "suspicion": "9-3", "from": "999"}, f"{FEW} of {FEW}"),
    ],
)
def test_an_address_opens_what_it_says_and_nothing_that_there_is_not(
    two_detections: Run, said_there: dict[str, str], expected: str
) -> None:
    assert counts(opened(**said_there)) == [expected]


def test_the_range_of_losses_of_the_maps_is_that_of_the_review_and_one_button_clears_it(two_detections: Run) -> None:
    table = review_table(opened_run.opened(two_detections))
    rows = queue(table, Filter())
    middle = int(100 * loss_percentiles(table).loc[rows.index].median())
    left = int((loss_percentiles(table).loc[rows.index] >= middle / 100).sum())
    assert 0 < left < FEW
    app = page("clusters")
    loss_range(app).set_value((middle, 100)).run()
    app = page("review", app)
    assert loss_range(app).value == (middle, 100)
    assert counts(app) == [f"{left} of {left}"]
    assert address(app) == {"loss": f"{middle}-100"}
    loss_range(app).set_value((0, 0)).run()
    assert counts(app) == ["0 of 0"]
    app.button("clear-all").click().run()
    assert (address(app), counts(app)) == ({}, [f"{FEW} of {FEW}"])


def test_the_class_of_the_maps_is_that_of_the_review(two_detections: Run) -> None:
    app = page("clusters")
    field(app, "Class").select(1).run()
    app = page("review", app)
    assert field(app, "Given").value == 1
    assert counts(app) == ["1 of 1"]


def test_whose_flags_are_counted_is_in_the_address_of_every_page(two_detections: Run) -> None:
    app = opened()
    field(app, "Flagged by").select("activation_clustering").run()
    assert counts(app) == [f"{MANY} of {MANY}"]
    assert "activation_clustering" in str(page("overview", app).query_params["by"])
    assert "by its own rule" in said(app)
