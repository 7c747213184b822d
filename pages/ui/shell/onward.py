"""The way on from each page: to the next question that something is known of already, and to none before that."""

from core.data.store import DatasetInfo
from core.models import models_for
from core.runs import Run, children
from pages.ui.cache import cached
from pages.ui.shell import journey
from pages.ui.widgets import counted

ORDER = ("train", "clusters", "trajectories", "detect", "review", "repair", "report")


def go_on(page: str, run: Run | None) -> None:
    """The link from a page to the next one whose question can be answered; none where that has to wait."""
    if after := next_page(page, run):
        journey.go_on(after)


def next_page(page: str, run: Run | None) -> str:
    """The page that follows on `page` and has something to show; "" where none has."""
    later = ORDER[ORDER.index(page) + 1 :]
    return next((other for other in later if run and _answers(other, run)), "")


def to_train(info: DatasetInfo, run: Run | None) -> None:
    """The link from a data set to its training, or to what can be done instead, where it has no run yet."""
    if run and run.dataset == info.id:
        journey.go_on("train")
    else:
        journey.go_to("train", "Train a model on these data" if models_for(info.shape) else "Load a recorded training")


def to_detect(run: Run) -> None:
    """The link to a first detector, where none has been run on this model."""
    if not cached.detections(run):
        journey.go_to("detect", "Run a detector")


def _answers(page: str, run: Run) -> bool:
    if page == "clusters":
        return run.has_activations
    if page == "trajectories":
        return run.traced and run.done(run.model_stage if run.recorded else "activations")
    if page == "detect":
        return run.done("activations")
    if page == "repair":
        return bool(run.parent or children(run) or counted.tally(run).undecided or _changes(run))
    return bool(cached.detections(run))


def _changes(run: Run) -> bool:
    """Whether a repair would leave anything out or give it another label."""
    summary = cached.repair_summary(run)
    return bool(summary["excluded"].any() or summary["relabelled away"].any())
