"""What an archive may hold, and what is said when it holds something else."""

import mmap
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data import open_source
from core.data.arrays import numpy_files
from core.data.store.demo import demo, gathered
from core.errors import UserError
from tests.core import hostile
from tests.core.opened import refusal

GREY = np.arange(6 * 8 * 8, dtype=np.uint8).reshape(6, 8, 8)
LABELS = np.array([0, 1, 2, 0, 1, 2])


@pytest.fixture
def archive(tmp_path):
    """Writes an archive of the given arrays and returns its path."""

    def write(**arrays):
        path = tmp_path / "flowers.npz"
        np.savez(path, **arrays)
        return path

    return write


def root(array):
    """What an array's memory belongs to."""
    while getattr(array, "base", None) is not None:
        array = array.base
    return array


def test_grey_images_get_a_channel(archive):
    dataset = gathered(open_source(archive(x_train=GREY, y_train=LABELS)))
    assert dataset.name == "flowers"
    assert dataset.shape == (8, 8, 1)
    assert (dataset.inputs[:][..., 0] == GREY).all()
    assert dataset.inputs[:].dtype == np.uint8
    assert dataset.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert dataset.ids.tolist() == [0, 1, 2, 3, 4, 5]
    assert dataset.class_names == ("0", "1", "2")
    assert not dataset.bona_fide.any()
    assert dataset.test_inputs[:].shape == (0, 8, 8, 1)


def test_colour_images_with_a_test_set_and_names(archive):
    colour = np.stack([GREY] * 3, axis=-1)
    arrays = {"x_train": colour, "y_train": LABELS.astype(np.uint8), "x_test": colour[:2], "y_test": np.array([3, 0])}
    dataset = gathered(open_source(archive(**arrays, class_names=np.array(["a", "b", "c", "d"]))))
    assert dataset.shape == (8, 8, 3)
    assert dataset.class_names == ("a", "b", "c", "d")
    assert dataset.test_labels.tolist() == [3, 0]
    assert dataset.labels.dtype == np.int64


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x_train": GREY}, "no array y_train"),
        ({"images": GREY, "y_train": LABELS}, "no array x_train. It holds: images, y_train"),
        ({"x_train": GREY / 255 - 0.5, "y_train": LABELS}, "Undo a normalisation"),
        ({"x_train": GREY.astype(int) * 1000, "y_train": LABELS}, "x_train is int64, with values from 0 to 2.55e+05"),
        ({"x_train": GREY.astype("U3"), "y_train": LABELS}, "x_train is <U3"),
        ({"x_train": np.where(GREY == 70, np.nan, 0.0), "y_train": LABELS}, "NaN or infinity, first in row 1"),
        ({"x_train": np.where(GREY == 70, np.inf, 0.0), "y_train": LABELS}, "NaN or infinity, first in row 1"),
        ({"x_train": GREY, "y_train": np.where(LABELS == 2, np.nan, LABELS)}, "misses 2 labels, the first in row 2"),
        ({"x_train": GREY, "y_train": np.eye(3)[LABELS]}, "Save numpy.argmax(labels, 1) instead"),
        ({"x_train": GREY, "y_train": np.array([""] * 6)}, "There are no classes"),
        ({"x_train": GREY[0], "y_train": LABELS}, r"shape (8, 8)"),
        ({"x_train": GREY[..., None].repeat(4, 3), "y_train": LABELS}, "shape (6, 8, 8, 4)"),
        ({"x_train": GREY[:0], "y_train": LABELS[:0]}, "shape (0, 8, 8)"),
        ({"x_train": GREY, "y_train": LABELS[:5]}, "x_train has 6 images, y_train 5 labels"),
        ({"x_train": GREY, "y_train": LABELS - 1}, "y_train runs from -1 to 1"),
        ({"x_train": GREY, "y_train": LABELS + 0.5}, "Labels have to be whole numbers"),
        ({"x_train": GREY, "y_train": LABELS * 0}, "At least two classes"),
        ({"x_train": GREY, "y_train": LABELS, "x_test": GREY}, "no array y_test"),
        ({"x_train": GREY, "y_train": LABELS, "y_test": LABELS}, "no array x_test"),
        ({"x_train": GREY, "y_train": LABELS, "x_test": GREY, "y_test": LABELS[:2]}, "y_test 2 labels"),
        ({"x_train": GREY, "y_train": LABELS, "x_test": GREY[:, :4], "y_test": LABELS}, "test images (4, 8, 1)"),
        ({"x_train": GREY, "y_train": LABELS, "class_names": np.array(["a", "b"])}, "text of the shape (3,)"),
        ({"x_train": GREY, "y_train": LABELS, "class_names": np.arange(3)}, "class_names cannot be used"),
    ],
)
def test_what_is_wrong_is_named(archive, arrays, words):
    assert words in refusal(archive(**arrays))


