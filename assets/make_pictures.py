"""Draws the pictures of the README and the guide: an empty workspace runs its demo, and a browser walks through it.

    make pictures
    make pictures PICTURES=WORKSPACE

The demo's seed is fixed; it takes one to two minutes. A workspace that has a finished run is drawn at once; without
clean data, it gets the demo's clean images. The lasso goes around a family, wherever that lies on the map.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page
from scipy.spatial import ConvexHull

from core import runs
from core.analysis import families
from core.analysis.brush import points_inside
from core.analysis.opened_run import opened
from core.runs import Run, jobs
from core.types import Bools
from pages.ui.widgets.scatter_option import window_around
from tests.browser.brush import PATIENT, RUNNING, draw_lasso, map_area
from tests.browser.install_browser import browser
from tests.browser.server import Server, end_workers, served

Points = NDArray[np.float64]

ASSETS = Path(__file__).parent
GUIDE = ASSETS.parent / "docs" / "guide"
WIDTH, HEIGHT = 1400, 900  # pixels, at a scale of 1
DETECT_HEIGHT = 1120  # with the words below the axis, without half of the next line
EMPTY = f"[data-testid=stSpinner], [data-testid=stSkeleton], {RUNNING}"  # something is to come yet
GUIDE_WIDTH, GUIDE_HEIGHT = 1280, 800  # pixels of the guide's pictures: text stays readable, a file small
DEMO_SECONDS = 600.0
COLOURS = 256  # a palette takes a third of the bytes of all colours
TOOLS_HEIGHT = 32  # pixels above the map's frame
MARGIN = 1.12  # of the lasso around the points that it has to hold; at 1 it would touch them
REACHED = 0.75  # fraction of a family that the lasso has to hold; at 1 single outliers would stretch it over the map


def main() -> None:
    """Write every picture, and say how large it is."""
    with TemporaryDirectory() as folder, browser() as chromium:
        workspace = Path(sys.argv[1]) if sys.argv[1:] else Path(folder) / "workspace"
        workspace.mkdir(exist_ok=True)
        with served(workspace, {"ASSAY_REVIEWER": "ann"}) as server:
            try:
                first = chromium.new_page()
                first.goto(server.url)  # the first visit starts the demo
                run = finished_demo(workspace)
                first.close()
                for path in [*draw(chromium, server, run, ASSETS), *draw_guide(chromium, server, run, GUIDE)]:
                    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
            finally:
                end_workers(workspace)


def draw(chromium: Browser, server: Server, run: Run, folder: Path) -> list[Path]:
    """The pictures of a finished run, written into a folder."""
    page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1)
    written = []
    for name, show in PICTURES.items():
        page.goto(f"{server.url}/{name}?run={run.id}")
        show(page, run)
        settle(page)
        written.append(folder / f"{name}.png")
        save(page, written[-1])
    page.close()
    return written


def draw_guide(chromium: Browser, server: Server, run: Run, folder: Path) -> list[Path]:
    """The pictures of the guide, of the pages that the README shows none of; written into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    page = chromium.new_page(viewport={"width": GUIDE_WIDTH, "height": GUIDE_HEIGHT}, device_scale_factor=1)
    written = []
    for name in OTHERS:
        page.goto(f"{server.url}/{name}?run={run.id}")
        page.get_by_role("heading", level=1).wait_for(timeout=PATIENT)
        page.wait_for_timeout(2000)  # until the script has begun to fill the page
        settle_full(page)
        if (
            clean := page.get_by_role("button", name="Use the built-in demo images")
        ).count():  # the lab needs clean data
            clean.click()
            page.get_by_text("attacks poison").first.wait_for(timeout=PATIENT)
            settle_full(page)
        written.append(folder / f"{name}.png")
        save(page, written[-1])
    page.close()
    return written


