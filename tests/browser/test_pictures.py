"""The pictures of README and guide can be drawn: `make pictures` does this with the demo."""

from pathlib import Path

import numpy as np
from PIL import Image

from assets.make_pictures import OTHERS, around, unflagged_inside
from tests.made import bare_copy, made, with_environment


def test_a_lasso_holds_most_of_its_points_and_leaves_outliers_out() -> None:
    points = np.random.default_rng(0).normal(0, 1, (200, 2))
    points[:5] = 50
    flagged = np.arange(200) < 100
    corners = around(points[flagged])
    assert 0.5 < np.abs(corners).max() < 3
    assert 0.3 < unflagged_inside(points, corners, flagged) < 0.7
    assert unflagged_inside(points, corners, np.ones(200, bool)) == 0


def test_make_pictures_draws_those_of_a_finished_run_in_a_palette(small: Path, tmp_path: Path) -> None:
    clone = with_environment(bare_copy(tmp_path), "requirements-dev.txt", "DEV_READY")
    for path in [*(clone / "assets").glob("*.png"), *(clone / "docs" / "guide").glob("*.png")]:
        path.unlink()
    made(clone, "pictures", f"PICTURES={small}")
    written = sorted((clone / "assets").glob("*.png"))
    assert [path.name for path in written] == ["clusters.png", "detect.png", "review.png"]
    assert {path.stem for path in (clone / "docs" / "guide").glob("*.png")} == set(OTHERS)
    for path in written:
        with Image.open(path) as picture:
            assert (picture.width, picture.mode) == (1400, "P")
            assert len(picture.convert("RGB").getcolors()) > 100
