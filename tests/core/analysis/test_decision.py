"""A decision as it is kept with a run: read back whole, said in one sentence, refused in words when damaged."""

import csv
import json
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest

from core import checksums, runs
from core.analysis import decision as kept
from core.analysis.decision import (
    as_dict,
    decision_of,
    headline,
    picture_words,
    sample_states,
    save_decision,
)
from core.analysis.opened_run import opened
from core.analysis.samples import sample_table
from core.data import store
from core.decision.states import BACKDOOR, NOT_JUDGED, OPEN, STATES, WRONG_LABEL, DecidedGroup, Decision
from core.errors import UserError
from core.output.export import exported

N, NAMES = 12, ("cat", "dog", "emu", "fox")
TURNED = DecidedGroup(1, 2, "backdoor", "recovered trigger, added", 3, "why", 0.64, (0.57, 0.7), 0.03, 0.005, 0.1)
UNFIXED = DecidedGroup(2, 1, "backdoor", "no fixed pattern", 2, "why", turned=0.9, turned_control=0.1, home=0.2)
LABELS = DecidedGroup(3, -1, "wrong label", "label errors", 2, "why")
MARK = DecidedGroup(1, 3, "open", "shared mark, added", 2, "why", 0.5, (0.4, 0.6), 0.0, 0.01, 0.9)


@pytest.fixture
def run(workspace, make_dataset):
    """A run on twelve samples, nothing trained."""
    dataset = replace(make_dataset(N, n_test=4, side=4), class_names=NAMES, ids=np.arange(100, 100 + N))
    return runs.create(workspace, store.save(workspace, dataset, source="test"), {}, ("train",), name="Run")


def decision(states=(), membership=(), groups=(), **others):
    """Of twelve samples; those not named have no state and no group."""
    return Decision(
        np.array([*states, *[0] * (N - len(states))]),
        np.array([*membership, *[0] * (N - len(membership))]),
        tuple(groups),
        **{"n_classes": 4, "least": 10, **others},
    )


WHOLE = decision(
    [BACKDOOR] * 5 + [WRONG_LABEL] * 2 + [OPEN, NOT_JUDGED],
    [1, 1, 1, 2, 2, 3, 3],
    [TURNED, UNFIXED, LABELS],
    not_judged={3: "only 5 samples; 40 are needed"},
    left_out="something",
)


def test_what_was_kept_is_read_back_whole(run):
    pictures = np.full((3, 4, 4, 1), 7, np.uint8)
    assert decision_of(opened(run)) is None
    save_decision(run, WHOLE, pictures)
    found = decision_of(opened(run))
    assert np.array_equal(found.states, WHOLE.states)
    assert np.array_equal(found.membership, WHOLE.membership)
    assert found.groups == WHOLE.groups
    assert not found.doubted.any()
    assert replace(found, states=WHOLE.states, membership=WHOLE.membership, doubted=WHOLE.doubted) == WHOLE
    assert found.verdict == "backdoor"
    assert (run.array(kept.PICTURES) == pictures).all()


def test_a_later_decision_takes_the_place_of_the_first_and_of_its_pictures(run):
    save_decision(run, WHOLE, np.full((3, 4, 4, 1), 7, np.uint8))
    save_decision(run, decision(), None)
    found = decision_of(opened(run))
    assert (found.groups, found.verdict, found.not_judged) == ((), "none", {})
    assert not run.has(f"{kept.PICTURES}.npy")


@pytest.mark.parametrize("damage", ["not JSON", '{"groups": 3}', '{"groups": [{"id": "one"}]}', "[]"])
def test_a_damaged_decision_is_said_in_words(run, damage):
    save_decision(run, WHOLE, None)
    checksums.forget(run.path, kept.FILE)
    (run.path / kept.FILE).write_text(damage)
    with pytest.raises(UserError, match=r"decision\.json of the run"):
        decision_of(opened(run))


def test_an_array_of_other_samples_is_said_in_words(run):
    save_decision(run, WHOLE, None)
    checksums.forget(run.path, f"{kept.ARRAY}.npy")
    np.save(run.path / f"{kept.ARRAY}.npy", np.zeros((2, N + 1), np.int64))
    with pytest.raises(UserError, match="decision"):
        decision_of(opened(run))


