"""The data sets of the field: tiny ones, byte by byte as their authors lay them out."""

import gzip
import io
import struct
from contextlib import suppress

import numpy as np
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.data import open_source
from core.data.arrays.plain_pickle import described, plain_data
from core.data.decoding import decoded
from core.errors import UserError
from tests.core import hostile
from tests.core.opened import refusal

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (4, 3, 32, 32), np.uint8)
NAMES = ["airplane", "automobile", "bird"]


def text(word):
    return b"U" + bytes([len(word)]) + word.encode()


def array(values, shape, kind=b"u1"):
    """A NumPy array as NumPy 1 pickled it under Python 2."""
    size = b"T" + struct.pack("<I", len(values)) + values
    sides = b"(" + b"".join(b"M" + struct.pack("<H", side) for side in shape) + b"t"
    dtype = b"cnumpy\ndtype\n(U" + bytes([len(kind)]) + kind
    dtype += b"K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
    return made + b"(K\x01" + sides + dtype + b"\x89" + size + b"tb"


def batch(pixels, labels, field="labels"):
    """A CIFAR batch as its authors pickled it."""
    numbers = b"](" + b"".join(b"K" + bytes([one]) for one in labels) + b"e"
    return b"\x80\x02}(" + text("data") + array(pixels.tobytes(), (len(pixels), 3072)) + text(field) + numbers + b"u."


def listed(field, names):
    return b"\x80\x02}" + text(field) + b"](" + b"".join(map(text, names)) + b"es."


def cifar_python(root):
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for number in range(1, 6):
        (folder / f"data_batch_{number}").write_bytes(batch(PIXELS[:2], [number % 3, 0]))
    (folder / "test_batch").write_bytes(batch(PIXELS[2:], [2, 1]))
    (folder / "batches.meta").write_bytes(listed("label_names", NAMES))
    return folder


def test_cifar_from_its_pickles_without_unpickling(tmp_path):
    cifar_python(tmp_path)
    for path in (tmp_path, tmp_path / "cifar-10-batches-py"):
        found = open_source(path)
        assert (found.name, found.class_names) == ("CIFAR-10", tuple(NAMES))
        assert found.train.labels.tolist() == [1, 0, 2, 0, 0, 0, 1, 0, 2, 0]
        assert (found.train.read(3) == PIXELS[1].transpose(1, 2, 0)).all()
        assert (found.test.read(1) == PIXELS[3].transpose(1, 2, 0)).all()
        assert found.test.labels.tolist() == [2, 1]


def test_cifar_in_its_binary_version(tmp_path):
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for number in range(1, 6):
        (folder / f"data_batch_{number}.bin").write_bytes(bytes([number % 3]) + PIXELS[0].tobytes())
    (folder / "test_batch.bin").write_bytes(bytes([2]) + PIXELS[1].tobytes())
    (folder / "batches.meta.txt").write_text("\n".join(NAMES) + "\n\n")
    found = open_source(tmp_path)
    assert found.train.labels.tolist() == [1, 2, 0, 1, 2]
    assert (found.train.read(4) == PIXELS[0].transpose(1, 2, 0)).all()
    (folder / "data_batch_3.bin").write_bytes(b"short")
    assert "data_batch_3.bin has 5 bytes. Records of 3,073 bytes are expected" in refusal(tmp_path)
    (folder / "data_batch_3.bin").write_bytes(bytes([7]) + PIXELS[0].tobytes())
    assert "Labels run from 1 to 7. There are 3 classes" in refusal(tmp_path)


def test_cifar_100_in_both_versions(tmp_path):
    python, binary = tmp_path / "a" / "cifar-100-python", tmp_path / "b" / "cifar-100-binary"
    for folder in (python, binary):
        folder.mkdir(parents=True)
    (python / "train").write_bytes(batch(PIXELS, [2, 0, 1, 2], "fine_labels"))
    (python / "test").write_bytes(batch(PIXELS[:1], [1], "fine_labels"))
    (python / "meta").write_bytes(listed("fine_label_names", NAMES))
    records = [bytes([9, label]) + one.tobytes() for label, one in zip([2, 0, 1, 2], PIXELS, strict=True)]
    (binary / "train.bin").write_bytes(b"".join(records))
    (binary / "test.bin").write_bytes(bytes([9, 1]) + PIXELS[0].tobytes())
    (binary / "fine_label_names.txt").write_text("\n".join(NAMES))
    for found in (open_source(tmp_path / "a"), open_source(tmp_path / "b")):
        assert found.name == "CIFAR-100"
        assert found.train.labels.tolist() == [2, 0, 1, 2]
        assert (found.train.read(2) == PIXELS[2].transpose(1, 2, 0)).all()


