"""The journal: latest verdict wins, undo gives back what was before, redo gives it again, and nothing is ever lost."""

import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from core.errors import UserError
from core.journal import review
from core.journal.review import (
    Verdict,
    agreements,
    bona_fide,
    claim,
    conflicts,
    guarantee,
    guarantee_journal,
    guarantees,
    journal,
    record,
    redo,
    release,
    revision,
    taken,
    undo,
    verdicts,
)
from core.journal.review.agreement import cohens_kappa

EXCLUDE, KEEP, MARK, UNDECIDED = Verdict("exclude"), Verdict("keep"), Verdict("mark"), Verdict("undecided")
RUN = "20260101-000000-tiny-0000"
pytestmark = pytest.mark.usefixtures("kind")


def by(workspace, reviewer, *samples, verdict=EXCLUDE, run=RUN, **why):
    return record(workspace, run, dict.fromkeys(samples, verdict), reviewer=reviewer, **why)


def test_the_latest_verdict_wins(workspace):
    by(workspace, "ann", 1, 2, 3)
    by(workspace, "bob", 2, verdict=KEEP)
    by(workspace, "ann", 3, verdict=Verdict("relabel", 7))
    assert verdicts(workspace, RUN) == {1: EXCLUDE, 2: KEEP, 3: Verdict("relabel", 7)}


def test_undecided_takes_a_verdict_away(workspace):
    by(workspace, "ann", 1, 2)
    by(workspace, "ann", 1, verdict=Verdict("undecided"))
    assert verdicts(workspace, RUN) == {2: EXCLUDE}


def test_runs_do_not_mix(workspace):
    by(workspace, "ann", 1)
    by(workspace, "ann", 1, verdict=KEEP, run="other")
    assert verdicts(workspace, RUN) == {1: EXCLUDE}
    assert verdicts(workspace, "other") == {1: KEEP}
    assert undo(workspace, "third", reviewer="ann") == 0
    assert verdicts(workspace, "third") == {}


def test_undo_gives_back_the_earlier_verdicts_of_whomever(workspace):
    by(workspace, "bob", 1, verdict=KEEP)
    by(workspace, "ann", 2, verdict=Verdict("relabel", 3))
    by(workspace, "ann", 1, 2, 3)
    assert undo(workspace, RUN, reviewer="ann") == 3
    assert verdicts(workspace, RUN) == {1: KEEP, 2: Verdict("relabel", 3)}


def test_undo_goes_back_step_by_step_until_nothing_is_left(workspace):
    for verdict in (KEEP, MARK, EXCLUDE):
        by(workspace, "ann", 1, verdict=verdict)
    seen = []
    for _ in range(3):
        assert undo(workspace, RUN, reviewer="ann") == 1
        seen.append(verdicts(workspace, RUN).get(1))
    assert seen == [MARK, KEEP, None]
    assert undo(workspace, RUN, reviewer="ann") == 0


def test_a_verdict_after_an_undo_can_be_undone_too(workspace):
    by(workspace, "ann", 1, verdict=KEEP)
    by(workspace, "ann", 1, verdict=EXCLUDE)
    undo(workspace, RUN, reviewer="ann")
    by(workspace, "ann", 1, verdict=MARK)
    undo(workspace, RUN, reviewer="ann")
    assert verdicts(workspace, RUN) == {1: KEEP}
    undo(workspace, RUN, reviewer="ann")
    assert verdicts(workspace, RUN) == {}


def test_undo_takes_back_ones_own_only(workspace):
    by(workspace, "ann", 1)
    by(workspace, "bob", 2)
    assert undo(workspace, RUN, reviewer="ann") == 1
    assert verdicts(workspace, RUN) == {2: EXCLUDE}
    assert undo(workspace, RUN, reviewer="cyd") == 0


def test_undo_leaves_what_another_decided_later(workspace):
    by(workspace, "ann", 1, 2)
    by(workspace, "bob", 1, verdict=KEEP)
    undo(workspace, RUN, reviewer="ann")
    assert verdicts(workspace, RUN) == {1: KEEP}


def test_undo_does_not_bring_back_what_was_taken_back(workspace):
    by(workspace, "ann", 1)
    by(workspace, "bob", 1, verdict=KEEP)
    undo(workspace, RUN, reviewer="ann")
    undo(workspace, RUN, reviewer="bob")
    assert verdicts(workspace, RUN) == {}


