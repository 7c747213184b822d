"""One run: what its `run.json` says, read and changed."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from core import checksums
from core.errors import UserError
from core.files import locked, write_json
from core.json_files import read_json
from core.runs.plan import RECORD, Stage, of_kind
from core.types import GRAPH

SCHEMA = 1  # of run.json; a higher one is of a newer Assay, and is refused
_AGAIN = "Restore it from a backup, or train again."
T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """One run as `run.json` describes it, and where it lies.

    Attributes:
        path: its directory.
        id: also the directory's name, `<yyyymmdd-hhmmss>-<data set>-<4 hex>`.
        dataset: id of the stored data set; `fingerprint` is what it was when the run began.
        config: fields of `TrainConfig`.
        plan: stages to go through, in order; `stages` holds those that are done and the seconds they took.
        again: stages of the plan to be done once more; what they gave before stays until then.
        detector_settings: detector → settings that the plan uses.
        parent: for a repair, the run that it repairs.
        how: of a repair, "retrain" (afresh) or "continue" (from the parent's weights); empty for any other run.
        layer: the layer whose input is taken as the activation; None takes the classifier head.
    """

    path: Path
    id: str
    created: str
    name: str
    dataset: str
    fingerprint: str
    config: Mapping[str, Any]
    plan: tuple[str, ...]
    stages: Mapping[str, float] = field(default_factory=dict)
    again: tuple[str, ...] = ()
    detector_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    parent: str | None = None
    how: str = ""
    layer: str | None = None
    device: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def workspace(self) -> Path:
        """The workspace that the run lies in."""
        return self.path.parent.parent

    @property
    def model_stage(self) -> str:
        """The stage that its model comes from: "train", or "load" where a model is inspected as it is.

        "record" where the training took place elsewhere, and only what was recorded of it is here.
        """
        if self.recorded:
            return str(RECORD)
        return "load" if "load" in self.plan and "train" not in self.plan else "train"

    @property
    def recorded(self) -> bool:
        """Whether the training took place elsewhere: there is no model, only what was recorded of it."""
        return str(RECORD) in self.plan

    @property
    def begun(self) -> bool:
        """Whether there is something to look at: a model, or what was recorded of one."""
        return self.done(self.model_stage)

    @property
    def has_model(self) -> bool:
        """Whether there is a model, trained here or loaded."""
        return self.begun and not self.recorded

    @property
    def has_activations(self) -> bool:
        """Whether the activations of all samples are known."""
        return self.done("activations") and (not self.recorded or self.has("activations.npy"))

    @property
    def has_predictions(self) -> bool:
        """Whether the predicted class of all samples is known."""
        return self.done("activations") and (not self.recorded or self.has("predictions.npy"))

    @property
    def traced(self) -> bool:
        """Whether the losses of all samples were recorded while the model was trained."""
        return self.done("train") or (self.recorded and self.done(RECORD) and self.has("losses.npy"))

    @property
    def left(self) -> list[str]:
        """The stages of the plan that are to be done, in order."""
        return [stage for stage in self.plan if stage not in self.stages or stage in self.again]

    @property
    def to_be_finished(self) -> str:
        """What to do where a stage of it is missing: a worker may be at it, or have stopped."""
        return f"Let it finish first. If it has stopped, go on with it: python -m core resume {self.id}"

    @property
    def trainable(self) -> bool:
        """Whether such a model can be trained; an ONNX graph cannot, nor one that is not here."""
        return self.config.get("model") != GRAPH and not self.recorded

    def done(self, stage: str | Stage) -> bool:
        """Whether `stage` is finished and its files can be read."""
        return str(stage) in self.stages

    def waits_for(self, stage: str | Stage) -> bool:
        """Whether `stage` is still to be done, for the first time or once more."""
        return str(stage) in self.left

    @property
    def lacks_maps_alone(self) -> bool:
        """Whether maps are left to do and nothing else: no other result waits for them."""
        return bool(self.left) and len(of_kind(self.left, "maps")) == len(self.left)

    def array(self, name: str, shape: tuple[int | None, ...] = (), below: int | None = None) -> NDArray[Any]:
        """The array `<name>.npy`, memory-mapped.

        Args:
            name: of the file, without its ending.
            shape: that it has to have, None for any length; () takes every shape.
            below: what every number has to be smaller than, and −1 or more.

        Raises:
            UserError: it is damaged, not what it has to be, or not written yet.
        """
        file = f"{name}.npy"
        self.require_intact(file)
        try:
            found = checksums.array(self.path / file)
            require_numbers(found, shape, below)
            return found
        except FileNotFoundError:
            raise UserError(f"This run has no {name} yet.", "", "Let its stages finish first.") from None
        except Exception as error:  # damaged bytes can break a reader in any way there is
            raise self.damaged(file, checksums.why(error)) from error

    def has(self, file: str) -> bool:
        """Whether a stage left a file of that name, even if it is gone since; whoever opens it is told so."""
        return (self.path / file).exists() or file in checksums.recorded(self.path)

    def require_intact(self, file: str) -> None:
        """Raise UserError when a file is not what a stage wrote; one without a checksum passes."""
        if words := checksums.wrong(self.path, file):
            raise self.damaged(file, words)

    def damaged(self, file: str, why: str) -> UserError:
        """What to say of a file that cannot be used."""
        title = f"{Path(file).name} of the run {self.id} is damaged."
        return UserError(title, f"{self.path / file}: {why}.", _remedy(self, file))

    def kept(self, name: str, shape: type[T], otherwise: T | None = None) -> T:
        """What a stage left in the JSON file `name`; `otherwise` before. Raises UserError when it is damaged."""
        owner = f"{Path(name).name} of the run {self.id}"
        content = read_json(self.path / name, shape, owner, _remedy(self, name), otherwise=otherwise)
        self.require_intact(name)  # after it was read, as what its reader says is more to the point
        return content


def require_numbers(found: NDArray[Any], shape: tuple[int | None, ...] = (), below: int | None = None) -> None:
    """Raise ValueError when an array does not hold numbers of that shape; see `Run.array`.

    Files of before there were checksums are known to be whole by nothing else.
    """
    if found.dtype.kind not in "biuf":
        raise ValueError(f"it holds {found.dtype}, no numbers")
    fits = len(shape) == found.ndim and all(n in (None, m) for n, m in zip(shape, found.shape, strict=True))
    if shape and not fits:
        raise ValueError(f"its shape is {found.shape}")
    if below is not None and found.size and not (found.min() >= -1 and found.max() < below):
        raise ValueError(f"it holds {found.min()} to {found.max()}")


def current(run: Run) -> Run:
    """The run as it is on disk now; a page may have added to its plan."""
    return read(run.path / "run.json")


def change(run: Run, changed: Callable[[Run], Run]) -> Run:
    """What `changed` makes of the run as it is on disk, there too; a page and a worker take turns."""
    with locked(run.path / "run.lock"):
        new = changed(read(run.path / "run.json"))
        write(new)
    return new


def update(run: Run, **fields: Any) -> Run:
    """The run with some fields changed, on disk too."""
    return change(run, lambda now: replace(now, **fields))


def finish_stage(run: Run, stage: str, seconds: float) -> Run:
    """The run with `stage` recorded as done."""

    def finished(now: Run) -> Run:
        again = tuple(other for other in now.again if other != stage)
        return replace(now, stages={**now.stages, stage: round(seconds, 2)}, again=again)

    return change(run, finished)


def give_up(run: Run, stage: str) -> Run:
    """The run without `stage` still to do, so that what comes after it can be done; what it gave before stays."""

    def without(now: Run) -> Run:
        plan = tuple(other for other in now.plan if other != stage or stage in now.stages)
        return replace(now, plan=plan, again=tuple(other for other in now.again if other != stage))

    return change(run, without)


def read(path: Path) -> Run:
    owner, given = f"The run {path.parent.name}", {"path": path.parent}
    run = read_json(path, Run, owner, _AGAIN, given=given, sound=_sound, again=True)
    if words := checksums.wrong(path.parent, path.name):
        raise UserError(f"{owner} is damaged.", f"{path}: {words}.", _AGAIN)
    return run


def _remedy(run: Run, file: str) -> str:
    """What to do about a damaged file."""
    name = Path(file).stem
    if file.startswith("detections/"):
        return f"Restore it from a backup, or run the detector again: python -m core detect {run.id} {name}"
    if file.startswith("rules."):
        return "Restore it from a backup, or delete it: each detector then flags by its own rule."
    if file.startswith("checkpoint/"):
        return f"Delete {run.path / 'checkpoint'}, then resume the run: its training begins anew."
    return _AGAIN


def _sound(run: Run) -> bool:
    try:
        return datetime.fromisoformat(run.created).tzinfo is not None
    except ValueError:
        return False


def write(run: Run) -> None:
    content = asdict(run)
    del content["path"]
    with checksums.rewriting(run.path, "run.json"):
        write_json(run.path / "run.json", content)
