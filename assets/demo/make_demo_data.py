"""Makes `fashion_mnist_7000.npz`: a seeded, stratified draw of 6,000 training and 1,000 test images from Fashion-MNIST.

python assets/demo/make_demo_data.py --data DIR    # DIR holds fashion_mnist.npz with x_train, y_train, x_test, y_test
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SEED = 20_260_101
PER_CLASS = {"train": 600, "test": 100}
CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
TARGET = Path(__file__).with_name("fashion_mnist_7000.npz")


def drawn(labels: NDArray[np.int64], per_class: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices of `per_class` samples of every class, in the order in which the source holds them."""
    chosen = [
        rng.choice(np.flatnonzero(labels == class_index), per_class, replace=False)
        for class_index in range(len(CLASS_NAMES))
    ]
    return np.sort(np.concatenate(chosen))


def demo_arrays(source: Path) -> dict[str, NDArray[np.generic]]:
    """The arrays of the demo file, the same ones on every machine."""
    rng = np.random.default_rng(SEED)
    arrays: dict[str, NDArray[np.generic]] = {}
    with np.load(source, allow_pickle=False) as archive:
        for part, per_class in PER_CLASS.items():
            labels = archive[f"y_{part}"].astype(np.int64)
            rows = drawn(labels, per_class, rng)
            arrays[f"x_{part}"] = archive[f"x_{part}"][rows].astype(np.uint8)
            arrays[f"y_{part}"] = labels[rows]
    return {**arrays, "class_names": np.array(CLASS_NAMES)}


def main() -> None:
    """Writes the file next to this script and prints what can be compared with README.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds fashion_mnist.npz")
    parser.add_argument("--out", type=Path, default=TARGET, help="the file to write")
    options = parser.parse_args()
    arrays = demo_arrays(options.data / "fashion_mnist.npz")
    np.savez_compressed(options.out, allow_pickle=False, **arrays)
    for name, array in arrays.items():
        print(f"{name:<12}{array.dtype!s:<8}{array.shape!s:<16}sha256 {hashlib.sha256(array.tobytes()).hexdigest()}")


if __name__ == "__main__":
    main()
