"""What changes whenever something that a cache rests on does: a stamp is part of a cache's key."""

import time
from math import inf

from core import runs
from core.analysis import families
from core.journal import review
from core.runs import Run

MOMENT = 0.1  # seconds, in which nobody would notice
MOST_ANSWERS = 20  # that are remembered; the oldest is forgotten
_answers: dict[str, tuple[float, str]] = {}


def with_verdicts(run: Run) -> tuple[str, int]:
    """Changes whenever `made` does, or somebody decides."""
    return made(run), decided(run)


def made(run: Run, *, moment: float = MOMENT) -> str:
    """Changes whenever a stage, a detection, a rule, a family or a guarantee of the run does.

    One drawing of a page asks a dozen times, so the answer holds for a moment, in seconds, or until `forget`. A stage
    that was finished is another question.
    """
    stages = repr((str(run.path), sorted(run.stages.items())))
    since, answer = _answers.get(stages, (-inf, ""))
    if time.monotonic() - since > moment:
        _answers.pop(stages, None)  # the last one in is the last one out
        answer = stages + _others(run)
        _answers[stages] = time.monotonic(), answer
        while len(_answers) > MOST_ANSWERS:
            _answers.pop(next(iter(_answers), ""), None)
    return answer


def decided(run: Run) -> int:
    """Changes whenever somebody decides on a sample of the run."""
    return review.revision(run.workspace, run.id)


def reported(run: Run) -> tuple[tuple[str, int], tuple[str, int], tuple[str, ...]]:
    """Changes whenever `with_verdicts` does, of the run or of the one that it repairs, or another repair is done."""
    subject = runs.open_run(run.workspace, run.parent) if run.parent else run
    finished = tuple(child.id for child in runs.children(subject) if child.done("evaluate"))
    return with_verdicts(run), with_verdicts(subject), finished


def epochs(run: Run) -> int:
    """Changes whenever an epoch is finished."""
    return len(runs.history(run))


def data(run: Run) -> str:
    """Never changes: a data set is the same as long as it has its id."""
    return run.dataset


def forget() -> None:
    """Have everything looked up again: somebody changed something."""
    _answers.clear()


def _others(run: Run) -> str:
    detections = sorted((path.name, path.stat().st_mtime_ns) for path in (run.path / "detections").glob("*.json"))
    return repr((detections, runs.rules(run), families.made(run), review.guarantees_revision(run.workspace)))
