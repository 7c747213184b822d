<<<<<<< HEAD
"""A decision as it is kept with a run: read back whole, said in one sentence, refused in words when damaged."""

import csv
import json
from dataclasses import replace
from io import StringIO
=======
"""What is said of a decision, for every verdict."""

from dataclasses import replace
>>>>>>> b211855 (The decision stands on Detect, in every headline, and in the review as groups; no sign is never said beside flags)

import numpy as np
import pytest

<<<<<<< HEAD
from core import checksums, runs
from core.analysis import decision as kept
from core.analysis.decision import as_dict, decision_of, headline, sample_states, save_decision
from core.analysis.opened_run import opened
from core.analysis.samples import sample_table
from core.data import store
from core.decision.states import BACKDOOR, NOT_JUDGED, OPEN, STATES, WRONG_LABEL, DecidedGroup, Decision
from core.errors import UserError
from core.output.export import exported

N, NAMES = 12, ("cat", "dog", "emu", "fox")
TURNED = DecidedGroup(1, 2, "backdoor", "recovered trigger, added", 3, "why", 0.64, (0.57, 0.7), 0.03, 0.005, 0.1)
UNFIXED = DecidedGroup(2, 1, "backdoor", "no fixed pattern", 2, "why", turned=0.9, turned_control=0.1)
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
    assert replace(found, states=WHOLE.states, membership=WHOLE.membership) == WHOLE
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
        (WHOLE, "Backdoor confirmed in emu, dog: 5 samples. 1 of 4 classes could not be judged."),
        (decision([BACKDOOR] * 3, [1] * 3, [TURNED]), "Backdoor confirmed in emu: 3 samples."),
        (
            decision([WRONG_LABEL] * 2, [3] * 2, [LABELS]),
            "Wrong labels, no backdoor confirmed: 2 samples.",
        ),
        (decision([OPEN] * 2, [1] * 2, [MARK]), "Suspicious, open: look at them in fox: 2 samples."),
        (decision([OPEN] * 3, [1] * 2, [MARK]), "Suspicious, open: look at them: 3 samples."),
        (decision([OPEN] * 4), "Suspicious, open: look at them: 4 samples."),
        (
            decision([OPEN] + [NOT_JUDGED] * 11, not_judged=dict.fromkeys(range(4), "its model cannot be asked")),
            "Suspicious, open: look at them: 1 samples. 4 of 4 classes could not be judged.",
        ),
        (decision(not_judged={0: "", 2: ""}), "Not judged. 2 of 4 classes could not be judged."),
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
=======
from core.analysis.decision import decision_of, group_figures, headline, open_alone, size_of
from core.analysis.opened_run import opened
from core.decision.states import NO_GROUP, Decision
from core.errors import UserError
from core.runs import Run
from tests.pages.conftest import two_detections  # noqa: F401
from tests.pages.decided import MARK, TRIGGER, VERDICTS, decided, flags_open, made_decision

NAMES = tuple(f"class {index}" for index in range(10))


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_made_up_decision_has_the_verdict_that_it_was_made_for(verdict):
    assert made_decision(verdict).verdict == verdict


def test_flags_that_no_test_confirms_are_open_and_never_no_sign():
    decision = flags_open()
    assert decision.verdict == "open"
    assert open_alone(decision) == size_of(decision, "open") == 12
    assert headline(decision, NAMES) == "Suspicious, no backdoor confirmed: 12 samples."


def test_no_sign_is_said_only_where_all_was_judged_and_nothing_is_flagged():
    none = made_decision("none")
    assert headline(none, NAMES).startswith("No sign of a backdoor among 10 classes; groups below 10 samples")
    assert headline(none, NAMES, flagged=True).startswith("No backdoor confirmed among 10 classes")
    for verdict in VERDICTS[:-1]:
        assert "no sign" not in headline(made_decision(verdict), NAMES).lower()


def test_what_was_left_out_stands_beside_no_sign():
    assert headline(made_decision("none", left_out="no second training"), NAMES).endswith(
        "Left out: no second training."
    )


def test_where_no_class_was_judged_nothing_is_said_of_any():
    why = dict.fromkeys(range(10), "its model cannot be asked")
    decision = Decision(np.full(4, 4), np.full(4, NO_GROUP), (), why, "", 0, 10)
    assert headline(decision, NAMES) == "Nothing could be judged. That is no clean bill."


def test_the_figures_of_a_group_stand_with_their_interval_and_their_control():
    assert group_figures(TRIGGER) == {
        "Trigger works on": "93% (89%–96%)",
        "Control": "2%",
        "Keep the label without it": "10%",
    }
    assert group_figures(replace(MARK, flip_rate=None, interval=None, control=None, kept=None)) == {}


def test_a_decision_is_read_as_it_was_kept(two_detections: Run):  # noqa: F811
    kept = made_decision("backdoor", left_out="no second training")
    read = decision_of(opened(decided(two_detections, kept)))
    assert read.groups == kept.groups
    assert read.left_out == "no second training"
    assert np.array_equal(read.states, kept.states)


@pytest.mark.parametrize(
    "broken", [{"target_class": 10}, {"target_class": -2}, {"id": 2}], ids=["too high", "too low", "another number"]
)
def test_a_decision_that_names_what_there_is_not_is_damaged(two_detections: Run, broken):  # noqa: F811
    decision = made_decision("backdoor")
    run = decided(two_detections, replace(decision, groups=(replace(TRIGGER, **broken),)))
    with pytest.raises(UserError, match="is damaged"):
        decision_of(opened(run))


def test_states_and_groups_that_there_are_not_are_damage(two_detections: Run):  # noqa: F811
    decision = made_decision("backdoor")
    for changed in ({"states": decision.states + 5}, {"membership": decision.membership + 1}):
        run = decided(two_detections, replace(decision, **changed))
        with pytest.raises(UserError, match="names states or groups"):
            decision_of(opened(run))
>>>>>>> b211855 (The decision stands on Detect, in every headline, and in the review as groups; no sign is never said beside flags)
