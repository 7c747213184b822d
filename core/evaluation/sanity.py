"""Is a loaded model fed as it wants to be? Read by pages and command line, without torch."""

from dataclasses import dataclass

import numpy as np

from core import runs
from core.analysis.opened_run import OpenedRun
from core.runs import Run

TIMES_CHANCE = 2.0  # below this many times guessing, the preprocessing is suspected


@dataclass(frozen=True)
class Sanity:
    """How often a loaded model says what the labels say.

    Attributes:
        train, test: fraction of the given labels that it predicts, in [0, 1]; test is None before, or without test
            images.
        chance: 1 / k, what guessing reaches.
        warning: what may be wrong, in words; empty where nothing seems to be.
    """

    train: float
    test: float | None
    chance: float
    warning: str


def sanity(opened: OpenedRun) -> Sanity | None:
    """The sanity figure of a model that was loaded to be inspected; None for others, and before it was asked."""
    run, about = opened.run, runs.loaded(opened.run)
    if not about or run.traced or not run.done("activations"):
        return None
    dataset, outcome = opened.data, runs.outcome(run)
    train = float(np.mean(np.array(run.array("predictions")) == dataset.labels))
    chance = 1 / dataset.n_classes
    warning = "" if about["fresh_head"] or train >= TIMES_CHANCE * chance else _suspicion(run, train, chance)
    return Sanity(train, outcome.clean_accuracy if outcome else None, chance, warning)


def _suspicion(run: Run, train: float, chance: float) -> str:
    order = "bgr" if run.config["colour_order"] == "rgb" else "rgb"
    mean, std = (", ".join(f"{value:g}" for value in run.config[name]) or "none" for name in ("mean", "std"))
    return (
        f"The model predicts only {train:.1%} of the given labels; guessing reaches {chance:.1%}. "
        f"Its preprocessing may be wrong: try another mean and std (now {mean} and {std}), colour order {order}, "
        "or the image size that it was trained with. Or its classes are in another order than those of the data set."
    )
