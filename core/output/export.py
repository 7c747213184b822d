"""What is known of a run's samples, written for other tools."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core import runs
from core.analysis.opened_run import OpenedRun
from core.analysis.samples import sample_table, suspect_ids
from core.data.store.sample_names import is_file_name
from core.errors import UserError
from core.files import write_file
from core.journal.changes import changes_of
from core.journal.review import verdicts
from core.output.tools import everything, fiftyone_script, label_issues, label_studio, noted, written

# A spreadsheet takes a cell that begins with one of these for a formula, and runs it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
TABLES: dict[str, Callable[[pd.DataFrame, Any], object]] = {
    ".csv": lambda table, stream: harmless(table).to_csv(stream, index=False),
    ".parquet": lambda table, stream: table.to_parquet(stream, index=False),
    ".json": lambda table, stream: table.to_json(stream, orient="records", indent=1),
}


@dataclass(frozen=True)
class Export:
    """One thing that can be written of a run.

    Attributes:
        name: the registry key.
        title: what people read.
        file: the usual name of the file; its ending is the one asked for.
        help: who reads it.
        endings: that may be asked for.
        write: the opened run, ending and stream → the number of rows.
    """

    name: str
    title: str
    file: str
    help: str
    endings: tuple[str, ...]
    write: Callable[[OpenedRun, str, Any], int]


def write_export(opened: OpenedRun, what: str, path: Path) -> int:
    """Write one of `EXPORTS` to a file; returns the number of rows.

    Raises:
        UserError: an unknown export, another ending, or a folder that cannot be written to.
    """
    if what not in EXPORTS:
        raise UserError(f"There is no export named {what!r}.", f"Known: {', '.join(EXPORTS)}.", "Choose one of these.")
    export = EXPORTS[what]
    writable(path, export.endings)
    rows: list[int] = []
    write_file(path, lambda stream: rows.append(export.write(opened, path.suffix.lower(), stream)))
    return rows[0]


def exported(opened: OpenedRun, what: str, ending: str) -> bytes:
    """The content of such a file. Raises UserError where there is nothing to write."""
    content = BytesIO()
    EXPORTS[what].write(opened, ending, content)
    return content.getvalue()


def writable(path: Path, endings: tuple[str, ...]) -> None:
    """Raise UserError unless `path` has one of the endings and lies in an existing folder."""
    if path.suffix.lower() not in endings:
        raise UserError(
            f"{path} cannot be written.", f"The name has to end in {' or '.join(endings)}.", "Change the ending."
        )
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent}.", "", "Make it first, or write elsewhere.")
    if not os.access(path.parent, os.W_OK):
        raise UserError(f"The folder {path.parent} cannot be written to.", "", "Change its rights, or write elsewhere.")


def harmless(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before every text that a spreadsheet would take for a formula."""
    texts = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    return table.assign(**{str(name): table[name].map(harmless_text) for name in texts})


def harmless_text(value: Any) -> Any:
    """The value, with an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def is_clean(opened: OpenedRun) -> NDArray[np.int64]:
    """(n,) 1 for samples that stay, 0 for those that a person excluded: ART's `is_clean_lst`."""
    gone = changes_of(verdicts(opened.run.workspace, opened.run.id)).excluded
    return 1 - np.isin(opened.data.ids, list(gone)).astype(np.int64)


def poison_indices(opened: OpenedRun) -> NDArray[np.int64]:
    """Ids, ascending, of the samples that a person excluded or, where nobody decided yet, that are suspected."""
    decided = verdicts(opened.run.workspace, opened.run.id)
    suspected = (sample for sample in suspect_ids(opened) if sample not in decided)
    return np.array(sorted({*changes_of(decided).excluded, *suspected}), np.int64)


def removed_files(opened: OpenedRun) -> list[str]:
    """The names of the samples that a person excluded, in data-set order.

    Raises:
        UserError: they are no files, or a name holds what the source could not say in Unicode.
    """
    gone = changes_of(verdicts(opened.run.workspace, opened.run.id)).excluded
    names = [name for sample, name in zip(opened.data.ids.tolist(), opened.names, strict=True) if sample in gone]
    if names and not all(map(is_file_name, names)):
        raise UserError(
            "The samples of this data set are no files.",
            f"One is called {next(name for name in names if not is_file_name(name))}.",
            "Take poison_indices: it lists their rows.",
        )
    if damaged := [name for name in names if "\ufffd" in name]:
        raise UserError(
            f"{len(damaged):,} names are no Unicode, so that they cannot be written as they are.",
            f"The first is {damaged[0][:100]!r}.",
            "Rename these files and import the folder again, or take the samples as a table.",
        )
    return names


def cartography(opened: OpenedRun) -> list[dict[str, Any]]:
    """One dict per sample, in the terms of dataset cartography.

    Keys: guid, index, name, gold, confidence, variability, losses.

    Confidence is the mean over the epochs of the probability that the model gives the label, variability its standard
    deviation (Swayamdipta et al. 2020, arXiv 2009.10795). Correctness is left out: losses alone do not tell it.

    Raises:
        UserError: the run traced no losses.
    """
    dataset, epochs = opened.data, len(runs.history(opened.run))
    losses = np.asarray(opened.run.array("losses")[:, :epochs], np.float64)
    if not losses.size:
        raise UserError("This run traced no losses.", "Only a training does.", "Train a model on this data set first.")
    chances = np.exp(-losses)
    figures = (chances.mean(1), chances.std(1), losses.round(6))
    columns = zip(dataset.ids, opened.names, dataset.labels, *figures, strict=True)
    return [
        {
            "guid": int(sample),
            "index": place,
            "name": name,
            "gold": int(label),
            "confidence": round(float(confidence), 6),
            "variability": round(float(variability), 6),
            "losses": trajectory.tolist(),
        }
        for place, (sample, name, label, confidence, variability, trajectory) in enumerate(columns)
    ]