def test_numbers_that_are_as_good_as_uint8_are_taken_without_loss(archive):
    for images in (
        GREY / 255,
        (GREY / 255).astype(np.float32),
        (GREY / 255).astype(np.float16),
        GREY.astype(float),
        GREY.astype(np.int64),
        np.asfortranarray(GREY),
    ):
        train = open_source(archive(x_train=images, y_train=LABELS)).train
        assert (np.stack([train.read(row) for row in range(6)])[..., 0] == GREY).all()
    assert "1 as white" in open_source(archive(x_train=GREY / 255, y_train=LABELS)).about["pixels"]
    assert open_source(archive(x_train=GREY, y_train=LABELS)).about == {}


@pytest.mark.parametrize(
    ("images", "white", "black"),
    [
        (GREY > 127, 1, 0),
        ((GREY > 127).astype(np.uint8), 1, 0),
        (GREY.astype(np.uint16) * 4, 1023, 0),
        (GREY.astype(np.uint16) * 16, 4095, 0),
        (GREY.astype(np.int32) * 257, 65535, 0),
        (GREY / 254, 1, 0),
        (GREY / 127.5 - 1, 1, -1),
        (GREY + 0.25, 255, 0),
    ],
)
def test_other_ranges_are_scaled_and_said(archive, images, white, black):
    images = np.minimum(images, white)
    found = open_source(archive(x_train=images, y_train=LABELS))
    shown = np.stack([found.train.read(row) for row in range(6)])[..., 0]
    assert np.array_equal(shown, np.rint((images.astype(float) - black) / (white - black) * 255))
    assert f"{black} is shown as black and {white} as white" in found.about["pixels"]


def test_a_range_that_is_declared_is_taken(archive):
    path = archive(x_train=GREY.astype(np.uint16) * 4, y_train=LABELS)
    assert open_source(path, None, {"values": "0 to 4095"}).train.read(3).max() == round(
        int(GREY[3].max()) * 4 / 4095 * 255
    )


def test_labels_that_no_int64_holds_are_refused(archive):
    labels = np.array([2**63 + 1, 1, 1, 1, 1, 1], np.uint64)
    assert "y_train holds 9,223,372,036,854,775,80" in refusal(archive(x_train=GREY, y_train=labels))


def test_fractions_a_little_above_1_are_asked_about_and_bytes_that_stay_dark_are_said(archive):
    bright = np.linspace(0, 1.02, GREY.size).reshape(GREY.shape)
    assert "with values from 0 to 1.02" in refusal(archive(x_train=bright, y_train=LABELS))
    found = open_source(archive(x_train=GREY % 15, y_train=LABELS))
    assert "no value above 14 of 255: it is shown almost black" in found.about["pixels"]
    assert np.array_equal(found.train.read(0)[..., 0], GREY[0] % 15)


def test_labels_with_gaps_and_labels_in_a_column_are_classes(archive):
    found = open_source(archive(x_train=GREY, y_train=np.array([3, 70, 900, 3, 70, 900])))
    assert (found.class_names, found.train.labels.tolist()) == (("3", "70", "900"), [0, 1, 2, 0, 1, 2])
    found = open_source(archive(x_train=GREY, y_train=LABELS[:, None], x_test=GREY[:2], y_test=LABELS[:2, None]))
    assert (found.train.labels.tolist(), found.test.labels.tolist()) == (LABELS.tolist(), LABELS[:2].tolist())
    found = open_source(archive(x_train=GREY, y_train=np.array([-1, 1, -1, 1, 1, 1])))
    assert (found.class_names, found.train.labels.tolist()) == (("-1", "1"), [0, 1, 0, 1, 1, 1])


