"""What the next command depends on: whether a model can be trained on the data, and whether a run has one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import UserError

# Commands that are about the newest data set.
ABOUT_DATA = ("datasets", "models", "attacks")
ABOUT_RUNS = ("detectors",)
NO_DATA = "no data"
ELSEWHERE = "elsewhere"  # no model here can be trained on such data
FIXED = "fixed"  # a graph, which cannot be trained again
RECORDED = "recorded"  # no model is here, only what was recorded


def circumstances(name: str, options: Mapping[str, Any], answer: Any) -> dict[str, str]:
    """Under "where" what is special about the data set or run that a command was about, and what it is called.

    Args:
        name: of the command that ended.
        options: with which it was called, ids whole.
        answer: what it printed.

    Returns:
        Beside "where": "model" and "attack", the first that the data can take; "detector", one that flagged samples.
        Empty where nothing can be read.
    """
    workspace = options.get("workspace")
    given = answer if isinstance(answer, Mapping) else {}
    run, dataset = given.get("run") or options.get("run"), given.get("dataset") or options.get("dataset")
    try:
        if not isinstance(workspace, Path):
            return {}
        if name in ABOUT_RUNS or run:
            return _of_run(workspace, str(run or "latest"))
        if name in ABOUT_DATA or dataset:
            return _of_data(workspace, str(dataset or "latest"))
    except UserError:
        pass  # what is damaged has been said
    return {}


def _of_data(workspace: Path, dataset: str) -> dict[str, str]:
    from core.attacks import ATTACKS, attacks_for
    from core.data import store
    from core.models import models_for, usual
    from core.pipeline.named import whole_id

    if not store.describe_all(workspace):
        return {"where": NO_DATA}
    info = store.describe(workspace, whole_id("dataset", dataset, workspace))
    shape = info.shape
    attack = next(iter(attacks_for(shape)))
    aims = {"all_to_one", "clean_label"} & set(ATTACKS[attack].labellings)
    spec = f"{attack}:ratio=0.01{',target=0' if aims else ''}"
    suited = {"model": usual(shape, info.n).name} if models_for(shape) else {"where": ELSEWHERE}
    return {"attack": spec} | suited


def _of_run(workspace: Path, run: str) -> dict[str, str]:
    from core import runs
    from core.analysis.opened_run import leading, opened
    from core.pipeline.named import whole_id

    known = runs.open_run(workspace, whole_id("run", run, workspace))
    if not known.recorded:
        return {} if known.trainable else {"where": FIXED}
    found = opened(known).detections
    flagged = [kind for kind in leading(found) if found[kind].flagged.any()]
    return {"where": RECORDED} | ({"detector": flagged[0]} if flagged else {})
