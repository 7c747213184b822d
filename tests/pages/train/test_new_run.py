"""What is asked for on Train is what the run is trained with."""

import time
from pathlib import Path

import pytest

from core import pipeline, runs
from core.data import store
from core.runs import jobs
from tests.core.conftest import tiny
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import app_of


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
    app = app_of(page, args=(str(tmp_path),)).run()
    app.checkbox[0].check()
    next(field for field in app.number_input if field.label == "Sharpness ρ").set_value(0.1)
    next(button for button in app.button if button.label == "Train").click().run()
    assert not app.exception
    (run,) = runs.all_runs(tmp_path)
    jobs.cancel(run.path)
    assert run.config["compiled"] is True
    assert run.config["sharpness"] == 0.1


def test_the_model_that_suits_the_images_is_offered_with_the_reason_and_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(REVIEWER, monkeypatch)
    monkeypatch.setenv("ASSAY_WORKSPACE", str(tmp_path))
    store.save(tmp_path, tiny(24, n_test=4, side=96), source="test")
    app = app_of(page, args=(str(tmp_path),)).run()
    chosen = next(field for field in app.selectbox if field.label == "Model")
    assert chosen.value == "small_resnet"
    assert any("This begins with a stride of 2." in one.value for one in app.caption)
    next(button for button in app.button if button.label == "Train").click().run()
    (run,) = runs.all_runs(tmp_path)
    jobs.cancel(run.path)
    assert [tuple(one) for one in run.config["model_settings"]] == [("stride", 2)]
    next(field for field in app.selectbox if field.label == "Model").select("convnet").run()
    assert any(one.value.startswith("Small ResNet (32–64 px) suits these data.") for one in app.caption)


def with_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A workspace of a reviewer, and the folder that it may read, in which a few texts lie."""
    be(REVIEWER, monkeypatch)
    workspace, data = tmp_path / "workspace", tmp_path / "data"
    monkeypatch.setenv("ASSAY_WORKSPACE", str(workspace))
    monkeypatch.setenv("ASSAY_DATA", str(data))
    data.mkdir()
    rows = "".join(f"{('poor', 'fine')[row % 2]} film,{row % 2}\n" for row in range(20))
    (data / "texts.csv").write_text(f"text,label\n{rows}")
    return workspace, data


def test_word_vectors_are_read_by_a_worker_before_the_training_and_a_refusal_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, data = with_texts(tmp_path, monkeypatch)
    (data / "vectors.txt").write_text("film 1 2 3 4\n")
    pipeline.import_dataset(workspace, data / "texts.csv", "Texts")
    app = app_of(page, args=(str(workspace),)).run()
    for path, refused in ((tmp_path / "elsewhere.txt", True), (data / "vectors.txt", False)):
        next(field for field in app.text_input if field.label == "Word vectors").set_value(str(path))
        next(button for button in app.button if button.label == "Train").click().run()
        assert not app.exception
        assert ["outside the folders" in error.value for error in app.error] == [True] * refused
    (job,) = (workspace / "loads").iterdir()
    while jobs.poll(job).active:
        time.sleep(0.1)
    assert jobs.poll(job).state == "done"
    app.run()
    (run,) = runs.all_runs(workspace)
    jobs.cancel(run.path)
    assert run.config["embeddings"] == str(data / "vectors.txt")
    assert not app.exception


def test_a_transformer_asks_for_its_folder_and_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, data = with_texts(tmp_path, monkeypatch)
    pipeline.import_dataset(workspace, data / "texts.csv", "Texts")
    app = app_of(page, args=(str(workspace),)).run()
    next(field for field in app.selectbox if field.label == "Model").select("transformer").run()
    rate = next(field for field in app.number_input if field.label == "Learning rate")
    assert rate.value == 5e-5
    assert "Word vectors" not in [field.label for field in app.text_input]
    next(field for field in app.checkbox if field.label == "Frozen").check().run()
    assert next(field for field in app.number_input if field.label == "Learning rate").value == 1e-3
    for path, words in (("", "Name its folder"), (str(tmp_path), "outside the folders"), (str(data), "config.json")):
        next(field for field in app.text_input if field.label == "Folder").set_value(path)
        next(button for button in app.button if button.label == "Train").click().run()
        for job in (workspace / "loads").glob("*"):
            while jobs.poll(job).active:
                time.sleep(0.1)
        app.run()
        assert not app.exception
        assert [words in error.value for error in app.error] == [True]
    assert runs.all_runs(workspace) == []
