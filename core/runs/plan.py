"""The stages that a run goes through. A plan keeps them as texts, such as "detect:badloss", on disk and in memory.

This is the only place that makes such a text or takes one apart.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

UNTRAINED = "untrained"  # the argument of a decision that does without a second training
EACH = "each"  # in the argument of a reclassification: one model for each cluster


@dataclass(frozen=True)
class Stage:
    """One step of a run's plan.

    Attributes:
        kind: what a worker does, such as "detect"; see `core.stages.worker.STAGES`.
        argument: with what, such as the detector's name; "" where the kind says all.
    """

    kind: str
    argument: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.argument}" if self.argument else self.kind


TRAIN = Stage("train")
LOAD = Stage("load")
RECORD = Stage("record")  # done elsewhere: a run has it done from the beginning
ACTIVATIONS = Stage("activations")
FAMILIES = Stage("families")
EVALUATE = Stage("evaluate")


def parse_stage(text: str) -> Stage:
    """The stage that a plan calls so.

    >>> parse_stage("detect:badloss")
    Stage(kind='detect', argument='badloss')
    >>> str(parse_stage("train"))
    'train'
    """
    kind, _, argument = text.partition(":")
    return Stage(kind, argument)


def detection(detector: str) -> Stage:
    """One detector is run."""
    return Stage("detect", detector)


def maps(method: str) -> Stage:
    """The maps of one method are drawn: "pca", "ica" or "umap"."""
    return Stage("maps", method)


def reclassification(classes: Iterable[int] = (), *, each: bool = False) -> Stage:
    """The smaller clusters of these classes are reclassified, by one model for all or by one for each.

    >>> str(reclassification([3, 7], each=True))
    'reclassify:each,3,7'
    """
    return Stage("reclassify", ",".join([*([EACH] if each else []), *map(str, classes)]))


def reclassified_classes(argument: str) -> tuple[list[int], bool]:
    """The classes that a reclassification is of, and whether there is a model for each.

    >>> reclassified_classes("each,3,7")
    ([3, 7], True)
    """
    words = argument.split(",") if argument else []
    return [int(word) for word in words if word != EACH], EACH in words


def decision(*, training: bool = True) -> Stage:
    """It is decided what is a backdoor, what a wrong label and what stays open.

    >>> str(decision()), str(decision(training=False))
    ('decide', 'decide:untrained')
    """
    return Stage("decide", "" if training else UNTRAINED)


def of_kind(plan: Iterable[str], kind: str) -> list[Stage]:
    """The stages of one kind in a plan, in its order.

    >>> [stage.argument for stage in of_kind(("train", "detect:badloss", "detect:strip"), "detect")]
    ['badloss', 'strip']
    """
    return [stage for stage in map(parse_stage, plan) if stage.kind == kind]


def texts(stages: Collection[Stage]) -> tuple[str, ...]:
    """The stages as a plan keeps them."""
    return tuple(map(str, stages))
