"""How far a worker is."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from core.detectors import DETECTORS
from core.runs import Run, jobs
from core.runs.jobs import Progress
from core.runs.plan import FAMILIES, parse_stage
from core.stages.rates import known_seconds, seconds_left, seconds_of

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
    _since: float = 0.0
    _known: dict[str, float] = field(default_factory=dict)
    _taken: dict[str, float] = field(default_factory=dict)
    _highest: float = 0.0

    def begin(self, stage: str, left: Sequence[str]) -> None:
        """Announce a stage, the first of those that are left."""
        done = self.plan[: self.plan.index(self._stage) + 1] if self._stage else []
        if self._stage:
            self._taken[self._stage] = time.time() - self._since
        self.plan = [*done, *left]
        new = [one for one in self.plan if one not in self._known]
        self._known |= known_seconds(self.run, new)
        self._stage, self._since, self._published = stage, time.time(), 0.0
        self.update(0.0, "")

    def update(self, fraction: float, message: str) -> None:
        """Publish the fraction of the current stage that is done, in [0, 1], at most once in `pause` seconds."""
        now = time.time()
        if now - self._published < self.pause and 0 < fraction < 1:
            return
        self._published = now
        before = jobs.poll(self.run.path)
        whole, eta = self._where(fraction, now)
        if eta is None and whole > 0.05:  # nothing was measured before, neither here nor on an earlier run
            eta = (now - before.started) * (1 - whole) / whole
        progress = replace(
            before, state="running", title=title_of(self._stage), message=message, fraction=whole, eta=eta, told=now
        )
        progress = replace(progress, pid=os.getpid())  # what was there before may have been damaged
        jobs.write(self.run.path, progress)
        self.listen(progress)

    def _where(self, fraction: float, now: float) -> tuple[float, float | None]:
        """The fraction of this job that is done, which never falls, and the seconds left; None while unknown.

        Both are in seconds as they were measured; where nothing was, in the weights of the stages.
        """
        weights = {stage: KINDS[parse_stage(stage).kind].weight for stage in self.plan}
        place = self.plan.index(self._stage)
        seconds = seconds_of(self.plan, weights, self._known, self._taken)
        parts = seconds or weights
        done = sum(parts[stage] for stage in self.plan[:place])
        left = seconds_left(parts[self._stage], now - self._since, fraction) if seconds else 0.0
        later = sum(parts[stage] for stage in self.plan[place + 1 :])
        if not seconds:
            return (done + fraction * parts[self._stage]) / (done + parts[self._stage] + later), None
        spent = done + now - self._since
        self._highest = max(self._highest, min(spent / max(spent + left + later, 1e-9), 1.0))
        whole = 1.0 if fraction >= 1 and not later else self._highest
        return whole, left + later


def title_of(stage: str) -> str:
    """A stage in words."""
    planned = parse_stage(stage)
    detector = DETECTORS.get(planned.argument)
    return KINDS[planned.kind].title.format(detector.title if detector else planned.argument.upper())
