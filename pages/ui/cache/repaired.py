"""What a repair changed, which never changes again, and whether that is still what is decided."""

from core import runs
from core.journal import revisions
from core.runs import Run
from pages.ui.cache import stamps
from pages.ui.cache.of_run import of_run


@of_run(stamps.data, most=12)
def treated(run: Run) -> tuple[int, int]:
    """How many samples a repair leaves out, and how many it relabels."""
    made = runs.read_changes(run)
    return len(made.excluded), len(made.relabelled)


@of_run(stamps.decided, most=12)
def decided_since(run: Run, repair_id: str) -> int:
    """On how many samples of a run people decided otherwise since one of its repairs was made."""
    return revisions.decided_since(run, runs.open_run(run.workspace, repair_id))