@pytest.mark.parametrize("wrapping", ["cifar_batch", "plain", "plain_text", "joblib_like", "torch_legacy", "torch_zip"])
def test_a_batch_that_would_run_something_is_refused_and_does_not_run(tmp_path, wrapping):
    folder = cifar_python(tmp_path)
    hostile.WRAPPINGS[wrapping](folder / "data_batch_2", tmp_path / "sentinel")
    words = refusal(tmp_path)
    assert "data_batch_2" in words
    if wrapping in ("cifar_batch", "plain", "joblib_like"):
        assert "it contains 'posix.system'. Loading it could run code; it was not loaded" in words
    assert not (tmp_path / "sentinel").exists()


@pytest.mark.parametrize(
    "called",
    [
        b"cbuiltins\neval\n",
        b"c__builtin__\ngetattr\n",
        b"cnumpy\nload\n",
        b"cnumpy.core.multiarray\nfromfile\n",
        b"X\x05\x00\x00\x00posixX\x06\x00\x00\x00system\x93",
        b"(S'id'\nios\nsystem\n",
        b"\x82\x01",
    ],
)
def test_no_other_name_is_ever_allowed(tmp_path, called):
    (tmp_path / "x").write_bytes(b"\x80\x02" + called + b"(U\x01xtR.")
    with pytest.raises(UserError, match="it contains"):
        plain_data(tmp_path / "x")


def test_plain_data_of_every_protocol(tmp_path):
    (tmp_path / "zero").write_bytes(b"(dS'a'\n(lI1\naI-2\nasS'b'\n(S'x'\nF1.5\nI01\nNtp0\nsS'c'\ng0\ns.")
    assert plain_data(tmp_path / "zero") == {"a": [1, -2], "b": (b"x", 1.5, True, None), "c": (b"x", 1.5, True, None)}
    four = b"}\x94(\x8c\x01a\x94C\x02hi\x94\x8c\x01b\x94h\x01u."
    (tmp_path / "four").write_bytes(b"\x80\x04\x95" + struct.pack("<Q", len(four)) + four)
    assert plain_data(tmp_path / "four") == {"a": b"hi", "b": "a"}
    (tmp_path / "array").write_bytes(b"\x80\x02" + array(struct.pack("<6h", *range(6)), (2, 3), b"i2") + b".")
    assert plain_data(tmp_path / "array").tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("kind", [b"O8", b"V8", b"S4", b"u1,u1", b"(2)u1", b"M8"])
def test_arrays_of_other_things_are_refused(tmp_path, kind):
    (tmp_path / "x").write_bytes(b"\x80\x02" + array(bytes(8), (1,), kind) + b".")
    with pytest.raises(UserError, match="damaged, or no plain data"):
        plain_data(tmp_path / "x")


def test_what_is_not_plain_can_be_passed_over_without_a_call(tmp_path):
    evil = hostile.payload(tmp_path / "sentinel")[2:-1]
    found = described(b"\x80\x02}(U\x01a" + evil + b"U\x01bK\x07u.", "x")
    assert found["b"] == 7
    assert type(found["a"]).__name__ == "Unknown"
    assert not (tmp_path / "sentinel").exists()


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.binary(max_size=60), st.integers(0, 400), st.booleans())
def test_any_bytes_in_a_pickle_are_refused_or_read(tmp_path_factory, noise, place, alone):
    content = batch(PIXELS[:1], [1])
    place = min(place, 60) if place % 2 else len(content) - min(place, 60)
    changed = b"\x80\x02" + noise if alone else content[:place] + noise + content[place + len(noise) :]
    path = tmp_path_factory.getbasetemp() / "pickled"
    path.write_bytes(changed)
    for read in (lambda: plain_data(path), lambda: described(changed, "x")):
        with suppress(UserError):
            read()


