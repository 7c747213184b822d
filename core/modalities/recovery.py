"""What a modality has to offer where triggers are recovered: what was recovered, and how it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.types import Bools, Floats, Inputs, Ints, Samples

if TYPE_CHECKING:  # pages reach this module and never need torch
    from torch import Tensor
    from torch.nn import Module

# How the name of a trigger ends that is one of a list, not fitted to samples or to a network.
OF_A_LIST = " (known manipulation)"
# The name of one that leaves less of what is beneath it.
LAID_OVER = "laid over"
# Samples that are asked something together. Moves the memory only.
AT_ONCE = 500

Ask = Callable[[Samples], Floats]  # (m, …) samples → (m, k) probabilities


def in_parts(told: Callable[[Samples], NDArray[Any]], inputs: Inputs, rows: Ints) -> NDArray[Any]:
    """(m, …) what `told` says of each of these samples, some of them at a time."""
    return np.concatenate([told(inputs[part]) for part in np.array_split(rows, len(rows) // AT_ONCE + 1)])


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

    @property
    def tells_home(self) -> bool:
        """Whether `at_home` can tell for this kind of trigger."""

    def put_on(self, samples: Samples) -> Samples:
        """The samples with the trigger."""

    def taken_off(self, samples: Samples, beneath: Floats, /) -> Samples:
        """The samples without it; `beneath` is what their look-alikes show."""

    def carried(self, samples: Samples) -> Bools | None:
        """(m,) True for samples that have it; None where that is a matter of degree."""

    def seen(self, samples: Samples) -> Floats | None:
        """(m, f) what anybody can see of samples that may have been changed by it; None where only a network can."""

    def with_company(self, inputs: Inputs, rows: Ints, /) -> "Stamp":
        """The trigger with what else its carriers, rows (m,), have and hardly others: all that is to be taken off."""

    def simpler(self) -> "Sequence[Stamp]":
        """Its parts, each put on in the same way; none where it has no parts that a sample has or has not."""

    def at_home(self, inputs: Inputs, labels: Ints, rows: Ints) -> float | None:
        """The fraction of carriers of one class that belong there by all else that they show; None if nothing tells."""


@dataclass(frozen=True)
class AskedNetwork:
    """A network that is asked through gradients.

    Attributes:
        place: samples → what the network is given, on its device.
        logits: that → (b, k), through which gradients flow back.
    """

    place: "Callable[[Samples], Tensor]"
    logits: "Callable[[Tensor], Tensor]"


class Stamps(Protocol):
    """How a trigger is recovered from samples that may carry one, given their look-alikes of other classes."""

    def beneath(self, inputs: Inputs, near: Ints) -> Floats:
        """What each sample's look-alikes show, rows (m, q)."""

    def residuals(self, inputs: Inputs, rows: Ints, near: Ints) -> Floats:
        """(m, f) what each sample has beyond that."""

    def basis(self, inputs: Inputs, /) -> Callable[[Floats], Floats] | None:
        """Residuals (m, f) → the same in a basis where a faint pattern may be plainer; None where there is none."""

    def stamps(self, inputs: Inputs, rows: Ints, near: Ints) -> tuple[Stamp, ...]:
        """Ways to put on a sample what all of these have beyond their look-alikes."""

    def suspicions(self, inputs: Inputs, labels: Ints, ask: Ask, probes: Ints, seed: int, /) -> Floats | None:
        """(n,) who shares what turns others by what the model says, −inf for nobody's suspects; None where none asks.

        `probes` are rows of quiet samples, in random order; `ask` says the probabilities of the classes.
        """

    def coincidences(self, inputs: Inputs, labels: Ints, /) -> Floats:
        """(q, n) orders: how much each shows exactly as many of its class do, and few others; −inf for nothing.

        Higher = more suspicious. No model is asked. There are none where a modality seeks nothing of the kind.
        """

    def same(self, inputs: Inputs, rows: Ints, of_class: Ints, others: Ints, /) -> Stamp | None:
        """What samples in `rows`, of one class, have exactly, and hardly any of the `others`; None if nothing."""

    def transformations(
        self,
        inputs: Inputs,
        labels: Ints,
        probes: tuple[Ints, Ints],
        classes: Sequence[int],
        network: "AskedNetwork",
        /,
    ) -> Sequence[tuple[int, Stamp]]:
        """Classes, each with one change of a whole sample, such as a warp, that turns many others into it.

        `probes` are rows to learn from and rows to try on.
        """

    def common(
        self, inputs: Inputs, labels: Ints, rows: Ints, pairs: Mapping[int, int], network: "AskedNetwork", /
    ) -> Sequence[Stamp]:
        """Changes of a whole sample that turn samples of some classes, the keys, each into another class, the value.

        `rows` are samples to learn from.
        """

    def likenesses(self, inputs: Inputs, rows: Ints, others: Ints, /) -> tuple[Stamp, ...]:
        """Changes of a whole sample after which those in `others` are on the whole like those in `rows`."""

    def apart(self, inputs: Inputs, labels: Ints, fewest: int, /) -> Sequence[Ints]:
        """Groups of at least `fewest` samples of one class, rows (m,) each, that share something and belong elsewhere.

        That is by all else that they show, and beyond chance. None where nothing tells.
        """

    def not_looked_for(self, inputs: Inputs, network: "Module", /) -> str:
        """What cannot be recovered from such samples for that network, and why, in words; "" of nothing left out."""

    def restored(self, parts: Mapping[str, NDArray[Any]], shape: tuple[int, ...], /) -> Stamp:
        """A trigger from its `parts`, for samples of `shape`. Raises KeyError or ValueError where they do not fit."""
