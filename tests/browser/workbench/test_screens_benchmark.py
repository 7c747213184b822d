"""The benchmark of the screen times every act once, counts clicks, and marks what is slower than its bar."""

from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.screen.screens import Bar, acts, window_of
from core import pipeline, runs


def test_every_act_is_timed_once_and_the_clicks_are_counted(chromium: Browser, small: Path) -> None:
    run = runs.all_runs(small)[0]  # of which all is decided and repaired, as of a finished journey
    pipeline.decide_flagged(run, "exclude", list(runs.detections(run)), reviewer="ann")
    pipeline.new_repair(run, reviewer="ann")
    context = window_of(chromium)
    bars = list(acts(context, small, 1))
    context.close()
    assert [(bar.title, bar.most) for bar in bars] == [
        ("another page", 0.5),
        ("another colour of the map", 0.4),
        ("another class on the map", 0.4),
        ("a lasso", 0.6),
        ("a key to the next sample", 0.25),
        ("another window follows a decision", 2),
        ("clicks from the first page to a repair that works", 3),
    ]
    assert all(len(bar.took) == 1 and 0 < bar.took[0] < 120 for bar in bars)
    assert bars[-1].took == (3.0,)
    assert len([run for run in runs.all_runs(small) if run.parent]) == 2


def test_a_median_above_its_bar_is_marked() -> None:
    assert Bar("a lasso", 0.6, (0.2, 0.9, 0.3)).line() == "| a lasso | 0.6 s | 0.30 | 0.90 | 3 |"
    assert Bar("a lasso", 0.6, (0.7, 0.9, 0.3)).line() == "| a lasso | 0.6 s | 0.70 ✗ | 0.90 | 3 |"
    assert Bar("clicks", 3, (4,), "clicks").line() == "| clicks | 3 clicks | 4 ✗ | 4 | 1 |"
