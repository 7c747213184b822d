"""What is seen of a class is worked out once, and is the same whenever it is asked for."""

import mmap

import numpy as np
import pytest

from core.detectors.consensus.kept_looks import kept_looks
from core.detectors.consensus.templates import looks
from core.modalities.image.inputs import ImageInputs

IMAGES = ImageInputs(np.random.default_rng(0).integers(0, 256, (1300, 9, 9, 3)).astype(np.uint8))
FIRST, SECOND = np.arange(0, 1300, 2), np.arange(1, 1300, 2)


class Counted(ImageInputs):
    """Images that count how often some are taken."""

    taken = 0

    def take(self, rows):
        type(self).taken += 1
        return super().take(rows)


@pytest.mark.parametrize(("most_bytes", "expected"), [(2**30, 2), (0, 6), (2_000_000, 4)])
def test_looks_are_kept_as_far_as_there_is_room(most_bytes, expected):
    Counted.taken = 0
    with kept_looks(Counted(IMAGES.array), most_bytes=most_bytes) as look:
        for rows in (FIRST, SECOND) * 3:
            for kept, anew in zip(look(rows), looks(IMAGES.take(rows)), strict=True):
                assert np.array_equal(kept, anew)
    assert Counted.taken == expected


def test_kept_looks_take_no_memory_of_their_own():
    with kept_looks(IMAGES) as look:
        for answers in (look(FIRST), look(FIRST)):
            assert all(isinstance(each.base, (np.memmap, mmap.mmap)) for each in answers)


def test_what_is_done_to_an_answer_is_not_kept():
    with kept_looks(IMAGES) as look:
        look(FIRST)[0][:] = 7
        look(FIRST)[0][:] = 8
        assert np.array_equal(look(FIRST)[0], looks(IMAGES.take(FIRST))[0])
