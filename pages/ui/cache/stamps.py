"""What changes whenever something a cache rests on does."""

import time
from math import inf

from core import runs
from core.analysis import families
from core.journal import review
from core.runs import Run

MOMENT = 0.1  # seconds
_answers: dict[str, tuple[float, str]] = {}


def judged(run: Run) -> tuple[str, int]:
    """Changes whenever what the machine says, or a verdict, does."""
    return made(run), review.revision(run.workspace, run.id)


def made(run: Run) -> str:
    """Changes whenever a stage, a detection, a rule, a family or a guarantee of the run does.

    One drawing of a page asks a dozen times, so the answer holds for a moment: until `forget`, or as long as nobody
    would notice. A stage that was finished is another question.
    """
    stages = repr((str(run.path), sorted(run.stages.items())))
    since, answer = _answers.get(stages, (-inf, ""))
    if time.monotonic() - since > MOMENT:
        _answers.pop(stages, None)  # the last one in is the last one out
        answer = stages + _others(run)
        _answers[stages] = time.monotonic(), answer
        while len(_answers) > 20:
            _answers.pop(next(iter(_answers), ""), None)
    return answer


def forget() -> None:
    """Have everything looked up again: somebody changed something."""
    _answers.clear()


def _others(run: Run) -> str:
    detections = sorted((path.name, path.stat().st_mtime_ns) for path in (run.path / "detections").glob("*.json"))
    return repr((detections, runs.rules(run), families.made(run), review.guarantees_revision(run.workspace)))
