"""The frame of every page stands where one run or data set is damaged, and says so in one line."""

import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import runs
from core.data import store
from core.modalities.image.inputs import ImageInputs
from core.runs import Run
from core.training.config import TrainConfig
from core.types import Dataset
from tests.pages.drawn import app_of, walk, whole_app


def page() -> None:
    """The run picker, and the chosen run."""
    import streamlit as st

    from core import runs
    from pages.ui.shell import frame

    run = frame.chosen_run()
    frame.say_damaged(runs.damaged_runs(frame.workspace()), "run")
    st.text(run.id if run else "none")


@pytest.fixture
def two(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Two runs on two data sets, the older one first."""
    monkeypatch.setenv("ASSAY_WORKSPACE", str(workspace))
    labels, made = np.arange(4) % 2, []
    for name in ("one", "two"):
        images = ImageInputs(np.full((4, 4, 4, 1), len(made), np.uint8))
        dataset = Dataset(name, np.arange(4), images, labels, images, labels, ("a", "b"), np.zeros(4, np.bool_))
        info = store.save(workspace, dataset, source="test")
        made.append(runs.create(workspace, info, asdict(TrainConfig()), ("train",), name=name))
    return made


def shown() -> AppTest:
    app = app_of(page).run()
    assert not app.exception
    return app


def test_the_damaged_run_is_left_out_in_words(two: list[Run]) -> None:
    (two[1].path / "run.json").write_bytes(b"\xff")
    app = shown()
    assert app.text[0].value == two[0].id
    [line] = app.warning
    assert line.value.startswith("1 run is left out. The run ")
    assert "Restore it from a backup" in line.value


def test_what_is_said_of_a_damaged_run_pushes_no_field_out_of_sight(two: list[Run]) -> None:
    (two[1].path / "run.json").write_bytes(b"{")
    app = whole_app().run()
    assert not app.exception
    kinds = [getattr(one, "type", "") for one in walk(app.sidebar)]
    assert kinds.index("selectbox") < kinds.index("warning")


def test_a_run_whose_data_set_is_damaged_gives_way_to_the_next(two: list[Run]) -> None:
    (two[1].workspace / "datasets" / two[1].dataset / "dataset.json").write_bytes(b"")
    app = shown()
    assert app.text[0].value == two[0].id
    assert app.session_state["lost"].startswith("two cannot be opened.")
    assert "is damaged" in app.session_state["lost"]


def test_where_the_data_sets_of_all_runs_are_gone_the_runs_are_still_spoken_of(two: list[Run]) -> None:
    shutil.rmtree(two[0].workspace / "datasets")
    app = whole_app().run()
    assert not app.exception
    assert app.sidebar.warning[0].value.startswith("two and 1 more cannot be opened. There is no data set")
    assert "No run can be opened" in [one.value for one in app.sidebar.caption]


def test_where_files_of_a_data_set_are_gone_others_can_be_opened(two: list[Run]) -> None:
    for run in two:
        (run.workspace / "datasets" / run.dataset / "images.npy").unlink()
    app = whole_app().run()
    app.switch_page("pages/data.py").run()
    assert app.exception  # which the table of pages puts in words
    next(button for button in app.button if button.label == "Open other data").click().run()
    assert not app.exception
    assert "Look at it" in [button.label for button in app.button]


def test_where_no_run_can_be_opened_there_is_none(two: list[Run]) -> None:
    for run in two:
        (run.path / "run.json").write_bytes(b"[]")
    app = shown()
    assert app.text[0].value == "none"
    assert app.warning[0].value.startswith("2 runs are left out.")
