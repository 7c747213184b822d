"""What caches rest on: looked up once a moment, and at once after a change."""

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from core.runs import Run
from pages.ui.cache import stamps

RUN = Run(Path("runs/a"), "a", "", "A", "data", "", {}, ("train",), {"train": 1.0})


@pytest.fixture(autouse=True)
def looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look finds something new."""
    numbers = count()
    monkeypatch.setattr(stamps, "_others", lambda run: f" look {next(numbers)}")
    monkeypatch.setattr(stamps, "MOMENT", 3600.0)
    stamps.forget()


def test_it_is_looked_up_once_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    first = stamps.made(RUN)
    assert stamps.made(RUN) == first
    monkeypatch.setattr(stamps, "MOMENT", -1.0)
    assert stamps.made(RUN) != first


def test_a_change_and_a_finished_stage_are_seen_at_once() -> None:
    first = stamps.made(RUN)
    stamps.forget()
    second = stamps.made(RUN)
    later = stamps.made(replace(RUN, stages={"train": 1.0, "evaluate": 1.0}))
    assert len({first, second, later}) == 3


def test_a_run_of_another_workspace_is_another_one() -> None:
    assert stamps.made(RUN) != stamps.made(replace(RUN, path=Path("other/a")))


def test_what_is_kept_does_not_grow_without_end() -> None:
    for number in range(100):
        stamps.made(replace(RUN, path=Path(str(number))))
    assert len(stamps._answers) == 20
