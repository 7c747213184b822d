"""Advice: its figures by hand, its words in each situation, and few false alarms."""

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.advice import advice, bona_fide_needed, least_fraction, review_budget
from core.analysis.rules import Rule
from core.analysis.wrong import estimated
from core.types import ClassFinding, Detection, Notes


def detection(n_poison, n=4000, trusted=250, gap=6.0, seed=0):
    """Normal suspicion, `n_poison` samples `gap` higher, and its split-conformal p-values."""
    rng = np.random.default_rng(seed)
    suspicion = rng.normal(size=n + trusted).astype(np.float32)
    suspicion[:n_poison] += np.float32(gap)
    bona_fide = np.arange(n + trusted) >= n
    above = trusted - np.searchsorted(np.sort(suspicion[bona_fide]), suspicion)
    p_values = ((1 + above) / (1 + trusted)).astype(np.float32)
    return Detection(suspicion, suspicion > 3, p_values=p_values), bona_fide


def test_how_many_bona_fide_samples_would_be_enough():
    assert bona_fide_needed(0.1, 0.03) == 333  # 1 / 0.003 − 1 = 332.33
    assert bona_fide_needed(0.1, 0.04) == 249  # exactly: 1/250 ≤ 0.1 · 0.04
    assert bona_fide_needed(0.2, 0.25) == 19
    assert bona_fide_needed(0.1, 0.0) == 0


def test_the_smallest_fraction_that_shows():
    assert least_fraction(250) == pytest.approx(1 - 0.005 ** (1 / 250))
    assert least_fraction(0) == 1


def test_the_estimate_by_hand():
    p = np.concatenate([np.full(20, 1 / 100), np.linspace(0.2, 1, 80)])
    fraction, bound = estimated(p, 99)
    # A fifth of the samples lies above all 99 clean ones: 0.2 − 1/99, and 0.2 − (1 − 0.005^(1/99)) for sure.
    assert fraction == pytest.approx(0.2 - 1 / 99)
    assert bound == pytest.approx(0.2 - (1 - 0.005 ** (1 / 99)))
    assert estimated(np.linspace(0.01, 1, 100), 99) == (0.0, 0.0)


def test_the_review_budget_by_hand():
    p = np.concatenate([np.full(30, 0.01), np.full(23, 0.02), np.linspace(0.1, 1, 947)])
    # 5 % of 1,000 are poison. First 30: 30 − 0.01 · 950 = 20.5 of it; first 53: 53 − 19 = 34; first 54: 54 − 95, none.
    assert review_budget(p, 0.05) == 53
    assert review_budget(np.concatenate([np.full(123, 0.001), np.linspace(0.1, 1, 877)]), 0.12) == 130  # 123, upwards


def test_the_fraction_that_is_probably_clean_by_hand():
    bona_fide = np.arange(119) >= 100
    p = np.concatenate([np.full(10, 0.05), np.full(10, 0.1), np.full(80, 1.0), np.ones(19)])
    found = Detection(-p.astype(np.float32), p < 0.1, p_values=p.astype(np.float32))
    said = advice(found, bona_fide, Rule("budget", 20))
    # 20 of 100, beside at most 0.1 · 100 clean ones; what is estimated to be poison is taken off.
    clean = 0.1 * 100 * (1 - said.prevalence) / 20
    assert said.sentences[-1] == f"Among the 20 most suspicious, about {clean:.0%} are probably clean."


@pytest.mark.parametrize("count", [1, 10, 300])
def test_of_those_above_every_bona_fide_sample_only_their_number_is_known(count):
    told, wrong = [], []
    for seed in range(40):
        found, bona_fide = detection(400, seed=seed)
        above = (found.suspicion > found.suspicion[bona_fide].max()) & ~bona_fide
        said = advice(found, bona_fide, Rule("budget", count)).sentences[-1]
        assert said.startswith(f"Of all {above.sum()} samples above every bona fide one, about ")
        told.append(int(said.partition("about ")[2].partition("%")[0]) / 100)
        wrong.append(above[400:].sum() / above.sum())  # the poison comes first
    # How many clean ones lie above 250 others differs from draw to draw as an exponential does.
    assert np.mean(told) == pytest.approx(np.mean(wrong), abs=3 * np.std(wrong) / np.sqrt(40))


def test_samples_named_since_change_nothing_that_was_counted_before():
    found, bona_fide = detection(400)
    noted = replace(found, notes=Notes(counted_on=250))
    now = bona_fide.copy()
    now[3000:3050] = True
    before, after = advice(noted, bona_fide, Rule("budget", 10)), advice(noted, now, Rule("budget", 10))
    assert after.at_least == pytest.approx(before.at_least, abs=0.003)
    assert after.sentences[-1].startswith("Of all 4")
    assert before.sentences[-1].startswith("Of all 4")


def test_plenty_of_poison():
    found, bona_fide = detection(400)
    said = advice(found, bona_fide, Rule())
    assert said.prevalence == pytest.approx(0.1, abs=0.015)
    assert 0.05 < said.at_least < 0.1
    assert (said.enough, said.review) == (None, 0)
    assert "% of the data look poisoned" in said.sentences[0]
    assert said.sentences[1].startswith("A rate of 10% wrong, on average over draws of bona fide samples, flags 4")
    assert len(advice(found, bona_fide, Rule("rate", 0.1)).sentences) == 1
    half = advice(found, bona_fide, Rule("budget", 800)).sentences[-1]
    fraction = int(half.partition("about ")[2].partition("%")[0]) / 100
    assert half.startswith("Among the 800 most suspicious")
    assert fraction == pytest.approx(0.5, abs=0.15)  # 400 of 800 are clean


