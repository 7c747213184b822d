"""Revisions of a data set: what was decided, committed under a number and a name, so that a training can rest on it.

A revision holds all that it leaves out or relabels, against the data as imported, which is revision 0. Nothing is ever
deleted: going back appends verdicts.
"""

from core.journal.revisions.committing import base, commit, current_changes, decided_since, go_back, pending
from core.journal.revisions.lineage import Edge, Lineage, Node, lineage
from core.journal.revisions.stored import Difference, Revision, changes, compare, find, revisions

__all__ = [
    "Difference",
    "Edge",
    "Lineage",
    "Node",
    "Revision",
    "base",
    "changes",
    "commit",
    "compare",
    "current_changes",
    "decided_since",
    "find",
    "go_back",
    "lineage",
    "pending",
    "revisions",
]
