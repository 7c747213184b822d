"""The clean set as a folder of the `datasets` library: Parquet files that say their own features, and a card.

`datasets.load_dataset(folder)` opens it, and so does the Hub. That library is not needed to write it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from core.analysis.opened_run import OpenedRun
from core.data import store
from core.data.collection import Part
from core.files import write_file
from core.modalities import modality_of
from core.modalities.contract import Modality
from core.output.originals import places_in, reopened
from core.types import Inputs, Ints

Listen = Callable[[float, str], None]
_TYPES = {"Image": pa.struct({"bytes": pa.binary(), "path": pa.string()}), "Value": pa.string()}


@dataclass(frozen=True)
class Limits:
    """How much goes together.

    Attributes:
        file: bytes of samples in one Parquet file; the Hub asks for less than a gigabyte.
        group: bytes of samples that are written at once: who looks at one row reads its whole group.
        rows: that are written at once; progress is told after them.
    """

    file: int = 400_000_000
    group: int = 32_000_000
    rows: int = 1000


LIMITS = Limits()


@dataclass(frozen=True)
class Split:
    """One part of the data.

    Attributes:
        name: "train" or "test".
        ids: n numbers of samples.
        names: n names in the source.
        labels: n indices of classes.
        contents: n files or texts, each read when its turn comes.
    """

    name: str
    ids: Sequence[int]
    names: Sequence[str]
    labels: Sequence[int]
    contents: Iterable[bytes | str]


def write_datasets_folder(
    folder: Path,
    opened: OpenedRun,
    kept: Ints,
    labels: Ints,
    *,
    originals: bool,
    listen: Listen,
    limits: Limits = LIMITS,
) -> None:
    """Write the samples that stay, all test samples, and a card.

    Args:
        folder: to fill.
        opened: the run.
        kept: rows of the run's samples that stay.
        labels: of these.
        originals: whether samples are read from where they were imported from; else they are given as stored.
        listen: told the progress, in [0, 1], and which part is written.
        limits: how much goes into one file.

    Raises:
        UserError: the source is no longer what was imported.
    """
    data, modality = opened.data, modality_of(opened.data.inputs)
    schema = _schema(distinct(data.class_names), modality)
    with ExitStack() as stack:
        called = _test_names(opened)
        if originals:
            collection, places = stack.enter_context(reopened(opened))
            train = _read(collection.train, places[kept].tolist(), modality)
            test = _read(collection.test, places_in(collection.test, called), modality)
        else:
            train = _stored(data.inputs, kept.tolist(), modality)
            test = _stored(data.test_inputs, range(len(called)), modality)
        names = [opened.names[row] for row in kept.tolist()]
        given = np.asarray(data.ids)[kept].tolist(), np.asarray(data.test_labels).tolist()
        splits = [
            Split("train", given[0], names, labels.tolist(), train),
            Split("test", range(len(called)), called, given[1], test),
        ]
        splits = [split for split in splits if split.labels]
        _write_splits(folder / "data", splits, schema, modality, listen=listen, limits=limits)
    card = _card(opened.stored.name, splits, len(data) - len(kept))
    write_file(folder / "README.md", lambda stream: stream.write(card.encode()))


def distinct(names: Sequence[str]) -> list[str]:
    """The names of classes, each only once, as that library asks for.

    >>> distinct(("cat", "dog", "cat"))
    ['cat', 'dog', 'cat (2)']
    """
    taken: dict[str, None] = {}
    for index, name in enumerate(names):
        taken[name if name not in taken else f"{name} ({index})"] = None
    return list(taken)


def quoted(text: str) -> str:
    """A text between quotes as YAML has it, with numbers for all that cannot be printed.

    >>> print(quoted('a "b"'), quoted("\\x7f"))
    "a \\"b\\"" "\\U0000007f"
    """
    plain = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in plain)


def _test_names(opened: OpenedRun) -> tuple[str, ...]:
    called = store.names(opened.run.workspace, opened.run.dataset, "test")
    n = len(opened.data.test_labels)
    return called if len(called) == n else tuple(f"row {row}" for row in range(n))


def _schema(classes: list[str], modality: Modality) -> pa.Schema:
    """The columns, with what that library has to know of them where it looks for it."""
    features: dict[str, Any] = {"label": {"names": classes, "_type": "ClassLabel"}}
    fields = [pa.field("label", pa.int64())]
    if modality.column is not None:
        name, feature = modality.column
        features = {name: dict(feature), **features}
        fields.insert(0, pa.field(name, _TYPES[feature["_type"]]))
    features |= {"name": {"dtype": "string", "_type": "Value"}, "id": {"dtype": "int64", "_type": "Value"}}
    fields += [pa.field("name", pa.string()), pa.field("id", pa.int64())]
    return pa.schema(fields, {"huggingface": json.dumps({"info": {"features": features}})})


def _read(part: Part, places: Iterable[int], modality: Modality) -> Iterator[bytes | str]:
    """Samples as the source has them; pixels that lie in no file become one."""
    for place in places:
        content = part.read(place)
        if not isinstance(content, bytes | str):
            content = modality.filed(content[:, :, None] if content.ndim == 2 else content)[1]
        yield content


def _stored(inputs: Inputs, rows: Iterable[int], modality: Modality) -> Iterator[bytes | str]:
    for row in rows:
        yield modality.filed(inputs[row])[1]


def _write_splits(
    folder: Path, splits: Sequence[Split], schema: pa.Schema, modality: Modality, *, listen: Listen, limits: Limits
) -> None:
    folder.mkdir()
    done, total = 0, sum(len(split.labels) for split in splits)
    for split in splits:
        paths: list[Path] = []
        writer, written = None, 0
        for group, size in _groups(split, schema, modality, limits):
            if writer is None or written + size > limits.file:
                if writer is not None:
                    writer.close()
                paths.append(folder / f"{split.name}-{len(paths):05d}.parquet")
                writer, written = parquet.ParquetWriter(paths[-1], schema, compression="zstd"), 0
            writer.write_table(group)
            written, done = written + size, done + len(group)
            listen(done / total, split.name)
        if writer is not None:
            writer.close()
        for index, path in enumerate(paths):  # only now is it known how many there are
            path.rename(folder / f"{split.name}-{index:05d}-of-{len(paths):05d}.parquet")


def _groups(split: Split, schema: pa.Schema, modality: Modality, limits: Limits) -> Iterator[tuple[pa.Table, int]]:
    """The rows of a split, some at a time, and the bytes of their samples."""
    rows: list[dict[str, Any]] = []
    size = 0
    column = None if modality.column is None else modality.column[0]
    for sample, name, label, content in zip(split.ids, split.names, split.labels, split.contents, strict=True):
        row: dict[str, Any] = {"label": label, "name": name, "id": sample}
        if column is not None:
            row[column] = modality.cell(content, name)
            size += len(content)
        rows.append(row)
        if size >= limits.group or len(rows) >= limits.rows:
            yield pa.Table.from_pylist(rows, schema), size
            rows, size = [], 0
    if rows:
        yield pa.Table.from_pylist(rows, schema), size


def _card(name: str, splits: Sequence[Split], excluded: int) -> str:
    """What the Hub shows of a data set, and which file is of which split."""
    files = "\n".join(f"  - split: {split.name}\n    path: data/{split.name}-*" for split in splits)
    counts = "\n".join(f"| {split.name} | {len(split.labels):,} |" for split in splits)
    return f"""---
pretty_name: {quoted(name)}
configs:
- config_name: default
  data_files:
{files}
---

# A cleaned data set

| split | samples |
|---|---|
{counts}

{excluded:,} samples were excluded after a review. `changes.csv` says which they are, and which got another label.
Column `name` is what a sample is called in its source, `id` its row there.

```python
from datasets import load_dataset

data = load_dataset("path/of/this/folder")
```
"""
