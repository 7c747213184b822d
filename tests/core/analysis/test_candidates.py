"""The draw of samples to call clean: equal over classes, nothing suspect, nothing twice."""

import pandas as pd

from core.analysis.queue import candidates


def table(n=60, flagged=(), trusted=(), decided=(), confirmed=()):
    ids = pd.Series(range(100, 100 + n))
    return pd.DataFrame(
        {
            "id": ids,
            "label": [place % 3 for place in range(n)],
            "flagged_by": ids.isin(flagged).astype(int),
            "bona_fide": ids.isin(trusted),
            "confirmed": ids.isin(confirmed),
            "verdict": ["exclude" if one in decided else "" for one in ids],
        }
    )


def of_class(ids):
    return [sum((one - 100) % 3 == index for one in ids) for index in range(3)]


def test_every_class_gives_as_many_and_the_seed_decides():
    drawn = candidates(table(), (), count=15, seed=1)
    assert of_class(drawn) == [5, 5, 5]
    assert len(set(drawn)) == 15
    assert candidates(table(), (), count=15, seed=1) == drawn
    assert candidates(table(), (), count=15, seed=2) != drawn


def test_what_is_suspect_decided_known_or_spoken_of_is_left_out():
    rows = table(flagged=(100, 101), trusted=(102,), decided=(103,), confirmed=(106,))
    assert sorted(candidates(rows, {104, 105}, count=99)) == list(range(107, 160))


def test_a_class_that_has_many_waits_for_the_others():
    drawn = candidates(table(trusted=(100, 103, 106, 109)), (), count=8)
    assert of_class(drawn) == [0, 4, 4]


def test_the_end_of_the_data_is_no_failure():
    assert candidates(table(3, flagged=(100, 101, 102)), ()) == []
