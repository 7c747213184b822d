"""What is asked for on Train is what the run is trained with."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import pipeline, runs
from core.runs import jobs
from tests.pages.access.test_who import REVIEWER, be


def page(workspace: str) -> None:
    """The form for a new run on the one data set there is."""
    from pathlib import Path

    from core.data import store
    from pages.ui.train.new_run import new_run

    root = Path(workspace)
    new_run(root, {info.id: info for info in store.describe_all(root)}, "")


def test_what_is_chosen_under_more_is_trained_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    monkeypatch.setenv("ASSAY_WORKSPACE", str(tmp_path))
    pipeline.store_demo(tmp_path)
    app = AppTest.from_function(page, args=(str(tmp_path),), default_timeout=20).run()
    app.checkbox[0].check()
    next(field for field in app.number_input if field.label == "Sharpness ρ").set_value(0.1)
    next(button for button in app.button if button.label == "Train").click().run()
    assert not app.exception
    (run,) = runs.all_runs(tmp_path)
    jobs.cancel(run.path)
    assert run.config["compiled"] is True
    assert run.config["sharpness"] == 0.1
