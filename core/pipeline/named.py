"""Which run or data set is meant: by its id, the beginning of it, its name, or `latest`."""

from collections.abc import Sequence
from pathlib import Path

from core import runs
from core.data import store
from core.errors import UserError

LATEST = "latest"


def whole_id(kind: str, text: str, workspace: Path) -> str:
    """The id of the run or data set that `text` means; the text itself where it means none.

    Args:
        kind: "run" or "dataset".
        text: as it was written.
        workspace: where to look.

    Raises:
        UserError: it may mean several.
    """
    if kind == "run":
        known = [(run.id, run.name) for run in runs.all_runs(workspace)]
    else:
        known = [(info.id, info.name) for info in store.describe_all(workspace)]
    ids = [number for number, _ in known]
    if text in ids or not known:
        return text
    if text == LATEST:
        return ids[0]
    for meant in (
        [number for number, name in known if name == text],
        [number for number in ids if _begins(number, text)],
    ):
        if len(meant) == 1:
            return meant[0]
        if meant:
            raise _several(kind, text, meant)
    return text


def _begins(number: str, text: str) -> bool:
    return bool(text) and number.startswith(text)


def _several(kind: str, text: str, meant: Sequence[str]) -> UserError:
    what = "runs" if kind == "run" else "data sets"
    return UserError(
        f"{text!r} may be one of {len(meant)} {what}.", f"It may be {', '.join(meant)}.", "Write more of it."
    )
