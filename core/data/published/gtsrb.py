"""The German Traffic Sign Recognition Benchmark, as torchvision unpacks it."""

from pathlib import Path

from core.data.collection import Collection, Problem, Problems
from core.data.paths import content
from core.data.tables.csv_files import records
from core.data.tables.rows import Rows, collected
from core.errors import UserError

N_CLASSES = 43  # kinds of traffic signs in the benchmark
_ANSWERS = "GT-final_test.csv"


def gtsrb(folder: Path) -> Collection:
    """GTSRB in `GTSRB/Training/00000/*.ppm`, `GTSRB/Final_Test/Images` and `GT-final_test.csv`.

    Args:
        folder: that holds the folder `GTSRB`.

    Raises:
        UserError: there are no training images, or the table of the test set is no table.
    """
    names, labels, problems = list[str](), list[object](), Problems()
    for directory in _names_in(folder / "GTSRB" / "Training"):
        if not directory.isdecimal() or not (folder / "GTSRB" / "Training" / directory).is_dir():
            continue
        if int(directory) >= N_CLASSES:
            problems.add(Problem("left out", directory, f"There are {N_CLASSES} classes, counted from 0."))
            continue
        images = [file for file in _names_in(folder / "GTSRB" / "Training" / directory) if file.endswith(".ppm")]
        names += [f"GTSRB/Training/{directory}/{file}" for file in images]
        labels += [int(directory)] * len(images)
    splits = ["train"] * len(names)
    for name, label in _answers(folder, problems):
        names.append(f"GTSRB/Final_Test/Images/{name}")
        labels.append(label)
        splits.append("test")
    signs = [f"{index:05d}" for index in range(N_CLASSES)]
    rows = Rows(names, labels, lambda row: content(folder, names[row]), splits, signs, problems.listed())
    return collected(rows, "GTSRB")


def _names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _answers(folder: Path, problems: Problems) -> list[tuple[str, int]]:
    """File and class of every test image."""
    if not (folder / _ANSWERS).is_file():
        return []
    answers: list[tuple[str, int]] = []
    table = records(folder / _ANSWERS, ";")
    _, _, header = next(table, (0, 0, []))
    if "Filename" not in header or "ClassId" not in header:
        raise UserError(
            f"{_ANSWERS} is not the table of the test set.",
            "It has the columns Filename and ClassId.",
            "Copy the data set again.",
        )
    for _, number, cells in table:
        row = dict(zip(header, cells, strict=False))
        name, label = row.get("Filename", ""), row.get("ClassId", "")
        if name.endswith(".ppm") and "/" not in name and label.isdecimal() and int(label[:9]) < N_CLASSES:
            answers.append((name, int(label)))
        else:
            problems.add(Problem("row", f"line {number}", f"It names no image and class of {_ANSWERS}."))
    return answers
