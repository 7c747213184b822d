"""Each file of a small run and its data set damaged in many ways: said in words, without effect, or another value."""

import io
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import typer

from benchmarks.parts.hardware import hardware
from core import pipeline, runs
from core.analysis import families
from core.analysis.opened_run import opened
from core.attacks.specification import AttackSpec, Specification
from core.data import store
from core.data.store.demo import demo
from core.errors import UserError
from core.output.report import report_html
from core.runs import Run
from core.stages.load import trained_model
from core.training.config import TrainConfig

# What came of a damage.
WORDS = "in words"
SAME = "no effect"
OTHER = "another value"
TRACEBACK = "traceback"
DETECTORS = ("activation_clustering", "badloss")
ARRAYS = {
    "train": ("losses",),
    "activations": ("activations", "predictions", "final_losses"),
    "evaluate": ("trial-classes", "trial-shares"),
    "detect:activation_clustering": ("averages-activation_clustering",),
    families.STAGE: (families.STAGE,),
    "maps:pca": ("map-all-pca", "map-class-pca", "map-trajectories-pca"),
}


@dataclass(frozen=True)
class Damage:
    """One file that was damaged in one way, and what came of it."""

    file: str
    kind: str
    ending: str


def damages(images: int = 600, epochs: int = 2) -> None:
    """What is said of every file of a run on part of the demo, and of its data set, when it is damaged."""
    warnings.simplefilter("ignore")
    with TemporaryDirectory() as folder:
        run = made(Path(folder), images, epochs)
        found = list(damaged(run))
    typer.echo(f"{hardware()}, {images:,} images of the demo, {epochs} epochs.\n\n{damages_table(found)}")


def damages_table(found: list[Damage]) -> str:
    """A row for each file: how many of its damages ended how."""
    endings = (WORDS, SAME, OTHER, TRACEBACK)
    lines = [f"| file | damages | {' | '.join(endings)} |", "|---|" + "---|" * (len(endings) + 1)]
    for file in [*dict.fromkeys(one.file for one in found), "all"]:
        counts = Counter(one.ending for one in found if file in ("all", one.file))
        lines.append(f"| {file} | {counts.total()} | {' | '.join(str(counts[ending]) for ending in endings)} |")
    return "\n".join(lines)


def made(workspace: Path, images: int, epochs: int) -> Run:
    """A run with all stages on poisoned data, whose bona fide samples are known."""
    data = pipeline.attack(workspace, _part(workspace, images), Specification((AttackSpec("patch", 0.05, 1),)))
    plan = (*pipeline.CORE_PLAN, *(f"detect:{name}" for name in DETECTORS), families.STAGE, "maps:pca")
    run = pipeline.work(pipeline.new_run(workspace, data.id, TrainConfig(epochs=epochs), plan=plan))
    runs.save_rule(run, "badloss", {"kind": "rate", "value": 0.1})
    return run


def damaged(run: Run, only: Collection[str] = ()) -> Iterator[Damage]:
    """Each file, or only those of some names, damaged in each way and put right afterwards."""
    data = run.workspace / "datasets" / run.dataset
    names = [path for folder in (run.path, data) for path in sorted(folder.rglob("*")) if _counts(path)]
    for path in names:
        if only and path.name not in only:
            continue
        whole, before = path.read_bytes(), asked(run)
        other = next((one for one in names if one.suffix == path.suffix and one != path), names[0]).read_bytes()
        for kind, content in kinds(path, whole, other).items():
            path.unlink()
            if kind == "a directory":
                path.mkdir()
            elif content is not None:
                path.write_bytes(content)
            yield Damage(f"{'data set' if data in path.parents else 'run'}: {path.name}", kind, _ending(run, before))
            if path.is_dir():
                path.rmdir()
            path.write_bytes(whole)


