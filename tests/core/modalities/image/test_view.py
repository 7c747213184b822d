"""One row of a stored array comes back as the same pixels; anything else is a LookupError."""

import os
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.modalities import shown_row


def pixels(shown):
    assert shown.media == "image/png"
    return np.asarray(Image.open(BytesIO(shown.content)))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_png_holds_the_pixels_of_its_row(tmp_path, channels):
    images = np.random.default_rng(0).integers(0, 256, (5, 6, 7, channels), np.uint8)
    np.save(tmp_path / "images.npy", images)
    assert (pixels(shown_row(tmp_path / "images.npy", 3)) == images[3].squeeze()).all()


def test_a_file_written_anew_is_read_anew(tmp_path):
    path = tmp_path / "images.npy"
    np.save(path, np.zeros((1, 2, 2, 1), np.uint8))
    assert pixels(shown_row(path, 0)).max() == 0
    np.save(tmp_path / "new.npy", np.full((1, 2, 2, 1), 9, np.uint8))
    (tmp_path / "new.npy").replace(path)
    os.utime(path, (1, 1))
    assert pixels(shown_row(path, 0)).min() == 9


@pytest.mark.parametrize("row", [-1, 5])
def test_a_row_that_does_not_exist(tmp_path, row):
    np.save(tmp_path / "images.npy", np.zeros((5, 2, 2, 3), np.uint8))
    with pytest.raises(LookupError, match="no sample"):
        shown_row(tmp_path / "images.npy", row)


@pytest.mark.parametrize("array", [np.zeros((5, 2, 2)), np.zeros((5, 2, 2, 4), np.uint8), np.zeros((5, 2, 2, 3))])
def test_an_array_that_holds_no_images(tmp_path, array):
    np.save(tmp_path / "images.npy", array)
    with pytest.raises(LookupError, match="sample"):
        shown_row(tmp_path / "images.npy", 0)


def test_a_file_that_is_missing_or_no_array(tmp_path):
    (tmp_path / "text.npy").write_text("not an array")
    for name in ("missing.npy", "text.npy"):
        with pytest.raises(LookupError):
            shown_row(tmp_path / name, 0)


def test_a_pickle_is_never_opened(tmp_path):
    np.save(tmp_path / "images.npy", np.array([{"a": 1}], dtype=object))
    with pytest.raises(LookupError):
        shown_row(tmp_path / "images.npy", 0)
