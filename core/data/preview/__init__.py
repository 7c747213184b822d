"""What was found at a path, as the Data page shows it before anything is imported."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from core.data import store
from core.data.collection import Problem
from core.data.preview.faults import KINDS
from core.data.store.shapes import Shape
from core.errors import UserError
from core.files import write_array, write_json
from core.json_files import read_json
from core.types import Images

DESCRIPTION = "preview.json"
EXAMPLES = "examples.npy"
FINDINGS = "findings.json"  # beside an imported data set
_HINT = "Look at the data again."


@dataclass(frozen=True)
class Preview:
    """What was found. Names may hold anything, so escape what is shown.

    Attributes:
        name: what the source is called.
        class_names: k names.
        counts, test_counts: (k,) images per class in the training and the test set.
        n_looked_at: how many images of both were decoded; the others are only counted.
        n_unreadable: how many of these could not be.
        sizes: (height, width, how many) of those that could, the most frequent first, 20 at most.
        n_sizes: how many different sizes there are.
        modes: how the source keeps its pixels, in Pillow's words → how many.
        shape: (h, w, c) proposed for the import.
        examples: (m, h, w, c) a few training images in that shape, from different classes.
        example_names, example_labels: of these.
        problems: at most 1,000 of each kind; `found` has the whole number of each.
        n_bona_fide: training images that the source guarantees to be clean.
        n_known_poison: training images that the source says are poisoned; None where it says nothing.
        about: further facts, heading → words.
    """

    name: str
    class_names: tuple[str, ...]
    counts: tuple[int, ...]
    test_counts: tuple[int, ...]
    n_looked_at: int
    n_unreadable: int
    sizes: tuple[tuple[int, int, int], ...]
    n_sizes: int
    modes: Mapping[str, int]
    shape: Shape
    examples: Images
    example_names: tuple[str, ...]
    example_labels: tuple[int, ...]
    problems: tuple[Problem, ...]
    found: Mapping[str, int]
    n_bona_fide: int
    n_known_poison: int | None
    about: Mapping[str, str]

    @property
    def n(self) -> int:
        """How many training images there are."""
        return sum(self.counts)

    @property
    def n_test(self) -> int:
        """How many test images there are."""
        return sum(self.test_counts)


@dataclass(frozen=True)
class _Findings:
    problems: tuple[Problem, ...] = ()
    found: Mapping[str, int] = field(default_factory=dict)


def write_preview(folder: Path, preview: Preview) -> None:
    """Keep `preview` in `folder`; the description comes last, so that nobody sees half of it."""
    write_array(folder / EXAMPLES, preview.examples)
    content = {key: value for key, value in vars(preview).items() if key not in ("examples", "problems")}
    write_json(folder / DESCRIPTION, content | {"problems": [asdict(problem) for problem in preview.problems]})


def read_preview(folder: Path) -> Preview:
    """The preview kept in `folder`. Raises UserError when there is none."""
    try:
        examples = np.load(folder / EXAMPLES, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError("The preview is gone.", "", _HINT) from error
    return read_json(folder / DESCRIPTION, Preview, "The preview", _HINT, given={"examples": examples})


def write_findings(workspace: Path, dataset_id: str, preview: Preview) -> None:
    """Keep with an imported data set what only the look at it found: what occurs twice, and tiny classes."""
    problems = [asdict(problem) for problem in preview.problems if problem.kind in KINDS]
    counts = {kind: n for kind, n in preview.found.items() if kind in KINDS}
    folder = workspace / "datasets" / store.describe(workspace, dataset_id).id
    write_json(folder / FINDINGS, {"problems": problems, "found": counts})


def findings(workspace: Path, dataset_id: str) -> tuple[tuple[Problem, ...], Mapping[str, int]]:
    """All that is known to be wrong with a stored data set, and how much of each kind there is.

    Of very many of one kind only some are listed, and the last of them says in words how many are left.
    """
    problems = store.problems(workspace, dataset_id)
    counts = Counter(problem.kind for problem in problems)
    path, owner = workspace / "datasets" / dataset_id / FINDINGS, f"What was found in the data set {dataset_id}"
    kept = read_json(path, _Findings, owner, "Import the data again.", otherwise=_Findings())
    counts.update(kept.found)
    return problems + kept.problems, counts
