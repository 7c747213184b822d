"""Runs the notebooks of docs/ and writes what they show into them: `make notebooks`."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[1] / "docs" / "notebooks"
SECONDS = 600  # of one cell


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook with what its cells show, run in its folder. Raises CellExecutionError where one fails."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    for cell in notebook.cells:  # when it ran and what warned is no part of what it shows
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return notebook


def main(names: list[str]) -> None:
    """Run the notebooks of these names, all without any."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if not names or path.stem in names:
            nbformat.write(executed(path), path)


if __name__ == "__main__":
    main(sys.argv[1:])
