"""How tall a table is."""

import pytest

from pages.ui.widgets.small import ROW, tall


@pytest.mark.parametrize(("rows", "height"), [(0, "content"), (7, "content"), (8, 8 * ROW), (100_000, 8 * ROW)])
def test_a_table_is_scrolled_where_it_has_more_rows_than_are_shown(rows: int, height: object) -> None:
    assert tall(rows, 7) == height