def test_the_journal_only_grows(workspace):
    before = journal(workspace, RUN)
    assert len(before) == 0
    steps = [
        lambda: by(workspace, "ann", 1, 2, reason="odd corner", suggested_by="badloss"),
        lambda: undo(workspace, RUN, reviewer="ann"),
        lambda: undo(workspace, RUN, reviewer="ann"),  # nothing left: nothing written
        lambda: by(workspace, "bob", 1, verdict=Verdict("relabel", 2)),
    ]
    for step, added in zip(steps, (2, 2, 0, 1), strict=True):
        step()
        after = journal(workspace, RUN)
        assert len(after) == len(before) + added
        assert after.head(len(before)).astype(str).equals(before.astype(str)) or before.empty
        before = after
    first, last = before.iloc[0], before.iloc[-1]
    assert (first["sample"], first["decision"], first["reviewer"]) == (1, "exclude", "ann")
    assert (first["reason"], first["suggested_by"]) == ("odd corner", "badloss")
    assert (last["decision"], last["new_label"], last["reviewer"]) == ("relabel", 2, "bob")
    assert before["undoes"].dropna().unique().tolist() == [first["batch"]]
    assert (last["run"], last["batch"]) == (RUN, before["batch"].max())


def test_the_revision_changes_with_every_verdict(workspace):
    seen = [revision(workspace, RUN)]
    by(workspace, "ann", 1)
    seen.append(revision(workspace, RUN))
    undo(workspace, RUN, reviewer="ann")
    seen.append(revision(workspace, RUN))
    assert seen[0] == 0
    assert seen == sorted(set(seen))


def test_nothing_to_record(workspace):
    with pytest.raises(UserError, match="No sample is selected"):
        record(workspace, RUN, {}, reviewer="ann")


def test_what_people_write_is_data(workspace):
    name = "Robert'); DROP TABLE verdicts;--"
    by(workspace, name, 1, reason='"quoted" \u2028 ünï')
    assert journal(workspace, RUN)[["reviewer", "reason"]].values.tolist() == [[name, '"quoted" \u2028 ünï']]
    assert undo(workspace, RUN, reviewer=name) == 1


def test_redo_gives_again_what_was_taken_back_last(workspace):
    by(workspace, "ann", 1, 2)
    by(workspace, "ann", 2, verdict=Verdict("relabel", 3))
    assert redo(workspace, RUN, reviewer="ann") == 0
    assert [undo(workspace, RUN, reviewer="ann") for _ in range(2)] == [1, 2]
    assert verdicts(workspace, RUN) == {}
    assert redo(workspace, RUN, reviewer="ann") == 2
    assert verdicts(workspace, RUN) == {1: EXCLUDE, 2: EXCLUDE}
    assert redo(workspace, RUN, reviewer="bob") == 0
    assert redo(workspace, RUN, reviewer="ann") == 1
    assert verdicts(workspace, RUN) == {1: EXCLUDE, 2: Verdict("relabel", 3)}
    assert redo(workspace, RUN, reviewer="ann") == 0
    assert len(journal(workspace, RUN)) == 9


def test_undo_and_redo_can_be_repeated(workspace):
    by(workspace, "ann", 1, verdict=KEEP)
    by(workspace, "ann", 1)
    seen = []
    for step in (undo, redo, undo, undo, redo, redo, undo):
        assert step(workspace, RUN, reviewer="ann") == 1
        seen.append(verdicts(workspace, RUN).get(1))
    assert seen == [KEEP, EXCLUDE, KEEP, None, KEEP, EXCLUDE, KEEP]


def test_a_new_decision_ends_what_can_be_brought_back(workspace):
    by(workspace, "ann", 1)
    undo(workspace, RUN, reviewer="ann")
    by(workspace, "bob", 3)
    by(workspace, "ann", 2)
    assert redo(workspace, RUN, reviewer="ann") == 0
    assert verdicts(workspace, RUN) == {2: EXCLUDE, 3: EXCLUDE}


