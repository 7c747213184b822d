"""Pickles that leave a mark if anything ever executes them, in every wrapping that data and models come in.

They are put together by hand, byte by byte: nothing here pickles.
"""

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np


def payload(sentinel: Path, protocol: int = 2) -> bytes:
    """A pickle that runs `touch sentinel` in a shell the moment that it is loaded."""
    command = f"touch '{sentinel}'".encode()
    text = b"X" + struct.pack("<I", len(command)) + command
    if protocol == 0:
        return b"cos\nsystem\n(S" + repr(command.decode()).encode() + b"\ntR."
    return b"\x80" + bytes([protocol]) + b"cposix\nsystem\n(" + text + b"tR."


def plain(path: Path, sentinel: Path) -> Path:
    """A bare pickle, as `pickle.dump` writes it; a backdoor-toolbox `labels` or a CIFAR batch may be one, too."""
    path.write_bytes(payload(sentinel))
    return path


def plain_text(path: Path, sentinel: Path) -> Path:
    """A bare pickle of protocol 0, which is printable text."""
    path.write_bytes(payload(sentinel, protocol=0))
    return path


def joblib_like(path: Path, sentinel: Path) -> Path:
    """What joblib writes: a pickle stream with raw array bytes behind it."""
    path.write_bytes(payload(sentinel, protocol=4)[:-1] + b"0N." + bytes(64))
    return path


def torch_zip(path: Path, sentinel: Path) -> Path:
    """A `.pt` of today: a zip archive whose data.pkl is evil."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", payload(sentinel))
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")
    return path


def torch_zip_script(path: Path, sentinel: Path) -> Path:
    """A TorchScript archive: code beside an evil data.pkl and constants.pkl."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", payload(sentinel))
        archive.writestr("archive/constants.pkl", payload(sentinel))
        archive.writestr("archive/code/__torch__.py", "import os\n")
        archive.writestr("archive/version", "3\n")
    return path


def torch_legacy(path: Path, sentinel: Path) -> Path:
    """A `.pt` of before 2020: several pickles one after the other, magic number and version first."""
    magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
    path.write_bytes(magic + b"\x80\x02M\xe9\x03." + b"\x80\x02}." + payload(sentinel) + b"\x80\x02]q\x00.")
    return path


def torch_tar(path: Path, sentinel: Path) -> Path:
    """A model of the very first format: a tar archive of pickles."""
    with tarfile.open(path, "w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            content = payload(sentinel)
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def object_npy(path: Path, sentinel: Path) -> Path:
    """An `.npy` file of one Python object."""
    path.write_bytes(_object_array(sentinel))
    return path


def object_npz(path: Path, sentinel: Path) -> Path:
    """An `.npz` archive with an object array for its labels."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        images = io.BytesIO()
        np.save(images, np.zeros((1, 8, 8), np.uint8))
        archive.writestr("x_train.npy", images.getvalue())
        archive.writestr("y_train.npy", _object_array(sentinel))
    return path


def cifar_batch(path: Path, sentinel: Path) -> Path:
    """A CIFAR batch, honest but for one entry that calls a shell when it is loaded."""
    call = payload(sentinel)[2:-1]
    batch = b"\x80\x02}(U\x04dataU\x04abcdU\x06labels](K\x00K\x01eU\x0bbatch_label" + call + b"u."
    path.write_bytes(batch)
    return path


def _object_array(sentinel: Path) -> bytes:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": (1,)})
    return header.getvalue() + payload(sentinel)


# name → (what writes it at a path with a sentinel, the endings it travels under)
WRAPPINGS: dict[str, Callable[[Path, Path], Path]] = {
    "plain": plain,
    "plain_text": plain_text,
    "joblib_like": joblib_like,
    "torch_zip": torch_zip,
    "torch_zip_script": torch_zip_script,
    "torch_legacy": torch_legacy,
    "torch_tar": torch_tar,
    "object_npy": object_npy,
    "object_npz": object_npz,
    "cifar_batch": cifar_batch,
}
