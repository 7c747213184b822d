"""Pickles, files of torch, safetensors and ONNX graphs that are small and ask for much."""

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from benchmarks.hostile.archives import tar_member

_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_LEGACY = _MAGIC + b"\x80\x02M\xe9\x03." + b"\x80\x02}."
CIFAR = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta")


def doubling(steps: int) -> bytes:
    """Instructions that leave a tuple of two of the one before, `steps` times, which is 2**steps texts to print."""
    pairs = (bytes([ord("h"), index, ord("h"), index, 0x86, ord("q"), index + 1]) for index in range(steps))
    return b"X\x01\x00\x00\x00aq\x00" + b"".join(pairs)


def pickled(value: Any) -> bytes:
    """The instructions of a pickle for plain data and arrays of bytes: one is written here, and never read."""
    return b"\x80\x03" + _instructions(value) + b"."


def _instructions(value: Any) -> bytes:
    if isinstance(value, dict):
        return b"}(" + b"".join(_instructions(key) + _instructions(one) for key, one in value.items()) + b"u"
    if isinstance(value, list | tuple):
        inner = b"".join(map(_instructions, value))
        return b"](" + inner + b"e" if isinstance(value, list) else b"(" + inner + b"t"
    if isinstance(value, np.ndarray):
        begun = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n" + _instructions((0,)) + b"C\x01btR"
        kind = b"cnumpy\ndtype\n" + _instructions(("u1", 0, 1)) + b"R"
        kind += _instructions((3, "|", None, None, None, -1, -1, 0)) + b"b"
        return begun + b"(K\x01" + _instructions(value.shape) + kind + b"I00\n" + _instructions(value.tobytes()) + b"tb"
    if value is None:
        return b"N"
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    content = value.encode() if isinstance(value, str) else value
    return (b"X" if isinstance(value, str) else b"B") + struct.pack("<I", len(content)) + content


def cifar(path: Path, pickled: bytes) -> Path:
    """A folder of CIFAR-10 in which every pickle is this one."""
    folder = path / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for name in CIFAR:
        (folder / name).write_bytes(pickled)
    return path


def pickle_doubling(path: Path) -> Path:
    """The name of a module that is two to the power of 25 texts."""
    return cifar(path, b"\x80\x04" + doubling(25) + b"\x8c\x01b\x93.")


def pickle_type(path: Path) -> Path:
    """The same as the name of a type of NumPy."""
    return cifar(path, b"\x80\x04" + doubling(25) + b"cnumpy\ndtype\nh\x19\x85R.")


def pickle_marks(path: Path) -> Path:
    """Many marks above many values, so that looking for the last mark from the first value takes their product."""
    return cifar(path, b"\x80\x04" + b"N" * 30_000 + b"(t" * 30_000 + b".")


def pickle_deep(path: Path) -> Path:
    """Tuples in tuples, 100,000 deep, as the name of a module."""
    return cifar(path, b"\x80\x04)" + b"\x85" * 100_000 + b"\x8c\x01b\x93.")


def pickle_copies(path: Path) -> Path:
    """One text that is encoded again and again."""
    text = b"X" + struct.pack("<I", 2**20) + b"a" * 2**20
    call = b"c_codecs\nencode\nq\x01X\x06\x00\x00\x00latin1q\x02"
    again = b"h\x01h\x00h\x02\x86R"
    return cifar(path, b"\x80\x04" + text + b"q\x00" + call + again * 1500 + b".")


def pickle_keys(path: Path) -> Path:
    """Keys of a dictionary that all have the same hash."""
    keys = (b"\x8a\x0a" + (index * (2**61 - 1)).to_bytes(10, "little") + b"N" for index in range(40_000))
    return cifar(path, b"\x80\x04}(" + b"".join(keys) + b"u.")


def pickle_lists(path: Path) -> Path:
    """Empty lists, a byte each."""
    return cifar(path, b"\x80\x04(" + b"}" * 4_000_000 + b"l.")


def legacy_doubling(path: Path) -> Path:
    """A state_dict in torch's old format whose one key is two to the power of 40 texts."""
    file = path.with_suffix(".pt")
    file.write_bytes(_LEGACY + b"\x80\x02" + doubling(40) + b"}h\x28Ns.\x80\x02].")
    return file


def legacy_deep(path: Path) -> Path:
    """Tuples in tuples, 200,000 deep, as a key."""
    file = path.with_suffix(".pt")
    file.write_bytes(_LEGACY + b"\x80\x02})" + b"\x85" * 200_000 + b"Ns.\x80\x02].")
    return file


def legacy_bare(path: Path) -> Path:
    """The doubled tuple itself in the place of a state_dict."""
    file = path.with_suffix(".pt")
    file.write_bytes(_LEGACY + b"\x80\x02" + doubling(40) + b".\x80\x02].")
    return file


def zip_doubling(path: Path) -> Path:
    """A doubled key in the pickle of torch's new format."""
    file = path.with_suffix(".pt")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02" + doubling(40) + b"}h\x28Ns.")
        archive.writestr("a/version", b"3\n")
        archive.writestr("a/byteorder", b"little")
    return file


