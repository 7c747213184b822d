"""What a modality has to offer: a folder whose module has these functions is one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.modalities.augmented import Augmentation
from core.modalities.recovery import Stamps
from core.modalities.saying import Part, Summary
from core.modalities.shown import Shown
from core.types import Floats, Inputs, Ints, Samples

if TYPE_CHECKING:  # pages reach this module and never need torch
    from torch import Tensor, device
    from torch.nn import Module

Painter = Callable[[Samples], Samples]
Way = Callable[[Samples | Floats], Floats]


@dataclass(frozen=True)
class Change:
    """What a trigger changes, to be shown.

    Attributes:
        samples: as many as were given, each showing its change.
        scale: how much that is amplified, such as "× 3"; "" where it is shown as it is.
        amount: the largest change, such as "4 of 255 levels".
    """

    samples: Samples
    scale: str
    amount: str


@dataclass(frozen=True)
class Trait:
    """Something that is measured of every sample, to sort and to filter by.

    Attributes:
        name: in a word or two, such as "brightness".
        unit: what follows a number of it, such as "%".
        values: (n,) float32, finite.
        help: what it says, in a sentence.
    """

    name: str
    unit: str
    values: Floats
    help: str


@dataclass(frozen=True)
class Look:
    """What one look at each of n samples tells.

    Attributes:
        traits: what was measured.
        faults: kind of problem → ascending rows of the samples that have it; a kind that none has is missing.
    """

    traits: tuple[Trait, ...]
    faults: Mapping[str, Ints]


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

    def resident(self, inputs: Inputs, device: "device", network: "Module | None" = None) -> Placed:
        """The inputs for a network on `device`, which may read them in a way of its own."""

    def augmentation(self, name: str) -> Augmentation:
        """The augmentation of that name, of a batch."""

    def probe(self, count: int, shape: tuple[int, ...]) -> "Tensor":
        """So many samples of `shape` that show nothing, as a network is given them."""

    def places(self, shape: tuple[int, ...]) -> int:
        """How many places of such a sample a network looks at, such as pixels: it says how many samples go together."""

    def given(self, samples: Samples, network: "Module | None" = None) -> "Tensor":
        """What the network is given for samples that are read or made already, in main memory."""

    def begin(self, network: "Module", inputs: Inputs, /) -> None:
        """Give an untrained network what it has to know of its training data, such as their words; once."""

    def speaking(self, network: "Module", inputs: Inputs, labels: Ints, predicted: Ints, /) -> Floats | None:
        """(q, 2) how much each word of all samples speaks for the given and the predicted class; None of no words."""


class Patterns(Protocol):
    """What samples can share that a trigger may have left there."""

    @property
    def exact(self) -> bool:
        """Whether a sample has a pattern or has it not, such as words; else that is a matter of degree."""

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


class Modality(Protocol):
    """One kind of input: how it is stored, given to a model, shown, compared and poisoned."""

    @property
    def name(self) -> str:
        """What `Inputs.modality` says."""

    @property
    def things(self) -> str:
        """What people call several such samples."""

    @property
    def offers(self) -> tuple[str, ...]:
        """What detectors and attacks may need of the inputs, by the names that they have for it.

        None where the samples cannot be seen: then their batches, patterns and stamps are refused with a UserError.
        """

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

    def appending(self, path: Path, shape: tuple[int, ...], /) -> AbstractContextManager[Callable[[Samples], None]]:
        """A file as `write_inputs` makes one, for samples of `shape` that come one by one: what is called with each."""

    def sampled(self, inputs: Inputs) -> Iterator[bytes]:
        """What a fingerprint reads of the inputs: a bounded part of them."""

    def shown(self, sample: Samples) -> Shown:
        """One sample as a picture: a tile, a hover, a single view."""

    def read(self, inputs: Inputs, rows: Ints, most: int, /) -> list[str]:
        """What there is to read in some samples, at most so many characters; "" where they are only looked at."""

    def told(self, sample: Samples, /) -> str:
        """The same of one sample that was kept or made."""

    @property
    def side(self) -> int:
        """Pixels of the side at which a sample is seen well enough in passing."""

    def described(self, shape: tuple[int, ...]) -> str:
        """What there is to say of samples of such a shape, in a few words."""

    def average(self, inputs: Inputs) -> Samples:
        """What stands for a group: one sample like their mean."""

    def beyond(self, inputs: Inputs, rows: Ints, near: Ints) -> Samples:
        """What samples have on average beyond their neighbours, rows (m, q), as one sample that can be shown."""

    def summary(self, inputs: Inputs, rows: Ints, others: Ints, /) -> Summary | None:
        """What samples have that others of their class lack, in words; None where a picture says it."""

    def parts(self, inputs: Inputs, rows: Ints, speaking: NDArray[Any], most: int, /) -> list[tuple[Part, ...]]:
        """What there is to read in some samples, the strongest words of `Batches.speaking` marked; () of no words."""

    def amplified(self, before: Samples, after: Samples) -> Change:
        """What a trigger changed in one sample or in several, to be shown."""

    def kept(self, samples: Sequence[Samples | None], shape: tuple[int, ...], /) -> NDArray[np.uint8]:
        """A few samples that a run keeps to be shown, as one array, n-first; one that shows nothing for None."""

    @property
    def kept_dimensions(self) -> int:
        """How many dimensions such an array has for each sample; no two modalities have the same."""

    def kept_row(self, array: NDArray[Any], row: int) -> Samples:
        """One sample of such an array. Raises ValueError where the array is none."""

    def filed(self, sample: Samples) -> tuple[str, bytes]:
        """One sample as a file of its own: how its name ends, and its content."""

    @property
    def column(self) -> tuple[str, Mapping[str, str]] | None:
        """Name and feature of a column of them in the `datasets` library; None where there is nothing but names."""

    def cell(self, content: bytes | str, name: str, /) -> Any:
        """One sample as a value of that column, from what its file holds; `name` is that of the file."""

    def digests(self, inputs: Inputs) -> NDArray[np.uint64]:
        """(n,) a number a sample that only equal samples share."""

    def look(self, inputs: Inputs) -> Look:
        """What a look at each sample tells: what can be measured, and what is wrong with some."""

    def alike(self, inputs: Inputs) -> list[tuple[int, int]]:
        """(later, earlier) for each sample that looks like an earlier one without being the same."""

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
