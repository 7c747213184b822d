"""Arrays that are small and ask for much: those of NumPy, and the binary files of published data sets."""

import gzip
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np


def npz_rows(path: Path) -> Path:
    """Thirty million images of one pixel, and as many labels."""
    n = 30_000_000
    labels = np.zeros(n, np.uint8)
    labels[0] = 1
    return _npz(path, x_train=np.zeros((n, 1, 1), np.uint8), y_train=labels)


def npz_numbers(path: Path) -> Path:
    """Pixels of one byte that have to be looked at as numbers of eight."""
    return _npz(path, x_train=np.zeros((2, 5600, 5600), np.int8), y_train=np.array([0, 1]))


def npz_header(path: Path) -> Path:
    """A header of nothing but brackets."""
    head = b"{'descr': '|u1', 'fortran_order': False, 'shape': (" + b"(" * 9000 + b")" * 9000 + b"), }"
    return _members(path, {"x_train": _npy(head), "y_train": b""})


def npz_shape(path: Path) -> Path:
    """A shape of more bytes than there are anywhere."""
    head = b"{'descr': '|u1', 'fortran_order': False, 'shape': (%d, %d, 0), }"
    labels = b"{'descr': '<i8', 'fortran_order': False, 'shape': (%d,), }" % 2**63
    return _members(path, {"x_train": _npy(head % (2**62, 2**62)), "y_train": _npy(labels)})


def npz_text(path: Path) -> Path:
    """Four labels of four million characters each."""
    return _npz(path, x_train=np.zeros((4, 8, 8), np.uint8), y_train=np.array(["a" * 4_000_000, "b", "a", "b"]))


def npz_names(path: Path) -> Path:
    """A thousand class names of 15,000 characters."""
    names = np.array(["a" * 15_000, *map(str, range(999))])
    return _npz(path, x_train=np.zeros((2, 8, 8), np.uint8), y_train=np.array([0, 999]), class_names=names)


def idx_packed(path: Path) -> Path:
    """The files of MNIST, 400 MB of zeros each."""
    below = path / "MNIST" / "raw"
    below.mkdir(parents=True)
    zeros = gzip.compress(bytes(2**26), 1)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        kind = int(name[-1])
        head = bytes([0, 0, 8, kind]) + struct.pack(f">{kind}I", 10**6, *[32] * (kind - 1))
        content = gzip.compress(head + bytes(2**26 - len(head)), 1) + zeros * 5
        (below / f"{name}-ubyte.gz").write_bytes(content)
    return path


def idx_rows(path: Path) -> Path:
    """Thirty million images of one pixel."""
    below, n = path / "MNIST" / "raw", 30_000_000
    below.mkdir(parents=True)
    for split in ("train", "t10k"):
        head = b"\0\0\x08\x03" + struct.pack(">III", n, 1, 1)
        (below / f"{split}-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + bytes(n)))
        head = b"\0\0\x08\x01" + struct.pack(">I", n)
        (below / f"{split}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(head + bytes(n)))
    return path


def matlab_packed(path: Path) -> Path:
    """400 MB of zeros in a MATLAB file."""
    from scipy.io import savemat

    path.mkdir()
    content = {"X": np.zeros((32, 32, 3, 120_000), np.uint8), "y": np.zeros((120_000, 1), np.uint8)}
    savemat(path / "train_32x32.mat", content, do_compression=True)
    return path


def sparse_records(path: Path) -> Path:
    """The binary files of STL-10, 50 GB long, with nothing in them."""
    path.mkdir()
    for name, record in (("train_X.bin", 27_648), ("train_y.bin", 1)):
        with (path / name).open("wb") as stream:
            stream.truncate(record * 1_900_000_000 if record == 1 else record * 1_900_000)
    return path


def sparse_names(path: Path) -> Path:
    """Class names in a file of 40 GB."""
    path.mkdir()
    (path / "train_X.bin").write_bytes(bytes(27_648))
    (path / "train_y.bin").write_bytes(b"\1")
    with (path / "class_names.txt").open("wb") as stream:
        stream.truncate(40 * 2**30)
    return path


def _npz(path: Path, **arrays: Any) -> Path:
    file = path.with_suffix(".npz")
    np.savez_compressed(file, **arrays)
    return file


def _npy(head: bytes) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head


def _members(path: Path, contents: dict[str, bytes]) -> Path:
    file = path.with_suffix(".npz")
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in contents.items():
            archive.writestr(f"{name}.npy", content)
    return file


DATA = (
    *(npz_rows, npz_numbers, npz_header, npz_shape),
    *(npz_text, npz_names, idx_packed, idx_rows),
    *(matlab_packed, sparse_records, sparse_names),
)
