"""The built-in demos: real images and real messages that ship with Assay, as data sets in memory."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.data.arrays.npz import npz
from core.data.collection import Collection, Part
from core.data.texts.text_table import text_table
from core.modalities.image.inputs import ImageInputs
from core.modalities.text.inputs import text_inputs
from core.types import Dataset, Images

TEXT_DEMO_FILE = Path(__file__).parents[3] / "assets" / "demo" / "sms_spam.csv"
DEMO_FILE = Path(__file__).parents[3] / "assets" / "demo" / "fashion_mnist_7000.npz"


def demo() -> Dataset:
    """6,000 training and 1,000 test images of Fashion-MNIST, ten classes, 28×28 grey, unpoisoned."""
    return replace(gathered(npz(DEMO_FILE)), name="Fashion-MNIST demo")


def text_demo() -> Dataset:
    """3,500 training and 900 test messages of the SMS Spam Collection, ham or spam, unpoisoned."""
    collection = text_table(TEXT_DEMO_FILE)
    try:
        train, test = collection.train, collection.test
        return Dataset(
            name="SMS demo",
            ids=np.arange(len(train)),
            inputs=text_inputs(map(str, map(train.read, range(len(train))))),
            labels=train.labels,
            test_inputs=text_inputs(map(str, map(test.read, range(len(test))))),
            test_labels=test.labels,
            class_names=collection.class_names,
            bona_fide=np.zeros(len(train), np.bool_),
        )
    finally:
        collection.close()


def gathered(collection: Collection) -> Dataset:
    """All images of a collection that holds pixels of one shape; large ones are imported into a workspace instead."""
    images, n = _images(collection.train), len(collection.train)
    tests = _images(collection.test) if len(collection.test) else images[:0]
    bona_fide = np.zeros(n, np.bool_) if collection.bona_fide is None else collection.bona_fide
    return Dataset(
        name=collection.name,
        ids=np.arange(n),
        inputs=ImageInputs(images),
        labels=collection.train.labels,
        test_inputs=ImageInputs(tests),
        test_labels=collection.test.labels,
        class_names=collection.class_names,
        bona_fide=bona_fide,
    )


def _images(part: Part) -> Images:
    return np.stack([np.asarray(part.read(index), np.uint8) for index in range(len(part))])
