"""Loading a model by clicks: a checkpoint is inspected, and a malicious pickle is refused without being opened."""

from dataclasses import replace
from pathlib import Path

import torch
from playwright.sync_api import expect

from core import runs
from core.analysis import opened_run
from core.data import store
from core.data.store.demo import demo
from core.evaluation.sanity import sanity
from core.training.config import TrainConfig
from core.training.loop import build_model
from tests.browser.conftest import OpenPage, Serve
from tests.browser.test_journey import PATIENT, goto
from tests.browser.test_pages import sound
from tests.core import hostile


def test_a_malicious_pickle_is_refused_and_a_checkpoint_inspected(
    serve: Serve, page: OpenPage, workspace: Path, tmp_path: Path
) -> None:
    data = demo()
    training = {name: getattr(data, name)[:300] for name in ("ids", "labels", "bona_fide")}
    training["test_labels"] = data.test_labels[:60]
    few = replace(data, inputs=data.inputs.take(slice(300)), test_inputs=data.test_inputs.take(slice(60)), **training)
    store.save(workspace, few, source="test")
    sentinel = tmp_path / "sentinel"
    evil = hostile.torch_zip(tmp_path / "<b>evil<b>.pt", sentinel)
    weights = tmp_path / "convnet.pth"
    torch.save({"state_dict": build_model(TrainConfig(seed=1), (28, 28, 1), 10).state_dict()}, weights)
    server = serve(workspace, env={"ASSAY_DATA": str(tmp_path)})
    opened = page(f"{server.url}/train")
    opened.get_by_text("Load a model", exact=True).click(timeout=4 * PATIENT)
    architecture = opened.get_by_role("combobox", name="Architecture")
    architecture.click(timeout=2 * PATIENT)
    architecture.fill("Small ConvNet")
    opened.get_by_role("option", name="Small ConvNet (28–48 px)").click(timeout=PATIENT)

    # A field that is wrong says so beside itself, and nothing can be started with it.
    path, load = opened.get_by_placeholder("/models/"), opened.get_by_role("button", name="Load and inspect")
    path.fill(str(evil))
    path.press("Enter")
    mean = opened.get_by_role("textbox", name="Mean")
    mean.fill("a lot")
    mean.press("Enter")
    expect(opened.get_by_text("mean=a lot cannot be used")).to_be_visible(timeout=PATIENT)
    expect(load).to_be_disabled(timeout=PATIENT)
    mean.fill("")
    mean.press("Enter")
    expect(load).to_be_enabled(timeout=PATIENT)

    load.click()
    expect(opened.get_by_text("wants to call posix.system")).to_be_visible(timeout=6 * PATIENT)
    expect(opened.get_by_text("<b>evil<b>.pt was not opened")).to_be_visible(timeout=PATIENT)
    assert not sentinel.exists()
    assert runs.all_runs(workspace) == []

    path.fill("/etc/hostname")
    path.press("Enter")
    load.click()
    expect(opened.get_by_text("lies outside the folders")).to_be_visible(timeout=PATIENT)
    path.fill(str(weights))
    path.press("Enter")
    expect(load).to_be_enabled(timeout=PATIENT)
    load.click()
    expect(opened.get_by_text("Loaded as it is, the model agrees with")).to_be_visible(timeout=6 * PATIENT)
    run = runs.all_runs(workspace)[0]
    assert (run.plan[0], run.config["model"]) == ("load", "convnet")
    found = sanity(opened_run.opened(run))
    assert found is not None
    expect(opened.get_by_text(f"{found.train:.1%} of the given labels").first).to_be_visible(timeout=PATIENT)
    sound(opened)
    goto(opened, "Trajectories")
    expect(opened.get_by_text("Nothing was traced")).to_be_visible(timeout=PATIENT)
    sound(opened)
