"""What stands for a cluster: a sample like the mean of its members."""

from core.analysis.opened_run import CLUSTERING
from core.modalities import told_row
from core.runs import Run
from pages.ui.widgets import pictures
from pages.ui.widgets.gallery import Tile


def average_of(run: Run, index: int, which: int, *captions: str) -> Tile:
    """The tile of one of the two clusters of a class: 1 is the smaller one."""
    name, row = f"averages-{CLUSTERING}", 2 * index + which
    text = told_row(run.path / f"{name}.npy", row)
    return Tile(-1, pictures.of_array(run.id, name, row), captions, tooltip="The average of its samples", told=text)
