"""The list of classes that Clusters, Trajectories and Review share, most suspicious first."""

from collections.abc import Callable

from core.analysis.opened_run import CLUSTERING
from core.runs import Run
from core.types import ClassFinding
from pages.ui.cache import cached
from pages.ui.widgets import view
from pages.ui.widgets.bound import bound
from pages.ui.widgets.fields import ANY, one_or_any

NAME = "class"  # of the chosen class among what the pages show
MARKS = {True: "▲ ", False: "", None: "? "}  # before a class that looks poisoned, does not, was not judged


def class_options(run: Run) -> list[str]:
    """What can be chosen: "" for all classes, and the index of each."""
    return ["", *map(str, range(len(cached.info(run).class_names)))]


def choose_class(index: int | None) -> None:
    """Have the pages show this class, None for all."""
    view.choose(NAME, "" if index is None else str(index))


def class_field(run: Run, chosen: int | None, *, title: str = "Class", then: Callable[[], None] = lambda: None) -> None:
    """The list to choose a class from, most suspicious first; it is searched by typing.

    Args:
        run: whose classes they are.
        chosen: now; None for all.
        title: of the list.
        then: called once another was chosen.
    """
    names = cached.info(run).class_names
    found = cached.detections(run).get(CLUSTERING)
    findings = found.classes if found else {}
    words = {
        index: f"{MARKS[findings[index].poisoned] if index in findings else ''}{names[index]}" for index in ranked(run)
    }

    def choose(new: int | str) -> None:
        choose_class(None if new == ANY else int(new))
        then()

    one_or_any(
        title,
        words,
        "all classes",
        width=140,
        help="Most suspicious first. Type to search.",
        **bound(f"class-{run.id}", ANY if chosen is None else chosen, choose),
    )


def ranked(run: Run) -> list[int]:
    """All classes, those that look poisoned first, then by how far apart their two clusters are."""
    found, n_classes = cached.detections(run).get(CLUSTERING), len(cached.info(run).class_names)
    findings = found.classes if found else {}
    rest = [index for index in range(n_classes) if index not in findings]
    return sorted(findings, key=lambda index: (not findings[index].poisoned, -_silhouette(findings[index]))) + rest


def _silhouette(finding: ClassFinding) -> float:
    """What classes are ordered by: those that were not split come last."""
    return -1.0 if finding.silhouette is None or finding.silhouette.figure is None else finding.silhouette.figure
