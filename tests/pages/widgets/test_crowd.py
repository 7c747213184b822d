"""What is selected on a map of many points, from what the browser says was done."""

import numpy as np
import pytest

from pages.ui.widgets.crowd import HIDDEN, Crowd, chosen
from pages.ui.widgets.scatter_option import Style

NONE = np.empty(0, np.int64)
SQUARE = [[0.0, 1.5], [0.0, 1.5]]


def crowd() -> Crowd:
    """Five points, ids 10 to 14: three inside the square, of which one is not drawn, and one without a place."""
    places = np.array([[0, 0], [1, 1], [1, 0], [5, 5], [np.nan, 1]], np.float32)
    groups = np.array([0, 1, HIDDEN, 0, 0], np.uint8)
    classes = np.zeros((2, 5), np.uint16)
    ids = np.arange(10, 15)
    return Crowd(places, groups, [Style("#000000"), Style("#ffffff", "diamond")], ids, ids - 10, classes, np.ones(5))


@pytest.mark.parametrize(
    ("event", "before", "after"),
    [
        ({"kind": "rect", "corners": SQUARE}, [13], [10, 11]),
        ({"kind": "rect", "corners": SQUARE, "add": True}, [13], [10, 11, 13]),
        ({"kind": "polygon", "corners": [[-1, -1], [2, -1], [0, 0.5]]}, [13], [10]),
        ({"kind": "point", "at": 3}, [10], [13]),
        ({"kind": "point", "at": 3, "add": True}, [10], [10, 13]),
        ({"kind": "point", "at": 3, "add": True}, [10, 13], [10]),
        ({"kind": "point", "at": 2}, [10], []),
        ({"kind": "point", "at": 99}, [10], []),
        ({"kind": "clear"}, [10], []),
        ({"kind": "rect", "corners": "nonsense"}, [10], []),
    ],
)
def test_what_is_selected_after_an_event(event: dict[str, object], before: list[int], after: list[int]) -> None:
    assert chosen(crowd(), event, np.array(before, np.int64)).tolist() == after
