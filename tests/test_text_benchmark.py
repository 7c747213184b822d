"""The benchmark of texts on tiny data: it runs, and its arithmetic is right."""

from dataclasses import replace

import numpy as np
import pytest
import typer

from benchmarks.parts.texts import CONFIG, TextStudy, read_table, studies
from benchmarks.text import f1, measured, text_table

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
    assert rows[0].relabelled < 0.1
    assert rows[0].retrained < 0.5 * rows[0].success
    text = "\n".join(text_table(rows))
    assert text.count("Rotten Tomatoes, signature at the end 10 %") == 2
    assert "| backdoor | 100.0 % | 100.0 % | 0 |" in text
    assert list(measured(studies()[:1], folder, [0], tmp_path / "kept.json", SMALL)) == rows


def test_clean_texts_have_no_poison_to_find(folder):
    row = next(measured([TextStudy("rotten_tomatoes", "clean")], folder, [0], None, SMALL))
    assert (row.poison, row.success, row.auroc, row.retrained) == (0, None, None, None)
    assert "ASR before" in text_table([row])[-2]


def test_rows_are_named_once_and_data_that_are_missing_are_said(tmp_path):
    names = [study.name for study in studies()]
    assert len(names) == len(set(names)) == 18
    with pytest.raises(typer.BadParameter, match=r"trec\.csv is missing"):
        read_table(tmp_path, "trec")


def test_f1_is_counted_by_hand():
    assert f1(np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)) == 0.5
    assert f1(np.zeros(2, bool), np.array([True, False])) == 0.0