def _write_samples(opened: OpenedRun, ending: str, stream: Any) -> int:
    table = noted(opened, sample_table(opened))
    names = np.array([*opened.stored.class_names, None], object)
    table.insert(2, "class_name", names[table["label"].to_numpy()])
    table.insert(1, "name", np.array(opened.names, object))
    TABLES[ending](table, stream)
    return len(table)


def _write_indices(indices: NDArray[np.int64], ending: str, stream: Any) -> int:
    if ending == ".npy":
        np.save(stream, indices, allow_pickle=False)
    else:
        stream.write("".join(f"{index}\n" for index in indices.tolist()).encode())
    return len(indices)


def _write_table(table: pd.DataFrame, ending: str, stream: Any) -> int:
    TABLES[ending](table, stream)
    return len(table)


def _write_text(tasks: list[dict[str, Any]], stream: Any) -> int:
    stream.write(json.dumps(tasks, ensure_ascii=False, indent=1).encode())
    return len(tasks)


def _write_script(script: str, stream: Any) -> int:
    stream.write(script.encode())
    return script.count("\n")


def _write_removed(opened: OpenedRun, ending: str, stream: Any) -> int:
    names = removed_files(opened)
    broken = [name for name in names if "\n" in name or "\r" in name]
    if broken and ending == ".txt":
        raise UserError(
            f"{len(broken):,} names hold the end of a line, so that they cannot stand one on a line.",
            f"The first is {broken[0][:100]!r}.",
            "Take the format .nul, which xargs -0 reads.",
        )
    end = "\n" if ending == ".txt" else "\0"
    stream.write("".join(f"{name}{end}" for name in names).encode())
    return len(names)


def _write_cartography(opened: OpenedRun, _: str, stream: Any) -> int:
    rows = cartography(opened)
    for row in rows:
        stream.write((json.dumps(row) + "\n").encode())
    return len(rows)


EXPORTS: Mapping[str, Export] = {
    export.name: export
    for export in (
        Export(
            "samples",
            "All samples",
            "samples.csv",
            "One row per sample: labels, losses, suspicions, flags and verdicts.",
            tuple(TABLES),
            _write_samples,
        ),
        Export(
            "everything",
            "Everything, for Spotlight or embedding-atlas",
            "everything.parquet",
            "All samples with places on the maps and p-values. `renumics-spotlight FILE`, or `embedding-atlas FILE`.",
            (".parquet", ".csv"),
            lambda opened, ending, stream: _write_table(noted(opened, everything(opened)), ending, stream),
        ),
        Export(
            "notes",
            "Comments and tags",
            "notes.csv",
            "One row for each sample, family or group of the decision that somebody wrote of.",
            tuple(TABLES),
            lambda opened, ending, stream: _write_table(written(opened), ending, stream),
        ),
        Export(
            "label_issues",
            "Label issues, for cleanlab",
            "label_issues.csv",
            "Cleanlab's frame: is_label_issue, label_quality, given_label, predicted_label.",
            (".csv", ".parquet"),
            lambda opened, ending, stream: _write_table(noted(opened, label_issues(opened)), ending, stream),
        ),
        Export(
            "label_studio",
            "Tasks, for Label Studio",
            "label_studio.json",
            "All suspects, to be imported there; images are served from local files.",
            (".json",),
            lambda opened, _, stream: _write_text(label_studio(opened), stream),
        ),
        Export(
            "fiftyone",
            "Script, for FiftyOne",
            "assay_fiftyone.py",
            "Makes a data set there with suspicion, flags and verdicts: python assay_fiftyone.py.",
            (".py",),
            lambda opened, _, stream: _write_script(fiftyone_script(opened), stream),
        ),
        Export(
            "poison_indices",
            "Ids to leave out",
            "poison_indices.txt",
            "What is excluded, and what the decision confirmed or a detector flags while nobody decided.",
            (".txt", ".npy"),
            lambda opened, ending, stream: _write_indices(poison_indices(opened), ending, stream),
        ),
        Export(
            "removed_files",
            "Files to remove",
            "removed_files.txt",
            "All that is excluded, one path a line, below the imported folder: xargs -d '\\n' rm < removed_files.txt. "
            ".nul is for xargs -0.",
            (".txt", ".nul"),
            _write_removed,
        ),
        Export(
            "is_clean",
            "Clean or not, for ART",
            "is_clean.npy",
            "1 for samples that stay, 0 for excluded ones, in the order of the imported data.",
            (".npy",),
            lambda opened, _, stream: _write_indices(is_clean(opened), ".npy", stream),
        ),
        Export(
            "cartography",
            "Trajectories, for dataset cartography",
            "cartography.jsonl",
            "One JSON document a line: confidence, variability and all losses.",
            (".jsonl",),
            _write_cartography,
        ),
    )
}
