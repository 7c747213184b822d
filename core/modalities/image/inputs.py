"""Images as inputs: an array, mapped or in memory, and which of its rows are meant."""

from dataclasses import dataclass

import numpy as np

from core.modalities.mapped import let_go
from core.types import Images, Ints, Rows

MODALITY = "image"


@dataclass(frozen=True, eq=False)
class ImageInputs:
    """Some rows of an array of images, in some order; none is read before it is asked for.

    Attributes:
        array: (m, h, w, c) uint8, c = 1 or 3; may be memory-mapped.
        rows: (n,) rows of the array; None for all of them, as they lie.

    >>> images = ImageInputs(np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2, 1))
    >>> len(images), images.shape, images.nbytes
    (3, (2, 2, 1), 12)
    >>> images.take([2, 0])[0].ravel().tolist()
    [8, 9, 10, 11]
    """

    array: Images
    rows: Ints | None = None

    def __post_init__(self) -> None:
        if self.array.ndim != 4:
            raise ValueError(f"images must be (n, h, w, c), not {self.array.shape}")

    def __len__(self) -> int:
        return len(self.array) if self.rows is None else len(self.rows)

    @property
    def modality(self) -> str:
        """The name of the modality."""
        return MODALITY

    @property
    def shape(self) -> tuple[int, int, int]:
        """(h, w, c) of one image."""
        return self.array.shape[1], self.array.shape[2], self.array.shape[3]

    @property
    def nbytes(self) -> int:
        """Bytes of all n images."""
        return len(self) * int(np.prod(self.shape)) * self.array.itemsize

    def __getitem__(self, rows: int | Rows) -> Images:
        """One image (h, w, c), or several (b, h, w, c); only these are read."""
        images: Images = self.array[rows if self.rows is None else self.rows[rows]]
        return images

    def take(self, rows: Rows) -> "ImageInputs":
        """Some of the images, in any order; no pixel is copied."""
        if self.rows is None and isinstance(rows, slice):
            return ImageInputs(self.array[rows])
        return ImageInputs(self.array, (np.arange(len(self)) if self.rows is None else self.rows)[rows])

    def let_go(self) -> None:
        """Give the memory of mapped images back to the system."""
        let_go(self.array)
