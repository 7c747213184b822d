"""What samples are called: by their source, by the data that they were made from, or by their row."""

import json
from dataclasses import replace

import numpy as np

from core.data import store
from core.data.store.sample_names import is_file_name, matching, one_line, sample_names, short_name


def test_without_a_name_a_sample_is_called_by_its_row(make_dataset, tmp_path):
    info = store.save(tmp_path, replace(make_dataset(4), ids=np.array([3, 5, 8, 9])), source="made")
    assert sample_names(tmp_path, info.id) == ("row 3", "row 5", "row 8", "row 9")


def test_a_copy_calls_its_samples_as_the_data_that_it_was_made_from(make_dataset, tmp_path):
    clean = make_dataset(4)
    info = store.save(tmp_path, clean, source="made")
    names = {"train": ["a.png", "b.png", "c.png", "d.png"], "test": []}
    (tmp_path / "datasets" / info.id / "names.json").write_text(json.dumps(names))
    rows = np.array([1, 3])
    arrays = {key: getattr(clean, key)[rows] for key in ("ids", "labels", "bona_fide")}
    part = replace(clean, name="copy", inputs=clean.inputs.take(rows), **arrays)
    copy = store.save(tmp_path, part, source="planted", parent=info.id)
    assert sample_names(tmp_path, copy.id) == ("b.png", "d.png")


def test_the_face_of_a_name_is_one_short_line():
    assert one_line("a\nb\x1b[31m.png") == "a�b�[31m.png"
    assert short_name("train/cat/x.png") == "x.png"
    assert short_name("folder/") == "folder/"
    assert not is_file_name("line 12")
    assert is_file_name("row 12.png")


def test_a_part_of_a_name_is_found_in_either_case():
    assert matching(["Cat/1.PNG", "dog/2.png"], " cat/") == [True, False]
