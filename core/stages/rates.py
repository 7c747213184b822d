"""About how long the stages of a run take: by what they took on earlier runs of the workspace, and on this one so far.

What was measured counts, not what somebody guessed: UMAP takes seconds on one machine and a minute on another.
"""

from collections.abc import Mapping, Sequence
from math import inf

from core import runs
from core.data import store
from core.errors import UserError
from core.runs import Run
from core.runs.plan import parse_stage

LATEST = 12  # runs that are looked at, the newest first
# A machine that is busy with something else makes all stages slower together; beyond this, single stages are at fault.
MOST_SLOWER = 8.0
FIRST_SIGHT = 0.2  # of a stage: from then on its own pace counts alone
OVERDUE = 4.0  # a stage that is overdue and says nothing is thought to take a further quarter of its time so far


def known_seconds(run: Run, stages: Sequence[str]) -> dict[str, float]:
    """For each of these stages that an earlier run did, about how long it takes: longer for more samples and epochs.

    A stage that trains or asks the model is compared with runs of the same architecture only. Of several runs the
    quickest counts: a busy machine makes a stage slower, and nothing makes it quicker.
    """
    found: dict[str, float] = {}
    for other in runs.all_runs(run.workspace)[:LATEST]:
        for stage in stages:
            seconds = other.stages.get(stage, 0.0)
            if other.id == run.id or seconds <= 0 or not _comparable(run, other, stage):
                continue
            works = _work(run, stage), _work(other, stage)
            if min(works) > 0:
                found[stage] = min(found.get(stage, inf), seconds * works[0] / works[1])
    return found


def seconds_of(
    plan: Sequence[str], weights: Mapping[str, float], known: Mapping[str, float], taken: Mapping[str, float]
) -> dict[str, float]:
    """About how long each stage of a plan takes on this machine as it is now.

    Args:
        plan: the stages.
        weights: of each, roughly what it takes beside the others.
        known: stage → what it should take, by earlier runs.
        taken: stage → what it did take, of those that this job has done.

    Returns:
        Stage → seconds; empty while nothing at all was measured.
    """
    both = [stage for stage in taken if stage in known]
    should, did = sum(known[stage] for stage in both), sum(taken[stage] for stage in both)
    slower = min(max(did / should, 1 / MOST_SLOWER), MOST_SLOWER) if should > 0 and did > 0 else 1.0
    expected = {stage: seconds * slower for stage, seconds in known.items()} | dict(taken)
    measured = [stage for stage in plan if stage in expected]
    weight = sum(weights[stage] for stage in measured)
    if not weight:
        return {}
    each = sum(expected[stage] for stage in measured) / weight  # seconds, for a stage that nobody has done
    return {stage: expected.get(stage, weights[stage] * each) for stage in plan}


def seconds_left(expected: float, since: float, fraction: float) -> float:
    """What is left of a stage that should take `expected` seconds, `since` seconds after it began.

    Its own pace counts more and more, and from a fifth of it on alone. A stage that says nothing of how far it is
    counts down. Once it is nearly over its time, it is thought to need a further quarter of what it took so far.

    >>> seconds_left(10, 4, 0.0), seconds_left(10, 40, 0.0), seconds_left(10, 30, 0.5)
    (6.0, 10.0, 30.0)
    """
    if fraction <= 0:
        return float(max(expected - since, since / OVERDUE))
    own = min(1.0, fraction / FIRST_SIGHT)
    return float((1 - fraction) * ((1 - own) * expected + own * since / fraction))


def _comparable(run: Run, other: Run, stage: str) -> bool:
    """Whether what a stage took there says anything of it here."""
    asks_nothing = parse_stage(stage).kind in ("maps", "families")
    return asks_nothing or run.config.get("model") == other.config.get("model")


def _work(run: Run, stage: str) -> float:
    """How much a stage has to do: samples, for each epoch where it trains."""
    try:
        n = store.describe(run.workspace, run.dataset).n
    except UserError:
        return 0.0
    epochs = float(run.config.get("epochs", 1)) if parse_stage(stage).kind in ("train", "decide", "reclassify") else 1.0
    return n * max(epochs, 1.0)
