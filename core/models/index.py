"""The index `architectures.json`, by which every architecture is known without importing torch.

Run it again after another version of torchvision or timm was pinned: python -m core.models.index
"""

import json
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from typing import Any

import timm
import torch
import torchvision
from torch import nn

from core.files import write_file
from core.models.catalogue import INDEX, Listed
from core.models.outside import build_timm, build_torchvision
from core.models.signatures import signature


def write_index() -> int:
    """How many architectures of torchvision and timm were written to `architectures.json`; takes some minutes."""
    index: dict[str, dict[str, Any]] = {
        "versions": {package: version(package) for package in ("torchvision", "timm")},
        "torchvision": dict(_listed(torchvision.models.list_models(module=torchvision.models), _of_torchvision)),
        "timm": dict(_listed(timm.list_models(), _of_timm)),
    }
    text = json.dumps(index, separators=(",", ":")).replace("]],", "]],\n")
    write_file(INDEX, lambda stream: stream.write(text.encode()))
    return len(index["torchvision"]) + len(index["timm"])


def _listed(names: Iterable[str], describe: Callable[[str], Listed]) -> Iterator[tuple[str, Listed]]:
    for name in names:
        try:
            yield name, _without_memory(describe, name)
        except (RuntimeError, ImportError, AssertionError, TypeError, ValueError) as error:
            print(f"{name} is left out: {type(error).__name__}: {error}")


def _without_memory(describe: Callable[[str], Listed], name: str) -> Listed:
    """The entry of an architecture that is built without memory for its weights, where it can be."""
    try:
        with torch.device("meta"):
            return describe(name)
    except NotImplementedError:  # it computes with tensors while it is built
        return describe(name)


def _of_torchvision(name: str) -> Listed:
    model = build_torchvision(name, 1000)
    heads = [
        place
        for place, module in model.named_modules()
        if 1000 in (getattr(module, "out_features", 0), getattr(module, "out_channels", 0))
    ]
    transforms = torchvision.models.get_model_weights(name).DEFAULT.transforms()
    return _entry(model, heads[-1:], transforms.crop_size[0], transforms.mean, transforms.std)


def _of_timm(name: str) -> Listed:
    model = build_timm(name, None)
    about: Any = model.pretrained_cfg
    heads = about.get("classifier") or ()
    heads = (heads,) if isinstance(heads, str) else heads
    return _entry(model, heads, about["input_size"][-1], about["mean"], about["std"])


def _entry(model: nn.Module, heads: Iterable[str], size: int, mean: Iterable[float], std: Iterable[float]) -> Listed:
    mark = signature(((name, value.shape) for name, value in model.state_dict().items()), heads)
    return [list(heads), mark, int(size), list(mean), list(std)]


if __name__ == "__main__":
    print(f"{write_index():,} architectures are listed in {INDEX}.")
