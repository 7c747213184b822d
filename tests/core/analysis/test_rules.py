"""Rules: what each flags, by hand, and which one is in force."""

from dataclasses import replace

import numpy as np
import pytest

from core import pipeline, runs
from core.analysis import samples
from core.analysis.opened_run import opened
from core.analysis.rule_words import rule_words, words
from core.analysis.rules import Rule, boundary, chosen_rule, first_rule, flags
from core.detectors.consensus.consensus import RULES
from core.errors import UserError
from core.evaluation import results
from core.types import Detection

BONA_FIDE = np.array([False] * 6 + [True] * 4)
SUSPICION = np.array([9, 8, 7, 2, 1, 0, 9.5, 3, 1, 0], np.float32)
OWN = np.array([False, True] + [False] * 8)
# Four bona fide samples: p is a multiple of a fifth.
P_VALUES = np.array([1, 1, 2, 4, 5, 5, 1, 1, 1, 1], np.float32) / 5
FOUND = Detection(SUSPICION, OWN, p_values=P_VALUES)


def rows(rule, detection=FOUND):
    return np.flatnonzero(flags(detection, BONA_FIDE, rule)).tolist()


def test_each_rule_by_hand():
    assert rows(Rule()) == [1]
    # Six candidates, rate ½: 1/5 ≤ ½ · 2/6, 2/5 ≤ ½ · 3/6, 4/5 ≤ ½ · 4/6 and 1 ≤ ½ all fail.
    assert rows(Rule("rate", 0.5)) == []
    assert rows(Rule("budget", 2)) == [0, 1]
    assert rows(Rule("budget", 99)) == [0, 1, 2, 3, 4, 5]
    assert rows(Rule("threshold", 7)) == [0, 1, 2]
    assert rows(Rule("threshold", 9.25)) == []  # a bona fide sample is never flagged


def test_a_rate_is_benjamini_hochberg_among_the_others_with_ties_as_fractions():
    bona_fide = np.arange(29) >= 10
    p_values = np.concatenate([[1, 1, 1, 2, 2, 9, 20, 20, 20, 20], np.ones(19)]) / 20
    found = Detection(np.zeros(29, np.float32), bona_fide, p_values=p_values.astype(np.float32))
    # Ten candidates at 20 %: 2/20 ≤ 0.2 · 5/10 holds exactly; 9/20 ≤ 0.2 · 6/10 does not.
    assert np.flatnonzero(flags(found, bona_fide, Rule("rate", 0.2))).tolist() == [0, 1, 2, 3, 4]
    # At 17 %: 1/20 ≤ 0.17 · 3/10 = 0.051 holds, 2/20 ≤ 0.17 · 5/10 = 0.085 does not.
    assert np.flatnonzero(flags(found, bona_fide, Rule("rate", 0.17))).tolist() == [0, 1, 2]


def test_outliers_are_far_from_the_median_in_robust_deviations():
    suspicion = np.array(
        [0, 1, 2, 3, 4, 8, 2, 2, 100, 2], np.float32
    )  # median 2, MAD 1: beyond 2 + 3.5 · 1.4826 = 7.19
    assert rows(Rule("outliers"), Detection(suspicion, OWN)) == [5]


def test_without_p_values_no_rate_is_promised():
    with pytest.raises(UserError, match=r"No rate can be promised here. It is counted on at least 20"):
        rows(Rule("rate", 0.1), Detection(SUSPICION, OWN))


@pytest.mark.parametrize(
    ("kind", "value"), [("rate", 0), ("rate", 0.6), ("budget", 0), ("threshold", float("nan")), ("own", 1), ("odd", 0)]
)
def test_what_is_no_rule(kind, value):
    with pytest.raises(UserError):
        Rule(kind, value)


