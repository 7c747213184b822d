"""The clean set as the files that it came from: the same bytes under the same names, for every kind of source."""

import csv
import os
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from core import pipeline, runs
from core.analysis.opened_run import opened
from core.errors import UserError
from core.output.clean_copy import write_clean_copy
from tests.core.pictures import plain

FILES = {f"{name}/{index}.png": plain(40 * index + 3, 9) for name in ("cat", "red panda") for index in range(4)}


@pytest.fixture
def folder(tmp_path):
    for name, content in FILES.items():
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(content)
    return tmp_path / "photos"


@pytest.fixture
def reviewed(workspace):
    """A function: a run on what lies at a path, whose sample 1 is excluded and whose sample 2 is a red panda now."""

    def review(path, **settings):
        info = pipeline.import_dataset(workspace, path, settings=settings or None)
        run = runs.create(workspace, info, {}, ("train",))
        pipeline.decide(run, [1], "exclude", reviewer="ann")
        pipeline.decide(run, [2], "relabel", reviewer="ann", new_label=1)
        return opened(run)

    return review


def contents(folder):
    """Relative path → bytes of all files but the list of changes."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "changes.csv")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


CLEAN = {name: content for name, content in FILES.items() if name not in {"cat/1.png", "cat/2.png"}}
CLEAN["red panda/2-was-cat.png"] = FILES["cat/2.png"]


def test_a_folder_gives_the_same_bytes_under_the_same_names(folder, reviewed, tmp_path):
    said = write_clean_copy(reviewed(folder), tmp_path / "clean")
    assert contents(tmp_path / "clean") == CLEAN
    assert (said["samples"], said["excluded"], said["relabelled"], said["files"]) == (7, 1, 1, "originals")
    changes = pd.read_csv(tmp_path / "clean" / "changes.csv")
    assert changes["name"].tolist() == ["cat/1.png", "cat/2.png"]
    assert changes["new_name"].iloc[1] == "red panda/2-was-cat.png"


def test_a_relabelled_file_never_takes_the_place_of_another(folder, reviewed, tmp_path):
    (folder / "red panda" / "2-was-cat.png").write_bytes(plain(9, 9))
    write_clean_copy(reviewed(folder), tmp_path / "clean")
    assert (tmp_path / "clean" / "red panda" / "2-was-cat.png").read_bytes() == plain(9, 9)
    assert (tmp_path / "clean" / "red panda" / "2-was-cat-2.png").read_bytes() == FILES["cat/2.png"]


def test_files_may_be_linked(folder, reviewed, tmp_path):
    run = reviewed(folder)
    write_clean_copy(run, tmp_path / "hard", files="hard-link")
    assert (tmp_path / "hard" / "cat" / "0.png").samefile(folder / "cat" / "0.png")
    write_clean_copy(run, tmp_path / "soft", files="symlink")
    assert (tmp_path / "soft" / "cat" / "0.png").readlink() == folder / "cat" / "0.png"


def test_an_archive_gives_the_bytes_of_its_members(folder, reviewed, tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    write_clean_copy(reviewed(tmp_path / "photos.zip"), tmp_path / "clean", files="hard-link")
    assert contents(tmp_path / "clean") == CLEAN


def test_a_table_is_given_back_with_its_columns_and_the_files_that_it_names(folder, reviewed, tmp_path):
    rows = [(name, name.split("/")[0], f"note, {index}") for index, name in enumerate(FILES)]
    rows.insert(4, ("red panda/3.png", ""))  # a row too short, which has no sample but counts as one
    path = folder / "labels.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([("path", "label", "note"), *rows])
    write_clean_copy(reviewed(path), tmp_path / "clean")
    table = pd.read_csv(tmp_path / "clean" / "labels.csv")
    assert table.columns.tolist() == ["path", "label", "note"]
    assert table["path"].tolist() == [name for name in FILES if name != "cat/1.png"]
    assert table["label"].tolist() == ["cat", "red panda", "cat", *["red panda"] * 4]
    assert table["note"][1] == "note, 2"
    names = {name: content for name, content in FILES.items() if name != "cat/1.png"}
    assert {name: content for name, content in contents(tmp_path / "clean").items() if name != "labels.csv"} == names


def test_a_parquet_table_keeps_its_types(reviewed, tmp_path):
    frame = pd.DataFrame({"image": list(FILES.values()), "label": [7] * 4 + [9] * 4, "weight": [0.5] * 8})
    frame.to_parquet(tmp_path / "t.parquet")
    write_clean_copy(reviewed(tmp_path / "t.parquet"), tmp_path / "clean")
    again = pd.read_parquet(tmp_path / "clean" / "t.parquet")
    assert again["label"].tolist() == [7, 9, 7, 9, 9, 9, 9]
    assert again["image"][1] == FILES["cat/2.png"]
    assert again.dtypes.tolist() == frame.dtypes.tolist()
    assert set(contents(tmp_path / "clean")) == {"t.parquet"}


def test_what_was_changed_since_the_import_is_said(folder, reviewed, tmp_path):
    run = reviewed(folder)
    later = (folder / "cat" / "0.png").stat().st_mtime + 1000
    os.utime(folder / "cat" / "0.png", (later, later))
    assert write_clean_copy(run, tmp_path / "clean")["changed_since_import"] == ["cat/0.png"]


def test_a_source_that_lists_other_files_is_refused(folder, reviewed, tmp_path):
    run = reviewed(folder)
    (folder / "cat" / "0.png").unlink()
    with pytest.raises(UserError, match="no longer what was imported"):
        write_clean_copy(run, tmp_path / "clean")
    assert not (tmp_path / "clean").exists()


def test_a_link_that_took_the_place_of_a_file_is_not_followed_out_of_the_folder(folder, reviewed, tmp_path):
    run = reviewed(folder)
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "cat" / "0.png").unlink()
    (folder / "cat" / "0.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(UserError):
        write_clean_copy(run, tmp_path / "clean")


def test_without_the_source_the_stored_pixels_are_given_and_it_is_said(folder, reviewed, tmp_path):
    run = reviewed(folder)
    shutil.rmtree(folder)
    said = write_clean_copy(run, tmp_path / "clean")
    assert said["files"] == f"stored images, since {folder} is gone"
    assert len(list(Path(tmp_path / "clean" / "train").rglob("*.png"))) == 7
    with pytest.raises(UserError, match="cannot be given back"):
        write_clean_copy(run, tmp_path / "other", files="copy")


def test_a_table_without_a_header_is_given_back_without_one(folder, reviewed, tmp_path):
    path = folder / "labels.csv"
    path.write_text("".join(f"{name},{name.split('/')[0]}\n" for name in FILES))
    write_clean_copy(reviewed(path), tmp_path / "clean")
    labels = {name: name.split("/")[0] for name in FILES if name != "cat/1.png"} | {"cat/2.png": "red panda"}
    assert (tmp_path / "clean" / "labels.csv").read_text().splitlines() == [",".join(row) for row in labels.items()]
