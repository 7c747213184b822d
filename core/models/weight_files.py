"""Which kind of weights file somebody brings, told by its first bytes and its list of members, never by opening it.

Only tensors are wanted. Whatever could carry code is refused here, before any reader sees it: whole pickled modules,
joblib, TorchScript, `.pt2` and `.tar`.
"""

import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from core.errors import UserError
from core.files import is_archive

Kind = Literal["safetensors", "torch", "onnx"]
MOST_BYTES = 4 * 2**30  # of a file, and of the memory that its weights take: larger models do not fit beside their data
MOST_MEMBERS = 20_000  # of an archive; the largest architectures have some thousand tensors, one member each
_SAFE = (
    "If you trust the file, open it where it was made, and save its weights alone: "
    "torch.save(model.state_dict(), 'weights.pt')."
)
_TORCH_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
_FOREIGN = {
    b"\x89HDF\r\n\x1a\n": "an HDF5 file, perhaps of Keras",
    b"\x93NUMPY": "a NumPy array",
    b"\x1f\x8b": "a compressed file",
    b"BZh": "a compressed file",
    b"\xfd7zXZ": "a compressed file",
    b"GGUF": "a GGUF file",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
}


def require_onnx() -> None:
    """Raise UserError where what reads ONNX graphs is not installed."""
    if lacking := [name for name in ("onnx", "onnxruntime") if find_spec(name) is None]:
        raise UserError(
            "ONNX models need the packages onnx and onnxruntime.",
            f"Not installed: {', '.join(lacking)}.",
            "Run `pip install onnx onnxruntime`, or install Assay with its extra `onnx`.",
        )


def kind_of(path: Path) -> Kind:
    """How the file is to be read.

    Raises:
        UserError: there is no such file, it is too large, or it is of a kind that is not opened, with the reason.
    """
    if not path.is_file():
        raise UserError(f"There is no file {path}.", "A file with the weights of a model is needed.", "Check the path.")
    size = path.stat().st_size
    if size == 0 or size > MOST_BYTES:
        raise UserError(
            f"{path.name} cannot be a model: it holds {size:,} bytes.",
            f"Up to {MOST_BYTES:,} bytes are read, and an empty file is none.",
            "Check that it was copied whole.",
        )
    with path.open("rb") as stream:
        head = stream.read(tarfile.BLOCKSIZE)
    if is_archive(path):
        return _kind_of_archive(path)
    if head[8:9] == b"{" and 0 < int.from_bytes(head[:8], "little") < size:
        return "safetensors"
    if _is_tar(head):
        raise refuse(path, "a .tar file", "torch's old .tar format is read by an unsafe unpickler.")
    if path.suffix.lower() == ".onnx":
        require_onnx()
        return "onnx"
    if head.startswith(b"\x80") and _TORCH_MAGIC in head[:20]:
        return "torch"
    raise _refusal(path, head)


def refuse(path: Path, what: str, why: str, hint: str = _SAFE) -> UserError:
    """The error that says what a file is, and why it is not opened."""
    return UserError(f"{path.name} was not opened: it is {what}.", why, hint)


def _is_tar(head: bytes) -> bool:
    """Whether a file begins as a .tar file does. Python's own question goes on to read, and a made-up file leads it
    astray: it answers with any exception, or never.
    """
    try:
        tarfile.TarInfo.frombuf(head, tarfile.ENCODING, "surrogateescape")
    except tarfile.HeaderError:
        return False
    except Exception:  # noqa: BLE001 - a header with the right checksum and impossible numbers
        return True
    return True


def _kind_of_archive(path: Path) -> Kind:
    """The kind of a ZIP file: weights saved by torch, or what must not be opened."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UserError(f"{path.name} is damaged.", f"{error}.", "Copy it again from where it comes from.") from error
    names = [member.filename for member in members]
    inner = [name.partition("/")[2] for name in names]
    if any(part.startswith("code/") or part == "constants.pkl" for part in inner):
        raise refuse(path, "a TorchScript archive", "It holds code that would be run.")
    if any(part in ("archive_format", "serialized_exported_program.json") for part in [*names, *inner]):
        why = "Opening one evaluates expressions and may unpickle objects, so torch itself warns against it."
        hint = "Export the model to ONNX instead: torch.onnx.export(model, images, 'model.onnx'), or save its weights."
        raise refuse(path, "an exported program (.pt2)", why, hint)
    if "data.pkl" not in inner:
        what = "a NumPy archive, so data and no model" if any(n.endswith(".npy") for n in names) else "some ZIP archive"
        raise refuse(path, what, "Weights saved by torch hold a member data.pkl.")
    if len(members) > MOST_MEMBERS or any(member.compress_type != zipfile.ZIP_STORED for member in members):
        why = f"torch saves at most {MOST_MEMBERS:,} members and compresses none; this may be a decompression bomb."
        raise refuse(path, "an archive that torch did not write", why)
    return "torch"


def _refusal(path: Path, head: bytes) -> UserError:
    """The error for a file that holds no weights."""
    if b"joblib" in head or (head[:1] == b"x" and head[1:2] in (b"\x01", b"\x5e", b"\x9c", b"\xda")):
        return refuse(path, "a joblib file", "joblib files are pickles, which run code when they are opened.")
    if head.startswith(b"\x80"):
        return refuse(path, "a pickle", "A pickle can run any code when it is opened.")
    what = next((what for sign, what in _FOREIGN.items() if head.startswith(sign)), "of no kind that is known here")
    readable = "Weights come as .safetensors, as a state_dict saved by torch.save, or, with their graph, as .onnx."
    return refuse(path, what, readable)
