"""The stages of a run, as a worker executes them one after another. Each reads and writes the run directory only."""

from core.stages.suspecting import gather_evidence
from core.stages.working import work

__all__ = ["gather_evidence", "work"]
