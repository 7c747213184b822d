"""Small good files of every kind that is read, to be damaged. Each function writes them into an empty folder."""

import gzip
import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.hostile.archives import png, tar_pictures
from benchmarks.hostile.pickles import CIFAR, pickled

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP", "TIFF")


def picture(kind: str, grey: int = 90) -> bytes:
    """A small picture in one of the formats that are read."""
    stream = io.BytesIO()
    Image.new("RGB", (12, 9), (grey, 20, 30)).save(stream, kind)
    return stream.getvalue()


def image_folder(path: Path) -> Path:
    """Two classes with a picture of every format."""
    for index, kind in enumerate(_FORMATS * 2):
        folder = path / "set" / "ab"[index % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{index}.{kind.lower()}").write_bytes(picture(kind, 10 * index))
    return path / "set"


def zip_file(path: Path) -> Path:
    """A .zip of pictures."""
    with zipfile.ZipFile(path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for index in range(4):
            archive.writestr(f"{'ab'[index % 2]}/{index}.png", png(grey=index))
    return path / "set.zip"


def tar_file(path: Path) -> Path:
    """A .tar of pictures."""
    (path / "set.tar").write_bytes(tar_pictures())
    return path / "set.tar"


def tar_gz_file(path: Path) -> Path:
    """A .tar.gz of pictures."""
    (path / "set.tar.gz").write_bytes(gzip.compress(tar_pictures()))
    return path / "set.tar.gz"


def npz_file(path: Path) -> Path:
    """An .npz of images and labels."""
    images = np.arange(6 * 64, dtype=np.uint8).reshape(6, 8, 8)
    np.savez_compressed(
        path / "set.npz", x_train=images, y_train=np.array([0, 1] * 3), class_names=np.array(["a", "b"])
    )
    return path / "set.npz"


def npy_files(path: Path) -> Path:
    """A folder of .npy files."""
    np.save(path / "x_train.npy", np.linspace(0, 1, 6 * 64, dtype=np.float32).reshape(6, 8, 8))
    np.save(path / "y_train.npy", np.array(["a", "b"] * 3))
    return path


def csv_file(path: Path) -> Path:
    """A table of paths and of base64."""
    import base64

    (path / "a.png").write_bytes(png())
    coded = base64.b64encode(png()).decode()
    (path / "set.csv").write_text(f'image,label,split\na.png,cat,train\n"{coded}",dog,train\na.png,dog,test\n')
    return path / "set.csv"


def parquet_file(path: Path) -> Path:
    """A table with images as bytes."""
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({"image": [png(grey=index) for index in range(6)], "label": ["a", "b"] * 3})
    parquet.write_table(table, path / "set.parquet", compression="zstd")
    return path / "set.parquet"


def arrow_files(path: Path) -> Path:
    """What `save_to_disk` of the `datasets` library writes."""
    from benchmarks.hostile.tables import arrow

    labels = {"image": [{"bytes": png(grey=index), "path": None} for index in range(6)], "label": [0, 1] * 3}
    return arrow(path / "set", labels)


def cifar_pickles(path: Path) -> Path:
    """CIFAR-10 in its Python version, two images a batch."""
    folder = path / "cifar-10-batches-py"
    folder.mkdir()
    for name in CIFAR:
        batch = {b"data": np.zeros((2, 3072), np.uint8), b"labels": [0, 1]}
        content = {"label_names": [str(index) for index in range(10)]} if name == "batches.meta" else batch
        (folder / name).write_bytes(pickled(content))
    return path


def cifar_records(path: Path) -> Path:
    """CIFAR-10 in its binary version."""
    folder = path / "cifar-10-batches-bin"
    folder.mkdir()
    for name in CIFAR[:-1]:
        (folder / f"{name}.bin").write_bytes((b"\1" + bytes(3072)) * 2 + b"\2" + bytes(3072))
    (folder / "batches.meta.txt").write_text("\n".join(str(index) for index in range(10)))
    return path


def mnist_files(path: Path) -> Path:
    """MNIST in IDX files, packed for training, plain for the test."""
    folder = path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for split in ("train", "t10k"):
        images = b"\0\0\x08\x03" + struct.pack(">III", 4, 8, 8) + bytes(range(256))
        labels = b"\0\0\x08\x01" + struct.pack(">I", 4) + bytes([0, 1, 2, 3])
        for name, content in (("images-idx3", images), ("labels-idx1", labels)):
            packed = split == "train"
            file = folder / f"{split}-{name}-ubyte{'.gz' if packed else ''}"
            file.write_bytes(gzip.compress(content) if packed else content)
    return path


def svhn_file(path: Path) -> Path:
    """SVHN in a MATLAB file."""
    from scipy.io import savemat

    content = {"X": np.zeros((32, 32, 3, 4), np.uint8), "y": np.array([[1], [2], [10], [1]], np.uint8)}
    savemat(path / "train_32x32.mat", content, do_compression=True)
    return path


def stl10_files(path: Path) -> Path:
    """STL-10 in its binary version."""
    (path / "train_X.bin").write_bytes(bytes(27_648 * 2))
    (path / "train_y.bin").write_bytes(b"\1\2")
    (path / "class_names.txt").write_text("\n".join(str(index) for index in range(10)))
    return path


def gtsrb_files(path: Path) -> Path:
    """GTSRB with two classes and a table of the test set."""
    for name in ("Training/00000", "Training/00001", "Final_Test/Images"):
        (path / "GTSRB" / name).mkdir(parents=True)
        (path / "GTSRB" / name / "0.ppm").write_bytes(picture("PPM"))
    (path / "GT-final_test.csv").write_text("Filename;ClassId\n0.ppm;1\n")
    return path


def toolbox_files(path: Path) -> Path:
    """A poisoned set of backdoor-toolbox, in files of torch."""
    import torch

    folder = path / "poisoned_train_set" / "cifar10" / "badnet_0.1"
    folder.mkdir(parents=True)
    images = torch.arange(4 * 3 * 64, dtype=torch.uint8).reshape(4, 3, 8, 8) % 255
    torch.save(images / 255, folder / "imgs")
    torch.save(torch.tensor([0, 1, 0, 1]), folder / "labels")
    torch.save([1, 3], folder / "poison_indices", _use_new_zipfile_serialization=False)
    return folder


def bench_record(path: Path) -> Path:
    """A record of BackdoorBench beside its clean data."""
    mnist_files(path / "data" / "mnist")
    record = path / "record" / "badnet"
    (record / "bd_train_dataset" / "1").mkdir(parents=True)
    (record / "bd_train_dataset" / "1" / "1.png").write_bytes(png())
    state = {1: {"path": "1.png", "other_info": [0, 1]}}
    found = {"clean_data": "mnist", "bd_train": {"bd_data_container": {"data_dict": state}}}
    with zipfile.ZipFile(record / "attack_result.pt", "w") as archive:
        archive.writestr("a/data.pkl", pickled(found))
    return record


def safetensors_file(path: Path) -> Path:
    """Weights as safetensors."""
    header = {
        "fc.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "fc.bias": {"dtype": "F16", "shape": [2], "data_offsets": [24, 28]},
    }
    content = json.dumps(header).encode()
    (path / "w.safetensors").write_bytes(struct.pack("<Q", len(content)) + content + bytes(28))
    return path / "w.safetensors"


def torch_file(path: Path) -> Path:
    """A state_dict in torch's format."""
    import torch

    torch.save({"state_dict": {"fc.weight": torch.ones(2, 3), "fc.bias": torch.zeros(2)}, "epoch": 3}, path / "w.pt")
    return path / "w.pt"


def torch_old_file(path: Path) -> Path:
    """A state_dict in torch's old format."""
    import torch

    weights = {"fc.weight": torch.ones(2, 3), "fc.bias": torch.zeros(2)}
    torch.save(weights, path / "w.pt", _use_new_zipfile_serialization=False)
    return path / "w.pt"


def onnx_file(path: Path) -> Path:
    """A graph of one linear layer."""
    from onnx import TensorProto, helper, numpy_helper

    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 8, 8])
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("MatMul", ["f", "w"], ["y"])]
    weights = [numpy_helper.from_array(np.ones((64, 3), np.float32), "w")]
    graph = helper.make_graph(nodes, "g", [image], [answer], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (path / "w.onnx").write_bytes(model.SerializeToString())
    return path / "w.onnx"


DATA = (
    *(image_folder, zip_file, tar_file, tar_gz_file, npz_file, npy_files, csv_file, parquet_file, arrow_files),
    *(cifar_pickles, cifar_records, mnist_files, svhn_file, stl10_files, gtsrb_files, toolbox_files, bench_record),
)
WEIGHTS = (safetensors_file, torch_file, torch_old_file, onnx_file)
