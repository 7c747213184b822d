"""The small state behind each page's name in the sidebar: done, running, or how much is left to decide."""

from core import runs
from core.analysis.opened_run import CLUSTERING
from core.analysis.samples import flags_stage
from core.errors import UserError
from core.runs import Run, jobs
from core.runs.plan import detection, maps, of_kind
from pages.ui.widgets import counted

DONE = " ✓"
RUNNING = " · running"


def marks(run: Run | None) -> dict[str, str]:
    """Page → what follows its name; pages without a state are left out."""
    if run is None:
        return {}
    progress = jobs.poll(run.path)
    states = {
        "data": DONE,
        "train": DONE if run.begun else RUNNING if progress.active else "",
    }
    for page, stage in (("clusters", detection(CLUSTERING)), ("trajectories", maps("pca"))):
        states[page] = DONE if run.done(stage) and run.done(maps("pca")) else ""
    if not run.traced:
        states["trajectories"] = ""
    if run.done("activations"):
        detected = of_kind(run.plan, "detect") and run.done(flags_stage(run))
        states["detect"] = DONE if runs.rules(run) or detected else ""
        states["review"] = _left_to_decide(run)
    repair = next(iter(runs.children(run)), None)
    if repair:
        job = jobs.poll(repair.path)
        states["repair"] = DONE if repair.done("evaluate") else RUNNING if job.active else ""
    return states


def _left_to_decide(run: Run) -> str:
    try:
        counts = counted.tally(run)
    except UserError:  # the page itself says what is wrong; the sidebar has to stand meanwhile
        return ""
    return f" · {counts.undecided:,} left" if counts.undecided else DONE if counts.suspects else ""
