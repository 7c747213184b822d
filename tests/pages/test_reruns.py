"""What a page may not do again each time that it is drawn."""

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from app import LAB, PAGES
from benchmarks.screen.review import made_up_run
from core import runs
from core.analysis.detector_table import detector_table
from core.analysis.opened_run import opened
from core.analysis.samples import suspicion_table
from core.checksums import SETTLED_SECONDS
from core.data import store
from core.detectors import DETECTORS
from core.errors import UserError
from core.files import write_json
from core.runs import Run
from tests.pages.drawn import whole_app

ROOT = Path(__file__).parents[2]
START = time.time()
LONG_AGO = 3600.0  # seconds: files that were written just now are hashed each time
SAMPLES = 300


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A made-up run that every page has something to show of; its data were written some time ago."""
    run = made_up_run(tmp_path, SAMPLES, 0.1, (8, 8, 1), ("consensus", "activation_clustering", "badloss"))
    for scope in ("all", "class", "trajectories"):
        runs.save_array(run, f"map-{scope}-pca", np.random.default_rng(0).random((SAMPLES, 2), np.float32))
    outcome = {"clean_accuracy": 0.9, "class_accuracy": [0.9] * 10, "attack_success_rate": {}}
    write_json(run.path / "outcome.json", {"outcome": outcome, "trials": []})
    age(run)
    monkeypatch.setenv("ASSAY_WORKSPACE", str(tmp_path))
    return runs.update(run, stages={**run.stages, "evaluate": 1.0, "maps:pca": 1.0})


def age(run: Run, seconds: float = LONG_AGO) -> None:
    """Have the files of the run's data look as if they had been written some time ago."""
    for path in images_of(run).parent.glob("*.npy"):
        os.utime(path, (START - seconds,) * 2)


def images_of(run: Run) -> Path:
    return run.workspace / "datasets" / run.dataset / "images.npy"


def alter(run: Run) -> None:
    """Change an image and no time: whoever hashes it from now on refuses the data."""
    times = images_of(run).stat()
    images = np.load(images_of(run), mmap_mode="r+")
    images[0] += 1
    images.flush()
    del images
    os.utime(images_of(run), ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.fixture
def image_reads(run: Run) -> list[str]:
    """Paths of the run's image files, one for each time that one was opened since the list was cleared."""
    reads: list[str] = []
    folder = str(images_of(run).parent)

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and str(arguments[0]).startswith(folder) and str(arguments[0]).endswith("images.npy"):
            reads.append(str(arguments[0]))

    sys.addaudithook(hear)  # stays until the process ends, and hears nothing once the folder is left
    return reads


def test_images_are_hashed_once_and_never_when_a_page_is_drawn_again(run: Run, image_reads: list[str]) -> None:
    app = whole_app()
    app.run()
    for name, _, _ in (*PAGES, *LAB):
        app.switch_page(f"pages/{name}.py")
        titles = {app.run().title[0].value}
        image_reads.clear()
        titles |= {app.run().title[0].value for _ in range(3)}
        assert len(titles) == 1, name
        assert not app.exception, name
        assert image_reads == [], name


def test_data_that_are_loaded_again_are_mapped_and_not_hashed(run: Run, image_reads: list[str]) -> None:
    time.sleep(SETTLED_SECONDS)  # younger files are hashed each time
    store.load(run.workspace, run.dataset)
    first = len(image_reads)
    image_reads.clear()
    store.load(run.workspace, run.dataset)
    assert len(image_reads) == first - 2  # each of both files is opened once less
    now = opened(run)
    assert len(detector_table(now)) == len(DETECTORS)
    assert len(suspicion_table(now)) == SAMPLES


def test_images_are_hashed_again_once_their_file_has_another_time(run: Run) -> None:
    store.load(run.workspace, run.dataset)
    alter(run)
    age(run, 2 * LONG_AGO)
    with pytest.raises(UserError, match="was changed on disk"):
        store.load(run.workspace, run.dataset)


def test_images_that_were_written_just_now_are_hashed_each_time(run: Run) -> None:
    age(run, -LONG_AGO)
    store.load(run.workspace, run.dataset)
    alter(run)
    with pytest.raises(UserError, match="was changed on disk"):
        store.load(run.workspace, run.dataset)
