"""Data that are imported again: what is known to be clean stays so, and it is said."""

import shutil
from pathlib import Path

import numpy as np

from core import pipeline
from core.data import store
from core.journal import review
from tests.core.pictures import plain


def images(folder, greys):
    folder.mkdir(parents=True, exist_ok=True)
    for index, grey in enumerate(greys):
        (folder / f"{index}.png").write_bytes(plain(grey, 9))


def test_bona_fide_samples_are_carried_over_to_the_next_version_and_said(workspace, tmp_path):
    images(tmp_path / "f" / "a", [1, 2, 3])
    images(tmp_path / "f" / "b", [11, 12, 13])
    (tmp_path / "list.txt").write_text("0\n1\n4\n")
    first = pipeline.import_dataset(workspace, tmp_path / "f", "Mine", tmp_path / "list.txt")
    review.guarantee(workspace, first.id, [5], reviewer="ada")
    images(tmp_path / "f" / "a", [1, 99, 3])  # 1.png is another picture now
    (tmp_path / "f" / "a" / "00.png").write_bytes(plain(7, 9))  # and all rows behind this one move
    again = pipeline.import_dataset(workspace, tmp_path / "f", "Mine")
    names = np.array(store.names(workspace, again.id))
    assert names[store.load(workspace, again.id).bona_fide].tolist() == ["a/0.png", "b/1.png", "b/2.png"]
    assert again.about["bona fide"] == f"3 of 4 samples carried over from {first.id}"
    assert store.load(workspace, first.id).bona_fide.sum() == 3
    (tmp_path / "list.txt").write_text("b/0.png\n")
    named = pipeline.import_dataset(workspace, tmp_path / "f", "Mine", tmp_path / "list.txt")
    assert (named.id, named.n_bona_fide, named.about) == (f"{again.id}-2", 1, None)


def test_the_same_folder_under_another_name_keeps_its_bona_fide_samples(workspace, tmp_path, monkeypatch):
    images(tmp_path / "f" / "a", [1, 2, 3])
    images(tmp_path / "f" / "b", [11, 12, 13])
    (tmp_path / "list.txt").write_text("a/1.png\n4\n")
    first = pipeline.import_dataset(workspace, tmp_path / "f", "Mine", tmp_path / "list.txt")
    monkeypatch.chdir(tmp_path)
    again = pipeline.import_dataset(workspace, Path("f"))
    assert np.flatnonzero(store.load(workspace, again.id).bona_fide).tolist() == [1, 4]
    assert again.about["bona fide"] == f"2 of 2 samples carried over from {first.id}"
    shutil.copytree(tmp_path / "f", tmp_path / "elsewhere")
    other = pipeline.import_dataset(workspace, tmp_path / "elsewhere")
    assert other.n_bona_fide == 0
    assert again.opening == store.Opening(str(tmp_path / "f"), "image_folder")
