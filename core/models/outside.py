"""Architectures from elsewhere: of torchvision, of timm, or from a Python file named when the program was started."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import torchvision
from torch import nn

from core.errors import UserError

_WITHOUT_SIDE_OUTPUTS: dict[str, dict[str, Any]] = {
    "googlenet": {"aux_logits": False, "init_weights": True},
    "inception_v3": {"aux_logits": False, "init_weights": True},
}


def build_torchvision(name: str, n_classes: int, size: int | None = None) -> nn.Module:
    """torchvision's architecture `name`, its weights drawn at random, for 3 channels.

    Args:
        name: as in `torchvision.models.list_models()`.
        n_classes: k outputs of its head.
        size: edge of the images in pixels, for architectures that have to know it; None takes their own.
    """
    settings: dict[str, Any] = {"weights": None, "num_classes": n_classes, **_WITHOUT_SIDE_OUTPUTS.get(name, {})}
    if size and name.startswith("vit_"):
        settings["image_size"] = size
    model: nn.Module = torchvision.models.get_model(name, **settings)
    return model


def build_timm(name: str, n_classes: int | None, size: int | None = None) -> nn.Module:
    """timm's architecture `name`, its weights drawn at random, for 3 channels; nothing is downloaded.

    Args:
        name: as in `timm.list_models()`, with or without the tag of its weights.
        n_classes: k outputs of its head; None leaves the head as it is published.
        size: edge of the images in pixels, for architectures that have to know it; None takes their own.
    """
    import timm  # takes a second, and torchvision's models do without it

    settings: dict[str, Any] = {} if n_classes is None else {"num_classes": n_classes}
    about = timm.get_pretrained_cfg(name)
    if size and about is not None and about.fixed_input_size and size != about.input_size[-1]:
        settings["img_size"] = size
    model: nn.Module = timm.create_model(name, pretrained=False, **settings)
    return model


def build_own(path: Path, function: str, shape: tuple[int, ...], n_classes: int) -> nn.Module:
    """What `function(shape, n_classes)` of a Python file returns; the file was named when the program was started.

    Raises:
        UserError: the file cannot be executed, or the function does not return a module.
    """
    where = f"The architecture {function} of {path.name}"
    try:
        model = getattr(_executed(path), function)(shape, n_classes)
    except Exception as error:  # somebody else's code may raise anything, and its author wants to know what
        raise UserError(
            f"{where} cannot be built.", f"{type(error).__name__}: {error}", "Correct the file and start again."
        ) from error
    if not isinstance(model, nn.Module):
        raise UserError(f"{where} is no model.", f"It returned {type(model).__name__}.", "Return a torch.nn.Module.")
    return model


def _executed(path: Path) -> ModuleType:
    specification = spec_from_file_location(f"own_architectures_{path.stem}", path)
    if specification is None or specification.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
