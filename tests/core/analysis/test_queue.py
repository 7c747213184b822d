"""The queue of the review: filters, order, ids in words, and what comes next."""

import pandas as pd
import pytest

from core.analysis.ids import parse_ids
from core.analysis.queue import Filter, next_undecided, place_of, queue
from core.analysis.samples import confused, ids_confused
from core.errors import UserError

TABLE = pd.DataFrame(
    {
        "id": [3, 5, 8, 9, 12],
        "label": [0, 1, 1, 0, 1],
        "predicted": pd.array([1, 1, pd.NA, 0, 0], "Int64"),
        "flagged": [True, True, True, False, True],
        "flagged_by": [1, 2, 3, 1, 2],
        "confirmed": False,
        "badloss_flagged": [False, True, True, True, False],
        "suspicion": [0.9, 0.7, 0.9, 0.4, 0.8],
        "family": [1, 2, 0, -1, -2],
        "cluster_class": [0, 1, 1, 0, 1],
        "cluster": [1, 0, 1, 1, -1],
        "verdict": ["", "exclude", "keep", "", ""],
        "decision": ["backdoor", "open", "none", "backdoor", "none"],
        "group": [1, 0, 0, 2, 0],
    }
)


NAMES = ("cat/a.png", "cat/b.png", "dog/a.png", "Dog/7.png", "x.png")


def ids(among=None, **wanted):
    return queue(TABLE, Filter(**{"verdict": "all", **wanted}), among)["id"].tolist()


def test_what_is_flagged_comes_most_suspicious_first_and_equals_by_id():
    assert ids() == [3, 8, 12, 5]


def test_what_the_decision_confirmed_is_in_the_queue_whoever_flags_it():
    table = TABLE.assign(confirmed=TABLE["id"] == 9)
    assert queue(table, Filter(verdict="all"))["id"].tolist() == [3, 8, 12, 5, 9]
    assert queue(table.assign(badloss_flagged=False), Filter(detector="badloss"))["id"].tolist() == [9]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"verdict": "undecided"}, [3, 12]),
        ({"verdict": "decided"}, [8, 5]),
        ({"verdict": "keep"}, [8]),
        ({"label": 1}, [8, 12, 5]),
        ({"predicted": 1}, [3, 5]),
        ({"predicted": 0}, [12]),
        ({"detector": "badloss"}, [8, 5, 9]),
        ({"family": 1}, [3]),
        ({"family": 0}, [8, 12]),
        ({"agreement": 2}, [8, 12, 5]),
        ({"order": "family"}, [12, 8, 3, 5]),
        ({"cluster": (0, 1)}, [3, 9]),  # all of it, flagged or not
        ({"cluster": (1, 0)}, [5]),
        ({"cluster": (0, 1), "ids": "4-12"}, [9]),
        ({"cluster": (2, 1)}, []),
        ({"decided": "backdoor"}, [3, 9]),  # all of it, flagged or not
        ({"decided": 2}, [9]),
        ({"decided": 2, "cluster": (0, 1)}, [9]),
        ({"decided": "open", "ids": "3-8"}, [5]),
        ({"ids": "9, 3"}, [3, 9]),
        ({"ids": "4-9", "verdict": "undecided"}, [9]),
    ],
)
def test_each_filter_leaves_its_own(wanted, expected):
    assert ids(**wanted) == expected


def test_filters_add_up_and_a_reviewer_is_a_set_of_ids():
    assert ids(label=1, agreement=2, predicted=0) == [12]
    assert ids(among={5, 9}) == [5]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7", [(7, 7)]), ("7, 10-20", [(7, 7), (10, 20)]), ("20 – 10  3", [(10, 20), (3, 3)]), ("", []), (" ,", [])],
)
def test_ids_are_read_as_people_write_them(text, expected):
    assert parse_ids(text) == expected


@pytest.mark.parametrize("text", ["x", "1-", "1.5", "-3", "1-2-3"])
def test_what_is_no_id_is_named(text):
    with pytest.raises(UserError, match="is no id"):
        parse_ids(text)


def test_next_goes_on_behind_the_focus_passes_over_what_is_taken_and_begins_again():
    rows = queue(TABLE, Filter(verdict="all"))  # 3, 8 decided, 12, 5 decided
    assert next_undecided(rows, 3) == 12
    assert next_undecided(rows, 12) == 3
    assert next_undecided(rows, None) == 3
    assert next_undecided(rows, 77) == 3
    assert next_undecided(rows, 3, taken={12}) is None
    assert next_undecided(rows.iloc[:0], 3) is None


def test_a_place_is_counted_from_the_front():
    ids_in_order = queue(TABLE, Filter(verdict="all"))["id"].to_numpy()
    assert [place_of(ids_in_order, one) for one in (3, 12, 9, None)] == [0, 2, None, None]


def test_nothing_is_of_a_group_before_there_is_a_decision():
    before = TABLE.drop(columns=["decision", "group"])
    assert queue(before, Filter(verdict="all", decided=1)).empty


def test_what_is_no_id_is_a_part_of_a_name():
    def found(text):
        return queue(TABLE, Filter(verdict="all", ids=text), names=lambda: NAMES)["id"].tolist()

    assert found("dog/") == [8, 9]  # flagged or not
    assert found("7") == []
    assert found("12") == [12]
    assert found("nothing") == []
    with pytest.raises(UserError, match="is no id"):
        ids(ids="dog/")


def test_what_is_confused_comes_first_and_without_a_prediction_nothing_is_counted():
    pairs = confused(pd.concat([TABLE, TABLE.assign(label=0, predicted=1, id=TABLE["id"] + 20)]))
    assert list(pairs.itertuples(index=False, name=None)) == [(0, 1, 6, 5), (1, 0, 1, 1), (0, 0, 1, 0), (1, 1, 1, 1)]
    assert ids_confused(TABLE, 1, 0).tolist() == [12]
    assert ids_confused(TABLE, 1, 1).tolist() == [5]
