"""A lasso drawn by the mouse, for tests and for the README's pictures."""

from collections.abc import Sequence

from playwright.sync_api import Page

PATIENT = 60_000  # ms
# Found while the page's script runs: a minimal toolbar never shows Streamlit's own sign of it.
RUNNING = "[data-testid=stApp]:not([data-test-script-state=notRunning])"
# Whether the page's script has ended, and the map looks and lies as it did a moment ago.
STILL = """async (running) => {
  const look = () => {
    const canvas = document.querySelector("[data-testid=stEChartsChart] canvas, .stEChartsChart canvas");
    if (!canvas || document.querySelector(running)) return "";
    const small = new OffscreenCanvas(80, 50).getContext("2d");
    small.drawImage(canvas, 0, 0, 80, 50);
    const { left, top } = canvas.getBoundingClientRect();
    return [left, top, ...small.getImageData(0, 0, 80, 50).data].join();
  };
  const before = look();
  await new Promise((done) => setTimeout(done, 300));
  return before !== "" && before === look();
}"""
LASSO_STEPS = 3  # moves of the mouse a side; the map is drawn at each of them
LASSO_TOOL = 14  # pixels from the map's upper left corner, both ways


def map_area(page: Page) -> tuple[float, float, float, float]:
    """Left, top, width and height of the page's map in pixels, once it is there."""
    chart = page.locator("[data-testid=stEChartsChart] canvas, .stEChartsChart canvas").first
    chart.wait_for(timeout=PATIENT)
    area = chart.bounding_box()
    assert area is not None
    return area["x"], area["y"], area["width"], area["height"]


def still(page: Page) -> None:
    """Wait until the page's script has ended and its map neither moves nor changes: a lasso then meets what is seen."""
    map_area(page)
    page.wait_for_function(STILL, arg=RUNNING, timeout=PATIENT)


def draw_lasso(page: Page, corners: Sequence[tuple[float, float]]) -> None:
    """Draw a closed lasso on the page's map; its corners are given as fractions of the map's width and height."""
    still(page)
    left, top, width, height = map_area(page)
    points = [(left + x * width, top + y * height) for x, y in (*corners, corners[0])]
    page.mouse.move(left + LASSO_TOOL, top + LASSO_TOOL)
    page.mouse.click(left + LASSO_TOOL, top + LASSO_TOOL)
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=LASSO_STEPS)
    page.mouse.up()
