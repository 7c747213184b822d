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
_MOST_NAMED = 120  # characters of names in a message
_MOST_EXTRA = 0.1  # of the network's size: more than that beside it is another architecture, such as a deeper one
_UNTRAINED = "fresh and untrained"


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
    """Put `weights` into `network`; returns in words what was not taken over as it is.

    A head for another number of classes, or none in the file, leaves the network's own fresh head. A head in a
    Sequential is taken where it is one layer. A few tensors more than the network has are ignored, and said.

    Args:
        network: just built, with a head for k classes.
        weights: name → tensor, from `read_weights`.
        n_classes: k.
        name: of the architecture, for the error.

    Raises:
        UserError: weights are missing, left over or of another shape, with the difference and what would fit.
    """
    for place, part in network.named_modules():
        if make_room := getattr(part, "make_room", None):  # what it holds is as long as what it learned, as words are
            make_room(weights, f"{place}.")
    own = network.state_dict()
    usable = {key: value for key, value in weights.items() if not key.startswith(_SIDE_OUTPUTS) or key in own}
    usable, notes = _heads_unwrapped(own, usable)
    whole = [key for key, value in usable.items() if key in own and _loses_fraction(own[key], value)]
    if whole:
        raise UserError(
            f"These weights do not fit {name}.",
            f"{len(whole)} are whole numbers, first {whole[0][:80]}: they are quantised, their scale is missing.",
            "Save the weights as they were before quantisation.",
        )
    difference = Difference(
        other={
            key: (tuple(value.shape), tuple(own[key].shape))
            for key, value in usable.items()
            if key in own and value.shape != own[key].shape
        },
        missing=[key for key in own if key not in usable and not key.endswith(_COUNTERS)],
        unexpected=[key for key in usable if key not in own],
    )
    notes += _extras(own, usable, difference)
    lacking = bool(difference.other or difference.missing)
    fresh = _fresh_head(own, difference, n_classes) if lacking else []
    if (lacking and not fresh) or (difference.unexpected and not notes):
        raise _misfit(difference, usable, name)
    # The network's own state_dict says by which version of its layers it is read; a plain dict would be taken for an
    # old one, for which MNASNet builds itself anew.
    for key, value in usable.items():
        if key in own and key not in difference.other:
            own[key] = value
    network.load_state_dict(own)
    return [*fresh, *notes]


def has_fresh_head(notes: Sequence[str]) -> bool:
    """Whether `take_weights` said so."""
    return any(_UNTRAINED in note for note in notes)


def _heads_unwrapped(own: Mapping[str, Tensor], weights: Weights) -> tuple[Weights, list[str]]:
    """The weights, with a head's only layer of weights in the place of the head where a Sequential stands there."""
    owners = {key.rpartition(".")[0] for key in own if key not in weights and not key.endswith(_COUNTERS)}
    notes = []
    for owner in sorted(owners):
        inner = {key for key in weights if key.startswith(f"{owner}.") and key not in own}
        places = {key.rpartition(".")[0] for key in inner}
        lacking = {key for key in own if key.rpartition(".")[0] == owner}
        if (
            owner
            and len(places) == 1
            and {key.rpartition(".")[2] for key in inner} == {key.rpartition(".")[2] for key in lacking}
        ):
            place = places.pop()
            moved = {f"{owner}.{key.rpartition('.')[2]}": weights[key] for key in inner}
            weights = {key: value for key, value in weights.items() if key not in inner} | moved
            notes.append(f"The head {owner} is the layer {place} of the file.")
    return weights, notes


def _extras(own: Mapping[str, Tensor], weights: Weights, difference: Difference) -> list[str]:
    """What is said of tensors that the network has no place for; nothing where they are too many to be passed over."""
    extra = difference.unexpected
    heads = {key.rpartition(".")[0] for key in (*difference.other, *difference.missing)}
    beside = [key for key in extra if not any(key.startswith(f"{head}.") for head in heads if head)]
    size = sum(weights[key].numel() for key in beside)
    if not extra or size > _MOST_EXTRA * sum(value.numel() for value in own.values()):
        return []
    more = f" and {len(extra) - 4:,} more" if len(extra) > 4 else ""
    return [f"Ignored, as the architecture has no place for them: {', '.join(extra[:4])[:_MOST_NAMED]}{more}."]


def fitting(weights: Weights) -> list[str]:
    """The listed architectures whose weights, but for the head, have exactly these names and shapes."""
    names: list[str] = []
    for heads, marks in signatures().items():
        mark = signature(((name, value.shape) for name, value in weights.items()), heads)
        names += marks.get(mark, [])
    return names


def _fresh_head(own: Mapping[str, Tensor], difference: Difference, n_classes: int) -> list[str]:
    """What is said where nothing but the head differs; nothing where the difference is elsewhere."""
    differing = [*difference.other, *difference.missing]
    owners = {key.rpartition(".")[0] for key in differing}
    of_classes = all(own[key].shape[:1] == (n_classes,) for key in differing)
    alike = all(theirs[1:] == ours[1:] for theirs, ours in difference.other.values())
    if not owners or len(differing) == len(own) or not (of_classes and alike):
        return []
    why = "The file has no head"
    if difference.other:
        classes = next(iter(difference.other.values()))[0][0]
        why = f"The file's head is for {classes:,} classes, this data set has {n_classes:,}"
    return [f"{why}: {' and '.join(sorted(owners))} is {_UNTRAINED}, so predictions and losses mean nothing yet."]


def _misfit(difference: Difference, weights: Weights, name: str) -> UserError:
    shapes = [f"{key} {theirs} in the file, {ours} here" for key, (theirs, ours) in difference.other.items()]
    parts = (("missing", difference.missing), ("not known here", difference.unexpected), ("other shape", shapes))
    said = [f"{what}: {len(listed):,} (first: {listed[0][:_MOST_NAMED]})" for what, listed in parts if listed]
    suggested = [architecture for architecture in fitting(weights) if architecture != name]
    hint = f"They fit {' or '.join(suggested[:3])}: choose that." if suggested else "Choose the right architecture."
    return UserError(f"These weights do not fit {name}.", f"{'; '.join(said)}.", hint)


def _loses_fraction(own: Tensor, value: Tensor) -> bool:
    """Whether whole numbers are given where the network has fractions."""
    return own.is_floating_point() and not value.is_floating_point()
