"""Recording what your own training does to every sample, for Assay to read.

This file needs NumPy and nothing else of Assay: import it, or copy it beside your script.

    recorder = Recorder("recording", n=len(train_set), class_names=train_set.classes)
    for epoch in range(epochs):
        for inputs, labels, ids in loader:
            ...
            recorder.record(epoch, ids, losses)          # losses of single samples, reduction="none"
    recorder.activations(ids, features)                  # of the last hidden layer, once, after training
    recorder.predictions(ids, classes)
    recorder.close()

Then `python -m core load-run DATASET --recording recording`. The order does not matter, nor how many processes record:
each writes files of its own. What was recorded survives a killed process; a half-written end is passed over.

The folder, version 1: `recording.json` (format, version, n, class_names), perhaps `names.json`, and files that only
grow. A file is named `<nanoseconds>-<process>-<4 hex>.<kind>.bin`, its kind is `losses`, `predictions` or
`activations-<d>`. It holds records without a header, little-endian: int64 id, then int32 epoch and float32 loss; or
int32 class; or d float32. Where two records say something of the same, the later one counts: of a file, and of files
by their names.
"""

import json
import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

FORMAT = "assay-recording"
VERSION = 1
LOSSES = np.dtype([("id", "<i8"), ("epoch", "<i4"), ("loss", "<f4")])
PREDICTIONS = np.dtype([("id", "<i8"), ("class", "<i4")])


def activations_type(d: int) -> np.dtype[Any]:
    """The type of a record of d activations."""
    return np.dtype([("id", "<i8"), ("values", "<f4", (d,))])


class Recorder:
    """Writes what is recorded into a folder, as it comes."""

    def __init__(
        self, folder: str | Path, n: int, class_names: Sequence[str] = (), names: Sequence[str] | None = None
    ) -> None:
        """Begin, or go on, in `folder`; several processes may do so at once.

        Args:
            folder: made where it does not exist.
            n: how many training samples there are; ids run from 0 to n − 1.
            class_names: in the order of the class indices.
            names: the path of each sample within the data, n of them. With them, samples are matched by name;
                without them, an id is the row in the order that Assay reads the data in.

        Raises:
            ValueError: the folder holds a recording of other data.
        """
        self.folder, self.n = Path(folder), int(n)
        self.folder.mkdir(parents=True, exist_ok=True)
        about = {"format": FORMAT, "version": VERSION, "n": self.n, "class_names": [str(name) for name in class_names]}
        if names is not None:
            if len(names) != self.n:
                raise ValueError(f"There are {len(names):,} names for {self.n:,} samples.")
            self._once("names.json", [str(name) for name in names])
        if self._once("recording.json", about) != about:
            raise ValueError(f"{self.folder} holds a recording of other data. Take another folder.")
        self._stamp = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(2)}"
        self._pid = os.getpid()
        self._files: dict[str, BinaryIO] = {}

    def record(self, epoch: int, ids: ArrayLike, losses: ArrayLike) -> None:
        """Keep the losses of some samples in an epoch, counted from 0. Tensors may be given as they are."""
        values = _numbers(losses).reshape(-1)
        records = self._records(LOSSES, ids, len(values))
        records["epoch"], records["loss"] = int(epoch), values
        self._append("losses", records)

    def activations(self, ids: ArrayLike, values: ArrayLike) -> None:
        """Keep the activations of some samples, (m, d); what has more axes is flattened."""
        rows = _numbers(values)
        rows = rows.reshape(len(rows), -1)
        records = self._records(activations_type(rows.shape[1]), ids, len(rows))
        records["values"] = rows
        self._append(f"activations-{rows.shape[1]}", records)

    def predictions(self, ids: ArrayLike, classes: ArrayLike) -> None:
        """Keep the class index that the model predicts for some samples."""
        values = _numbers(classes).reshape(-1)
        records = self._records(PREDICTIONS, ids, len(values))
        records["class"] = values
        self._append("predictions", records)

    def close(self) -> None:
        """Write everything to the disk. Without it, all but a machine that fails is survived, too."""
        for file in self._files.values():
            os.fsync(file.fileno())
            file.close()
        self._files = {}

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _records(self, kind: np.dtype[Any], ids: ArrayLike, m: int) -> NDArray[Any]:
        numbers = _numbers(ids).reshape(-1)
        if len(numbers) != m:
            raise ValueError(f"There are {len(numbers):,} ids for {m:,} samples.")
        if len(numbers) and not (numbers.min() >= 0 and numbers.max() < self.n):
            raise ValueError(f"Ids run from 0 to {self.n - 1:,}; here are {numbers.min()} to {numbers.max()}.")
        records = np.empty(m, kind)
        records["id"] = numbers
        return records

    def _append(self, kind: str, records: NDArray[Any]) -> None:
        if os.getpid() != self._pid:  # a worker process of a data loader: it gets files of its own
            self._pid, self._files = os.getpid(), {}
            self._stamp = f"{time.time_ns():020d}-{self._pid}-{secrets.token_hex(2)}"
        if kind not in self._files:
            self._files[kind] = (self.folder / f"{self._stamp}.{kind}.bin").open("ab", buffering=0)
        self._files[kind].write(records.tobytes())  # whole batches, so that a killed process loses none

    def _once(self, name: str, content: Any) -> Any:
        """What the file holds; it gets `content` where nobody wrote it yet."""
        path = self.folder / name
        if not path.exists():
            temporary = self.folder / f".{name}.{os.getpid()}-{secrets.token_hex(4)}"
            temporary.write_text(json.dumps(content), encoding="utf-8")
            try:
                os.link(temporary, path)  # unlike a rename, never over that of another process
            except FileExistsError:
                pass
            except OSError:  # a disk without hard links
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
        return json.loads(path.read_text(encoding="utf-8"))


def _numbers(values: ArrayLike) -> NDArray[Any]:
    """The values as an array, those of a tensor on any device included."""
    for step in ("detach", "cpu"):
        values = getattr(values, step)() if hasattr(values, step) else values
    if type(values).__name__ == "Tensor" and str(getattr(values, "dtype", "")) == "torch.bfloat16":
        values = values.float()  # type: ignore[union-attr]
    return np.asarray(values)