def idx(values):
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("name", "title"), [("MNIST", "MNIST"), ("FashionMNIST", "Fashion-MNIST")])
def test_mnist_and_its_like(tmp_path, packed, name, title):
    folder = tmp_path / name / "raw"
    folder.mkdir(parents=True)
    for split, n in (("train", 3), ("t10k", 2)):
        labels = np.arange(n, dtype=np.uint8) * 3
        for kind, values in (("images-idx3", PIXELS[:n, 0, :28, :28]), ("labels-idx1", labels)):
            content = idx(np.ascontiguousarray(values))
            path = folder / f"{split}-{kind}-ubyte{'.gz' * packed}"
            path.write_bytes(gzip.compress(content) if packed else content)
    for path in (tmp_path, tmp_path / name, folder):
        found = open_source(path)
        assert found.name == title
        assert found.train.labels.tolist() == [0, 3, 6]
        assert (found.train.read(2) == PIXELS[2, 0, :28, :28]).all()
        assert len(found.test) == 2
    next(folder.glob("t10k-labels*")).write_bytes(b"\0\0\x08\x01\xff\xff\xff\xff")
    assert "is no IDX file" in refusal(tmp_path)


def test_svhn(tmp_path):
    images = PIXELS.transpose(2, 3, 1, 0)
    scipy.io.savemat(tmp_path / "train_32x32.mat", {"X": images, "y": np.array([[10], [1], [2], [9]], np.uint8)})
    found = open_source(tmp_path)
    assert found.train.labels.tolist() == [0, 1, 2, 9]
    assert (found.train.read(3) == PIXELS[3].transpose(1, 2, 0)).all()
    scipy.io.savemat(tmp_path / "train_32x32.mat", {"X": np.array([["a", 1]], object), "y": np.zeros((1, 1))})
    assert "holds no X and y of SVHN" in refusal(tmp_path)
    (tmp_path / "train_32x32.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(200))
    assert "train_32x32.mat" in refusal(tmp_path)


def test_stl10(tmp_path):
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    images = RNG.integers(0, 256, (2, 96, 96, 3), np.uint8)
    (folder / "train_X.bin").write_bytes(images.transpose(0, 3, 2, 1).tobytes())  # channel, column, row
    (folder / "train_y.bin").write_bytes(bytes([10, 1]))
    found = open_source(tmp_path)
    assert found.train.labels.tolist() == [9, 0]
    assert (found.train.read(0) == images[0]).all()
    assert found.class_names[9] == "truck"


def ppm(level):
    stream = io.BytesIO()
    Image.fromarray(np.full((5, 6, 3), level, np.uint8)).save(stream, "PPM")
    return stream.getvalue()


def test_gtsrb(tmp_path):
    for sign, level in ((0, 10), (14, 20), (77, 30)):
        folder = tmp_path / "gtsrb" / "GTSRB" / "Training" / f"{sign:05d}"
        folder.mkdir(parents=True)
        (folder / "00000_00000.ppm").write_bytes(ppm(level))
    images = tmp_path / "gtsrb" / "GTSRB" / "Final_Test" / "Images"
    images.mkdir(parents=True)
    (images / "00000.ppm").write_bytes(ppm(40))
    rows = "Filename;Width;Height;ClassId\n00000.ppm;6;5;14\n../../x.ppm;6;5;1\n00001.ppm;6;5;99\n"
    (tmp_path / "gtsrb" / "GT-final_test.csv").write_text(rows)
    found = open_source(tmp_path)
    assert len(found.class_names) == 43
    assert found.train.labels.tolist() == [0, 14]
    assert found.test.labels.tolist() == [14]
    assert decoded(found.test.read(0))[0, 0, 0] == 40
    assert [one.what for one in found.problems] == ["00077", "line 3", "line 4"]


def test_imagenette_and_imagenet(tmp_path):
    eleven = [f"n0000{number:04d}" for number in range(11)]
    for root, numbers in (("imagenette2-160", ("n01440764", "n03888257")), ("imagenet", eleven)):
        for split in ("train", "val"):
            for number in numbers:
                folder = tmp_path / root / split / number
                folder.mkdir(parents=True)
                (folder / "x.ppm").write_bytes(ppm(7))
    found = open_source(tmp_path / "imagenette2-160")
    assert (found.name, found.class_names) == ("Imagenette", ("tench", "parachute"))
    assert (len(found.train), len(found.test)) == (2, 2)
    assert "several data sets. They are: imagenette, imagenet" in refusal(tmp_path)
    found = open_source(tmp_path, settings={"name": "imagenet"})
    assert (found.name, len(found.class_names)) == ("ImageNet", 11)
    assert "does not hold svhn" in refusal(tmp_path, name="svhn")
