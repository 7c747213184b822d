"""Weights meet an architecture: what fits is taken, a head for other classes made anew, and any difference is said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from core.errors import UserError
from core.models.catalogue import signatures
from core.models.signatures import signature
from core.models.weights import Weights

_COUNTERS = "num_batches_tracked"
_SIDE_OUTPUTS = ("aux1.", "aux2.", "AuxLogits.")
_MOST_NAMED = 120


@dataclass(frozen=True)
class Difference:
    """How weights differ from what an architecture has; false where they do not.

    Attributes:
        other: name → shape in the file, shape here, where these differ.
        missing: names that the file lacks.
        unexpected: names that only the file has.
    """

    other: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]
    missing: Sequence[str]
    unexpected: Sequence[str]

    def __bool__(self) -> bool:
        return bool(self.other or self.missing or self.unexpected)


def take_weights(network: nn.Module, weights: Weights, n_classes: int, name: str) -> list[str]:
    """Put `weights` into `network`; returns in words what could not be taken over.

    A head for another number of classes, or none in the file, leaves the network's own fresh head.

    Args:
        network: just built, with a head for k classes.
        weights: name → tensor, from `read_weights`.
        n_classes: k.
        name: of the architecture, for the error.

    Raises:
        UserError: weights are missing, left over or of another shape, with the difference and what would fit.
    """
    own = network.state_dict()
    usable = {key: value for key, value in weights.items() if not key.startswith(_SIDE_OUTPUTS) or key in own}
    difference = Difference(
        other={
            key: (tuple(value.shape), tuple(own[key].shape))
            for key, value in usable.items()
            if key in own and value.shape != own[key].shape
        },
        missing=[key for key in own if key not in usable and not key.endswith(_COUNTERS)],
        unexpected=[key for key in usable if key not in own],
    )
    notes = _fresh_head(own, difference, n_classes) if difference else []
    if difference and not notes:
        raise _misfit(difference, usable, name)
    taken = {key: value for key, value in usable.items() if key in own and key not in difference.other}
    network.load_state_dict(taken, strict=False)
    return notes


def fitting(weights: Weights) -> list[str]:
    """The listed architectures whose weights, but for the head, have exactly these names and shapes."""
    found: list[str] = []
    for heads, marks in signatures().items():
        mark = signature(((name, value.shape) for name, value in weights.items()), heads)
        found += marks.get(mark, [])
    return found


def _fresh_head(own: Mapping[str, Tensor], found: Difference, n_classes: int) -> list[str]:
    """What is said where nothing but the head differs; nothing where the difference is elsewhere."""
    differing = [*found.other, *found.missing]
    owners = {key.rpartition(".")[0] for key in differing}
    of_classes = all(own[key].shape[:1] == (n_classes,) for key in differing)
    alike = all(theirs[1:] == ours[1:] for theirs, ours in found.other.values())
    if found.unexpected or len(owners) != 1 or len(differing) == len(own) or not (of_classes and alike):
        return []
    why = "The file has no head"
    if found.other:
        classes = next(iter(found.other.values()))[0][0]
        why = f"The file's head is for {classes:,} classes, this data set has {n_classes:,}"
    return [f"{why}: {owners.pop()} is fresh and untrained, so predictions and losses mean nothing yet."]


def _misfit(found: Difference, weights: Weights, name: str) -> UserError:
    shapes = [f"{key} {theirs} in the file, {ours} here" for key, (theirs, ours) in found.other.items()]
    parts = (("missing", found.missing), ("not known here", found.unexpected), ("other shape", shapes))
    said = [f"{what}: {len(listed):,} (first: {listed[0][:_MOST_NAMED]})" for what, listed in parts if listed]
    suggested = fitting(weights)
    hint = f"They fit {' or '.join(suggested[:3])}: choose that." if suggested else "Choose the right architecture."
    return UserError(f"These weights do not fit {name}.", f"{'; '.join(said)}.", hint)
