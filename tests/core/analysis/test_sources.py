"""Where the members of a group may come from is said by the family of most of them, or not at all."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.analysis.families import Family
from core.analysis.overview import decided_groups, source_words
from core.decision.states import BACKDOOR, DecidedGroup, Decision

NAMES = ("cat", "dog")
GROUP = DecidedGroup(1, 1, "backdoor", "recovered trigger, a warp", 10, "")
RUN: Any = SimpleNamespace(has=lambda name: False)  # a group's picture is asked for, and nothing else


@pytest.mark.parametrize(("in_family", "words"), [(6, "cat → dog"), (3, "Unknown → dog")])
def test_a_family_of_few_of_the_members_does_not_speak_for_all(in_family: int, words: str) -> None:
    family = np.arange(10) < in_family
    columns = {"id": np.arange(10), "group": 1, "suspicion": 0.5, "family": family.astype(int), "verdict": ""}
    decision = Decision(np.full(10, BACKDOOR), np.ones(10, np.int64), (GROUP,), {}, "", 10, 10)
    [group] = decided_groups(RUN, pd.DataFrame(columns), decision, [Family(1, 1, in_family, 1.0, sources={0: 1.0})])
    assert source_words(group, NAMES) == words


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (replace(GROUP, state="open", kind="a class larger than others"), "a class larger than others"),
        (replace(GROUP, kind="recovered trigger, pasted", flip_rate=0.9), ""),
        (replace(GROUP, target_class=-1, state="wrong label", kind="label errors"), ""),
    ],
)
def test_a_card_without_a_picture_says_what_was_found(group: DecidedGroup, words: str) -> None:
    columns = {"id": np.arange(10), "group": 1, "suspicion": 0.5, "family": 0, "verdict": ""}
    decision = Decision(np.full(10, BACKDOOR), np.ones(10, np.int64), (group,), {}, "", 10, 10)
    [card] = decided_groups(RUN, pd.DataFrame(columns), decision, [])
    assert card.pictured == words
