"""What is read of a run is read once for each state of it."""

from pathlib import Path
from unittest.mock import patch

import pytest
import streamlit as st

from core import runs
from core.runs import Run
from pages.ui.cache.of_run import of_run

RUN = Run(Path("space/runs/a"), "a", "", "A", "data", "", {}, ("train",), {"train": 1.0})
read: list[tuple[object, ...]] = []


def state(run: Run) -> tuple[str, float]:
    return run.name, run.stages["train"]


@of_run(state, most=4)
def total(run: Run, number: int = 0, *, words: str = "") -> list[object]:
    read.append((run.name, number, words))
    return [run.name, number, words]


@of_run(state, most=4)
def other(run: Run, number: int = 0) -> str:
    return f"other {number}"


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    st.cache_resource.clear()
    read.clear()


def test_it_is_read_once_for_a_run_in_one_state_and_the_same_arguments() -> None:
    with patch.object(runs, "open_run", lambda workspace, run_id: RUN):
        assert total(RUN, 1) is total(RUN, 1)
        assert total(RUN, 2) == ["A", 2, ""]
        assert total(RUN, 2, words="x") == ["A", 2, "x"]
    assert read == [("A", 1, ""), ("A", 2, ""), ("A", 2, "x")]


def test_another_state_is_read_anew_from_the_disk() -> None:
    later = Run(RUN.path, "a", "", "B", "data", "", {}, ("train",), {"train": 2.0})
    with patch.object(runs, "open_run", lambda workspace, run_id: later):
        assert total(RUN)[0] == "B"  # the run as it is on the disk, whatever the page still holds
        assert total(later)[0] == "B"
    assert len(read) == 2


def test_two_functions_do_not_share_what_they_keep() -> None:
    with patch.object(runs, "open_run", lambda workspace, run_id: RUN):
        assert total(RUN, 1) == ["A", 1, ""]
        assert other(RUN, 1) == "other 1"
