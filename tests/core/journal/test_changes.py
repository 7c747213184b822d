"""From verdicts to the data that is trained on again."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import UserError
from core.journal.changes import apply, changes_of, summary
from core.journal.review import Verdict
from core.types import Changes


@pytest.fixture
def dataset(make_dataset):
    """Eight samples with ids 10, 12, …, 24 and labels 0 1 2 3 0 1 2 3; sample 24 is bona fide."""
    whole = make_dataset(8)
    return replace(whole, ids=np.arange(10, 26, 2), bona_fide=np.arange(8) == 7)


def test_verdicts_become_changes():
    given = {
        1: Verdict("exclude"),
        2: Verdict("keep"),
        3: Verdict("relabel", 0),
        4: Verdict("mark"),
        5: Verdict("exclude"),
        6: Verdict("relabel", None),
    }
    assert changes_of(given) == Changes(frozenset({1, 5}), {3: 0})
    assert changes_of({}) == Changes()


def test_excluded_samples_go_and_the_others_keep_their_ids(dataset):
    found = apply(dataset, Changes(frozenset({12, 20})))
    assert found.ids.tolist() == [10, 14, 16, 18, 22, 24]
    assert found.labels.tolist() == [0, 2, 3, 0, 2, 3]
    assert found.bona_fide.tolist() == [False] * 5 + [True]
    assert (found.inputs[:] == dataset.inputs[[0, 2, 3, 4, 6, 7]]).all()
    assert found.test_inputs is dataset.test_inputs
    assert found.n_classes == 4


def test_relabelled_samples_get_their_new_label(dataset):
    before = dataset.labels.copy()
    found = apply(dataset, Changes(relabelled={10: 3, 22: 0}))
    assert found.labels.tolist() == [3, 1, 2, 3, 0, 1, 0, 3]
    assert found.ids.tolist() == dataset.ids.tolist()
    assert (dataset.labels == before).all()


def test_a_sample_that_is_excluded_and_relabelled_is_excluded(dataset):
    found = apply(dataset, Changes(frozenset({10}), {10: 3, 12: 0}))
    assert found.ids.tolist() == [12, 14, 16, 18, 20, 22, 24]
    assert found.labels[0] == 0


def test_no_changes_are_no_copy(dataset):
    assert apply(dataset, Changes()) is dataset


@pytest.mark.parametrize(
    "changes",
    [
        Changes(frozenset(range(10, 26, 2))),
        Changes(frozenset({12, 14, 16, 20, 22, 24})),  # class 0 alone is left
        Changes(relabelled=dict.fromkeys(range(10, 26, 2), 1)),
    ],
)
def test_nothing_left_to_train_on(dataset, changes):
    with pytest.raises(UserError, match=r"Nothing would be left to train on. \d of 8 samples are excluded"):
        apply(dataset, changes)


def test_the_summary_by_hand(dataset):
    changes = Changes(frozenset({10, 12, 20}), {14: 0, 22: 3, 24: 3, 12: 2})  # 24 is a 3 already, 12 is excluded
    table = summary(dataset, changes)
    assert table.columns.tolist() == ["class", "samples", "excluded", "relabelled away", "relabelled in", "after"]
    assert table["class"].tolist() == ["class 0", "class 1", "class 2", "class 3"]
    assert table.iloc[:, 1:].to_numpy().tolist() == [[2, 1, 0, 1, 2], [2, 2, 0, 0, 0], [2, 0, 2, 0, 0], [2, 0, 0, 1, 3]]


def test_the_summary_agrees_with_the_repair(dataset):
    changes = Changes(frozenset({10, 24}), {14: 0, 16: 2})
    after = summary(dataset, changes)["after"].tolist()
    assert after == np.bincount(apply(dataset, changes).labels, minlength=4).tolist()
    assert summary(dataset, Changes())["after"].tolist() == [2, 2, 2, 2]
