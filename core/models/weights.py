"""Weights from a file that nobody has to trust: tensors are read, and nothing in the file is executed."""

import json
import re
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from core.errors import UserError
from core.models.weight_files import MOST_BYTES, MOST_MEMBERS, kind_of, refuse
from core.pickle_bounds import MAX_DIMENSIONS, require_modest

Weights = dict[str, Tensor]
_NESTED = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params", "module")
_PREFIXES = ("module.", "_orig_mod.", "model.", "network.", "net.")
MAX_HEADER_BYTES = 4 * 2**20  # of safetensors: room for 200 bytes about each of 20,000 tensors
_DEPTH = 3  # mappings inside mappings: checkpoints have two


def read_weights(path: Path) -> Weights:
    """Name → tensor on the CPU, floating-point ones in float32, from `.safetensors` or a state_dict saved by torch.

    A state_dict may lie inside a checkpoint, under `state_dict`, `model` and the like; prefixes that all names share
    (`module.`, `_orig_mod.`, `model.`, …) are taken off.

    Args:
        path: at most 4 GiB.

    Raises:
        UserError: not such a file, with the reason; or it holds no tensors, or values that are no numbers.
    """
    kind = kind_of(path)
    if kind == "onnx":
        raise refuse(path, "an ONNX graph", "It brings its own architecture.", "Choose the architecture 'onnx' for it.")
    content = _safetensors(path) if kind == "safetensors" else _torch_file(path)
    found = _state_dict(content)
    if not found:
        names = list(content)[:6] if isinstance(content, Mapping) else []
        held = ", ".join(map(_word, names)) or type(content).__name__
        raise UserError(
            f"{path.name} holds no weights that were found.",
            f"It holds: {held[:300]}. A state_dict is looked for there, and under {', '.join(_NESTED)}.",
            "Save model.state_dict() alone.",
        )
    return _checked(path, _unprefixed(found))


def _word(name: object) -> str:
    """A name in a message. Anything but text might be endless to write out."""
    return name[:80] if isinstance(name, str) else type(name).__name__


def _safetensors(path: Path) -> Mapping[str, Any]:
    _require_modest_header(path)
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(
            f"{path.name} cannot be read as safetensors.", f"{error}.", "Copy it again from where it comes from."
        ) from error


def _require_modest_header(path: Path) -> None:
    """Refuse a header that would take far more memory than the tensors it describes."""
    with path.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        content = stream.read(min(size, MAX_HEADER_BYTES))
    if size > MAX_HEADER_BYTES or ((tensors := _described(content)) and len(tensors) > MOST_MEMBERS):
        raise refuse(
            path,
            "a safetensors file with too many tensors",
            f"Up to {MOST_MEMBERS:,} are read, described in {MAX_HEADER_BYTES // 2**20} MB.",
            "Save the model's own weights alone.",
        )
    shapes = (one.get("shape") for one in tensors.values() if isinstance(one, dict))
    if any(isinstance(shape, list) and len(shape) > MAX_DIMENSIONS for shape in shapes):
        why = f"One of them has more than {MAX_DIMENSIONS} dimensions."
        raise refuse(path, "a safetensors file of impossible tensors", why, "Save the model's own weights alone.")


def _described(header: bytes) -> Mapping[str, Any]:
    """What a header says of each tensor; nothing where it is no JSON, which its own reader says better."""
    try:
        found = json.loads(header)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _torch_file(path: Path) -> Any:
    require_modest(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # made-up bytes can break a reader in any way there is; none of them may be a traceback
        called = re.search(r"GLOBAL ([\w.]+)", str(error))
        if type(error).__name__ == "UnpicklingError" and called:
            what = f"a pickle that wants to call {called.group(1)}"
            raise refuse(path, what, "Only tensors are read; whatever else a file wants to run is not run.") from error
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise UserError(
            f"{path.name} cannot be read.", f"torch says: {reason}.", "Copy it again, or save it as .safetensors."
        ) from error


def _state_dict(content: Any, depth: int = _DEPTH) -> Weights:
    """The tensors by name; where there are none, those of the first of the usual places that has some."""
    if not isinstance(content, Mapping) or depth == 0:
        return {}
    tensors = {name: value for name, value in content.items() if isinstance(name, str) and isinstance(value, Tensor)}
    if len(tensors) > 1:
        return tensors
    nested = (_state_dict(content[place], depth - 1) for place in _NESTED if place in content)
    return next((found for found in nested if found), tensors)


def _unprefixed(weights: Weights) -> Weights:
    """The same under names without the prefixes that all of them share."""
    while prefix := next((one for one in _PREFIXES if all(name.startswith(one) for name in weights)), ""):
        weights = {name.removeprefix(prefix): value for name, value in weights.items()}
    return weights


def _checked(path: Path, weights: Weights) -> Weights:
    """The weights in float32, checked before a byte of memory is taken for them."""
    title = f"The weights in {path.name} cannot be used."
    for name, value in weights.items():
        if value.layout != torch.strided or value.is_complex() or value.is_quantized or value.is_meta:
            raise UserError(title, f"{name[:80]} is no plain tensor of real numbers.", "Save plain float32 weights.")
    if sum(4 * prod(value.shape) for value in weights.values()) > MOST_BYTES:
        raise UserError(title, f"They would take more than {MOST_BYTES:,} bytes of memory.", "Load a smaller model.")
    plain = {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}
    wrong = {name: int((~value.isfinite()).sum()) for name, value in plain.items() if value.is_floating_point()}
    wrong = {name: count for name, count in wrong.items() if count}
    if wrong:
        first = next(iter(wrong))
        raise UserError(
            title,
            f"{sum(wrong.values()):,} values in {len(wrong)} tensors are no numbers (NaN or infinite), first in "
            f"{first[:80]}.",
            "Its training diverged, or the file is damaged. Load another checkpoint.",
        )
    return plain
