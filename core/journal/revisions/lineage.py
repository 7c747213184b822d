"""What came from what: the data, the runs trained on it, and the revisions decided on them, as a graph to be drawn."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core import runs
from core.data import store
from core.journal.revisions.stored import Revision, revisions
from core.runs import Run

DATA = "revision:0"  # the key of the data as imported


@dataclass(frozen=True)
class Node:
    """One box of the drawing.

    Attributes:
        key: "revision:<number>" or "run:<id>"; "revision:0" is the data as imported.
        kind: data, run or revision.
        title: its name.
        created: when it was made, UTC.
        about: of a revision who committed it and why, of a repair how it was trained; may be empty.
    """

    key: str
    kind: Literal["data", "run", "revision"]
    title: str
    created: str
    about: str = ""


@dataclass(frozen=True)
class Edge:
    """One arrow of the drawing, between the keys of two nodes.

    `kind` says what the target is to the source. A run was trained on data, a revision was decided on a run, a revision
    follows another. Of repairs from before there were revisions, a run repairs another.
    """

    source: str
    target: str
    kind: Literal["trained", "decided", "follows", "repairs"]


@dataclass(frozen=True)
class Lineage:
    """The whole drawing; every edge joins two of the nodes, which are in the order in which they were made."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def lineage(workspace: Path, dataset_id: str) -> Lineage:
    """What was trained on a data set and decided about it. Raises UserError when there is no such data set."""
    info, committed = store.describe(workspace, dataset_id), revisions(workspace, dataset_id)
    trained = [run for run in runs.all_runs(workspace) if run.dataset == dataset_id]
    nodes = [
        Node(DATA, "data", info.name, info.created),
        *map(_node_of_run, trained),
        *map(_node_of_revision, committed),
    ]
    keys = {node.key for node in nodes}
    edges = [_origin(run) for run in trained]
    edges += [Edge(f"run:{revision.run}", f"revision:{revision.number}", "decided") for revision in committed]
    edges += [
        Edge(f"revision:{revision.parent}", f"revision:{revision.number}", "follows")
        for revision in committed
        if revision.parent
    ]
    nodes.sort(key=lambda node: (node.kind != "data", node.created, node.key))
    return Lineage(tuple(nodes), tuple(edge for edge in edges if {edge.source, edge.target} <= keys))


def _origin(run: Run) -> Edge:
    """From what the run was trained on."""
    number = runs.revision_of(run)
    if number is None and run.parent:
        return Edge(f"run:{run.parent}", f"run:{run.id}", "repairs")
    return Edge(f"revision:{number or 0}", f"run:{run.id}", "trained")


def _node_of_run(run: Run) -> Node:
    return Node(f"run:{run.id}", "run", run.name, run.created, run.how)


def _node_of_revision(revision: Revision) -> Node:
    about = f"{revision.reviewer}: {revision.why}" if revision.why else revision.reviewer
    return Node(f"revision:{revision.number}", "revision", revision.name, revision.created, about)
