"""What lies between two states of a data set."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.types import Changes


@dataclass(frozen=True)
class Difference:
    """What turns one state of a data set into another; its length is the number of samples that differ.

    Attributes:
        excluded: ids that only the later state leaves out, ascending.
        returned: ids that only the earlier one leaves out, ascending.
        relabelled: id → the new label before and after, for samples that both keep; None is the label as imported.
    """

    excluded: tuple[int, ...] = ()
    returned: tuple[int, ...] = ()
    relabelled: Mapping[int, tuple[int | None, int | None]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.excluded) + len(self.returned) + len(self.relabelled)

    @property
    def samples(self) -> list[int]:
        """Ids of all samples that differ, ascending."""
        return sorted({*self.excluded, *self.returned, *self.relabelled})


def between(before: Changes, after: Changes) -> Difference:
    """What turns one state into another, each given by its changes to the data as imported."""
    out, returned = after.excluded - before.excluded, before.excluded - after.excluded
    kept = ({*before.relabelled} | {*after.relabelled}) - before.excluded - after.excluded
    labels = {sample: (before.relabelled.get(sample), after.relabelled.get(sample)) for sample in sorted(kept)}
    moved = {sample: pair for sample, pair in labels.items() if pair[0] != pair[1]}
    return Difference(tuple(sorted(out)), tuple(sorted(returned)), moved)
