"""The strip of the Trigger demo: test samples to choose from, texts as lines to read, images in one row."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from core import runs
from core.data import store
from core.modalities.text.inputs import text_inputs
from core.training.config import TrainConfig
from core.types import Dataset
from pages.ui.lab.trial_picker import FEW_TEXTS, LETTERS_READ
from tests.core.conftest import tiny
from tests.pages.drawn import app_of, drawn

N = 20


def strip_of(workspace: str, run: str) -> None:
    """The strip around the fifth of all test samples."""
    from pathlib import Path

    from core import runs
    from pages.ui.lab.trial_picker import strip

    strip(runs.open_run(Path(workspace), run), list(range(20)), 4)


def shown(workspace: Path, dataset: Dataset, model: str) -> tuple[list[int], str]:
    """The samples of the strip, and what was sent of it."""
    info = store.save(workspace, dataset, source="test")
    run = runs.create(workspace, info, asdict(TrainConfig(model)), ("train",))
    app = app_of(strip_of, args=(str(workspace), run.id)).run()
    assert not app.exception
    return list(app.session_state["trigger-strip-shown"]), str(drawn(app, "bidi_component"))


def test_texts_are_a_few_lines_around_the_chosen_one_and_images_all_in_one_row(tmp_path: Path) -> None:
    images = tiny(N, n_test=N)
    texts = text_inputs([f"told {row} {'long ' * 99}" for row in range(N)])
    rows, sent = shown(tmp_path, replace(images, name="texts", inputs=texts, test_inputs=texts), "text_cnn")
    assert rows == [3, 4, 5]
    assert len(rows) == FEW_TEXTS
    assert "told 4 long" in sent
    assert "long " * (LETTERS_READ // 5 + 1) not in sent
    rows, sent = shown(tmp_path, images, "convnet")
    assert rows == np.arange(N).tolist()
    assert "told 4" not in sent