def test_too_few_for_a_promise():
    found, bona_fide = detection(120)
    said = advice(found, bona_fide, Rule("rate", 0.1))
    assert said.prevalence == pytest.approx(0.03, abs=0.01)
    assert said.enough == bona_fide_needed(0.1, np.mean(found.p_values[~bona_fide] < 1 / 250))
    assert said.enough > 250
    assert 100 <= said.review <= 300
    words = " ".join(said.sentences)
    beyond = np.mean(found.suspicion[~bona_fide] > found.suspicion[bona_fide].max())
    takes = f"takes {1 / 25.1:.2%} of the data above all 250 bona fide samples, and {beyond:.2%} are."
    assert f"Too few for a rate of 10% wrong: it {takes}" in words
    enough = f"About {said.enough:,} bona fide samples would be enough; until then, review the {said.review:,} most"
    assert enough in words


def test_poison_hidden_among_hard_clean_samples():
    found, bona_fide = detection(800)
    hard = (
        np.random.default_rng(1).permutation(np.arange(len(bona_fide)))[:212] % 3450 + 800
    )  # a twentieth, trusted too
    suspicion = found.suspicion.copy()
    suspicion[hard] = 20
    above = 250 - np.searchsorted(np.sort(suspicion[bona_fide]), suspicion)
    mixed = Detection(suspicion, found.flagged, p_values=((1 + above) / 251).astype(np.float32))
    said = advice(mixed, bona_fide, Rule("rate", 0.05))
    assert said.prevalence == pytest.approx(0.2, abs=0.04)
    assert said.enough is None
    assert "so far that about 5% would be wrong on average" in said.sentences[1]
    assert f"review the {said.review:,} most suspicious" in said.sentences[1]
    assert 800 <= said.review <= 1200


def test_clean_data_and_what_could_have_been_missed():
    found, bona_fide = detection(0)
    none = replace(found, flagged=np.zeros_like(found.flagged))
    said = advice(none, bona_fide, Rule())
    assert said.at_least == 0
    assert said.sentences[0].startswith("No sign by this detector.")
    assert f"poison below {1 - 0.005 ** (1 / 250):.1%} of the data" in said.sentences[0]
    assert "0.5% of a class, or made to evade detectors" in said.sentences[0]


def test_there_is_never_no_sign_beside_flags():
    found, bona_fide = detection(0)
    assert found.flagged.any()
    [said] = advice(found, bona_fide, Rule()).sentences
    assert "No sign" not in said
    assert "no rate can be given for what is flagged" in said


def test_nothing_is_called_clean_where_classes_were_not_judged():
    found, bona_fide = detection(0)
    classes = {0: ClassFinding(None, "only 8 samples: too few to split"), 1: ClassFinding(False, "one cluster")}
    [said] = advice(replace(found, classes=classes), bona_fide, Rule()).sentences
    assert said == "Nothing stands out in the 1 classes that were judged; nothing is known of the other 1."


def test_a_shared_pattern_is_named_and_no_rate_is_promised_for_it():
    found, bona_fide = detection(0)
    sharing = replace(found, notes=Notes(sharing_a_pattern=20))
    [said] = advice(sharing, bona_fide, Rule()).sentences
    assert said.startswith("20 suspicious samples carry a pattern that no bona fide sample of their class carries")
    assert "No rate can be promised" in said
    for doubted, words in ((1, "1 bona fide sample carries it, too, and is"), (3, "3 bona fide samples carry it, too")):
        [said] = advice(replace(found, notes=Notes(sharing_a_pattern=20, doubted=doubted)), bona_fide, Rule()).sentences
        assert words in said
        assert "no bona fide sample" not in said
    blind = replace(found, p_values=None, notes=Notes(sharing_a_pattern=20))
    assert "shares a pattern" in advice(blind, np.zeros_like(bona_fide), Rule()).sentences[0]
    found, bona_fide = detection(120)
    about, pattern, no_power = advice(replace(found, notes=Notes(sharing_a_pattern=90)), bona_fide, Rule()).sentences
    assert "look poisoned" in about
    assert pattern.startswith("90 suspicious samples")
    assert no_power.startswith("Too few for a rate of 10% wrong")


def test_clean_data_seldom_raise_an_alarm_and_poison_often_does():
    alarms = [advice(*detection(0, n=1500, seed=seed), Rule()).at_least > 0 for seed in range(100)]
    found = [advice(*detection(60, n=1500, seed=seed), Rule()).at_least > 0 for seed in range(100)]
    assert np.mean(alarms) <= 0.10
    assert np.mean(found) >= 0.95


def test_without_enough_bona_fide_samples_and_from_before_p_values():
    found, bona_fide = detection(400)
    bare = replace(found, p_values=None)
    assert "Run the detector again" in advice(bare, bona_fide, Rule()).sentences[0]
    none = advice(bare, bona_fide & False, Rule()).sentences[0]
    assert none.startswith("No sample is known to be clean")
    assert "outliers" in none
    few = advice(bare, bona_fide & (np.cumsum(bona_fide) <= 7), Rule()).sentences[0]
    assert few.startswith("Only 7 samples are known to be clean")
