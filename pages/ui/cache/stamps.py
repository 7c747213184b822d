"""What changes whenever something a cache rests on does."""

import time
from math import inf

from core import runs
from core.analysis import families
from core.journal import review
from core.runs import Run

MOMENT = 0.1  # seconds
_known: dict[str, tuple[float, str]] = {}


def judged(run: Run) -> tuple[str, int]:
    """Changes whenever what the machine says, or a verdict, does."""
    return made(run), review.revision(run.workspace, run.id)


def made(run: Run) -> str:
    """Changes whenever a stage, a detection, a rule, a family or a guarantee of the run does.

    One drawing of a page asks a dozen times, so the answer holds for a moment: until `forget`, or as long as nobody
    would notice. A stage that was finished is another question.
    """
    stages = repr((str(run.path), sorted(run.stages.items())))
    asked, answer = _known.get(stages, (-inf, ""))
    if time.monotonic() - asked > MOMENT:
        _known.pop(stages, None)  # the last one in is the last one out
        answer = stages + _others(run)
        _known[stages] = time.monotonic(), answer
        while len(_known) > 20:
            _known.pop(next(iter(_known), ""), None)
    return answer


def forget() -> None:
    """Have everything looked up again: somebody changed something."""
    _known.clear()


def _others(run: Run) -> str:
    found = sorted((path.name, path.stat().st_mtime_ns) for path in (run.path / "detections").glob("*.json"))
    return repr((found, runs.rules(run), families.made(run), review.guarantees_revision(run.workspace)))