def test_undo_after_anothers_redo_gives_back_the_redone(workspace):
    by(workspace, "ann", 1)
    undo(workspace, RUN, reviewer="ann")
    by(workspace, "bob", 1, verdict=KEEP)
    redo(workspace, RUN, reviewer="ann")
    by(workspace, "cyd", 1, verdict=MARK)
    undo(workspace, RUN, reviewer="cyd")
    assert verdicts(workspace, RUN) == {1: EXCLUDE}


def test_the_journal_is_filtered(workspace):
    start = datetime.now(UTC)
    by(workspace, "ann", 1, 2)
    by(workspace, "bob", 2, 3, verdict=KEEP)
    found = {
        "all": journal(workspace, RUN),
        "bob": journal(workspace, RUN, reviewer="bob"),
        "exclude": journal(workspace, RUN, decision="exclude"),
        "one": review.history(workspace, RUN, 2),
        "since": journal(workspace, RUN, since=start - timedelta(seconds=1)),
        "later": journal(workspace, RUN, since=start + timedelta(hours=1)),
        "last": journal(workspace, RUN, last=3),
        "both": journal(workspace, RUN, reviewer="bob", sample=3),
    }
    samples = {name: table["sample"].tolist() for name, table in found.items()}
    assert samples == {
        "all": [1, 2, 2, 3],
        "bob": [2, 3],
        "exclude": [1, 2],
        "one": [2, 2],
        "since": [1, 2, 2, 3],
        "later": [],
        "last": [2, 2, 3],
        "both": [3],
    }
    assert review.journal_size(workspace, RUN) == 4
    assert review.reviewers(workspace, RUN) == ["ann", "bob"]


def test_workspaces_in_one_database_do_not_mix(workspace, tmp_path):
    other = tmp_path / "other"
    by(workspace, "ann", 1)
    by(other, "bob", 2, verdict=KEEP)
    guarantee(other, "data", [5], reviewer="bob")
    assert verdicts(workspace, RUN) == {1: EXCLUDE}
    assert undo(workspace, RUN, reviewer="bob") == 0
    assert len(journal(other, RUN)) == 1
    assert guarantees(workspace, "data") == {}


def test_reviewers_differ_until_somebody_says_more(workspace):
    by(workspace, "ann", 1, 2, 3, 4)
    by(workspace, "bob", 1, verdict=KEEP)  # stays open
    by(workspace, "bob", 2, verdict=Verdict("relabel", 1))  # settled by a third
    by(workspace, "bob", 3)  # agrees
    by(workspace, "bob", 4, verdict=KEEP)  # taken back
    undo(workspace, RUN, reviewer="bob")
    assert [one.sample for one in conflicts(workspace, RUN)] == [1, 2]
    by(workspace, "cyd", 2, verdict=KEEP)
    first, second = conflicts(workspace, RUN)
    assert (first.sample, first.open, first.verdicts) == (1, True, {"ann": EXCLUDE, "bob": KEEP})
    assert first.verdict == KEEP
    assert (second.sample, second.open, second.settled_by, second.verdict) == (2, False, "cyd", KEEP)
    assert second.verdicts == {"ann": EXCLUDE, "bob": Verdict("relabel", 1)}
    assert second.since <= second.settled


def test_being_unsure_settles_nothing_and_a_later_contradiction_opens_anew(workspace):
    by(workspace, "ann", 1)
    by(workspace, "bob", 1, verdict=KEEP)
    since = conflicts(workspace, RUN)[0].since
    by(workspace, "cyd", 1, verdict=MARK)
    (still,) = conflicts(workspace, RUN)
    assert (still.open, still.since, set(still.verdicts)) == (True, since, {"ann", "bob", "cyd"})
    by(workspace, "ann", 1)  # insists, having seen all
    assert not conflicts(workspace, RUN)[0].open
    by(workspace, "bob", 1, verdict=KEEP)
    (again,) = conflicts(workspace, RUN)
    assert (again.open, again.verdicts) == (True, {"ann": EXCLUDE, "bob": KEEP})
    by(workspace, "bob", 1, verdict=UNDECIDED)
    assert conflicts(workspace, RUN) == []


def test_one_reviewer_alone_may_change_their_mind(workspace):
    by(workspace, "ann", 1)
    by(workspace, "ann", 1, verdict=KEEP)
    assert conflicts(workspace, RUN) == []
    assert agreements(workspace, RUN) == []


