"""What a person may say of a sample."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from core.journal.tables import Decision

STANDING: Mapping[str, str] = {  # what a sample is after a decision
    "exclude": "excluded",
    "keep": "kept",
    "relabel": "relabelled",
    "mark": "unsure",
    "undecided": "taken back",
}


DECISIONS: tuple[Decision, ...] = get_args(Decision)


@dataclass(frozen=True)
class Verdict:
    """A decision on one sample; `new_label` belongs to `relabel` only. `mark` says that the reviewer is unsure."""

    decision: Decision
    new_label: int | None = None


def now() -> str:
    """The time as the journal writes it, in UTC: as text it sorts by time."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
