"""How tall a table is."""

from typing import Literal

ROW = 34  # pixels of one row at the theme's base font size


def tall(rows: int, most: int) -> int | Literal["content"]:
    """The `height` of a dataframe: as tall as its rows, and scrolled where there are more than `most`."""
    return "content" if rows <= most else ROW * (most + 1)