def test_a_changed_byte_is_said_in_words(run):
    save_decision(run, WHOLE, None)
    path = run.path / kept.FILE
    path.write_text(path.read_text().replace("0.64", "0.99"))
    with pytest.raises(UserError, match=r"decision\.json of the run"):
        decision_of(opened(run))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            WHOLE,
            "Backdoor confirmed in emu, dog: 5 samples. Wrong labels: 2 samples. 1 of 4 classes could not be judged.",
        ),
        (decision([BACKDOOR] * 3, [1] * 3, [TURNED]), "Backdoor confirmed in emu: 3 samples."),
        (
            decision([WRONG_LABEL] * 2, [3] * 2, [LABELS]),
            "Wrong labels, no backdoor confirmed: 2 samples.",
        ),
        (decision([OPEN] * 2, [1] * 2, [MARK]), "Suspicious, no backdoor confirmed in fox: 2 samples."),
        (decision([OPEN] * 3, [1] * 2, [MARK]), "Suspicious, no backdoor confirmed: 3 samples."),
        (decision([OPEN] * 4), "Suspicious, no backdoor confirmed: 4 samples."),
        (
            decision([OPEN] + [NOT_JUDGED] * 11, not_judged=dict.fromkeys(range(4), "its model cannot be asked")),
            "Suspicious, no backdoor confirmed: 1 sample. 4 of 4 classes could not be judged.",
        ),
        (
            decision(not_judged={0: "", 2: ""}),
            "Nothing was confirmed in the classes that were judged. 2 of 4 classes could not be judged.",
        ),
        (
            decision(),
            "No sign of a backdoor among 4 classes; groups below 10 samples cannot be confirmed.",
        ),
    ],
)
def test_the_verdict_in_one_sentence(found, expected):
    assert headline(found, NAMES) == expected


def test_the_sentence_says_no_sign_only_where_nothing_is_suspect_and_all_was_judged():
    for states in ([OPEN], [BACKDOOR], [WRONG_LABEL]):
        groups = [] if states == [OPEN] else [TURNED if states == [BACKDOOR] else LABELS]
        assert "No sign" not in headline(decision(states, groups=groups), NAMES)
    assert "No sign" not in headline(decision(not_judged={1: "too few"}), NAMES)
    assert "No sign" in headline(decision(), NAMES)


def test_a_program_gets_what_is_decided_as_json():
    told = json.loads(json.dumps(as_dict(WHOLE, np.arange(100, 100 + N))))
    assert told["verdict"] == "backdoor"
    assert told["flagged"] == [100, 101, 102, 103, 104, 105, 106]
    assert (told["open"], told["not_judged"], told["left_out"]) == (
        1,
        {"3": "only 5 samples; 40 are needed"},
        "something",
    )
    first, second, third = told["groups"]
    assert (first["class"], first["state"], first["size"], first["flip_rate"]) == (2, "backdoor", 3, 0.64)
    assert (first["control"], first["p"], first["interval"], first["kept"]) == (0.03, 0.005, [0.57, 0.7], 0.1)
    assert (second["turned"], second["turned_control"], second["flip_rate"]) == (0.9, 0.1, None)
    assert (first["home"], second["home"]) == (None, 0.2)
    assert (third["class"], third["kind"]) == (None, "label errors")


def test_a_sample_table_has_state_and_group_only_where_it_was_decided(run):
    assert sample_states(opened(run)) is None
    assert not {"decision", "group"} & set(sample_table(opened(run)).columns)
    save_decision(run, WHOLE, None)
    table = sample_table(opened(run))
    assert table["decision"].tolist() == [STATES[state] for state in WHOLE.states]
    assert table["group"].tolist() == [1, 1, 1, 2, 2, 3, 3, 0, 0, 0, 0, 0]


def test_an_export_has_the_columns(run):
    save_decision(run, WHOLE, None)
    rows = list(csv.DictReader(StringIO(exported(opened(run), "samples", ".csv").decode())))
    assert [row["decision"] for row in rows[3:9]] == ["backdoor"] * 2 + ["wrong label"] * 2 + ["open", "not judged"]
    assert [row["group"] for row in rows[:8]] == ["1", "1", "1", "2", "2", "3", "3", "0"]


@pytest.mark.parametrize("kind", ["a warp", "a filter", "an overlay", "pasted"])
def test_what_a_picture_shows_is_said_where_it_is_no_shared_pattern(kind):
    group = replace(UNFIXED, kind=f"recovered trigger, {kind}")
    assert bool(picture_words(group)) == (kind != "pasted")
