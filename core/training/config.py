"""The configuration of a training run: plain data, stored whole in `run.json`, known without importing torch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from core.errors import UserError
from core.files import plain
from core.json_files import fitted
from core.modalities import MODALITIES
from core.models import find_model
from core.models.catalogue import published
from core.types import Scalar

AUGMENT = tuple(dict.fromkeys(name for modality in MODALITIES.values() for name in modality.augmentations))
PRECISION = ("auto", "bf16", "fp32")
COLOUR_ORDER = ("rgb", "bgr")
_TUPLES = ("mean", "std")


@dataclass(frozen=True)
class TrainConfig:
    """Everything that, with the data set, determines a training run.

    Attributes:
        model: name for `find_model`; `model_settings` are its tunables.
        epochs: passes over the data.
        batch_size, learning_rate, weight_decay: of AdamW, betas (0.9, 0.999), cosine schedule.
        schedule_epochs: length of the cosine; longer than `epochs` keeps the rate high (BaDLoss traces 30 of 100).
        augment: name of the augmentation; detectors that trace losses want `none`.
        precision: `auto` takes bf16 where the hardware has it.
        seed: of weights, batches and augmentation.
        input_size: edge in pixels to which images are resized before the network; None leaves them as they are.
        mean, std: x' = (x − mean) / std of values in [0, 1], one value or one a channel; () for none.
        colour_order: in which the network sees the channels; mean and std are in that order, too.
        weights: the file that the model was loaded from; "" for weights drawn from the seed.
        compiled: whether the network is compiled first: faster on a GPU, and rounded otherwise.
        sharpness: ρ of sharpness-aware training, which takes twice the time; 0 for plain training.
        embeddings: the text file whose word vectors a network for texts began with; "" for vectors drawn from the seed.
        folder: the folder whose transformer the training began with; "" for every other architecture.
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
    input_size: int | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    colour_order: str = "rgb"
    weights: str = ""
    compiled: bool = False
    sharpness: float = 0.0
    embeddings: str = ""
    folder: str = ""

    @property
    def source(self) -> str:
        """What is read before the training: a file of weights or of word vectors, or a folder; "" for nothing."""
        return self.weights or self.embeddings or self.folder

    def __post_init__(self) -> None:
        if find_model(self.model).from_folder != bool(self.folder):
            hint = "Name its folder: train --folder PATH." if not self.folder else "Choose transformer, on texts."
            raise UserError("A folder and a transformer go together.", f"The model is {self.model}.", hint)
        limits = {
            "epochs": (1, 10_000),
            "batch_size": (2, 65_536),
            "learning_rate": (1e-7, 10.0),
            "weight_decay": (0.0, 10.0),
            "sharpness": (0.0, 10.0),
            "input_size": (8, 1024),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise UserError(f"{name}={value:g} cannot be used.", f"It has to lie between {low:g} and {high:g}.")
        for name, known in {"augment": AUGMENT, "precision": PRECISION, "colour_order": COLOUR_ORDER}.items():
            if getattr(self, name) not in known:
                raise UserError(f"{name}={getattr(self, name)} cannot be used.", f"Known: {', '.join(known)}.")
        for name in _TUPLES:
            _check_channels(name, getattr(self, name))


def restored(content: Mapping[str, Any]) -> TrainConfig:
    """The configuration as it was before JSON turned its tuples into lists."""
    return fitted(plain(content), TrainConfig, "The configuration of the training", "Train a new run.")


def completed(config: TrainConfig) -> TrainConfig:
    """The configuration with what an architecture's authors say of its preprocessing, where nothing is asked for.

    The size always; mean and standard deviation only together with weights, which were trained with some.
    """
    known = published(config.model)
    if known is None:
        return config
    mean, std = (known.mean, known.std) if config.weights else ((), ())
    return replace(
        config,
        input_size=config.input_size or known.size,
        mean=config.mean or mean,
        std=config.std or std,
    )


def channel_values(name: str, text: str) -> tuple[float, ...]:
    """One value a channel from text such as `0.485, 0.456, 0.406`; () from nothing. Raises UserError for other text."""
    try:
        return tuple(float(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise UserError(
            f"{name}={text} cannot be used.", "It has to be one number or one a channel.", "For example 0.5,0.5,0.5."
        ) from None


def _check_channels(name: str, values: tuple[float, ...]) -> None:
    low = 0.0 if name == "std" else -1e6
    if len(values) not in (0, 1, 3) or not all(isfinite(value) and low < value < 1e6 for value in values):
        raise UserError(
            f"{name}={','.join(f'{value:g}' for value in values)} cannot be used.",
            f"It has to be one number or three{', above 0' if name == 'std' else ''}, for pixels from 0 to 1.",
            "Values for pixels from 0 to 255 have to be divided by 255.",
        )
