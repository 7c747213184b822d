"""What a repair changed, which never changes again."""

from core import runs
from core.runs import Run
from pages.ui.cache import stamps
from pages.ui.cache.of_run import of_run


@of_run(stamps.data, most=12)
def treated(run: Run) -> tuple[int, int]:
    """How many samples a repair leaves out, and how many it relabels."""
    made = runs.read_changes(run)
    return len(made.excluded), len(made.relabelled)
