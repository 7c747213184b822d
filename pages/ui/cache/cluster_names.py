"""The clusters of Activation Clustering by name, as the address and the filters of the review call them."""

from core.analysis.opened_run import CLUSTERING
from core.runs import Run
from pages.ui.cache import cached

KINDS = {1: "smaller cluster", 0: "larger cluster"}


def names(run: Run) -> dict[tuple[int, int], str]:
    """(class, cluster) → its name, for every class that was split; empty without Activation Clustering."""
    clustering, classes = cached.detections(run).get(CLUSTERING), cached.info(run).class_names
    if clustering is None:
        return {}
    split = [index for index, finding in clustering.classes.items() if finding.was_split]
    return {(index, which): f"{classes[index]}, {kind}" for index in split for which, kind in KINDS.items()}
