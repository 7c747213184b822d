"""The stages of a run, as a worker executes them one after another. Each reads and writes the run directory only.

Stages import torch, and nothing that a page imports does. `load` stands where `train` does in an inspected run. What a
page adds to the plan while a worker is at work, such as another detector, that worker does too. One that is killed is
started again for it.

After training, `evaluate` shows the model every test image with every known trigger, at its own strength and at twice
that. It keeps the three likeliest classes, so the Trigger demo answers at once, without a model in the server's
process.
"""

from core.stages.detect import gather_evidence
from core.stages.worker import work

__all__ = ["gather_evidence", "work"]
