"""Changes of the whole image that a class was taught, found from the model alone.

Images that were warped or filtered have no pattern in common, so nothing is recovered from them. So it is asked which
change turns most images of other classes into a class, for all classes at once and no larger than a bound. A class that
was taught such a change gives way to it; a clean class hardly does. The idea of turning a network round to find its
trigger is that of Wang et al. 2019 (Neural Cleanse), for patches.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.modalities.image import filtered, lit, overlay, warped
from core.modalities.image.filtered import FilteredStamp
from core.modalities.image.lit import LitStamp
from core.modalities.image.manipulated import manipulations
from core.modalities.image.warped import WarpedStamp
from core.modalities.recovery import AskedNetwork, Stamp
from core.types import Bools, Floats, Images, Inputs, Ints

Way = Callable[[Tensor, Tensor], Tensor]  # images (m, c, h, w) and what is done to each (m, …) → the images after it

# Sides of larger images make it slow, and are not looked through.
LARGEST_SIDE = 64
SMALLEST_SIDE = 8
# Images of each class in a step, and of all classes together, where there are many.
IMAGES = 32
IMAGES_OF_ALL = 640
FEWEST_IMAGES = 8
IMAGES_OF_ONE = 64
# Images of other classes that tell how many a change turns, for each class and for all, and the fewest to learn from.
TRIED = 200
TRIED_OF_ALL = 4000
FEWEST = 40
# Images that each known manipulation is tried on, and of them at a time.
MANIPULATED = 600
AT_ONCE = 200
# Of those that a class gives way to, so many are told apart by their carriers: who was taught to look for exchanged
# halves takes inverted images, too.
MOST_OF_A_LIST = 4
# Fraction of those that a class gives way with, to be looked at closely. Of clean classes at most 0.31 did for a warp,
# 0.46 where most others were of two digits, and 0.17 for a filter; of classes that were taught one, 0.57 and 0.76.
GIVES_WAY = 0.5
# And by how much more it gives way than the class in the middle of all does: to too large a change any class gives way.
MORE_THAN_OTHERS = 0.3


@dataclass(frozen=True)
class Course:
    """How a change is learned: so many steps of Adam of this size, and how large it may become.

    Of several bounds, the first at which some class gives way and most others do so much less.
    """

    steps: int
    size: float
    bounds: tuple[float, ...]


@dataclass(frozen=True)
class Family:
    """A kind of change.

    Attributes:
        begun: inputs → (1, …) what leaves an image as it is.
        way: how it is done to images.
        bounded: what keeps it from becoming larger than a bound.
        finer: the same change with more detail, for one class that is looked at closely.
        course, closely: how it is learned for all classes, and for one.
        stamp: what it is kept as, for images with these sides.
    """

    begun: Callable[[tuple[int, ...]], Tensor]
    way: Way
    bounded: Callable[[Tensor, float], Tensor]
    finer: Callable[[Tensor], Tensor]
    course: Course
    closely: Course
    stamp: Callable[[Tensor, tuple[int, int]], Stamp]


FAMILIES = (
    # A clean class gives way to 3 pixels, too.
    Family(
        lambda shape: torch.zeros(1, 2, warped.COARSE, warped.COARSE),
        warped.warped,
        warped.bounded,
        warped.finer,
        Course(30, 0.15, (1.5,)),
        Course(80, 0.1, (2.5,)),
        lambda field, sides: WarpedStamp(field.numpy(), sides),
    ),
    # A mean of 3 × 3 pixels is a change of 1.8; where the weights need not add up to 1, clean classes give way, too.
    Family(
        lambda shape: torch.zeros(1, filtered.SIDE, filtered.SIDE),
        filtered.filtered,
        filtered.bounded,
        lambda changes: changes,
        Course(30, 0.06, (1.6,)),
        Course(40, 0.03, (1.8,)),
        lambda change, sides: FilteredStamp(change.numpy(), sides),
    ),
    # Of 255 levels 15, and 5 where images vary so much that any class gives way to 15.
    Family(
        lambda shape: torch.zeros(1, shape[2], *shape[:2]),
        overlay.overlaid,
        overlay.bounded,
        lambda offsets: offsets,
        Course(30, 0.02, (0.06, 0.02)),
        Course(60, 0.01, (0.08, 0.03)),
        lambda offset, sides: overlay.kept(offset),
    ),
    Family(
        lambda shape: torch.zeros(1, lit.POINTS, lit.POINTS),
        lit.lit,
        lit.bounded,
        lambda logs: logs,
        Course(30, 0.08, (0.5,)),
        Course(40, 0.05, (0.7,)),
        lambda logs, sides: LitStamp(logs.numpy(), sides),
    ),
)


def transformations(
    inputs: Inputs, labels: Ints, probes: tuple[Ints, Ints], classes: Sequence[int], network: AskedNetwork
) -> list[tuple[int, Stamp]]:
    """The changes that turn images of other classes into a class, for each class that gives way to one.

    Args:
        inputs: n images.
        labels: (n,) as given.
        probes: rows of images that the model has right, in random order: to learn from, and to try changes on.
        classes: that are asked about.
        network: that is asked.
    """
    learned_from, tried = probes
    found: list[tuple[int, Stamp]] = _manipulated(inputs, labels, tried, classes, network)
    others = [learned_from[labels[learned_from] != index] for index in classes]
    sides = inputs.shape[0], inputs.shape[1]
    if min(map(len, others), default=0) < FEWEST or not _may_learn(inputs, others[0], network):
        return found
    count = max(min(IMAGES, IMAGES_OF_ALL // len(classes)), FEWEST_IMAGES)
    most_tried = min(TRIED, max(TRIED_OF_ALL // len(classes), FEWEST))
    apart = [tried[labels[tried] != index][:most_tried] for index in classes]
    for family in FAMILIES:
        search, begun = _Search(inputs, network, family), family.begun(inputs.shape)
        for most, closely in zip(family.course.bounds, family.closely.bounds, strict=True):
            all_begun = begun.expand(len(classes), *begun.shape[1:])
            changes = search.learned(all_begun, others, classes, count, (family.course, most))
            rates = np.array([search.rate(*one) for one in zip(changes, apart, classes, strict=True)])
            giving_way = np.flatnonzero(_gives_way(rates)).tolist()
            for place in giving_way:
                finer, own = family.finer(changes[place][None]), ([others[place]], [classes[place]])
                closer = search.learned(finer, *own, IMAGES_OF_ONE, (family.closely, closely))
                found.append((classes[place], family.stamp(closer[0], sides)))
            if giving_way or rates.max(initial=0) < GIVES_WAY:  # to less nobody gives way either
                break
    return found


def common(inputs: Inputs, labels: Ints, rows: Ints, pairs: Mapping[int, int], network: AskedNetwork) -> list[Stamp]:
    """Of each family the change that turns images of some classes each into another class.

    Args:
        inputs: n images.
        labels: (n,) as given.
        rows: of images that the model has right, to learn from.
        pairs: class → what its images are to become.
        network: that is asked.
    """
    own = {source: rows[labels[rows] == source] for source in pairs}
    pairs = {source: target for source, target in pairs.items() if len(own[source]) >= FEWEST_IMAGES}
    if not pairs or not _may_learn(inputs, rows, network):
        return []
    others, count = [own[source] for source in pairs], max(IMAGES_OF_ALL // 2 // len(pairs), FEWEST_IMAGES)
    made = list[Stamp]()
    for family in FAMILIES:
        search, how = _Search(inputs, network, family), (family.course, family.course.bounds[0])
        change = search.learned(family.begun(inputs.shape), others, list(pairs.values()), count, how)
        made.append(family.stamp(change[0], (inputs.shape[0], inputs.shape[1])))
    return made


def _may_learn(inputs: Inputs, rows: Ints, network: AskedNetwork) -> bool:
    """Whether a change can be learned: images of a usual size, and a network through which something flows back."""
    sides = inputs.shape[0], inputs.shape[1]
    if not SMALLEST_SIDE <= min(sides) <= max(sides) <= LARGEST_SIDE:
        return False
    images = network.place(inputs[rows[:2]]).requires_grad_()
    return bool(images.dim() == 4 and network.logits(images).requires_grad)


def _gives_way(rates: Floats) -> Bools:
    """True for the classes, (q,) or the last axis, that give way, and do so more than the one in the middle."""
    middle = np.sort(rates, -1)[..., (rates.shape[-1] - 1) // 2]
    return np.asarray(rates >= np.maximum(GIVES_WAY, middle + MORE_THAN_OTHERS)[..., None])


def _manipulated(
    inputs: Inputs, labels: Ints, tried: Ints, classes: Sequence[int], network: AskedNetwork
) -> list[tuple[int, Stamp]]:
    """The known manipulations that turn most images of others into a class, for each that gives way to some."""
    rows = tried[:MANIPULATED]
    others = labels[rows] != np.asarray(classes, np.int64)[:, None]
    if others.sum(1).min(initial=len(rows)) < FEWEST or not len(classes):
        return []
    ways, images = manipulations(inputs.shape), inputs[rows]
    said = np.stack([_classes_of(network, way.put_on(images)) for way in ways])
    turned = said[:, None] == np.asarray(classes)[:, None]
    rates = np.asarray((turned & others).sum(2) / others.sum(1), np.float32)
    giving_way = _gives_way(rates)
    best = np.argsort(-np.where(giving_way, rates, 0), 0, kind="stable")[:MOST_OF_A_LIST]
    return [
        (index, ways[way])
        for place, index in enumerate(classes)
        for way in best[:, place].tolist()
        if giving_way[way, place]
    ]


def _classes_of(network: AskedNetwork, images: Images) -> Ints:
    """(m,) what the network takes them for."""
    with torch.no_grad():
        parts = [images[start : start + AT_ONCE] for start in range(0, len(images), AT_ONCE)]
        return np.concatenate([network.logits(network.place(part)).argmax(1).cpu().numpy() for part in parts])


@dataclass(frozen=True)
class _Search:
    """What changes of a family are learned with."""

    inputs: Inputs
    network: AskedNetwork
    family: Family

    def learned(
        self,
        begun: Tensor,
        others: Sequence[Ints],
        classes: Sequence[int],
        count: int,
        how: tuple[Course, float],
    ) -> Tensor:
        """(q, …) the changes that turn most of `count` images of other classes, beginning with these.

        Or one change for all of the classes. `how` says the course and how large they may become.
        """
        course, most = how
        rng = np.random.default_rng((len(classes), int(classes[0])))
        changes = begun.clone().requires_grad_()
        adam = torch.optim.Adam([changes], course.size)
        wanted = torch.tensor(list(classes)).repeat_interleave(count)
        for _ in range(course.steps):
            rows = np.concatenate([rng.choice(own, count, replace=len(own) < count) for own in others])
            images = self.network.place(self.inputs[rows])
            changed = self.family.way(images, changes.repeat_interleave(len(rows) // len(changes), 0).to(images.device))
            losses = F.cross_entropy(self.network.logits(changed), wanted.to(images.device), reduction="sum")
            (changes.grad,) = torch.autograd.grad(losses / count, changes)  # and none of the network's weights
            adam.step()
            with torch.no_grad():
                changes.copy_(self.family.bounded(changes, most))
        return changes.detach()

    def rate(self, change: Tensor, rows: Ints, index: int) -> float:
        """The fraction of these images that the change turns into class `index`."""
        if not len(rows):
            return 0.0
        images = self.network.place(self.inputs[rows])
        with torch.no_grad():
            repeated = change.to(images.device).expand(len(images), *change.shape)
            said = self.network.logits(self.family.way(images, repeated))
        return float((said.argmax(1) == index).float().mean())
