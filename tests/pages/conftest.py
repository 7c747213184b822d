"""A made-up run with two detections that disagree, and one look for components that are installed."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from streamlit import config
from streamlit.components.v2 import manifest_scanner

from benchmarks.screen.review import made_up_run
from core import runs
from core.detectors.consensus.consensus import RULES
from core.files import write_json
from core.runs import Run
from core.types import ClassFinding, Detection, Notes
from tests.pages.drawn import FEW, MANY, SAMPLES

# Streamlit reads the settings of the folder it is in, once, when first asked: a test may be in another folder by then.
config.get_config_options()


@pytest.fixture(scope="session", autouse=True)
def _settings_of_the_project() -> None:
    """Without them all garbage is collected at every rerun: three quarters of what tests of pages took."""
    for name in ("runner.postScriptGC", "runner.magicEnabled"):
        assert not config.get_option(name), "the settings in .streamlit/config.toml were not read"


@pytest.fixture(scope="session", autouse=True)
def _installed_components() -> Iterator[None]:
    """Every new visitor of a page would have all installed packages read for components: two seconds of three.

    What is installed does not change while tests run, so it is read once. Streamlit has no setting for this.
    """
    once = cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture
def two_detections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
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