def test_a_rule_to_begin_with_and_its_words():
    assert boundary(FOUND) == 8
    assert boundary(Detection(SUSPICION, OWN & False)) == 9.5
    assert first_rule("threshold", FOUND) == Rule("threshold", 8.0)
    assert first_rule("budget", FOUND) == Rule("budget", 1)
    assert first_rule("rate", FOUND) == Rule("rate", 0.1)
    assert first_rule("own", FOUND) == Rule()
    assert words(Rule("rate", 0.1)) == "about 10% of them wrong on average over draws of bona fide samples"
    assert words(Rule("budget", 1200)) == "the 1,200 most suspicious"
    assert words(Rule("threshold", 2.34567)) == "suspicion of 2.346 or more"
    assert words(Rule("outliers")) == "outliers, no rate promised"
    assert words(Rule(), {"reject_fraction": 0.4, "n_neighbors": 50}) == "by its own rule (reject fraction 40%)"
    rate = {"false_discovery_rate": 0.1}
    expected = "about 10% of them wrong on average over draws of bona fide samples"
    assert words(Rule(), rate, RULES["rate"]) == f"by its own rule: {expected}"
    nothing = "by its own rule: at a rate of 10% wrong none stands out"
    assert words(Rule(), rate, RULES["rate"], flags_none=True) == nothing


@pytest.mark.parametrize("fired", [name for name in RULES if name != "rate"])
def test_a_fallback_is_named_and_never_labelled_with_a_rate(fired):
    said = words(Rule(), {"false_discovery_rate": 0.1}, RULES[fired])
    assert said.startswith("by its fallback rule: ")
    assert said.endswith(", no rate promised")
    assert "%" not in said


def test_a_chosen_rule_is_kept_and_everything_downstream_follows(finished):
    own = int(runs.detections(finished)["badloss"].flagged.sum())
    assert own == 20  # the worst tenth of 200
    assert pipeline.choose_rule(finished, "badloss", Rule("budget", 7)) == 7
    again = runs.open_run(finished.workspace, finished.id)
    assert chosen_rule(again, "badloss", runs.detections(again)["badloss"]) == Rule("budget", 7)
    assert samples.sample_table(opened(again))["badloss_flagged"].sum() == 7
    assert len(samples.suspects(samples.review_table(opened(again)), "badloss")) == 7
    assert samples.review_table(opened(again))["flagged_by"].max() <= 2
    assert results.detector_figures(opened(again))["badloss"]["flagged"] == 7
    assert pipeline.decide_flagged(again, "exclude", ["badloss"], reviewer="test") == 7
    assert runs.detections(again)["badloss"].flagged.sum() == own  # what the detector said is not rewritten
    assert pipeline.choose_rule(again, "badloss", Rule()) == own
    assert runs.rules(again) == {}


def test_rules_that_cannot_be_chosen(finished):
    with pytest.raises(UserError, match="consensus has not been run"):
        pipeline.choose_rule(finished, "consensus", Rule("budget", 7))
    bare = runs.detections(finished)["activation_clustering"]
    runs.save_detection(finished, "activation_clustering", Detection(bare.suspicion, bare.flagged), {}, 1.0)
    with pytest.raises(UserError, match="No rate can be promised"):
        pipeline.choose_rule(finished, "activation_clustering", Rule("rate", 0.1))
    assert runs.rules(finished) == {}


def test_a_rate_that_lost_its_p_values_becomes_outliers_by_name(finished):
    said = runs.detections(finished)["badloss"]
    found = replace(said, p_values=np.ones(len(said.flagged), np.float32))
    runs.save_detection(finished, "badloss", found, {}, 1.0)
    assert pipeline.choose_rule(finished, "badloss", Rule("rate", 0.1)) == 0
    assert rule_words(opened(finished), "badloss") == "at a rate of 10% wrong none stands out"
    assert chosen_rule(finished, "badloss", runs.detections(finished)["badloss"]) == Rule("rate", 0.1)
    assert chosen_rule(finished, "badloss", Detection(found.suspicion, found.flagged)) == Rule("outliers")
