"""Packs a data set into one file for `benchmarks.gpu`, small enough to travel with it: `--data DIR NAME FILE`.

It needs NumPy and Pillow only, as does reading it.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.parts.packed import packed

MOST_MEGABYTES = 55.0


def pack(folder: Path, name: str, file: Path, most_megabytes: float = MOST_MEGABYTES) -> str:
    """Pack `<folder>/<name>.npz`, as benchmarks/README.md describes it; returns what was done in words."""
    with np.load(folder / f"{name}.npz", allow_pickle=False) as content:
        arrays = {key: content[key] for key in ("x_train", "y_train", "x_test", "y_test")}
    content, words = packed(arrays, int(most_megabytes * 1e6))
    file.write_bytes(content)
    n, m = len(arrays["y_train"]), len(arrays["y_test"])
    return f"{file}: {n:,} + {m:,} images of {name}, {words}, {len(content) / 1e6:.1f} MB"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_data", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of npz files, see benchmarks/README.md")
    parser.add_argument("name", help="cifar10, fashion_mnist or another file of that folder, without .npz")
    parser.add_argument("file", type=Path, help="where to write")
    asked = parser.parse_args()
    print(pack(asked.data, asked.name, asked.file))
