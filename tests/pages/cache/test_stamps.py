"""What caches rest on: looked up once a moment, and at once after a change."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.runs import Run
from pages.ui.cache import stamps

LONG, NO_TIME = 3600.0, -1.0  # seconds


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with one detection, of which nothing was looked up yet."""
    stamps.forget()
    path = tmp_path / "runs" / "a"
    (path / "detections").mkdir(parents=True)
    detect(path, "badloss")
    return Run(path, "a", "", "A", "data", "", {}, ("train",), {"train": 1.0})


def detect(path: Path, name: str) -> None:
    (path / "detections" / f"{name}.json").write_text("{}")


def test_it_is_looked_up_once_a_moment(run: Run) -> None:
    first = stamps.made(run, moment=LONG)
    detect(run.path, "spectral_signatures")
    assert stamps.made(run, moment=LONG) == first
    assert stamps.made(run, moment=NO_TIME) != first


def test_a_change_and_a_finished_stage_are_seen_at_once(run: Run) -> None:
    first = stamps.made(run, moment=LONG)
    detect(run.path, "spectral_signatures")
    stamps.forget()
    second = stamps.made(run, moment=LONG)
    later = stamps.made(replace(run, stages={"train": 1.0, "evaluate": 1.0}), moment=LONG)
    assert len({first, second, later}) == 3


def test_a_run_of_another_workspace_is_another_one(run: Run, tmp_path: Path) -> None:
    assert stamps.made(run) != stamps.made(replace(run, path=tmp_path / "other" / "runs" / "a"))


def test_what_is_kept_does_not_grow_without_end(run: Run) -> None:
    for number in range(2 * stamps.MOST_ANSWERS):
        stamps.made(replace(run, path=run.path / str(number)))
    assert len(stamps._answers) == stamps.MOST_ANSWERS