def kinds(path: Path, whole: bytes, other: bytes) -> dict[str, bytes | None]:
    """What may be in the place of a file's content afterwards; None for no file."""
    half, last = len(whole) // 2, len(whole) - 9
    found: dict[str, bytes | None] = {
        "empty": b"",
        "half": whole[:half],
        "a byte short": whole[:-1],
        "a byte more": whole + b"\0",
        "zeros": bytes(min(len(whole), 4096)) + whole[4096:],
        "a byte at the start": _other_byte(whole, 5),
        "a byte in the middle": _other_byte(whole, half),
        "a byte at the end": _other_byte(whole, last),
        "swapped": other,
        "missing": None,
        "a directory": None,
    }
    if path.suffix == ".json":
        found |= {"a list": b"[]", "null": b"null", "an empty object": b"{}", "deep": b"[" * 100_000}
    if path.suffix == ".npy":
        array = np.load(path, allow_pickle=False)
        found |= {"another type": _npy(array.astype(np.float16)), "a row short": _npy(array[:-1])}
    return {kind: content for kind, content in found.items() if content != whole}


def asked(run: Run) -> dict[str, str]:
    """What each reader says of the run as it is now: a digest of its values, or how it failed."""
    workspace, run_id, data_id = run.workspace, run.id, run.dataset
    readers: dict[str, Callable[[], Any]] = {
        "run": lambda: runs.open_run(workspace, run_id).config,
        "description": lambda: vars(store.describe(workspace, data_id)),
        "data": lambda: vars(store.load(workspace, data_id)),
        "truth": lambda: vars(store.load_truth(workspace, data_id)),
        "history": lambda: runs.history(run),
        "layers": lambda: runs.layers(run),
        "outcome": lambda: (runs.outcome(run), runs.trials(run)),
        "rules": lambda: runs.rules(run),
        "families": lambda: families.families(run),
        "report": lambda: "Families" in report_html(run),
        "detections": lambda: _detections(run),
        "flagged": lambda: opened(run).flagged,
        "weights": lambda: list(trained_model(run, opened(run).data).state_dict().values()),
    }
    arrays = [name for stage, names in ARRAYS.items() if run.done(stage) for name in names]
    readers |= {f"{name}.npy": partial(run.array, name) for name in arrays}
    return {name: _said(reader) for name, reader in readers.items()}


def _detections(run: Run) -> list[Any]:
    found, lost = runs.sorted_detections(run)
    for one in lost:  # which pages and commands say in a line, beside the others
        raise one.error
    return [(name, vars(detection), runs.about_detection(run, name)) for name, detection in sorted(found.items())]


def _said(reader: Callable[[], Any]) -> str:
    try:
        return _digest(reader())
    except UserError:
        return WORDS
    except Exception as error:  # noqa: BLE001 - what a person would see as a traceback is counted here
        return f"{TRACEBACK}: {type(error).__name__}"


def _digest(value: Any) -> str:
    """A text that is another one for other values."""
    if isinstance(value, Mapping):
        return repr([(key, _digest(one)) for key, one in value.items()])
    if isinstance(value, list | tuple):
        return repr([_digest(one) for one in value])
    if hasattr(value, "modality"):
        value = value[:]
    if hasattr(value, "__array__"):
        array = np.ascontiguousarray(np.asarray(value))
        return f"{array.dtype} {array.shape} {zlib.crc32(array.tobytes())}"
    return repr(value)


def _ending(run: Run, before: Mapping[str, str]) -> str:
    """The worst of what the readers say."""
    now = asked(run)
    changed = [now[name] for name in before if now[name] != before[name]]
    if any(one.startswith(TRACEBACK) for one in changed):
        return TRACEBACK
    if any(one != WORDS for one in changed):
        return OTHER
    return WORDS if changed else SAME


def _part(workspace: Path, images: int) -> str:
    """The id of a stored part of the demo, a tenth of it bona fide."""
    whole = demo()
    part = replace(
        whole,
        ids=whole.ids[:images],
        inputs=whole.inputs.take(slice(images)),
        labels=whole.labels[:images],
        test_inputs=whole.test_inputs.take(slice(images // 6)),
        test_labels=whole.test_labels[: images // 6],
        bona_fide=np.arange(images) % 10 == 0,
    )
    return store.save(workspace, part, source="the demo").id


def _npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _other_byte(whole: bytes, at: int) -> bytes:
    return whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] if 0 <= at < len(whole) else b"\xff"


def _counts(path: Path) -> bool:
    """Whether a result may rest on the file: the list of checksums itself is another question."""
    jobs = ("progress.", "worker.", "checksums.", "limits.", ".")
    return path.is_file() and path.suffix != ".lock" and not path.name.startswith(jobs)
