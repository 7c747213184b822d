"""What is said of a stored data set, without its arrays."""

from dataclasses import dataclass, field
from typing import Any

from core.types import GroundTruth

SCHEMA = 2  # 1: its fingerprint covers labels and a part of the images


@dataclass(frozen=True)
class Opening:
    """How a source was opened, so that its files are found again.

    Attributes:
        path: absolute.
        source: a name in `core.data.SOURCES`.
        settings: of that source.
    """

    path: str
    source: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a stored data set without opening its arrays.

    `specification` is what its poison was asked for with: planted again in the data set `parent`, it gives this one.
    `n_skipped` images of the source could not be read; `about` holds what else the source says, heading → words.
    `opening` is how the source was opened; None where the data were made here, or by an earlier version.
    """

    id: str
    name: str
    created: str
    source: str
    n: int
    n_test: int
    n_bona_fide: int
    class_names: tuple[str, ...]
    shape: tuple[int, ...]
    fingerprint: str
    parent: str | None = None
    attacks: tuple[dict[str, Any], ...] = ()
    specification: dict[str, Any] | None = None
    n_skipped: int = 0
    about: dict[str, str] | None = None
    modality: str = "image"  # data sets of before there were others say nothing
    schema: int = SCHEMA
    opening: Opening | None = None


@dataclass(frozen=True)
class Origin:
    """Where a data set comes from.

    Attributes:
        source: in words.
        truth: what is known of its poison.
        parent: id of the data set that it is a poisoned copy of.
        specification: what its poison was asked for with.
    """

    source: str
    truth: GroundTruth | None = None
    parent: str | None = None
    specification: dict[str, Any] | None = None