def finished_demo(workspace: Path) -> Run:
    """The demo's run once nothing of it is left to do. Raises RuntimeError when that takes too long."""
    deadline = time.monotonic() + DEMO_SECONDS
    while time.monotonic() < deadline:
        found = runs.all_runs(workspace)
        if found and not found[0].left and jobs.poll(found[0].path).state == "done":
            return found[0]
        time.sleep(1)
    raise RuntimeError(f"The demo was not done after {DEMO_SECONDS:.0f} seconds.")


def show_clusters(page: Page, run: Run) -> None:
    """The map of all activations, a lasso around a family, its images beside it."""
    page.get_by_text("drawn").first.wait_for(timeout=PATIENT)
    settle(page)
    draw_lasso(page, on_the_map(page, run, clearest(run)))
    page.locator(".st-key-selection-head").wait_for(timeout=PATIENT)
    page.mouse.move(0, 0)  # no image on hover


def show_detect(page: Page, _: Run) -> None:
    """The detectors, and the spread of what the leading one says."""
    page.set_viewport_size({"width": WIDTH, "height": DETECT_HEIGHT})
    page.get_by_text("Flagged, nearest first", exact=True).wait_for(timeout=PATIENT)
    page.locator(".histogram.line .plot").wait_for(timeout=PATIENT)


def show_review(page: Page, _: Run) -> None:
    """The queue by families, the most suspicious sample in focus."""
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.locator(".tile[role=option]").first.wait_for(timeout=PATIENT)


def clearest(run: Run) -> Points:
    """The corners (m, 2) of a lasso around the family that has the fewest samples beside it that nobody flags."""
    points = np.array(run.array("map-all-pca"), np.float64)
    flagged = opened(run).flagged
    membership = families.membership(run, flagged)
    lassos = [around(points[membership == family.id]) for family in families.families(run)]
    return min(lassos, key=lambda corners: unflagged_inside(points, corners, flagged))


def around(members: Points) -> Points:
    """The corners (m, 2) of a lasso around most of the points (n, 2), a little wider than these."""
    distance = np.linalg.norm(members - np.median(members, axis=0), axis=1)
    near = members[distance <= np.quantile(distance, REACHED)]
    return near.mean(0) + MARGIN * (near[ConvexHull(near).vertices] - near.mean(0))


def unflagged_inside(points: Points, corners: Points, flagged: Bools) -> float:
    """The fraction of the points (n, 2) inside a lasso that nobody flags."""
    area = {"brush_type": "polygon", "coord_range": corners}
    return float(np.mean(~flagged[points_inside(points, [area])]))


def on_the_map(page: Page, run: Run, corners: Points) -> list[tuple[float, float]]:
    """Places on the map of all activations as fractions of its width and height."""
    _, _, _, height = map_area(page)
    window = window_around(pd.DataFrame(np.array(run.array("map-all-pca")), columns=["x", "y"]))
    low, high = np.array(window).T
    across, up = ((corners - low) / (high - low)).T
    top = TOOLS_HEIGHT / height
    return list(zip(across.tolist(), (top + (1 - top) * (1 - up)).tolist(), strict=True))


def settle(page: Page) -> None:
    """Wait until the page's script has ended and every image is there."""
    page.wait_for_function(
        "running => !document.querySelector(running) && [...document.images].every(image => image.complete)",
        arg=RUNNING,
        timeout=PATIENT,
    )
    page.wait_for_timeout(1000)  # for charts, which are drawn without telling


def settle_full(page: Page) -> None:
    """Wait until nothing on the page is a place for what is to come."""
    for _ in range(2):  # what has settled may ask for more
        page.wait_for_function(f"() => !document.querySelector('{EMPTY}')", timeout=PATIENT)
        settle(page)


def save(page: Page, path: Path) -> None:
    """Write what the window shows, in a palette that keeps every colour near its own."""
    page.screenshot(path=path)
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, 1, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


PICTURES: dict[str, Callable[[Page, Run], None]] = {
    "clusters": show_clusters,
    "detect": show_detect,
    "review": show_review,
}
OTHERS = ("overview", "data", "train", "trajectories", "bona-fide", "repair", "report", "trigger", "attack-lab")

if __name__ == "__main__":
    main()
