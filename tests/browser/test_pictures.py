"""The README's pictures can be drawn: `make pictures` does this with the demo."""

from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser

from assets.make_pictures import around, draw, unflagged_inside
from core import runs
from tests.browser.conftest import Serve


def test_a_lasso_holds_most_of_its_points_and_leaves_outliers_out() -> None:
    points = np.random.default_rng(0).normal(0, 1, (200, 2))
    points[:5] = 50
    flagged = np.arange(200) < 100
    corners = around(points[flagged])
    assert 0.5 < np.abs(corners).max() < 3
    assert 0.3 < unflagged_inside(points, corners, flagged) < 0.7
    assert unflagged_inside(points, corners, np.ones(200, bool)) == 0


def test_every_picture_is_drawn_in_a_palette(serve: Serve, chromium: Browser, small: Path, tmp_path: Path) -> None:
    written = draw(chromium, serve(small), runs.all_runs(small)[0], tmp_path)
    assert [path.name for path in written] == ["clusters.png", "detect.png", "review.png"]
    for path in written:
        with Image.open(path) as picture:
            assert (picture.width, picture.mode) == (1400, "P")
            assert len(picture.convert("RGB").getcolors()) > 100
