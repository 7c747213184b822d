"""What a command prints for people: short, and it says where the rest is."""

import json

from core.commands.common import show

ANSWER = {
    "groups": [{"id": 1, "state": "backdoor", "p": None}, {"id": 2, "state": "open", "p": 0.04}],
    "flagged": list(range(100, 113)),
    "left_out": "",
}


def test_of_many_ids_the_first_are_printed_and_each_group_has_its_line(capsys):
    show(ANSWER, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "groups:",
        "  - id 1, state backdoor",
        "  - id 2, state open, p 0.04",
        "flagged: 100, 101, 102, 103, 104, 105, 106, 107, 108, 109 and 3 more (all of them: --json, or export)",
        "left_out: –",
    ]


def test_a_program_gets_all_of_it(capsys):
    show(ANSWER, as_json=True)
    assert json.loads(capsys.readouterr().out) == ANSWER