def test_the_three_splits_of_medmnist(archive):
    arrays = {"train_images": GREY, "train_labels": LABELS[:, None]}
    arrays |= {"val_images": GREY[:3], "val_labels": LABELS[:3, None]}
    found = open_source(archive(**arrays))
    assert (len(found.train), len(found.test)) == (6, 3)
    found = open_source(archive(**arrays, test_images=GREY[:2], test_labels=LABELS[:2, None]))
    assert (len(found.train), len(found.test)) == (6, 2)
    assert [(problem.kind, problem.what) for problem in found.problems] == [("left out", "val_images")]


def test_channels_of_pytorch_come_last(archive):
    images = np.stack([GREY, GREY + 1, GREY + 2], 1)
    assert images.shape == (6, 3, 8, 8)
    train = open_source(archive(x_train=images, y_train=LABELS)).train
    assert train.read(4).shape == (8, 8, 3)
    assert (train.read(4)[..., 2] == GREY[4] + 2).all()


def test_labels_in_text_are_classes_and_rows_without_one_are_listed(archive):
    found = open_source(archive(x_train=GREY, y_train=np.array(["cat", "ant", "", "cat", " ant ", "<b>\n../"])))
    assert found.class_names == ("<b>\n../", "ant", "cat")
    assert found.train.labels.tolist() == [2, 1, 2, 1, 0]
    assert found.train.names == ("row 0", "row 1", "row 3", "row 4", "row 5")
    assert (found.train.read(2)[..., 0] == GREY[3]).all()
    assert [(one.kind, one.what, one.detail) for one in found.problems] == [("label", "row 2", "Its label is ''.")]


def test_ten_thousand_labels_in_text_are_too_many(archive):
    path = archive(x_train=np.zeros((10_000, 2, 2), np.uint8), y_train=np.arange(10_000).astype(str))
    assert "10,000 different labels" in refusal(path)


@pytest.mark.parametrize(("images", "labels"), [("x_train", "y_train"), ("images", "labels")])
def test_bare_arrays_in_a_folder(tmp_path, images, labels):
    folder = tmp_path / "flowers"
    folder.mkdir()
    np.save(folder / f"{images}.npy", GREY)
    np.save(folder / f"{labels}.npy", LABELS)
    for path in (folder, folder / f"{images}.npy"):
        found = open_source(path)
        assert found.name == "flowers"
        assert found.train.labels.tolist() == LABELS.tolist()
        assert (found.train.read(5)[..., 0] == GREY[5]).all()
        assert isinstance(root(found.train.read(5)), mmap.mmap)


def test_an_array_that_links_out_of_its_folder_is_refused(tmp_path):
    (tmp_path / "flowers").mkdir()
    np.save(tmp_path / "secret.npy", GREY)
    (tmp_path / "flowers" / "images.npy").symlink_to(tmp_path / "secret.npy")
    np.save(tmp_path / "flowers" / "labels.npy", LABELS)
    assert "a link that leads out of the folder" in refusal(tmp_path / "flowers")


def test_a_stored_archive_is_mapped_and_a_packed_one_is_not_held_when_it_is_large(tmp_path):
    np.savez(tmp_path / "stored.npz", x_train=GREY, y_train=LABELS)
    assert isinstance(numpy_files.members(tmp_path / "stored.npz")["x_train"](), np.memmap)
    np.savez_compressed(tmp_path / "packed.npz", x_train=GREY, y_train=LABELS)
    array = numpy_files.members(tmp_path / "packed.npz", held_bytes=100)["x_train"]()
    assert isinstance(root(array), mmap.mmap)
    assert (array == GREY).all()


def test_a_decompression_bomb_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "bomb.npz", x_train=np.zeros((1000, 32, 32), np.uint8), y_train=np.arange(1000) % 2)
    with pytest.raises(UserError, match="times its size"):
        numpy_files.members(tmp_path / "bomb.npz", held_bytes=100_000)["x_train"]()


