"""A change of samples at random, as training applies it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # pages reach this module and never need torch
    from torch import Generator, Tensor


@dataclass(frozen=True)
class Augmentation:
    """A change of samples at random, each with its own draw.

    Attributes:
        draws: of so many samples, (n, q) float32 in main memory, the same for any device.
        apply: to a batch, given its draws (b, q) on its device.
    """

    draws: Callable[[int, "Generator"], "Tensor"]
    apply: Callable[["Tensor", "Tensor"], "Tensor"]

    def __call__(self, batch: "Tensor", generator: "Generator") -> "Tensor":
        """The batch changed by draws of its own."""
        return self.apply(batch, self.draws(len(batch), generator).to(batch.device))
