"""A pattern that is at the same place in every image: added, laid over or pasted; and overlays that are asked for."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.modalities.image.look import details
from core.modalities.recovery import Stamp
from core.types import Bools, Floats, Images, Inputs, Ints, Samples

if TYPE_CHECKING:  # the Trigger demo reads these triggers and never needs torch
    from torch import Tensor

NAME = "an overlay"


class PictureStamp:
    """What all recovered triggers of pictures have in common: nothing but the picture tells."""

    tells_home = False

    def carried(self, samples: Samples) -> Bools | None:
        """None: a picture shows more or less of it."""
        del samples
        return None

    def seen(self, samples: Samples) -> Floats | None:
        """(m, f) levels, detail and colour of the images, part by part."""
        return details(samples)

    def simpler(self) -> tuple[Stamp, ...]:
        """None: a picture has every part of it to some degree."""
        return ()

    def at_home(self, _inputs: Inputs, _labels: Ints, _rows: Ints) -> float | None:
        """None: only a network tells what else a picture shows."""
        return None


@dataclass(frozen=True, eq=False)
class ImageStamp(PictureStamp):
    """A recovered trigger.

    Attributes:
        name: how it is put on an image: "added", "middle added", "laid over" or "pasted".
        scale: what is left of the image beneath, a factor in (0, 1].
        offset: (h, w, c) levels that are added after that, or that stand where the mask is.
        mask: (h, w, c) where it replaces what is there; None where it replaces nothing.
    """

    name: str
    scale: float
    offset: Floats
    mask: Bools | None = None

    def put_on(self, samples: Samples) -> Samples:
        """(m, h, w, c) the images with the trigger."""
        pixels = samples.astype(np.float32)
        changed = self.scale * pixels + self.offset if self.mask is None else np.where(self.mask, self.offset, pixels)
        return np.asarray(np.rint(changed).clip(0, 255), np.uint8)

    def taken_off(self, samples: Samples, beneath: Floats) -> Samples:
        """(m, h, w, c) the images without it; where it replaced something, what their look-alikes show there."""
        pixels = samples.astype(np.float32)
        changed = (pixels - self.offset) / self.scale if self.mask is None else np.where(self.mask, beneath, pixels)
        return np.asarray(np.rint(changed).clip(0, 255), np.uint8)

    @property
    def parts(self) -> dict[str, NDArray[Any]]:
        """Name, scale, offset and, where it replaces something, mask."""
        parts = {"name": np.array(self.name), "scale": np.array(self.scale, np.float32), "offset": self.offset}
        return parts if self.mask is None else {**parts, "mask": self.mask}

    @property
    def picture(self) -> Images:
        """(h, w, c) the trigger on mid-grey, its contrast stretched."""
        shown = self.offset if self.mask is None else np.where(self.mask, self.offset - 127.5, 0)
        centred = shown - (np.median(shown) if self.mask is None else 0)
        return np.asarray(np.rint(127.5 + 127.5 * centred / max(float(np.abs(centred).max()), 1.0)), np.uint8)


def overlaid(images: "Tensor", offsets: "Tensor") -> "Tensor":
    """(m, c, h, w) each image in [0, 1] with its own offset (m, c, h, w) added."""
    return (images + offsets).clamp(0, 1)


def bounded(offsets: "Tensor", most: float) -> "Tensor":
    """(q, c, h, w) the offsets, with a root of their mean square of at most so much."""
    sizes = offsets.square().flatten(1).mean(1).sqrt()
    return offsets * (most / sizes.clamp_min(1e-6)).clamp_max(1)[:, None, None, None]


def kept(offset: "Tensor") -> ImageStamp:
    """An offset (c, h, w) in [0, 1] as a recovered trigger."""
    return ImageStamp(NAME, 1.0, np.ascontiguousarray((255 * offset).permute(1, 2, 0).numpy()))
