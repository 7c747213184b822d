"""The clean set as others read it."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.data import store
from core.errors import UserError
from core.output.clean_copy import files_of, folder_names, forms, write_clean_copy


@pytest.fixture
def decided(finished):
    """A run whose first three samples are excluded and whose fourth has another label."""
    data = store.load(finished.workspace, finished.dataset)
    pipeline.decide(finished, [0, 1, 2], "exclude", reviewer="ann")
    label = (int(data.labels[3]) + 1) % data.n_classes
    pipeline.decide(finished, [3], "relabel", reviewer="ann", new_label=label)
    pipeline.decide(finished, [4], "mark", reviewer="ann")
    expected = np.array(data.labels[3:])
    expected[0] = label
    return finished, data, expected


def test_an_archive(decided, tmp_path):
    run, data, expected = decided
    found = write_clean_copy(opened(run), tmp_path / "clean.npz")
    assert found == {"copy": str(tmp_path / "clean.npz"), "samples": 197, "excluded": 3, "relabelled": 1}
    with np.load(tmp_path / "clean.npz", allow_pickle=False) as archive:
        assert np.array_equal(archive["x_train"], data.inputs[3:])
        assert np.array_equal(archive["y_train"], expected)
        assert np.array_equal(archive["x_test"], data.test_inputs[:])
        assert np.array_equal(archive["y_test"], data.test_labels)
        assert archive["ids"].tolist() == list(range(3, 200))
        assert tuple(archive["class_names"]) == data.class_names


def test_an_archive_is_opened_again(decided, tmp_path):
    run, _, expected = decided
    write_clean_copy(opened(run), tmp_path / "clean.npz")
    again = pipeline.import_dataset(tmp_path / "other", tmp_path / "clean.npz")
    assert np.array_equal(store.load(tmp_path / "other", again.id).labels, expected)


def test_a_folder(decided, tmp_path):
    run, data, expected = decided
    write_clean_copy(opened(run), tmp_path / "clean")
    names = folder_names(data.class_names)
    files = {int(path.stem): path for path in (tmp_path / "clean" / "train").glob("*/*.png")}
    assert sorted(files) == list(range(3, 200))
    for sample in (3, 4, 199):
        pixels = np.asarray(Image.open(files[sample]))
        assert np.array_equal(pixels.reshape(data.shape), data.inputs[sample])
        assert files[sample].parent.name == names[expected[sample - 3]]
    assert len(list((tmp_path / "clean" / "test").glob("*/*.png"))) == len(data.test_labels)
    changes = pd.read_csv(tmp_path / "clean" / "changes.csv")
    assert changes["id"].tolist() == [0, 1, 2, 3]
    assert changes["decision"].tolist() == ["exclude"] * 3 + ["relabel"]
    assert changes["new_label"].iloc[3] == expected[0]


def test_a_folder_that_holds_something_is_left_alone(decided, tmp_path):
    (tmp_path / "clean").mkdir()
    (tmp_path / "clean" / "mine.txt").write_text("precious")
    with pytest.raises(UserError, match="holds something already"):
        write_clean_copy(opened(decided[0]), tmp_path / "clean")
    assert [path.name for path in tmp_path.glob("*clean*")] == ["clean"]
    assert (tmp_path / "clean" / "mine.txt").read_text() == "precious"


def test_a_copy_that_is_cut_short_leaves_nothing(decided, tmp_path):
    def stop(progress, part):
        assert list(tmp_path.glob("*clean*"))  # it is being written
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_clean_copy(opened(decided[0]), tmp_path / "clean", stop)
    assert not list(tmp_path.glob("*clean*"))


def test_folder_names_are_harmless_and_distinct():
    names = ("../../etc", "a/b", "a\\b", "<b>x</b>", "😀", "x" * 300, "con", "", "..", "new\nline")
    found = folder_names(names)
    assert found[:3] == ["0-etc", "1-a_b", "2-a_b"]
    assert len(set(found)) == len(names)
    assert all(len(name) <= 62 and set(name) <= set("0123456789-_" + "abcdefghijklmnopqrstuvwxyz") for name in found)
    assert folder_names(tuple(str(i) for i in range(11)))[3] == "03-3"


def test_what_was_called_pixels_is_what_is_stored(decided):
    assert (files_of("pixels"), files_of("copy")) == ("stored", "copy")
    with pytest.raises(UserError, match="no way 'paint'"):
        files_of("paint")
    assert forms(opened(decided[0])) == ["archive", "stored", "datasets"]


def test_texts_are_offered_in_no_archive_of_pixels(workspace, tmp_path):
    (tmp_path / "films.csv").write_text("text,label\ngood,pos\nfine,pos\ndull,neg\nbad,neg\n")
    run = runs.create(workspace, pipeline.import_dataset(workspace, tmp_path / "films.csv"), {}, ("train",))
    assert forms(opened(run)) == ["copy", "stored", "datasets"]
    pipeline.decide(run, [1], "exclude", reviewer="ann")
    assert write_clean_copy(opened(run), tmp_path / "stored", files="stored")["files"] == "stored texts"
    (tmp_path / "films.csv").unlink()
    assert forms(opened(run)) == ["stored", "datasets"]