def test_agreement_of_each_pair_as_worked_out_by_hand(workspace):
    # Ten samples: both exclude 4, both keep 2, ann alone excludes 3, bob alone excludes 1. Equal: 0.6. By chance:
    # ann excludes 7, bob 5: 0.7 * 0.5 + 0.3 * 0.5 = 0.5. So kappa = (0.6 - 0.5) / (1 - 0.5) = 0.2.
    by(workspace, "ann", *range(7))
    by(workspace, "ann", 7, 8, 9, verdict=KEEP)
    by(workspace, "bob", 0, 1, 2, 3, 9)
    by(workspace, "bob", 4, 5, 6, 7, 8, verdict=KEEP)
    by(workspace, "bob", 20)  # decided by bob alone
    by(workspace, "cyd", 50)
    (found,) = agreements(workspace, RUN)
    assert (found.reviewer, found.other, found.samples, found.same) == ("ann", "bob", 10, 6)
    assert found.kappa == pytest.approx(0.2)


def test_kappa_of_three_answers_and_where_it_is_not_defined():
    # Confusion table (20, 5, 0), (10, 15, 0), (0, 0, 10): p_o = 45/60, p_e = (25*30 + 25*20 + 10*10)/3600 = 0.375.
    table = {("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15, ("c", "c"): 10}
    pairs = [pair for pair, count in table.items() for _ in range(count)]
    assert cohens_kappa(pairs) == pytest.approx((0.75 - 0.375) / (1 - 0.375))
    assert cohens_kappa([("a", "b"), ("b", "a")]) == -1
    assert np.isnan(cohens_kappa([("a", "a")] * 5))
    assert np.isnan(cohens_kappa([]))


def test_reviewers_share_the_work(workspace):
    assert claim(workspace, RUN, [1, 2, 3], reviewer="ann") == [1, 2, 3]
    assert claim(workspace, RUN, [3, 4, 4], reviewer="bob") == [4, 4]
    assert taken(workspace, RUN, reviewer="ann") == {4}
    assert taken(workspace, RUN, reviewer="bob") == {1, 2, 3}
    assert taken(workspace, "another run", reviewer="bob") == set()
    release(workspace, RUN, reviewer="ann")
    assert taken(workspace, RUN, reviewer="bob") == set()
    assert journal(workspace, RUN).empty
    assert taken(workspace, RUN, reviewer="ann", now=time.time() + review.CLAIM_SECONDS - 1) == {4}
    later = time.time() + review.CLAIM_SECONDS + 1
    assert taken(workspace, RUN, reviewer="ann", now=later) == set()
    assert claim(workspace, RUN, [4], reviewer="ann", now=later) == [4]


def test_people_name_bona_fide_samples_and_take_them_back(workspace, make_dataset):
    data = make_dataset(12)
    data.bona_fide[:2] = True
    before = revision(workspace, RUN)
    guarantee(workspace, "tiny", [2, 3], reviewer="ann", reason="looked")
    guarantee(workspace, "tiny", [0, 3], reviewer="bob", accepted=False)
    guarantee(workspace, "other", [9], reviewer="ann")
    assert np.flatnonzero(bona_fide(workspace, "tiny", data)).tolist() == [1, 2]
    assert np.flatnonzero(data.bona_fide).tolist() == [0, 1]
    assert guarantees(workspace, "tiny") == {0: False, 2: True, 3: False}
    rows = guarantee_journal(workspace, "tiny")
    assert rows[["sample", "accepted", "reviewer"]].values.tolist() == [
        [2, True, "ann"],
        [3, True, "ann"],
        [0, False, "bob"],
        [3, False, "bob"],
    ]
    assert revision(workspace, RUN) > before
    assert review.guarantees_revision(workspace) > 0
    with pytest.raises(UserError, match="No sample is selected"):
        guarantee(workspace, "tiny", [], reviewer="ann")


def test_what_a_database_cannot_keep_is_left_out(workspace):
    by(workspace, "an\0n", 2**40, reason="half \ud800 a character")
    assert journal(workspace, RUN)[["sample", "reviewer", "reason"]].values.tolist() == [
        [2**40, "ann", "half ? a character"]
    ]
