"""The journal of human decisions: append-only rows in a real database.

Nothing is ever changed or deleted. The verdict on a sample is its latest row. An undo appends the rows that bring the
earlier verdicts back, and names the batch that it takes back. A redo appends that batch's rows again.
"""

from core.journal.review.agreement import Agreement, Conflict, agreements, conflicts
from core.journal.review.claims import CLAIM_SECONDS, claim, release, taken
from core.journal.review.guarantees import bona_fide, guarantee, guarantee_journal, guarantees, guarantees_revision
from core.journal.review.notes import Notes, note, notes
from core.journal.review.reading import history, journal, journal_size, reviewers, revision, standing, verdicts
from core.journal.review.recording import record, redo, undo
from core.journal.review.verdict import DECISIONS, Verdict
from core.journal.tables import Decision

__all__ = [
    "CLAIM_SECONDS",
    "DECISIONS",
    "Agreement",
    "Conflict",
    "Decision",
    "Notes",
    "Verdict",
    "agreements",
    "bona_fide",
    "claim",
    "conflicts",
    "guarantee",
    "guarantee_journal",
    "guarantees",
    "guarantees_revision",
    "history",
    "journal",
    "journal_size",
    "note",
    "notes",
    "record",
    "redo",
    "release",
    "reviewers",
    "revision",
    "standing",
    "taken",
    "undo",
    "verdicts",
]
