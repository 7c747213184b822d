"""Mapped arrays give their memory back, and are read again."""

import sys
from pathlib import Path

import numpy as np
import pytest

from core.modalities.image.inputs import ImageInputs
from core.modalities.mapped import let_go, mapped


def megabytes_of_files():
    status = Path("/proc/self/status").read_text()
    kinds = ("RssFile", "RssShmem")  # the second: of files that lie in memory
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith(kinds)) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is mapped")
def test_mapped_images_that_were_let_go_take_no_memory_and_are_the_same(tmp_path):
    np.save(tmp_path / "images.npy", np.full((40, 512, 512, 3), 7, np.uint8))
    inputs = ImageInputs(mapped(tmp_path / "images.npy")).take(np.arange(40))
    assert inputs[:].sum() == 7 * inputs.nbytes
    held = megabytes_of_files()
    inputs.let_go()
    assert megabytes_of_files() < held - 20
    assert inputs[:].sum() == 7 * inputs.nbytes


def test_what_somebody_wrote_into_a_copy_on_write_is_not_lost(tmp_path):
    np.save(tmp_path / "values.npy", np.zeros(2**16))
    array = np.load(tmp_path / "values.npy", mmap_mode="c")
    array[:] = 3
    let_go(array)
    let_go(array[5:])
    assert (array == 3).all()
    let_go(np.ones(3))
