"""The small state behind each page's name in the sidebar: done, running, or how much is left to decide."""

from core import runs
from core.analysis.samples import flags_stage
from core.errors import UserError
from core.runs import Run, jobs
from pages.ui.cache import cached

DONE, RUNNING = " ✓", " · running"


def marks(run: Run | None) -> dict[str, str]:
    """Page → what follows its name; pages without a state are left out."""
    if run is None:
        return {}
    progress = jobs.poll(run.path)
    found = {
        "data": DONE,
        "train": DONE if run.has_model else RUNNING if progress.active else "",
    }
    for page, stage in (("clusters", "detect:activation_clustering"), ("trajectories", "maps:pca")):
        found[page] = DONE if run.done(stage) and run.done("maps:pca") else ""
    if not run.traced:
        found["trajectories"] = ""
    if run.done("activations"):
        found["detect"] = DONE if runs.rules(run) or run.done(flags_stage(run)) else ""
        found["review"] = _left_to_decide(run)
    repair = next(iter(runs.children(run)), None)
    if repair:
        job = jobs.poll(repair.path)
        found["repair"] = DONE if repair.done("evaluate") else RUNNING if job.active else ""
    return found


def _left_to_decide(run: Run) -> str:
    try:
        flagged = cached.flagged(run)
    except UserError:  # the page itself says what is wrong; the sidebar has to stand meanwhile
        return ""
    left = int((flagged["verdict"] == "").sum())
    return f" · {left:,} left" if left else DONE if len(flagged) else ""