def zip_size(path: Path) -> Path:
    """A tensor whose storage says that it holds a million million numbers."""
    import torch

    stream = io.BytesIO()
    torch.save({"a": torch.zeros(4), "b": torch.zeros(4)}, stream)
    file = path.with_suffix(".pt")
    with zipfile.ZipFile(stream) as given, zipfile.ZipFile(file, "w") as made:
        for info in given.infolist():
            content = given.read(info)
            if info.filename.endswith("data.pkl"):
                content = content.replace(b"K\x04\x85q", b"\x8a\x06" + struct.pack("<q", 2**40)[:6] + b"\x85q")
                content = content.replace(b"K\x01\x85q", b"K\x00\x85q")
            made.writestr(info.filename, content)
    return file


def _safetensors(path: Path, header: bytes, content: bytes = b"") -> Path:
    file = path.with_suffix(".safetensors")
    file.write_bytes(struct.pack("<Q", len(header)) + header + content)
    return file


def safetensors_many(path: Path) -> Path:
    """300,000 tensors without a number in them."""
    one = b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    return _safetensors(path, b"{" + b",".join(one % index for index in range(300_000)) + b"}")


def safetensors_deep(path: Path) -> Path:
    """Lists in lists in the header."""
    return _safetensors(path, b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def safetensors_shape(path: Path) -> Path:
    """A shape whose product is more than 64 bits hold."""
    header = {"a": {"dtype": "F32", "shape": [2**32, 2**32], "data_offsets": [0, 0]}}
    return _safetensors(path, json.dumps(header).encode())


def safetensors_long_shape(path: Path) -> Path:
    """A tensor of a million dimensions of 1."""
    header = {"a": {"dtype": "F32", "shape": [1] * 1_000_000, "data_offsets": [0, 4]}}
    return _safetensors(path, json.dumps(header).encode(), bytes(4))


def tar_head(path: Path) -> Path:
    """Notes of a .tar file on holes in the next member that are no numbers, over which Python's own reader falls."""
    file = path.with_suffix(".pt")
    file.write_bytes(tar_member(b"x", b"22 GNU.sparse.map=a,b\n", b"x") + tar_member(b"a", b"") + bytes(1024))
    return file


def _graph(path: Path, nodes: list[object], values: dict[str, object]) -> Path:
    """A graph that adds `o` to the logits of three classes."""
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 28, 28])
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])
    around = [
        helper.make_node("Flatten", ["x"], ["f"]),
        *nodes,
        helper.make_node("MatMul", ["f", "w"], ["g"]),
        helper.make_node("Add", ["g", "o"], ["y"]),
    ]
    given = {"w": np.zeros((784, 3), np.float32), **values}
    constants = [numpy_helper.from_array(np.asarray(value), name) for name, value in given.items()]
    graph = helper.make_graph(around, "g", [image], [answer], constants)
    file = path.with_suffix(".onnx")
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    file.write_bytes(model.SerializeToString())
    return file


def onnx_loop(path: Path) -> Path:
    """A loop that goes round 2**62 times."""
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Add", ["v", "v"], ["v2"])],
        "b",
        [info("i", TensorProto.INT64, []), info("go", TensorProto.BOOL, []), info("v", TensorProto.FLOAT, [1])],
        [info("on", TensorProto.BOOL, []), info("v2", TensorProto.FLOAT, [1])],
    )
    values = {"m": np.int64(2**62), "c": np.bool_(True), "z": np.zeros(1, np.float32)}
    return _graph(path, [helper.make_node("Loop", ["m", "c", "z"], ["o"], body=body)], values)


def onnx_giant(path: Path) -> Path:
    """A constant of 2 GB, which the file describes in a few bytes."""
    nodes = [helper.make_node("ConstantOfShape", ["s"], ["big"]), helper.make_node("ReduceMax", ["big"], ["o"])]
    return _graph(path, nodes, {"s": np.array([2**29], np.int64)})


def onnx_tiles(path: Path) -> Path:
    """A number that is laid out 1,000 times, three times over."""
    nodes, last = [], "z"
    for index in range(3):
        nodes.append(helper.make_node("Tile", [last, "s"], [f"t{index}"]))
        last = f"t{index}"
    nodes.append(helper.make_node("ReduceMax", [last], ["o"]))
    return _graph(path, nodes, {"s": np.array([800], np.int64), "z": np.zeros(1, np.float32)})


def onnx_sides(path: Path) -> Path:
    """A graph for images of 30,000 pixels a side."""
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 30_000, 30_000])
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["p"]),
        helper.make_node("Flatten", ["p"], ["y"]),
    ]
    model = helper.make_model(
        helper.make_graph(nodes, "g", [image], [answer]), opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    file = path.with_suffix(".onnx")
    file.write_bytes(model.SerializeToString())
    return file


DATA = (pickle_doubling, pickle_type, pickle_marks, pickle_deep, pickle_copies, pickle_keys, pickle_lists)
WEIGHTS = (
    *(legacy_doubling, legacy_deep, legacy_bare, zip_doubling, zip_size, tar_head),
    *(safetensors_many, safetensors_deep, safetensors_shape, safetensors_long_shape),
)
GRAPHS = (onnx_loop, onnx_giant, onnx_tiles, onnx_sides)
