"""The clean set, as plain files for any other tool: without what was excluded, relabelled where so decided."""

import csv
import io
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from core.analysis.opened_run import OpenedRun
from core.data import store
from core.errors import UserError
from core.files import write_file
from core.journal import review
from core.journal.changes import apply, changes_of
from core.modalities import modality_of
from core.output.datasets_folder import write_datasets_folder
from core.output.export import harmless_text, writable
from core.output.originals import How, why_not, write_originals
from core.types import Changes, Dataset, Inputs, Ints

Listen = Callable[[float, str], None]
Files = Literal[How, "stored", "datasets"]
FILES: tuple[str, ...] = (*get_args(How), "stored", "datasets")
IMAGES_AT_ONCE = 1000  # read and written together: memory stays small, and progress is told after each
LONGEST_NAME = 60  # characters of a class in a folder's name: some disks allow 255 bytes


def write_clean_copy(
    opened: OpenedRun,
    target: Path,
    listen: Listen = lambda progress, message: None,
    *,
    files: Files | None = None,
) -> dict[str, Any]:
    """Write what the verdicts leave of the run's data; returns how many samples stay, went and have a new label.

    Args:
        opened: the run; its own training data, with the standing verdicts carried out.
        target: a name ending in `.npz`, or a folder that does not exist yet or is empty. It gets the original files
            under their names, or `train/<class>/<id>.png`, `test/<class>/<row>.png` and `classes.csv`, or `samples.csv`
            where the data are labels only. In each case it gets `changes.csv`.
        listen: told the progress, in [0, 1], and which part is written.
        files: what a folder gets: the original files, copied or linked, what is "stored", or Parquet files for the
            `datasets` library, of the originals where there are any. By default copies of the originals, as well.

    Raises:
        UserError: the folder holds something already, nothing would be left, or the place cannot be written to.
    """
    before = opened.data
    changes = changes_of(review.verdicts(opened.run.workspace, opened.run.id))
    kept, labels = _kept(before, changes)
    moved, said = dict[int, str](), dict[str, Any]()
    if target.suffix.lower() == ".npz":
        writable(target, (".npz",))
        if not _archived(before.inputs):
            hint = "Name a folder instead: it gets a file for each sample."
            raise UserError("These samples are no arrays of pixels.", "An .npz archive cannot hold them.", hint)
        write_file(target, lambda stream: _write_archive(stream, before, kept, labels, listen))
    else:
        with _new_folder(target) as unfinished:
            lacking = why_not(opened) if files in (None, "datasets") else ""
            if files == "datasets":
                write_datasets_folder(unfinished, opened, kept, labels, originals=not lacking, listen=listen)
                said["files"] = f"Parquet of {_held(before.inputs, lacking)}"
            elif not modality_of(before.inputs).offers:
                _write_names(unfinished / "samples.csv", opened, kept, labels)
                said["files"] = "names and labels"
            elif files == "stored" or lacking:
                _write_images(unfinished, before, kept, labels, listen)
                said["files"] = f"stored {modality_of(before.inputs).things}{f', since {lacking}' if lacking else ''}"
            else:
                written = write_originals(opened, unfinished, kept, labels, files or "copy", listen=listen)
                moved, younger = written.moved, written.younger
                said["files"] = "originals"
                said |= {"changed_since_import": younger} if younger else {}
            _write_changes(unfinished / "changes.csv", opened, changes, moved)
    relabelled = int((labels != np.asarray(before.labels)[kept]).sum())
    counts = {"samples": len(kept), "excluded": len(before) - len(kept), "relabelled": relabelled}
    return {"copy": str(target), **counts, **said}


def forms(opened: OpenedRun) -> list[str]:
    """What a person can take home of the run's data: "copy" of the originals, "archive" of pixels, others always."""
    archived = _archived(opened.data.inputs)
    possible = {"copy": not why_not(opened), "archive": archived, "stored": True, "datasets": True}
    return [form for form, is_possible in possible.items() if is_possible]


def _held(inputs: Inputs, lacking: str) -> str:
    """Which samples are in a folder, in words."""
    modality = modality_of(inputs)
    if not modality.offers:
        return "names and labels"
    return f"stored {modality.things}, since {lacking}" if lacking else f"original {modality.things}"


def _archived(inputs: Inputs) -> bool:
    """Whether the samples are arrays that an `.npz` archive holds."""
    return bool(inputs[:0].dtype == np.uint8)


def files_of(text: str) -> Files:
    """What was written, as a choice; what earlier versions called "pixels" is "stored".

    Raises:
        UserError: there is no such choice.
    """
    text = {"pixels": "stored"}.get(text, text)
    if text not in FILES:
        raise UserError(f"There is no way {text!r} to give files.", f"Known: {', '.join(FILES)}.", "Choose one.")
    return cast("Files", text)


def folder_names(class_names: tuple[str, ...]) -> list[str]:
    """A folder name for each class, in order: its index first, then what of its name is harmless everywhere."""
    width = len(str(len(class_names) - 1))
    plain = (re.sub(r"[^\w-]+", "_", name, flags=re.ASCII)[:LONGEST_NAME].strip("_") for name in class_names)
    return [f"{index:0{width}d}-{name}".rstrip("-") for index, name in enumerate(plain)]


