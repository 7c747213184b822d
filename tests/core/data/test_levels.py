"""Which value is white in image files that do not use all their bits."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core import pipeline
from core.data import open_source, store
from core.data.collection import Collection, Part
from core.data.decoding import White, decoded
from core.data.levels import with_levels
from core.data.preview.scan import scan
from core.errors import UserError
from tests.core.pictures import encoded


def collection(images):
    raws = [encoded(Image.fromarray(image)) for image in images]
    return Collection(
        "x", ("a", "b"), Part(tuple(map(str, range(len(raws)))), np.arange(len(raws)) % 2, raws.__getitem__)
    )


def ramp(top, dtype):
    return np.linspace(0, top, 64).round().astype(dtype).reshape(8, 8)


@pytest.mark.parametrize(("top", "white"), [(200, 255), (1000, 1023), (4095, 4095), (16000, 16383), (65535, 65535)])
def test_files_of_16_bits_use_as_many_as_they_hold(top, white):
    found = with_levels(collection([ramp(top // 4, np.uint16), ramp(top, np.uint16)]))
    assert found.white == White(of_16_bits=white)
    shown = decoded(found.train.read(1), found.white)
    assert abs(int(shown.max()) - round(255 * top / white)) <= 1
    assert f"{white:,} is shown as white" in found.about["pixels"]
    assert scan(found).examples.max() == shown.max()


def test_masks_of_0_and_1_become_black_and_white():
    found = with_levels(collection([ramp(1, np.uint8), ramp(1, np.uint8)]))
    assert np.unique(decoded(found.train.read(0), found.white)).tolist() == [0, 255]
    assert "1 is shown as white, told from all 2 images" in found.about["pixels"]
    ordinary = with_levels(collection([ramp(1, np.uint8), ramp(90, np.uint8)]))
    assert (ordinary.white, ordinary.about) == (White(), {})


def test_masks_in_16_bits_become_black_and_white():
    found = with_levels(collection([ramp(1, np.uint16), ramp(1, np.uint16)]))
    assert np.unique(decoded(found.train.read(0), found.white)).tolist() == [0, 255]


def test_files_that_stay_almost_black_are_said():
    found = with_levels(collection([ramp(2, np.uint8)] * 40))
    assert (found.white, found.about["pixels"]) == (
        White(),
        "no value is above 2 of 255 in all 40 images: they are shown almost black",
    )


def test_files_of_32_bits_with_more_than_16_are_asked_about():
    raw = encoded(Image.fromarray(ramp(70_000, np.int32)), "TIFF")
    given = replace(collection([]), train=Part(("a", "b"), np.array([0, 1]), [raw, raw].__getitem__))
    with pytest.raises(UserError, match="32 bits hold values up to 70,000"):
        with_levels(given)
    declared = with_levels(given, "0 to 65535")
    assert decoded(declared.train.read(0), declared.white).max() == 255


def test_the_brightest_image_may_be_the_last_of_many():
    images = [ramp(900, np.uint16)] * 60
    images[47] = ramp(3000, np.uint16)
    assert with_levels(collection(images)).white.of_16_bits == 4095
    some = with_levels(collection(images), most=3)
    assert some.white.of_16_bits == 1023
    assert "told from 3 of 60 images" in some.about["pixels"]


def test_an_ordinary_set_is_settled_by_a_few_images():
    given, read = collection([ramp(200, np.uint8)] * 500), []
    part = replace(given.train, read=lambda index: read.append(index) or given.train.read(index))
    assert with_levels(replace(given, train=part)).white == White()
    assert len(read) < 250


def test_a_range_that_is_declared_is_kept_in_an_import(tmp_path, workspace):
    for index in range(4):
        path = tmp_path / "f" / "ab"[index % 2] / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(Image.fromarray(ramp(1000, np.uint16))))
    told = pipeline.import_dataset(workspace, tmp_path / "f")
    assert store.load(workspace, told.id).inputs[:].max() == round(1000 / 1023 * 255)
    assert "1,023 is shown as white" in told.about["pixels"]
    asked = pipeline.import_dataset(workspace, tmp_path / "f", values="0 to 4095")
    assert store.load(workspace, asked.id).inputs[:].max() == round(1000 / 4095 * 255)
    with pytest.raises(UserError, match="no range of values named '0 to 3'"):
        pipeline.import_dataset(workspace, tmp_path / "f", values="0 to 3")
    with pytest.raises(UserError, match="no values below 0"):
        with_levels(open_source(tmp_path / "f"), "-1 to 1")
