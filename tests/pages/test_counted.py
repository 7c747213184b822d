"""Whose flags a page counts is one value: headline, map, legend, queue, sidebar and bulk buttons follow it."""

import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.screen.review import made_up_run
from core import runs
from core.detectors.consensus.consensus import RULES
from core.files import write_json
from core.runs import Run
from core.types import ClassFinding, Detection, Notes

ROOT = Path(__file__).parents[2]
SAMPLES, FEW, MANY = 120, 12, 30


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A made-up run: the consensus flags 12 by its fallback, Activation Clustering 30, and judges 8 of 10 classes."""
    run = made_up_run(tmp_path, SAMPLES, 0.1, (8, 8, 1), ("consensus", "activation_clustering"))
    suspicion = np.arange(SAMPLES, dtype=np.float32)[::-1].copy()
    few, many = np.arange(SAMPLES) < FEW, np.arange(SAMPLES) < MANY
    found = Detection(suspicion, few, notes=Notes(RULES["outlier"]))
    runs.save_detection(run, "consensus", found, {"false_discovery_rate": 0.1}, 1.0)
    classes = {index: ClassFinding(index == 0, "one cluster") for index in range(8)}
    classes |= {index: ClassFinding(None, "only 8 samples: too few to split") for index in (8, 9)}
    clustering = Detection(suspicion, many, many.astype(np.int64), classes=classes)
    runs.save_detection(run, "activation_clustering", clustering, {}, 1.0)
    for scope in ("all", "class", "trajectories"):
        runs.save_array(run, f"map-{scope}-pca", np.random.default_rng(0).random((SAMPLES, 2), np.float32))
    outcome = {"clean_accuracy": 0.9, "class_accuracy": [0.9] * 10, "attack_success_rate": {}}
    write_json(run.path / "outcome.json", {"outcome": outcome, "trials": []})
    monkeypatch.setenv("ASSAY_WORKSPACE", str(tmp_path))
    return runs.update(run, stages={**run.stages, "evaluate": 1.0, "maps:pca": 1.0})


def page(name: str, app: AppTest | None = None) -> AppTest:
    """The page as a visitor sees it, in a session that may have seen others."""
    app = app or AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    app.switch_page(f"pages/{name}.py").run()
    assert not app.exception, app.exception
    return app


def walk(block: object) -> list[object]:
    """All that is drawn below it."""
    children = list(getattr(block, "children", {}).values())
    return [one for child in children for one in (child, *walk(child))]


def drawn(app: AppTest, kind: str) -> list[str]:
    """What the server sent of every element of a kind."""
    return [str(one.proto) for one in walk(app.main) if getattr(one, "type", "") == kind]  # type: ignore[attr-defined]


def said(app: AppTest) -> str:
    """All words of the page: headlines, captions, warnings, fields and buttons."""
    words = [*app.markdown, *app.caption, *app.warning, *app.info, *app.success]
    return "\n".join([*(one.value for one in words), *(one.label for one in app.button), *drawn(app, "page_link")])


def legend(app: AppTest) -> str:
    """The words of the map's legend."""
    charts = (one for one in walk(app.main) if getattr(one, "type", "") == "echarts_chart")
    legends = (json.loads(one.proto.spec)["legend"]["data"] for one in charts)  # type: ignore[attr-defined]
    names = ([str(entry["name"]) for entry in found if isinstance(entry, dict)] for found in legends)
    return next(", ".join(found) for found in names if "not flagged" in found)


MAPS = ("clusters", "trajectories")
PAGES = (*MAPS, "detect", "review", "repair")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_counts_the_leading_detector_and_names_it_its_rule_and_what_was_judged(run: Run, name: str) -> None:
    words = said(page(name)).replace("\\", "")
    assert f"{FEW} of {SAMPLES} samples are flagged by Consensus" in words
    assert "by its fallback rule: outliers, no rate promised" in words
    assert "Judged 8 of 10 classes: 1 looks poisoned" in words
    assert "nothing is known of the other 2" in words
    assert "of 120 samples are flagged by Activation Clustering" not in words


@pytest.mark.parametrize("name", MAPS)
def test_the_map_the_legend_and_the_way_to_review_count_what_the_headline_counts(run: Run, name: str) -> None:
    app = page(name)
    assert f"flagged by Consensus · {FEW}" in legend(app)
    assert f"Review the {FEW} flagged by Consensus" in said(app)
    by = next(field for field in app.selectbox if field.label == "Flagged by")
    assert by.options == ["Consensus", "Activation Clustering"]
    by.select("activation_clustering").run()
    assert not app.exception
    assert f"{MANY} of {SAMPLES} samples are flagged by Activation Clustering" in said(app)
    assert f"flagged by Activation Clustering · {MANY}" in legend(app)
    assert "flagged by Consensus" not in legend(app)
    assert f"Review the {MANY} flagged by Activation Clustering" in said(app)


def test_what_is_chosen_on_a_map_is_counted_in_review_and_repair(run: Run) -> None:
    app = page("clusters")
    next(field for field in app.selectbox if field.label == "Flagged by").select("activation_clustering").run()
    review = said(page("review", app))
    assert f"0 of {MANY} flagged samples are decided" in review
    assert f"{MANY} of {SAMPLES} samples are flagged by Activation Clustering" in review
    assert f"Exclude all {MANY} flagged by Activation Clustering" in said(page("repair", app))
    assert f"flagged by Activation Clustering · {MANY}" in legend(page("trajectories", app))


def test_the_sidebar_counts_what_the_pages_count(run: Run) -> None:
    def sidebar(folder: str, run_id: str) -> None:
        from pathlib import Path

        import streamlit as st

        from core import runs
        from pages.ui.shell.marks import marks

        st.text(marks(runs.open_run(Path(folder), run_id))["review"])

    app = AppTest.from_function(sidebar, args=(str(run.workspace), run.id)).run()
    assert app.text[0].value == f"· {FEW} left"
    app.session_state["counted"] = "activation_clustering"
    assert app.run().text[0].value == f"· {MANY} left"


@pytest.mark.parametrize("name", ["clusters", "trajectories", "detect", "review", "repair", "report", "bona_fide"])
def test_no_page_says_at_most_without_a_confidence_nor_that_there_is_no_sign(run: Run, name: str) -> None:
    words = said(page(name)).lower()
    assert [line for line in words.splitlines() if "at most" in line and "confidence" not in line] == []
    assert "false discovery rate" not in words
    assert "no sign of poison found" not in words


@pytest.mark.parametrize("name", MAPS)
def test_a_map_that_nothing_will_draw_is_not_called_still_being_drawn(run: Run, name: str) -> None:
    app = page(name)
    next(one for one in app.segmented_control if one.label == "Map").set_value("UMAP").run()
    assert not app.exception
    assert [one.value for one in app.info] == ["The UMAP map has not been drawn."]
