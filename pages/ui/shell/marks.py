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
    newest = next(iter(runs.children(run)), None)
    running = newest is not None and not newest.done("evaluate") and jobs.poll(newest.path).active
    states["repair"] = RUNNING if running else DONE if repaired(run) else ""
    return states


def repaired(run: Run) -> bool:
    """Whether a repair is finished: one of this run, or the run itself."""
    return any(one.parent and one.done("evaluate") for one in (run, *runs.children(run)))


def _left_to_decide(run: Run) -> str:
    try:
        counts = counted.tally(run)
    except UserError:  # the page itself says what is wrong; the sidebar has to stand meanwhile
        return ""
    return f" · {counts.undecided:,} left" if counts.undecided else DONE if counts.suspects else ""
