"""The stages of a run, as a worker executes them one after another. Each reads and writes the run directory only."""

from core.stages.detect import gather_evidence
from core.stages.worker import work

__all__ = ["gather_evidence", "work"]
