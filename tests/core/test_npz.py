"""What an archive may hold, and what is said when it holds something else."""

import zipfile

import numpy as np
import pytest

from core.datasets import open_source
from core.datasets.demo import demo
from core.errors import UserError

GREY = np.arange(6 * 8 * 8, dtype=np.uint8).reshape(6, 8, 8)
LABELS = np.array([0, 1, 2, 0, 1, 2])
DESERIALISED = []


class Hostile:
    """Leaves a mark behind if anything ever unpickles it."""

    def __reduce__(self):
        return DESERIALISED.append, ("code ran",)


@pytest.fixture
def archive(tmp_path):
    """Writes an archive of the given arrays and returns its path."""

    def write(**arrays):
        path = tmp_path / "flowers.npz"
        np.savez(path, **arrays)
        return path

    return write


def refusal(path):
    with pytest.raises(UserError) as caught:
        open_source(path)
    return str(caught.value)


def test_grey_images_get_a_channel(archive):
    dataset = open_source(archive(x_train=GREY, y_train=LABELS))
    assert dataset.name == "flowers"
    assert dataset.shape == (8, 8, 1)
    assert (dataset.images[..., 0] == GREY).all()
    assert dataset.images.dtype == np.uint8
    assert dataset.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert dataset.ids.tolist() == [0, 1, 2, 3, 4, 5]
    assert dataset.class_names == ("0", "1", "2")
    assert not dataset.bona_fide.any()
    assert dataset.test_images.shape == (0, 8, 8, 1)


def test_colour_images_with_a_test_set_and_names(archive):
    colour = np.stack([GREY] * 3, axis=-1)
    arrays = {"x_train": colour, "y_train": LABELS.astype(np.uint8), "x_test": colour[:2], "y_test": np.array([3, 0])}
    dataset = open_source(archive(**arrays, class_names=np.array(["a", "b", "c", "d"])))
    assert dataset.shape == (8, 8, 3)
    assert dataset.class_names == ("a", "b", "c", "d")
    assert dataset.test_labels.tolist() == [3, 0]
    assert dataset.labels.dtype == np.int64


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x_train": GREY}, "no array y_train"),
        ({"images": GREY, "y_train": LABELS}, "no array x_train. It holds: images, y_train"),
        ({"x_train": GREY / 255, "y_train": LABELS}, "x_train is float64. Images have to be uint8"),
        ({"x_train": GREY[0], "y_train": LABELS}, r"shape (8, 8)"),
        ({"x_train": GREY[..., None].repeat(4, 3), "y_train": LABELS}, "shape (6, 8, 8, 4)"),
        ({"x_train": GREY[:0], "y_train": LABELS[:0]}, "shape (0, 8, 8, 1)"),
        ({"x_train": GREY, "y_train": LABELS[:5]}, "x_train has 6 images, y_train 5 labels"),
        ({"x_train": GREY, "y_train": LABELS - 1}, "y_train runs from -1 to 1"),
        ({"x_train": GREY, "y_train": LABELS + 1000}, "y_train runs from 1000 to 1002"),
        ({"x_train": GREY, "y_train": LABELS.astype(float)}, "Labels have to be whole numbers"),
        ({"x_train": GREY, "y_train": LABELS[:, None]}, "Labels have to be whole numbers of the shape (n,)"),
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


def test_a_pickle_in_an_archive_is_refused_and_does_not_run(archive):
    DESERIALISED.clear()
    path = archive(x_train=GREY, y_train=np.array([Hostile()], dtype=object))
    assert "holds Python objects, and reading those could run code" in refusal(path)
    assert DESERIALISED == []


def test_a_bare_pickle_with_another_name_does_not_run(tmp_path):
    DESERIALISED.clear()
    np.save(tmp_path / "bare.npy", np.array([Hostile()], dtype=object))
    whole = (tmp_path / "bare.npy").read_bytes()
    (tmp_path / "bare.npz").write_bytes(whole)
    (tmp_path / "stream.npz").write_bytes(whole[whole.index(b"\x80\x04") :])  # the pickle itself, without a header
    for name in ("bare.npz", "stream.npz"):
        assert "cannot be read" in refusal(tmp_path / name)
    assert DESERIALISED == []


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


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
def test_a_truncated_archive(archive, share):
    path = archive(x_train=GREY, y_train=LABELS)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
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
    (tmp_path / "data.csv").write_text("1,2")
    assert "a file ending in '.csv', which cannot be opened" in refusal(tmp_path / "data.csv")
    assert "is a folder" in refusal(tmp_path)
    assert "There is nothing at" in refusal(tmp_path / "missing.npz")
    (tmp_path / "folder.npz").mkdir()
    assert "cannot be read" in refusal(tmp_path / "folder.npz")


def test_the_demo_data():
    dataset = demo()
    assert dataset.images.shape == (6000, 28, 28, 1)
    assert dataset.test_images.shape == (1000, 28, 28, 1)
    assert np.bincount(dataset.labels).tolist() == [600] * 10
    assert np.bincount(dataset.test_labels).tolist() == [100] * 10
    assert len(dataset.class_names) == 10
    assert dataset.class_names[9] == "Ankle boot"
