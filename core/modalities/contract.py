"""What a modality has to offer: a folder whose module has these functions is one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.types import Floats, Images, Inputs, Ints, Samples

if TYPE_CHECKING:  # pages reach this module and never need torch
    from torch import Generator, Tensor, device

Painter = Callable[[Images], Images]
Way = Callable[[Images | Floats], Floats]


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


class Placed(Protocol):
    """Inputs where a network can reach them."""

    def __len__(self) -> int: ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample."""

    def batch(self, rows: "Tensor") -> "Tensor":
        """What the network is given for these rows."""

    def streamed(self, parts: Sequence["Tensor"]) -> Iterator["Tensor"]:
        """The same for one part after the other, rows in main memory; the next ones come while one is computed on."""


class Batches(Protocol):
    """How inputs get into a network. Loading it loads torch."""

    def resident(self, inputs: Inputs, device: "device") -> Placed:
        """The inputs for a network on `device`."""

    def augmentation(self, name: str) -> Augmentation:
        """The augmentation of that name, of a batch."""


class Patterns(Protocol):
    """What samples can share that a trigger may have left there."""

    @property
    def ways(self) -> tuple[Way, ...]:
        """Ways to look at samples or at differences, from m of them to (m, f); a pattern is a mean of that."""

    def coarse(self, inputs: Inputs) -> Floats:
        """(n, d) what samples are like at large, where a trigger hardly counts."""

    def values(self, inputs: Inputs) -> Floats:
        """(n, d) what is clustered where no activations are wanted: the samples themselves, of bounded length."""

    def differences(self, inputs: Inputs, rows: Ints, near: Ints) -> Floats:
        """What each of m rows has beyond the mean of its neighbours, rows (m, q)."""

    def repeats(self, inputs: Inputs, labels: Ints, n_classes: int) -> Floats:
        """(n,) how strongly each sample repeats what its class shares, in any unit; NaN in too small a class."""


class Stamp(Protocol):
    """A recovered trigger: what samples that seem to carry one have in common, as something to put on others."""

    @property
    def name(self) -> str:
        """How it is put on a sample."""

    @property
    def picture(self) -> Samples:
        """One sample that shows it."""

    @property
    def parts(self) -> Mapping[str, NDArray[Any]]:
        """The arrays that it is made of, to be kept; `Stamps.restored` makes it of them."""

    def put_on(self, samples: Samples) -> Samples:
        """The samples with the trigger."""

    def taken_off(self, samples: Samples, beneath: Floats) -> Samples:
        """The samples without it; `beneath` is what their look-alikes show."""


class Stamps(Protocol):
    """How a trigger is recovered from samples that may carry one, given their look-alikes of other classes."""

    def beneath(self, inputs: Inputs, near: Ints) -> Floats:
        """What each sample's look-alikes show, rows (m, q)."""

    def residuals(self, inputs: Inputs, rows: Ints, near: Ints) -> Floats:
        """(m, f) what each sample has beyond that."""

    def stamps(self, inputs: Inputs, rows: Ints, near: Ints) -> tuple[Stamp, ...]:
        """Ways to put on a sample what all of these have beyond their look-alikes."""

    def restored(self, parts: Mapping[str, NDArray[Any]], shape: tuple[int, ...]) -> Stamp:
        """A trigger from its `parts`, for samples of `shape`. Raises KeyError or ValueError where they do not fit."""


class Modality(Protocol):
    """One kind of input: how it is stored, given to a model, shown, compared and poisoned."""

    @property
    def name(self) -> str:
        """What `Inputs.modality` says."""

    @property
    def files(self) -> tuple[str, str]:
        """File names of the training and of the test inputs in the folder of a data set."""

    @property
    def dimensions(self) -> int:
        """How many numbers the shape of a sample has."""

    @property
    def augmentations(self) -> tuple[str, ...]:
        """Names for `Batches.augmentation`; the first is none."""

    def open_inputs(self, path: Path) -> Inputs:
        """What `write_inputs` wrote, read when it is asked for. Raises OSError or ValueError where there is none."""

    def write_inputs(self, path: Path, inputs: Inputs) -> None:
        """Write all samples to one file."""

    def appending(self, path: Path, shape: tuple[int, ...]) -> AbstractContextManager[Callable[[Samples], None]]:
        """A file as `write_inputs` makes one, for samples of `shape` that come one by one: what is called with each."""

    def sampled(self, inputs: Inputs) -> Iterator[bytes]:
        """What a fingerprint reads of the inputs: a bounded part of them."""

    def png_of(self, sample: Images) -> bytes:
        """One sample as a picture: a tile, a hover, a single view."""

    def average(self, inputs: Inputs) -> Images:
        """What stands for a group: one sample like their mean."""

    def contrast(self, difference: Floats) -> Images:
        """A mean difference as one sample that can be shown."""

    def amplified(self, before: Images, after: Images) -> tuple[Images, float, int]:
        """What a trigger changed, to be shown; how much that is amplified; and the largest change."""

    def digests(self, inputs: Inputs) -> NDArray[np.uint64]:
        """(n,) a number a sample that only equal samples share."""

    def copied(self, inputs: Inputs) -> Inputs:
        """A copy in memory that may be painted on."""

    def paint(self, copied: Inputs, rows: Ints, painter: Painter) -> None:
        """Apply a trigger to some rows of such a copy."""

    def painted(self, inputs: Inputs, painter: Painter) -> Inputs:
        """Triggered copies of all the inputs."""

    def load_batches(self) -> Batches:
        """How inputs get into a network."""

    def load_patterns(self) -> Patterns:
        """What samples can share."""

    def load_stamps(self) -> Stamps:
        """How a trigger is recovered."""
