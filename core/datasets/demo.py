"""The built-in demo: real Fashion-MNIST images that ship with Assay."""

from dataclasses import replace
from pathlib import Path

from core.datasets.gathering import gathered
from core.datasets.npz import npz
from core.types import Dataset

DEMO_FILE = Path(__file__).parents[2] / "assets" / "demo" / "fashion_mnist_7000.npz"


def demo() -> Dataset:
    """6,000 training and 1,000 test images of Fashion-MNIST, ten classes, 28×28 grey, unpoisoned."""
    return replace(gathered(npz(DEMO_FILE)), name="Fashion-MNIST demo")
