"""What a result leaves open is counted and said."""

import pandas as pd

from core.analysis.caveats import (
    bona_fide_words,
    emptied_words,
    judged_words,
    left_words,
    suspects_words,
    tally,
    undecided_words,
)
from core.types import ClassFinding


def table(flagged, verdicts, confirmed=False):
    return pd.DataFrame({"flagged": flagged, "verdict": verdicts, "confirmed": confirmed})


def test_flagged_samples_without_a_decision_are_counted_against_all_flagged():
    half = tally(table([True, True, True, False], ["exclude", "", "", ""]))
    assert (half.undecided, half.suspects) == (2, 3)
    words = "2 of 3 flagged samples are undecided (flagged by STRIP); undecided samples stay in the data."
    assert undecided_words(half, "STRIP") == words


def test_a_review_that_is_done_leaves_no_sentence():
    done = tally(table([True, False], ["keep", ""]))
    assert (undecided_words(done, "STRIP"), left_words(done)) == ("", "")


def test_what_the_decision_confirmed_is_counted_beside_what_is_flagged_beyond_it():
    counts = tally(table([True, True, False, False], ["exclude", "", "", ""], [True, False, True, False]))
    assert (counts.confirmed, counts.beyond, counts.suspects) == (2, 1, 3)
    assert (counts.left_confirmed, counts.left_beyond, counts.undecided) == (1, 1, 2)
    words = "2 of 3 suspects are undecided (1 confirmed, 1 more flagged by STRIP); undecided samples stay in the data."
    assert undecided_words(counts, "STRIP") == words


def test_classes_that_were_not_judged_are_never_counted_as_clean_in_silence():
    assert judged_words([ClassFinding()] * 15, 15) == "Judged 0 of 15 classes: nothing is known of any"
    some = judged_words([ClassFinding(True), ClassFinding(False)], 3, ": cat")
    assert some == "Judged 2 of 3 classes: 1 looks poisoned: cat; nothing is known of the other 1"
    assert judged_words([ClassFinding(False)], 1) == "Judged 1 of 1 classes: 0 look poisoned"


def test_bona_fide_samples_among_others_are_counted_by_class():
    rows = pd.DataFrame({"label": [0, 1, 1, 2], "bona_fide": [False, True, True, True]})
    assert bona_fide_words(rows, ("a", "b", "c")) == "3 of them are bona fide: b 2, c 1"
    assert bona_fide_words(rows, None) == "3 of them are bona fide"
    assert bona_fide_words(rows[:1], ("a", "b", "c")) == bona_fide_words(rows[:1], None) == ""


def test_a_class_that_loses_all_or_nearly_all_its_samples_is_named():
    summary = pd.DataFrame({"class": ["a", "b", "c", "d"], "samples": [24, 40, 10, 0], "after": [0, 2, 9, 0]})
    assert emptied_words(summary) == "Classes emptied or nearly emptied: a loses all 24; b keeps 2 of 40."
    assert emptied_words(summary[2:]) == ""


def test_classes_that_look_poisoned_are_named_and_many_are_counted() -> None:
    findings = {index: ClassFinding(index % 2 == 0) for index in range(20)}
    names = [f"c{index}" for index in range(20)]
    assert suspects_words({0: ClassFinding(False)}, names) == ""
    assert suspects_words({4: ClassFinding(True)}, names) == ": c4"
    said = suspects_words(findings, names)
    assert said.startswith(": c0, c2")
    assert "more" in said
    assert "c18" not in said
