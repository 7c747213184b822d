"""The configuration of a training run: plain data, stored whole in `run.json`, known without importing torch."""

from dataclasses import dataclass

from core.errors import UserError
from core.models import MODELS
from core.registry import find
from core.types import Scalar

AUGMENT = ("none", "flip", "crop", "crop_flip")
PRECISION = ("auto", "bf16", "fp32")


@dataclass(frozen=True)
class TrainConfig:
    """Everything that, with the data set, determines a training run.

    Attributes:
        model: registry name; `model_settings` are its tunables.
        epochs: passes over the data.
        batch_size, learning_rate, weight_decay: of AdamW, betas (0.9, 0.999), cosine schedule.
        schedule_epochs: length of the cosine; longer than `epochs` keeps the rate high (BaDLoss traces 30 of 100).
        augment: name of the augmentation; detectors that trace losses want `none`.
        precision: `auto` takes bf16 where the hardware has it.
        seed: of weights, batches and augmentation.
    """

    model: str = "convnet"
    epochs: int = 30
    batch_size: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    schedule_epochs: int | None = None
    augment: str = "none"
    precision: str = "auto"
    seed: int = 0
    model_settings: tuple[tuple[str, Scalar], ...] = ()

    def __post_init__(self) -> None:
        find(MODELS, self.model, "model")
        limits = {
            "epochs": (1, 10_000),
            "batch_size": (2, 65_536),
            "learning_rate": (1e-7, 10.0),
            "weight_decay": (0.0, 10.0),
        }
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                title = f"{name}={getattr(self, name):g} cannot be used."
                raise UserError(title, f"It has to lie between {low:g} and {high:g}.")
        for name, known in {"augment": AUGMENT, "precision": PRECISION}.items():
            if getattr(self, name) not in known:
                raise UserError(f"{name}={getattr(self, name)} cannot be used.", f"Known: {', '.join(known)}.")