def _kept(dataset: Dataset, changes: Changes) -> tuple[Ints, Ints]:
    """Rows that stay and their labels, without reading an image. Raises UserError when too little would be left."""
    left = apply(dataset, changes)
    return np.flatnonzero(np.isin(dataset.ids, left.ids)), np.asarray(left.labels)


def _write_archive(stream: Any, dataset: Dataset, kept: Ints, labels: Ints, listen: Listen) -> None:
    """An `.npz` that Assay itself opens again, its images written a few at a time."""
    plain = {
        "y_train": labels,
        "y_test": np.asarray(dataset.test_labels),
        "ids": np.asarray(dataset.ids)[kept],
        "class_names": np.array(dataset.class_names),
    }
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in plain.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.save(member, array, allow_pickle=False)
        tests = np.arange(len(dataset.test_labels))
        for name, inputs, rows in (("x_train", dataset.inputs, kept), ("x_test", dataset.test_inputs, tests)):
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                _write_rows(member, inputs, rows)
            listen(len(kept) / (len(kept) + len(tests)), name)


def _write_rows(member: Any, inputs: Inputs, rows: Ints) -> None:
    """Some rows of an array, as the content of an `.npy` file."""
    header = io.BytesIO()
    shape = {"descr": "|u1", "fortran_order": False, "shape": (len(rows), *inputs.shape)}
    np.lib.format.write_array_header_1_0(header, shape)
    member.write(header.getvalue())
    for some in _batches(rows):
        member.write(np.ascontiguousarray(inputs[some]).tobytes())


@contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill beside its place, moved there when it is whole."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(f"{target} holds something already.", "Nothing is overwritten.", "Name a new folder.")
    if not target.parent.is_dir():
        raise UserError(f"There is no folder {target.parent}.", "", "Make it first, or write elsewhere.")
    unfinished = target.with_name(f".{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir()
        yield unfinished
        unfinished.replace(target)
    except OSError as error:
        raise UserError(f"{target} cannot be written.", f"{error.strerror}.", "Check space and rights.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write_images(folder: Path, dataset: Dataset, kept: Ints, labels: Ints, listen: Listen) -> None:
    """A file for every sample, in a folder for each class that holds any."""
    names, tests = folder_names(dataset.class_names), np.arange(len(dataset.test_labels))
    parts = (
        ("train", dataset.inputs, kept, labels, np.asarray(dataset.ids)[kept]),
        ("test", dataset.test_inputs, tests, np.asarray(dataset.test_labels), tests),
    )
    done, total = 0, len(kept) + len(tests)
    for part, inputs, rows, classes, ids in parts:
        for label in np.unique(classes):
            (folder / part / names[label]).mkdir(parents=True)
        for row, label, sample in zip(rows, classes, ids, strict=True):
            ending, content = modality_of(inputs).filed(inputs[row])
            (folder / part / names[label] / f"{sample:07d}{ending}").write_bytes(content)
            done += 1
            if done % IMAGES_AT_ONCE == 0:
                listen(done / total, part)
        listen(done / total, part)
    described = zip(range(len(names)), names, dataset.class_names, strict=True)
    _write_csv(folder / "classes.csv", ("index", "folder", "name"), described)


def _write_names(path: Path, opened: OpenedRun, kept: Ints, labels: Ints) -> None:
    """A table of what is left of data that are labels only, which can be imported again."""
    classes = opened.data.class_names
    left = ((opened.names[row], classes[label], "train") for row, label in zip(kept, labels, strict=True))
    called = store.names(opened.run.workspace, opened.run.dataset, "test")
    tests = ((name, classes[label], "test") for name, label in zip(called, opened.data.test_labels, strict=False))
    _write_csv(path, ("name", "label", "split"), [*left, *tests])


def _write_changes(path: Path, opened: OpenedRun, changes: Changes, names: Mapping[int, str]) -> None:
    """What was done to which sample: id, name, given label, decision, new label, and the new name if it has one."""
    dataset = opened.data
    labels = dict(zip(dataset.ids.tolist(), np.asarray(dataset.labels).tolist(), strict=True))
    touched = [sample for sample in sorted({*changes.excluded, *changes.relabelled}) if sample in labels]
    called = dict(zip(touched, opened.names_of(touched), strict=True))
    gone = (
        (sample, called[sample], labels[sample], "exclude", "", "")
        for sample in sorted(changes.excluded)
        if sample in labels
    )
    moved = (
        (sample, called[sample], labels[sample], "relabel", label, names.get(sample, ""))
        for sample, label in sorted(changes.relabelled.items())
        if sample in labels and sample not in changes.excluded
    )
    _write_csv(path, ("id", "name", "label", "decision", "new_label", "new_name"), [*gone, *moved])


def _write_csv(path: Path, head: tuple[str, ...], rows: Any) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([[harmless_text(value) for value in row] for row in rows])
    write_file(path, lambda stream: stream.write(text.getvalue().encode()))


def _batches(rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(rows), IMAGES_AT_ONCE):
        yield rows[start : start + IMAGES_AT_ONCE]
