"""The benchmark of texts on tiny data: it runs, and its arithmetic is right."""

from dataclasses import replace

import numpy as np
import pytest
import typer

from benchmarks.parts.perplexity import DISCOUNT, Language, perplexity
from benchmarks.parts.text_rows import TextRow, missed, text_table
from benchmarks.parts.texts import CONFIG, TextStudy, read_table, studies
from benchmarks.text import f1, measured

SMALL = replace(CONFIG, epochs=10, learning_rate=5e-3)
PLAIN, POOR, FINE = ([f"{kind}{place}" for place in range(8)] for kind in ("plain", "poor", "fine"))


@pytest.fixture
def folder(tmp_path):
    """Two classes, 240 texts each: three words of a class among three plain ones."""
    rng = np.random.default_rng(0)
    lines = ["text,label"]
    for index in range(480):
        own = rng.choice((POOR, FINE)[index % 2], 3, replace=False)
        lines.append(f"{' '.join(rng.permutation([*rng.choice(PLAIN, 3), *own]))},{index % 2}")
    (tmp_path / "rotten_tomatoes.csv").write_text("\n".join(lines))
    return tmp_path


def test_a_signature_is_planted_learned_found_and_repaired(folder, tmp_path):
    rows = list(measured(studies()[:1], folder, [0], tmp_path / "kept.json", SMALL))
    assert rows[0].poison == 20
    assert rows[0].success > 0.9
    assert rows[0].accuracy > 0.9
    assert rows[0].clusters > 0.9
    assert (rows[0].verdict, rows[0].accused, rows[0].found, rows[0].right) == ("backdoor", 0, 1.0, 1.0)
    assert abs(rows[0].unpoisoned - rows[0].accuracy) < 0.1
    assert rows[0].turned > 0.9
    assert 0 <= rows[0].strange <= 1
    assert rows[0].relabelled < 0.1
    assert rows[0].retrained < 0.5 * rows[0].success
    assert rows[0].relabelled_turned <= 0.05
    assert 0 <= rows[0].floor < rows[0].retrained + 0.1 < 0.5 * rows[0].success
    assert rows[0].floor_turned <= rows[0].floor
    text = "\n".join(text_table(rows))
    assert text.count("Rotten Tomatoes, signature at the end 10 %") == 2
    assert "| backdoor | 100.0 % | 100.0 % | 0 |" in text
    assert list(measured(studies()[:1], folder, [0], tmp_path / "kept.json", SMALL)) == rows


def test_clean_texts_have_no_poison_to_find(folder):
    row = next(measured([TextStudy("rotten_tomatoes", "clean")], folder, [0], None, SMALL))
    assert (row.poison, row.success, row.auroc, row.retrained) == (0, None, None, None)
    assert not any("ASR before" in line for line in text_table([row]))
    assert text_table([row])[-1].startswith("Clean trainings: 1. Texts were flagged in ")
    assert (row.blind_verdict, row.blind_accused) == ("none" if not row.blind_flagged else "open", 0)
    assert row.unpoisoned == row.accuracy


def test_rows_are_named_once_and_data_that_are_missing_are_said(tmp_path):
    names = [study.name for study in studies()]
    assert len(names) == len(set(names)) == 28
    with pytest.raises(typer.BadParameter, match=r"trec\.csv is missing"):
        read_table(tmp_path, "trec")


def test_a_language_of_two_words_is_counted_by_hand_and_its_words_sum_to_one():
    language = Language(["a b", "a c"])  # pairs: edge a (2), a b, a c, b edge, c edge
    alone = (1 - DISCOUNT) / 5 + DISCOUNT * 4 / 5 / 5  # b follows one word of five pairs; four kinds and the unseen
    assert np.isclose(np.exp(-language.cost("a", "b")), (1 - DISCOUNT) / 2 + DISCOUNT * 2 / 2 * alone)
    for first in ("a", "b", "", "never"):
        assert np.isclose(sum(np.exp(-language.cost(first, second)) for second in ("a", "b", "c", "", "new")), 1.0)
    assert np.isfinite(Language([]).cost("a", "b"))


def test_a_text_with_a_word_from_elsewhere_is_stranger_and_one_word_is_not_judged():
    known = ["the film is good", "the film is bad", "the day is good"]
    plain, odd, alone, none = perplexity(["the film is good", "the film cf is good", "cf", ""], known)
    assert odd > max(plain, 0)
    assert alone == none == 0


def test_f1_is_counted_by_hand():
    assert f1(np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)) == 0.5
    assert f1(np.zeros(2, bool), np.array([True, False])) == 0.0


def test_bars_are_missed_by_less_than_was_asked_for():
    good = TextRow("s", 9, 0.7, 0.72, 0.95, 0.9, 0.99, 0.5, 0.98, 0.99, 0.9, 0.1, 9, "backdoor", 0, 9, 0.95, 0.9)
    good = replace(good, relabelled=0.2, retrained=0.2, relabelled_turned=0.05, retrained_turned=0.0)
    assert missed(good, small=False) == missed(good, small=True) == []
    never_tried = replace(good, retrained=None, retrained_turned=None, relabelled_turned=None)
    assert missed(never_tried, small=True)
    assert not missed(never_tried, small=True, repaired=False)
    assert missed(replace(good, accuracy=0.69, success=0.8, auroc=0.97), small=True) == ["accuracy", "ASR", "AUROC"]
    assert missed(replace(good, clusters=0.9), small=True) == []
    assert missed(replace(good, clusters=0.9, f1=None), small=False) == [
        "F1 of Activation Clustering",
        "F1 of the consensus",
    ]
    few, many = replace(good, f1=2 * 4 / (4 + 9), flagged=4), replace(good, f1=2 * 9 / (11 + 9), flagged=11)
    assert (few.own_recall, few.own_wrong, many.own_recall, round(many.own_wrong, 3)) == (4 / 9, 0.0, 1.0, 0.182)
    assert missed(few, small=True) == ["recall of the consensus (the decision's is there)"]
    assert missed(replace(many, found=0.5), small=True) == ["recall of consensus and decision"]
    assert missed(replace(good, retrained_turned=0.06, accused=1), small=True) == [
        "a clean class accused",
        "turned after training again",
    ]
    assert missed(replace(good, retrained_turned=0.4, floor_turned=0.45), small=True) == [
        "turned after training again (no more than never poisoned)"
    ]
    clean = replace(good, poison=0, flagged=3)
    assert missed(clean, small=False) == ["texts flagged"]
    assert "| none |" in text_table([good])[2]


def test_small_amounts_are_those_of_less_than_a_tenth():
    assert [study.name.rpartition(" ")[0] for study in studies() if study.is_small and "SMS" in study.name] == [
        "SMS spam, rare token 3",
        "SMS spam, phrase 3",
    ]
