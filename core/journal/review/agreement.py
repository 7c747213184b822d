"""Where reviewers disagree, and how far they agree."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import func, select

from core.journal.database import address, reading, scope
from core.journal.review.recording import counts
from core.journal.review.verdict import Verdict
from core.journal.tables import Batch, Row

AT_ONCE = 5000  # sample ids in one query: databases limit how many values it may hold
KNOWN_RUNS = 16  # whose shared samples are remembered; one that is forgotten is read anew
NO_ANSWER = ("undecided", "mark")  # taken back by hand, and unsure: neither settles anything

# (database, workspace, run) → the journal's position, who spoke first of each sample, and the samples that others
# spoke of, too. As rows are never changed, only later ones have to be read.
_known: OrderedDict[tuple[str, str, str], tuple[int, dict[int, str], frozenset[int]]] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class Conflict:
    """Two or more reviewers said different things of one sample.

    Attributes:
        sample: its id.
        verdicts: reviewer → what each said.
        since: when they began to differ, UTC.
        settled_by: who gave the verdict that came after both, empty while nobody did.
        settled: when that was, empty while it is open.
        verdict: the one that stands.
    """

    sample: int
    verdicts: Mapping[str, Verdict]
    since: str
    verdict: Verdict
    settled_by: str = ""
    settled: str = ""

    @property
    def open(self) -> bool:
        """Whether it still has to be settled."""
        return not self.settled_by


@dataclass(frozen=True)
class Agreement:
    """How far two reviewers agree on the samples that both decided.

    Attributes:
        reviewer, other: the two, in the order of their names.
        samples: how many both decided.
        same: how many of them have the same verdict of both.
        kappa: Cohen's (1960), 1 for full agreement, 0 for as much as by chance, below for less. NaN where chance alone
            makes them agree, because each says one and the same of everything. NaN, too, where they share no sample.
    """

    reviewer: str
    other: str
    samples: int
    same: int
    kappa: float


@dataclass(frozen=True)
class _Given:
    sample: int
    reviewer: str
    verdict: Verdict
    created: str


def conflicts(workspace: Path, run_id: str) -> list[Conflict]:
    """The samples on which the latest verdicts of two reviewers differ, the open ones first, each by sample id.

    A verdict that anyone gave when the differing ones were in the journal settles the conflict, since its giver could
    see them; to be unsure settles nothing. From then on only what is said against that verdict is a new conflict. What
    was taken back does not count. Of several conflicts on a sample the latest is told.
    """
    by_sample = defaultdict[int, list[_Given]](list)
    for given in _shared(workspace, run_id):
        by_sample[given.sample].append(given)
    differing = [conflict for rows in by_sample.values() if (conflict := _conflict(rows))]
    return sorted(differing, key=lambda conflict: (not conflict.open, conflict.sample))


def agreements(workspace: Path, run_id: str) -> list[Agreement]:
    """Each pair of reviewers who decided on the same samples, by name; their latest verdicts are compared."""
    said = defaultdict[str, dict[int, Verdict]](dict)
    for given in _shared(workspace, run_id):
        said[given.reviewer][given.sample] = given.verdict
    decided = {
        name: {sample: verdict for sample, verdict in all_said.items() if verdict.decision != "undecided"}
        for name, all_said in sorted(said.items())
    }
    pairs = [
        _agreement(reviewer, other, decided[reviewer], decided[other]) for reviewer, other in combinations(decided, 2)
    ]
    return [agreement for agreement in pairs if agreement.samples]


def cohens_kappa(pairs: Iterable[tuple[object, object]]) -> float:
    """Cohen's kappa of two people's answers to the same questions; NaN where it is not defined.

    (p_o − p_e) / (1 − p_e), where p_o is the fraction of equal answers. By chance the fraction p_e would be equal, if
    each gave the same answers as often, but blindly. Cohen, A coefficient of agreement for nominal scales, 1960.
    """
    answers = list(pairs)
    n = len(answers)
    kinds = {answer for pair in answers for answer in pair}
    same = sum(first == second for first, second in answers)
    chance = sum(
        sum(first == kind for first, _ in answers) * sum(second == kind for _, second in answers) for kind in kinds
    )
    return (n * same - chance) / (n * n - chance) if n * n > chance else float("nan")


def _agreement(name: str, other: str, first: Mapping[int, Verdict], second: Mapping[int, Verdict]) -> Agreement:
    pairs = [(first[sample], second[sample]) for sample in first.keys() & second.keys()]
    return Agreement(name, other, len(pairs), sum(a == b for a, b in pairs), cohens_kappa(pairs))


def _conflict(rows: list[_Given]) -> Conflict | None:
    """The latest conflict in what was said of one sample, in the order in which it was said."""
    said: dict[str, Verdict] = {}
    latest: Conflict | None = None
    for given in rows:
        if latest and latest.open and given.verdict.decision not in NO_ANSWER:
            said = {given.reviewer: given.verdict}
            latest = replace(latest, verdict=given.verdict, settled_by=given.reviewer, settled=given.created)
            continue
        said[given.reviewer] = given.verdict
        if given.verdict.decision == "undecided":
            del said[given.reviewer]
        if len(set(said.values())) > 1:
            since = latest.since if latest and latest.open else given.created
            latest = Conflict(given.sample, dict(said), since, given.verdict)
        elif latest and latest.open:
            latest = None
    return latest


def _shared(workspace: Path, run_id: str) -> list[_Given]:
    """What was said, and not taken back, of samples on which two or more reviewers spoke, oldest first."""
    samples = sorted(spoken_of_by_several(workspace, run_id))
    columns = select(Row.id, Row.sample, Batch.reviewer, Row.decision, Row.new_label, Batch.created)
    query = columns.join(Batch, Batch.id == Row.batch).where(Row.workspace == scope(workspace), Row.run == run_id)
    verdicts: list[Any] = []
    with reading(workspace) as connection:
        for start in range(0, len(samples), AT_ONCE):
            some = samples[start : start + AT_ONCE]
            verdicts += connection.execute(query.where(Row.sample.in_(some), counts())).all()
    rows = sorted(verdicts, key=lambda row: row[0])  # asked to sort, the database would read the whole journal in order
    return [_Given(sample, who, Verdict(decision, label), when) for _, sample, who, decision, label, when in rows]


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
