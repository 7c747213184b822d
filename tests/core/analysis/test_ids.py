"""Ids as people write them: which are there, and which are not, is said."""

import numpy as np
import pytest

from core.analysis.ids import found_ids, lacking
from core.errors import UserError

IDS = np.array([2, 5, 6, 9])


@pytest.mark.parametrize(
    ("text", "found", "unknown"),
    [
        ("2, 5-6", [2, 5, 6], []),
        ("2 9999", [2], ["9999"]),
        ("9-4", [5, 6, 9], ["4", "7-8"]),
        ("4-6, 5-7, 7", [5, 6], ["4", "7"]),
        (f"9-{10**17}", [9], [f"10-{10**17}"]),
    ],
)
def test_what_is_named_and_is_not_there_is_said(text, found, unknown):
    assert found_ids(text, IDS) == (found, unknown)


def test_where_nothing_is_there_it_is_refused_with_the_ids_that_are():
    with pytest.raises(UserError, match=r"no sample 3-4, 100"):
        found_ids("3-4, 100", IDS)
    with pytest.raises(UserError, match="No sample is named"):
        found_ids(" ", IDS)


def test_of_very_many_gaps_the_rest_is_counted():
    assert lacking("0-200", np.arange(0, 200, 2))[-2:] == ["39", "80 more"]
