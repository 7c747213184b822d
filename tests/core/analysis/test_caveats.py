"""What a result leaves open is counted and said."""

import pandas as pd

from core.analysis.caveats import emptied_words, judged_words, undecided, undecided_words
from core.types import ClassFinding


def table(flagged, verdicts):
    return pd.DataFrame({"flagged": flagged, "verdict": verdicts})


def test_flagged_samples_without_a_decision_are_counted_against_all_flagged():
    half = table([True, True, True, False], ["exclude", "", "", ""])
    assert undecided(half) == 2
    assert undecided_words(half) == "2 of 3 flagged samples are undecided; undecided samples stay in the data."


def test_a_review_that_is_done_leaves_no_sentence():
    assert undecided_words(table([True, False], ["keep", ""])) == ""


def test_classes_that_were_not_judged_are_never_counted_as_clean_in_silence():
    assert judged_words([ClassFinding()] * 15, 15) == "0 of 15 classes look poisoned; 15 were not judged"
    assert judged_words([ClassFinding(True), ClassFinding(False)], 3, ": cat").endswith(
        "poisoned: cat; 1 was not judged"
    )
    assert judged_words([ClassFinding(False)], 1) == "0 of 1 classes look poisoned"


def test_a_class_that_loses_all_or_nearly_all_its_samples_is_named():
    summary = pd.DataFrame({"class": ["a", "b", "c", "d"], "samples": [24, 40, 10, 0], "after": [0, 2, 9, 0]})
    assert emptied_words(summary) == "Classes emptied or nearly emptied: a loses all 24; b keeps 2 of 40."
    assert emptied_words(summary[2:]) == ""
