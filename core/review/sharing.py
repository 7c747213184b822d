"""Which samples several reviewers spoke of, known without reading the whole journal each time."""

from collections import OrderedDict
from pathlib import Path
from threading import Lock

from sqlalchemy import func, select

from core.database import address, reading, scope
from core.tables import Batch, Row

# (database, workspace, run) → the journal's position, who spoke first of each sample, and the samples that others
# spoke of, too. As rows are never changed, only later ones have to be read.
_known: OrderedDict[tuple[str, str, str], tuple[int, dict[int, str], frozenset[int]]] = OrderedDict()
_lock = Lock()
KNOWN_RUNS = 16


def spoken_of_by_several(workspace: Path, run_id: str) -> frozenset[int]:
    """Ids of the samples in the journal of the run that bear the names of two or more reviewers."""
    own = scope(workspace)
    key = (str(address(workspace)), own, run_id)
    here = (Row.workspace == own, Row.run == run_id)
    with reading(workspace) as connection:
        newest = connection.scalar(select(func.max(Row.id)).where(*here)) or 0
        with _lock:
            at, first, several = _known.get(key, (0, {}, frozenset()))
        if at > newest:  # the database was put back to an earlier state
            at, first, several = 0, {}, frozenset()
        query = select(Row.sample, Batch.reviewer).join(Batch, Batch.id == Row.batch).where(*here)
        rows = connection.execute(query.where(Row.id > at, Row.id <= newest)).all() if at < newest else []
    first = dict(first)
    several |= {sample for sample, reviewer in rows if first.setdefault(sample, reviewer) != reviewer}
    with _lock:
        _known[key] = newest, first, several
        _known.move_to_end(key)
        while len(_known) > KNOWN_RUNS:
            _known.popitem(last=False)
    return several