def test_a_header_that_promises_more_than_there_is(tmp_path):
    np.savez_compressed(tmp_path / "lie.npz", x_train=GREY, y_train=LABELS)
    with zipfile.ZipFile(tmp_path / "lie.npz") as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["x_train.npy"] = content["x_train.npy"].replace(b"(6, 8, 8)", b"(9, 8, 8)")
    with zipfile.ZipFile(tmp_path / "lie.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, one in content.items():
            archive.writestr(name, one)
    assert "cannot be read" in refusal(tmp_path / "lie.npz")


@pytest.mark.parametrize("wrapping", ["object_npz", "object_npy"])
def test_a_pickle_in_an_array_is_refused_and_does_not_run(tmp_path, wrapping):
    path = hostile.WRAPPINGS[wrapping](tmp_path / f"images.{wrapping[-3:]}", tmp_path / "sentinel")
    if wrapping == "object_npy":
        np.save(tmp_path / "labels.npy", LABELS)
    assert "holds Python objects, and reading those could run code" in refusal(path)
    assert not (tmp_path / "sentinel").exists()


@pytest.mark.parametrize("wrapping", ["plain", "plain_text", "torch_zip", "object_npy"])
def test_a_pickle_with_another_name_does_not_run(tmp_path, wrapping):
    path = hostile.WRAPPINGS[wrapping](tmp_path / "bare.npz", tmp_path / "sentinel")
    assert refusal(path)
    assert not (tmp_path / "sentinel").exists()


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.binary(max_size=200), st.integers(0, 500), st.booleans())
def test_any_bytes_are_refused_or_read(tmp_path_factory, noise, place, bare):
    path = tmp_path_factory.getbasetemp() / ("noise-x" if bare else "noise.npz")
    if bare:
        path.mkdir(exist_ok=True)
        np.save(path / "labels.npy", LABELS)
        np.save(path / "images.npy", GREY)
        target = path / "images.npy"
    else:
        np.savez(path, x_train=GREY, y_train=LABELS)
        target = path
    content = target.read_bytes()
    target.write_bytes(content[:place] + noise + content[place + len(noise) :])
    try:
        found = open_source(path)
    except UserError:
        return
    assert len(found.train.names) == len(found.train.labels)
    assert {found.train.read(row).dtype for row in range(len(found.train))} == {np.dtype(np.uint8)}


def test_a_bare_array_is_not_an_archive(tmp_path):
    np.save(tmp_path / "bare.npy", GREY)
    (tmp_path / "bare.npy").rename(tmp_path / "bare.npz")
    assert "bare.npz cannot be read. It is damaged, or not an .npz archive." in refusal(tmp_path / "bare.npz")


def test_an_archive_of_other_things(tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.npz", "w") as archive:
        archive.writestr("x_train", "no array")
        archive.writestr("y_train.npy", "no array either")
    assert "The file has no array x_train" in refusal(tmp_path / "photos.npz")


def test_a_text_file_with_the_ending_of_an_archive(tmp_path):
    (tmp_path / "notes.npz").write_text("these are my notes")
    assert "notes.npz cannot be read. It is damaged, or not an .npz archive." in refusal(tmp_path / "notes.npz")


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.7, 0.99])
def test_a_truncated_archive(archive, fraction):
    path = archive(x_train=GREY, y_train=LABELS)
    content = path.read_bytes()
    path.write_bytes(content[: int(fraction * len(content))])
    assert "cannot be read" in refusal(path)


def test_damage_anywhere_is_either_harmless_or_said(tmp_path):
    path = tmp_path / "flowers.npz"
    np.savez_compressed(path, x_train=GREY, y_train=LABELS)
    content, refused = path.read_bytes(), 0
    for place in range(0, len(content), 3):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            open_source(path)
        except UserError:
            refused += 1
    assert refused > 100


def test_what_is_no_archive_is_said_before_it_is_read(tmp_path):
    (tmp_path / "data.doc").write_text("1,2")
    assert "a file ending in '.doc', which cannot be opened" in refusal(tmp_path / "data.doc")
    assert "is a folder" in refusal(tmp_path)
    assert "There is nothing at" in refusal(tmp_path / "missing.npz")
    (tmp_path / "folder.npz").mkdir()
    assert "is an empty folder, which cannot be opened" in refusal(tmp_path / "folder.npz")
    (tmp_path / "pickled.npz").write_bytes(b"\x80\x04}.")
    assert "pickled.npz is a pickle" in refusal(tmp_path / "pickled.npz")


def test_the_demo_data():
    dataset = demo()
    assert dataset.inputs[:].shape == (6000, 28, 28, 1)
    assert dataset.test_inputs[:].shape == (1000, 28, 28, 1)
    assert np.bincount(dataset.labels).tolist() == [600] * 10
    assert np.bincount(dataset.test_labels).tolist() == [100] * 10
    assert len(dataset.class_names) == 10
    assert dataset.class_names[9] == "Ankle boot"
