"""The notebooks of docs/ run on little data, and what they show is in them."""

import json

import pytest

from tests.sources import ROOT
from tests.tools import tool

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_shows_tables_and_figures(path, monkeypatch):
    tool("nbclient")
    from assets.execute_notebooks import executed

    monkeypatch.setenv("SAMPLES", "1000")
    monkeypatch.setenv("EPOCHS", "10")  # after 5, too little is learned: nothing is flagged, and nothing can be decided
    shown = [output.get("data", {}) for cell in executed(path).cells for output in cell.get("outputs", [])]
    assert sum("text/html" in data for data in shown) >= 3
    assert sum("application/vnd.plotly.v1+json" in data for data in shown) >= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_its_cells_show_is_kept(path):
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]
    assert "/tmp/" not in path.read_text()
