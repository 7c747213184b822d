"""How far a worker is."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.detectors import DETECTORS
from core.runs import Run, jobs
from core.runs.jobs import Progress
from core.runs.plan import FAMILIES, parse_stage

SECONDS_BETWEEN_UPDATES = 0.5  # between two writes of a progress file; pages look once a second


@dataclass(frozen=True)
class Kind:
    """One kind of stage: its title, and what it takes beside the others."""

    title: str
    weight: float


KINDS = {
    "load": Kind("Loading the model", 2),
    "train": Kind("Training", 60),
    "activations": Kind("Reading activations", 2),
    "detect": Kind("Detecting with {}", 4),
    FAMILIES.kind: Kind("Grouping what is flagged into families", 2),
    "reclassify": Kind("Exclusionary reclassification", 60),
    "decide": Kind("Deciding: triggers recovered, a model trained without the suspects", 75),
    "evaluate": Kind("Measuring accuracy and attack success", 2),
    "maps": Kind("Drawing maps with {}", 6),
}


@dataclass
class Reporter:
    """Publishes how far the run's plan is, in its progress file and to whoever listens.

    Attributes:
        run: the run at work.
        plan: the stages that this job goes through; some may be added while it does.
        listen: told every published Progress (a terminal bar).
        pause: seconds in which one update is enough.
    """

    run: Run
    plan: list[str]
    listen: Callable[[Progress], None] = lambda progress: None
    pause: float = SECONDS_BETWEEN_UPDATES
    _published: float = 0.0
    _stage: str = ""

    def begin(self, stage: str, left: Sequence[str]) -> None:
        """Announce a stage, the first of those that are left."""
        done = self.plan[: self.plan.index(self._stage) + 1] if self._stage else []
        self.plan = [*done, *left]
        self._stage, self._published = stage, 0.0
        self.update(0.0, "")

    def update(self, fraction: float, message: str) -> None:
        """Publish the fraction of the current stage that is done, in [0, 1], at most once in `pause` seconds."""
        now = time.time()
        if now - self._published < self.pause and 0 < fraction < 1:
            return
        self._published = now
        before = jobs.poll(self.run.path)
        whole = self._whole(fraction)
        eta = (now - before.started) * (1 - whole) / whole if whole > 0.05 else None
        progress = replace(
            before, state="running", title=title_of(self._stage), message=message, fraction=whole, eta=eta
        )
        progress = replace(progress, pid=os.getpid())  # what was there before may have been damaged
        jobs.write(self.run.path, progress)
        self.listen(progress)

    def _whole(self, fraction: float) -> float:
        """The fraction of the stages still to do when the work began, in [0, 1]."""
        weights = [KINDS[parse_stage(stage).kind].weight for stage in self.plan]
        place = self.plan.index(self._stage)
        return (sum(weights[:place]) + fraction * weights[place]) / sum(weights)


def title_of(stage: str) -> str:
    """A stage in words."""
    planned = parse_stage(stage)
    detector = DETECTORS.get(planned.argument)
    return KINDS[planned.kind].title.format(detector.title if detector else planned.argument.upper())
