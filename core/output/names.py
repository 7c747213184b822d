"""Names from outside where there is little room, and where markup would be taken for such."""

import html

LONGEST = 16  # characters of a name in a legend or beside a bar


def literal(name: object) -> str:
    """A name from outside as Plotly shows it letter by letter; it takes tags in text for markup."""
    return html.escape(str(name), quote=False)


def middle_cut(name: str, most: int = LONGEST) -> str:
    """A long name without its middle: what tells it from others is often at its end.

    >>> middle_cut("Ankle boot"), middle_cut("n02099601_golden_retriever", 12)
    ('Ankle boot', 'n02099…iever')
    """
    return name if len(name) <= most else f"{name[: most // 2]}…{name[len(name) - (most - 1) // 2 :]}"
