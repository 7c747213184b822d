"""Texts on disk: one Arrow file with a column of strings and one of word numbers, mapped when it is opened."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from core.files import write_file
from core.modalities.text import words
from core.modalities.text.inputs import Columns, Held, TextInputs
from core.types import Inputs, Ints, Samples

FILES = ("texts.arrow", "test_texts.arrow")
TOGETHER = 8192  # texts that are written as one batch
FINGERPRINT_TEXTS = 4096  # evenly spaced ones; a change would make all stored fingerprints invalid
FINGERPRINT_CHARACTERS = 8192  # of each
SCHEMA = pa.schema([("text", pa.large_string()), ("words", pa.large_list(pa.int64()))], {"words": "1"})


def open_inputs(path: Path) -> TextInputs:
    """The texts in a file, memory-mapped.

    Raises:
        OSError: there is no such file.
        ValueError: it holds no texts.
    """
    if not path.stat().st_size:
        raise ValueError(f"{path.name} is empty.")
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    if table.schema != SCHEMA or table.column("text").null_count or table.column("words").null_count:
        raise ValueError(f"{path.name} holds no texts.")
    parts = [_ragged(chunk) for chunk in table.column("words").chunks]
    flat = [part for part, _ in parts] or [np.zeros(0, np.int64)]
    lengths = [np.diff(starts) for _, starts in parts]
    starts = np.concatenate([[0], np.cumsum(np.concatenate(lengths or flat))]).astype(np.int64)
    return TextInputs(Held(Columns(table.column("text"), flat[0] if len(flat) == 1 else np.concatenate(flat), starts)))


def write_inputs(path: Path, inputs: Inputs) -> None:
    """Write all texts to one file."""

    def write(stream: object) -> None:
        with pa.ipc.new_file(stream, SCHEMA) as writer:
            for start in range(0, len(inputs), TOGETHER):
                writer.write_batch(_batch([str(text) for text in inputs[start : start + TOGETHER]]))

    write_file(path, write)


@contextmanager
def appending(path: Path, _: tuple[int, ...]) -> Iterator[Callable[[Samples], None]]:
    """What is called with each text, which becomes the next row of the file; it is whole at the end."""
    waiting: list[str] = []
    with path.open("wb") as stream, pa.ipc.new_file(stream, SCHEMA) as writer:

        def append(text: Samples) -> None:
            waiting.append(str(text))
            if len(waiting) == TOGETHER:
                writer.write_batch(_batch(waiting))
                waiting.clear()

        yield append
        if waiting:
            writer.write_batch(_batch(waiting))


def sampled(inputs: Inputs) -> Iterator[bytes]:
    """The beginnings of evenly spaced texts, at most 4,096 of them."""
    rows = np.unique(np.linspace(0, max(len(inputs) - 1, 0), FINGERPRINT_TEXTS).astype(np.int64))[: len(inputs)]
    for text in inputs[rows]:
        yield text[:FINGERPRINT_CHARACTERS].encode() + b"\0"


def _batch(texts: list[str]) -> pa.RecordBatch:
    texts = [words.sound(text) for text in texts]
    flat, starts = words.numbers(texts)
    listed = pa.LargeListArray.from_arrays(pa.array(starts), pa.array(flat))
    return pa.record_batch([pa.array(texts, pa.large_string()), listed], schema=SCHEMA)


def _ragged(chunk: pa.LargeListArray) -> tuple[Ints, Ints]:
    """The numbers of a chunk and where each text's begin; mapped, not copied."""
    starts = np.asarray(chunk.offsets.to_numpy(), np.int64)
    return np.asarray(chunk.values.to_numpy(), np.int64)[starts[0] : starts[-1]], starts - starts[0]
