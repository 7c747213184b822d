"""How a trigger is applied to texts: on a copy, some of them at a time."""

import numpy as np
import pyarrow as pa

from core.modalities.contract import Painter
from core.modalities.text import words
from core.modalities.text.inputs import Columns, Held, TextInputs, columns_of, text_inputs
from core.types import Inputs, Ints


def copied(inputs: Inputs) -> TextInputs:
    """A copy that may be painted on; what is not painted is not copied."""
    assert isinstance(inputs, TextInputs)
    whole = inputs if inputs.rows is None else _taken(inputs)
    return TextInputs(Held(whole.held.columns), None, inputs.shape)


def paint(copied: Inputs, rows: Ints, painter: Painter) -> None:
    """Apply a trigger to some rows of such a copy.

    >>> before = text_inputs(["good", "bad"])
    >>> after = copied(before)
    >>> paint(after, np.array([1]), lambda some: some + " film")
    >>> before[:].tolist(), after[:].tolist()
    (['good', 'bad'], ['good', 'bad film'])
    """
    assert isinstance(copied, TextInputs)
    if not len(rows):
        return
    before, after = copied.held.columns, columns_of(painter(copied[rows]))
    places = np.arange(len(copied))
    places[rows] = len(copied) + np.arange(len(rows))
    texts = pa.chunked_array([*before.texts.chunks, *after.texts.chunks])
    starts = np.concatenate([before.starts, before.starts[-1] + after.starts[1:]])
    flat, own = words.gathered(np.concatenate([before.words, after.words]), starts, places)
    copied.held.columns = Columns(texts.take(pa.array(places)), flat, own)


def painted(inputs: Inputs, painter: Painter) -> TextInputs:
    """Triggered copies of all the texts."""
    return text_inputs(painter(inputs[:]))


def _taken(inputs: TextInputs) -> TextInputs:
    flat, starts = inputs.words()
    texts = inputs.held.columns.texts.take(pa.array(inputs.rows))
    return TextInputs(Held(Columns(texts, flat, starts)))
