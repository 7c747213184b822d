"""The recovered triggers of a decision as they are kept with a run, and what came of them after a repair."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from core import checksums, runs
from core.files import write_file
from core.modalities import modality_of
from core.modalities.recovery import Stamp
from core.runs import Run
from core.types import Inputs

FILE = "decision-triggers.npz"
ESTIMATES = "estimates.json"


@dataclass(frozen=True)
class Estimate:
    """How often one recovered trigger turns samples of other classes into its class, before a repair and after it.

    Attributes:
        group: of the decision of the run that was repaired.
        target_class: what the trigger turns samples into.
        before, after: the fraction of the samples that the model before and the one after take for it, in [0, 1].
        size: samples that both were shown.
        tested: whether these are test samples; else they are training samples that nothing is held against.
    """

    group: int
    target_class: int
    before: float
    after: float
    size: int
    tested: bool


def save_triggers(run: Run, stamps: Mapping[int, Stamp]) -> None:
    """Write the recovered triggers of a decision by the number of their group; none takes earlier ones away."""
    arrays = {f"{number}-{name}": part for number, stamp in stamps.items() for name, part in stamp.parts.items()}
    with checksums.rewriting(run.path, FILE):
        write_file(run.path / FILE, lambda stream: np.savez(stream, allow_pickle=False, **arrays))


def groups_of(run: Run) -> frozenset[int]:
    """The groups that a trigger was kept of, without reading one: that takes a library which no page waits for.

    Raises:
        UserError: the file is damaged.
    """
    if not run.has(FILE):
        return frozenset()
    try:
        with np.load(run.path / FILE, allow_pickle=False) as arrays:
            return frozenset(int(key.partition("-")[0]) for key in arrays)
    except Exception as error:  # damaged bytes can break a reader in any way there is
        raise run.damaged(FILE, checksums.why(error)) from error


def triggers_of(run: Run, inputs: Inputs) -> dict[int, Stamp]:
    """Group → its recovered trigger, for samples like `inputs`; empty where none was kept.

    Raises:
        UserError: the file is damaged.
    """
    if not run.has(FILE):
        return {}
    run.require_intact(FILE)
    restored = modality_of(inputs).load_stamps().restored
    parts: dict[int, dict[str, np.ndarray]] = {}
    try:
        with np.load(run.path / FILE, allow_pickle=False) as arrays:
            for key in arrays:
                number, _, name = key.partition("-")
                parts.setdefault(int(number), {})[name] = arrays[key]
        return {number: restored(own, inputs.shape) for number, own in sorted(parts.items())}
    except Exception as error:  # damaged bytes can break a reader in any way there is
        raise run.damaged(FILE, checksums.why(error)) from error


def save_estimates(child: Run, estimates: list[Estimate]) -> None:
    """Write what recovered triggers do to the model of a repair."""
    runs.save_json(child, ESTIMATES, [asdict(estimate) for estimate in estimates])


def estimates_of(child: Run) -> list[Estimate]:
    """What recovered triggers do before and after a repair; empty where none was tried."""
    return child.kept(ESTIMATES, list[Estimate], [])


def title(estimate: Estimate, names: tuple[str, ...]) -> str:
    """An estimate in a few words.

    >>> title(Estimate(2, 0, 0.9, 0.1, 500, True), ("cat", "dog"))
    'Recovered trigger 2 into cat'
    """
    known = 0 <= estimate.target_class < len(names)
    return f"Recovered trigger {estimate.group} into {names[estimate.target_class] if known else 'another class'}"


def estimate_words(estimates: Sequence[Estimate]) -> str:
    """How the estimates were made, in two sentences; "" where there are none."""
    if not estimates:
        return ""
    sizes = [estimate.size for estimate in estimates]
    count = f"{min(sizes):,}" if min(sizes) == max(sizes) else f"{min(sizes):,} to {max(sizes):,}"
    kind = "test" if all(estimate.tested for estimate in estimates) else "training"
    return (
        f"Estimated without knowing the attack: each recovered trigger is put on {count} {kind} samples "
        "of other classes, or of the one that it works on, and both models are asked. A trigger that was not recovered "
        "is not measured."
    )
