"""Which columns of a table hold texts, labels and the split: as somebody says, by their names, or by what they hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.data.tables.rows import guessed, listed_columns, looks_like_images
from core.errors import UserError

TEXTS = (
    *("text", "sentence", "review", "reviewtext", "content", "message", "sms", "comment", "commenttext", "question"),
    *("document", "body", "tweet", "utterance", "query", "article", "headline", "title", "description", "snippet"),
)
LABELS = (
    *("label", "labels", "class", "category", "target", "sentiment", "intent", "y", "coarselabel", "labelcoarse"),
    *("topic", "rating", "stars", "emotion", "toxic", "spam", "type", "labeltext"),
)


@dataclass(frozen=True)
class Chosen:
    """Names of the columns of a table; `split` is "" where no column tells."""

    text: str
    label: str
    split: str


def chosen(columns: Sequence[str], sample: Mapping[str, Sequence[object]], given: Chosen) -> Chosen:
    """The columns to read.

    Args:
        columns: the table's own names.
        sample: of each column, what its first rows hold.
        given: names that somebody gave; "" guesses.

    Raises:
        UserError: a name that was given is not there, or nothing looks like texts or labels.
    """
    for name, setting in ((given.text, "text_column"), (given.label, "label_column"), (given.split, "split_column")):
        if name and name not in columns:
            raise UserError(f"The table has no column {name!r}.", listed_columns(columns), f"Correct {setting}.")
    left = [name for name in columns if name not in (given.text, given.label)]
    split = given.split or guessed(left, "split")
    left = [name for name in left if name != split]
    text = given.text or guessed(left, TEXTS) or max(left, key=lambda name: _length(sample[name]), default="")
    left = [name for name in left if name != text]
    label = given.label or guessed(left, LABELS) or min(left, key=lambda name: len(set(sample[name])), default="")
    if not text or not label:
        raise UserError(
            "The table needs a column of texts and one of labels.",
            listed_columns(columns),
            "Say which they are with text_column and label_column.",
        )
    return Chosen(text, label, split)


def holds_texts(columns: Sequence[str]) -> bool:
    """Whether a table of such columns is one of texts: none of them looks like images."""
    return len(columns) > 1 and not looks_like_images(columns)


def _length(values: Sequence[object]) -> float:
    return sum(len(value) if isinstance(value, str) else 0 for value in values) / max(len(values), 1)
