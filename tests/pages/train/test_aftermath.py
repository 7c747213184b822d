"""What Train says after a training: of very many classes the least learned ones, and no wall of bars."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import pipeline
from core.files import write_json
from core.output.figures import MOST_BARS
from core.pipeline import Synthetic
from core.runs import Run
from tests.pages.drawn import drawn, page, said


def per_class() -> str:
    """What the server sent of the chart with a bar a class."""
    [chart] = [one for one in drawn(page("train"), "plotly_chart") if "per-class" in one]
    return chart


def test_few_classes_have_a_bar_each(two_detections: Run) -> None:
    assert [f"class {index}" in per_class() for index in (0, 9)] == [True, True]
    assert "lowest of" not in said(page("train"))


def test_of_many_classes_the_least_learned_have_a_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_WORKSPACE", str(tmp_path))
    pipeline.synthesize(tmp_path, Synthetic(600, 4, n_classes=60))
    words = said(page("train"))
    assert f"The {MOST_BARS} lowest of 60 classes." in words
    assert "Every sample is predicted as its given class." in words
    chart = per_class()
    assert sum(f'class {index}\\"' in chart for index in range(60)) == MOST_BARS


def test_the_loss_has_a_logarithmic_axis_where_that_is_asked_for(two_detections: Run) -> None:
    def axis(app: AppTest) -> str:
        [chart] = [one for one in drawn(app, "plotly_chart") if "curve-loss" in one]
        return "log" if '\\"type\\":\\"log' in chart or '"type":"log' in chart else "linear"

    app = page("train")
    assert axis(app) == "linear"
    app.toggle("log-loss").set_value(True).run()
    assert axis(app) == "log"


def test_once_the_model_was_evaluated_its_accuracy_is_what_all_pages_say(two_detections: Run) -> None:
    outcome = {"clean_accuracy": 0.123, "class_accuracy": [0.1] * 10, "attack_success_rate": {}}
    write_json(two_detections.path / "outcome.json", {"outcome": outcome, "trials": []})
    assert "of the training data, 12.3% on test data**" in said(page("train"))
