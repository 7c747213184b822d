"""Folders of images: what becomes a class, and what hostile folders come to."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data import open_source
from core.data.collection import Collection, Files
from core.data.folders.layout import arranged
from core.errors import UserError
from tests.core.opened import kinds, refusal, told
from tests.core.pictures import plain

PIXEL = plain()
ODD = [
    "<b onclick=alert(1)>",
    "two\nlines",
    "x" * 200,
    "😀",
    "a&b",
    "-rf",
    " ",
    "c:\\d",
    "'; DROP TABLE",
    "=1+1",
    "$(id)",
]


@pytest.fixture
def folder(tmp_path):
    """Makes a folder of files, path → content (a number stands for an image of that grey), and returns it."""

    def make(files):
        root = tmp_path / "flowers"
        for path, content in files.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(plain(content) if isinstance(content, int) else content)
        return root

    return make


def test_a_folder_for_each_class(folder):
    found = open_source(folder({"rose/b.png": 2, "rose/a.PNG": 1, "aster/deep/down/c.jpeg": 3}))
    assert (found.name, found.class_names, found.problems) == ("flowers", ("aster", "rose"), ())
    assert told(found) == {
        "train": [("aster/deep/down/c.jpeg", "aster", 3), ("rose/a.PNG", "rose", 1), ("rose/b.png", "rose", 2)],
        "test": [],
    }
    assert found.train.labels.dtype == "int64"
    assert found.truth is None


@pytest.mark.parametrize("name", ["test", "Test", "val", "valid", "validation"])
def test_train_and_a_set_that_is_held_out(folder, name):
    found = open_source(folder({"train/a/1.png": 1, "train/b/2.png": 2, f"{name}/b/3.png": 3}))
    assert found.class_names == ("a", "b")
    assert told(found)["train"] == [("train/a/1.png", "a", 1), ("train/b/2.png", "b", 2)]
    assert told(found)["test"] == [(f"{name}/b/3.png", "b", 3)]


@pytest.mark.parametrize(
    ("train", "test"), [("training_set", "test_set"), ("pets_train", "pets_val"), ("trainset", "testdata")]
)
def test_folders_that_nearly_say_train_and_test_are_splits_and_that_is_said(folder, train, test):
    found = open_source(folder({f"{train}/a/1.png": 1, f"{train}/b/2.png": 2, f"{test}/a/3.png": 3}))
    assert (found.class_names, len(found.train), len(found.test)) == (("a", "b"), 2, 1)
    assert f"{train} is the training set" in found.about["splits"]
    as_classes = open_source(found_at(folder), None, {"layout": "classes only"})
    assert as_classes.class_names == tuple(sorted((train, test)))


def found_at(folder):
    return folder({})


def test_classes_first_and_splits_below(folder):
    found = open_source(folder({"a/train/1.png": 1, "b/train/2.png": 2, "a/test/3.png": 3, "b/test/x/4.png": 4}))
    assert told(found) == {
        "train": [("a/train/1.png", "a", 1), ("b/train/2.png", "b", 2)],
        "test": [("a/test/3.png", "a", 3), ("b/test/x/4.png", "b", 4)],
    }
    assert "train is the training set" in found.about["splits"]


@pytest.mark.parametrize(("train", "test"), [("train_images", "test_images"), ("TRAIN", "VAL"), ("trainset", "dev")])
def test_splits_below_the_classes_may_nearly_say_so(folder, train, test):
    paths = [f"{label}/{split}/{i}.png" for label in "ab" for split in (train, test) for i in range(2)]
    found = open_source(folder(dict.fromkeys(paths, 1)))
    assert (found.class_names, len(found.train), len(found.test)) == (("a", "b"), 4, 4)
    assert f"{train} is the training set" in found.about["splits"]
    with pytest.raises(UserError, match="can be read in two ways"):
        open_source(folder({"a/loose.png": 1}))


def test_folders_that_lie_in_every_class_are_mentioned(folder):
    found = open_source(folder({f"{fold}/{label}/1.png": 1 for fold in ("fold_0", "fold_1") for label in "ab"}))
    assert found.class_names == ("fold_0", "fold_1")
    assert found.about["folders"].startswith("a, b lie in every class")
    assert "folders" not in open_source(folder({"fold_2/c/1.png": 1})).about


@pytest.mark.parametrize(
    "paths",
    [
        ("train/1.png", "test/2.png"),
        ("train_a/x/1.png", "train_b/x/2.png", "test_a/x/3.png"),
        ("my_train/x/1.png", "my_test/y/2.png"),
        ("test/a/1.png", "val/a/2.png"),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked(folder, paths):
    root = folder({path: index for index, path in enumerate(paths)})
    assert "can be read in two ways" in refusal(root)
    assert len(open_source(root, None, {"layout": "classes only"}).class_names) == len({p.split("/")[0] for p in paths})


@pytest.mark.parametrize("names", [("train_station", "church"), ("bullet_train", "test_tube", "cup"), ("a", "test")])
def test_classes_whose_names_hold_the_word_of_a_split(folder, names):
    assert open_source(folder({f"{name}/1.png": 1 for name in names})).class_names == tuple(sorted(names))


def test_links_are_followed_into_the_folder_that_is_named(folder, tmp_path):
    root = folder({"a/1.png": 1, "b/2.png": 2})
    linked, elsewhere = tmp_path / "linked", tmp_path / "elsewhere"
    (linked / "files").mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "3.png").write_bytes(plain(3))
    (linked / "a").symlink_to(root / "a")
    (linked / "files" / "2.png").symlink_to(root / "b" / "2.png")
    (linked / "files" / "3.png").symlink_to(elsewhere / "3.png")
    (linked / "a2").symlink_to(linked)
    assert "Links into another folder are followed on the command line: --set links_within" in refusal(linked)
    found = open_source(linked, None, {"links_within": str(root)})
    assert told(found)["train"] == [("a/1.png", "a", 1), ("files/2.png", "files", 2)]
    assert kinds(found) == {"link": 2}


def test_of_two_sets_that_are_held_out_test_is_taken_and_that_is_said(folder):
    files = {"train/a/1.png": 1, "train/b/2.png": 2, "val/a/3.png": 3, "val/b/4.png": 4, "test/a/5.png": 5}
    found = open_source(folder(files))
    assert told(found)["test"] == [("test/a/5.png", "a", 5)]
    (problem,) = found.problems
    assert (problem.kind, problem.what, problem.detail[:22]) == ("left out", "val", "2 images are left out:")


def test_test_images_of_a_class_that_is_not_trained(folder):
    found = open_source(folder({"train/a/1.png": 1, "train/b/2.png": 2, "test/c/3.png": 3, "test/b/4.png": 4}))
    assert found.class_names == ("a", "b")
    assert told(found)["test"] == [("test/b/4.png", "b", 4)]
    (problem,) = found.problems
    assert (problem.kind, problem.what) == ("unknown class", "c")
    assert problem.detail.startswith("1 test images are left out")


def test_a_class_may_be_called_train(folder):
    found = open_source(folder({"train/1.png": 1, "car/2.png": 2, "test/3.png": 3}))
    assert found.class_names == ("car", "test", "train")
    assert len(found.test) == 0


def test_folders_around_the_classes_are_walked_through(folder):
    found = open_source(folder({"data/flowers/a/1.png": 1, "data/flowers/b/2.png": 2, "README.txt": b"read me"}))
    assert found.class_names == ("a", "b")
    assert kinds(found) == {"no image": 1}


def test_what_is_no_image_of_a_class_is_listed(folder):
    files = {"a/1.png": 1, "a/notes.txt": b"x", "b/2.png": 2, "c/empty.csv": b"", "loose.png": 3}
    root = folder(files | {".git/x/4.png": 4, "a/.5.png": 5, "a/._1.png": b"", "__MACOSX/a/1.png": b""})
    (root / "d").mkdir()
    found = open_source(root)
    assert found.class_names == ("a", "b")
    assert [name for name, _, _ in told(found)["train"]] == ["a/1.png", "b/2.png"]
    assert {(one.kind, one.what) for one in found.problems} == {
        ("no image", "a/notes.txt"),
        ("no image", "c/empty.csv"),
        ("no class", "loose.png"),
        ("empty class", "c"),
        ("empty class", "d"),
    }


def test_beside_train_and_test_other_folders_are_left_out(folder):
    found = open_source(folder({"train/a/1.png": 1, "train/b/2.png": 2, "masks/a/3.png": 3, "train/4.png": 4}))
    assert len(found.train) == 2
    assert {(one.kind, one.what) for one in found.problems} == {("left out", "masks"), ("no class", "train/4.png")}


@pytest.mark.parametrize("name", ODD)
def test_a_class_may_be_called_anything(folder, name):
    found = open_source(folder({f"{name}/{name}.png": 1, "plain/2.png": 2}))
    assert set(found.class_names) == {name, "plain"}
    assert (f"{name}/{name}.png", name, 1) in told(found)["train"]


def test_names_that_are_no_unicode_are_read_and_can_be_written(folder):
    root = folder({"a/1.png": 1})
    odd = os.fsencode(root) + b"/b\xff\xfe"
    os.mkdir(odd)  # noqa: PTH102  no Path holds these bytes
    with open(odd + b"/\xe9.png", "wb") as stream:  # noqa: PTH123
        stream.write(plain(7))
    found = open_source(root)
    assert found.class_names == ("a", "b��")
    assert ("b��/�.png", "b��", 7) in told(found)["train"]
    "".join((*found.class_names, *found.train.names)).encode()


def test_links_that_lead_outside_are_listed_and_never_read(folder, tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(plain(99))
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "6.png").write_bytes(plain(98))
    root = folder({"a/1.png": 1, "b/2.png": 2})
    (root / "a" / "absolute.png").symlink_to(secret)
    (root / "a" / "relative.png").symlink_to("../../secret.png")
    (root / "a" / "nowhere.png").symlink_to("missing.png")
    (root / "a" / "loop.png").symlink_to("loop.png")
    (root / "b" / "folder").symlink_to(tmp_path / "outside")
    (root / "c").symlink_to(root / "a")
    (root / "b" / "inside.png").symlink_to("../a/1.png")
    os.mkfifo(root / "b" / "pipe.png")
    found = open_source(root)
    assert told(found)["train"] == [("a/1.png", "a", 1), ("b/2.png", "b", 2), ("b/inside.png", "b", 1)]
    assert kinds(found) == {"link": 7}
    assert found.class_names == ("a", "b")


def test_a_file_that_becomes_a_link_or_a_pipe_after_the_folder_was_listed(folder, tmp_path):
    (tmp_path / "secret.png").write_bytes(plain(99))
    root = folder({"a/1.png": 1, "b/2.png": 2, "b/3.png": 3})
    found = open_source(root)
    for name in ("a/1.png", "b/2.png", "b/3.png"):
        (root / name).unlink()
    (root / "a" / "1.png").symlink_to(tmp_path / "secret.png")
    os.mkfifo(root / "b" / "2.png")
    with pytest.raises(UserError, match="leads out of the folder"):
        found.train.read(0)
    with pytest.raises(UserError, match="bytes"):
        found.train.read(1)
    with pytest.raises(FileNotFoundError):
        found.train.read(2)


def test_a_file_that_is_far_too_large_is_not_read(folder):
    root = folder({"a/1.png": 1, "b/2.png": 2})
    with (root / "a" / "1.png").open("r+b") as stream:
        stream.truncate(2**40)  # a terabyte of nothing
    with pytest.raises(UserError, match=r"1,099,511,627,776 bytes"):
        open_source(root).train.read(0)


def test_folders_within_folders_without_end(folder):
    deep = "/".join("d" * 60)
    found = open_source(folder({"a/1.png": 1, "b/2.png": 2, f"a/{deep}/3.png": 3}))
    assert len(found.train) == 2
    assert kinds(found) == {"too deep": 1}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a/1.png": 1, "a/2.png": 2}, "There is one class"),
        ({"train/a/1.png": 1, "test/b/2.png": 2}, "There is one class"),
        ({"a/1.doc": b"x", "b/2.doc": b"y"}, "There are no images in folders of classes. "),
        ({"a/1.doc": b"x", "b/2.doc": b"y"}, "no image: 2, empty class: 2"),
        ({"1.png": 1}, "is a folder, which cannot be opened. Its images lie in no folder of a class. "),
    ],
)
def test_what_cannot_be_used_is_said(folder, files, words):
    assert words in refusal(folder(files))


def test_too_many_classes():
    paths = [f"{index}/1.png" for index in range(10_000)]
    with pytest.raises(UserError, match=r"There are 10,000 folders with images, .* At most 1,000"):
        arranged(Files(paths, (), lambda index: b""), "x")
    assert len(arranged(Files(paths[:1000], (), lambda index: b""), "x").class_names) == 1000


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="is no folder"):
        open_source(tmp_path / "file", "image_folder")
    assert "There is nothing at" in refusal(tmp_path / "missing")
    assert "There is nothing at" in refusal(tmp_path / ("x" * 5000))


def test_a_source_that_is_not_known(tmp_path):
    with pytest.raises(UserError, match="There is no data source named 'floppy'"):
        open_source(tmp_path, "floppy")


NAMES = st.sampled_from(["train", "test", "val", "a", "b", ".x", "1.png", "2.JPG", "é", "\udcff.png", "", "__MACOSX"])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(NAMES, min_size=1, max_size=5).map("/".join), max_size=12, unique=True))
def test_any_names_are_a_collection_or_refused(paths):
    try:
        found = arranged(Files(paths, (), lambda index: paths[index].encode("utf-8", "replace")), "x")
    except UserError:
        return
    assert isinstance(found, Collection)
    assert len(found.class_names) >= 2
    for part in (found.train, found.test):
        assert len(part.names) == len(part)
        assert all(0 <= label < len(found.class_names) for label in part.labels)
        assert all(part.read(index) for index in range(len(part)))
    assert set(found.train.labels.tolist()) == set(range(len(found.class_names)))
    told_of = "".join((*found.class_names, *found.train.names, *found.test.names, *(p.what for p in found.problems)))
    told_of.encode()
