"""Weights from a file that nobody has to trust: tensors are read, and nothing in the file is executed."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
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
_PREFIX_PARTS = 6  # names before a weight's own: module, _orig_mod, model, backbone …
_DEPTH = 3  # mappings inside mappings: checkpoints have two


def read_weights(path: Path, network: Mapping[str, Tensor] | None = None) -> tuple[Weights, list[str]]:
    """Name → tensor on the CPU, floating-point ones in float32, and in words what else the file holds.

    A checkpoint may hold several sets of tensors, in mappings inside mappings and behind prefixes. With a network, the
    set is taken that fits most of its weights by name and shape; else the largest. `ema` comes after what is usual.

    Args:
        path: `.safetensors`, or what torch saved, of at most 4 GiB.
        network: its own state_dict.

    Raises:
        UserError: not such a file, with the reason; or it holds no tensors, or values that are no numbers.

    Examples:
        >>> import tempfile
        >>> from torch import nn
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "checkpoint.pt"
        ...     torch.save({"epoch": 3, "ema": {"module.weight": torch.ones(1, 2)}}, path)
        ...     read_weights(path)[0]["weight"].tolist()
        [[1.0, 1.0]]
    """
    kind = kind_of(path)
    if kind == "onnx":
        raise refuse(path, "an ONNX graph", "It brings its own architecture.", "Choose the architecture 'onnx' for it.")
    content = _safetensors(path) if kind == "safetensors" else _torch_file(path)
    sets = list(_tensor_sets(content))
    if not sets:
        names = list(content)[:6] if isinstance(content, Mapping) else []
        held = ", ".join(map(_word, names)) or type(content).__name__
        raise UserError(
            f"{path.name} holds no weights.",
            f"It holds: {held[:300]}. A state_dict is looked for there, and {_DEPTH - 1} mappings deep.",
            "Save model.state_dict() alone.",
        )
    chosen = max(sets, key=lambda held: _fit(held[1], network))
    weights, beside = _unprefixed(chosen[1]), list[str]()
    if network and (prefix := _prefix(chosen[1], network)):
        beside = [name for name in chosen[1] if not name.startswith(prefix)]
        weights = {name.removeprefix(prefix): value for name, value in chosen[1].items() if name.startswith(prefix)}
    notes = [f"Not used, beside the weights: {_few(beside)}."] if beside else []
    others = [place or "the top" for place, tensors in sets if tensors is not chosen[1] and len(tensors) > 1]
    if others:
        notes.append(f"The weights are those under {chosen[0] or 'no name'}; not used: {_few(others)}.")
    return _checked(path, weights), notes


def _fit(tensors: Weights, network: Mapping[str, Tensor] | None) -> tuple[int, int]:
    """How many numbers fit the network, and how many there are."""
    size = sum(value.numel() for value in tensors.values())
    if network is None:
        return 0, size
    prefix = _prefix(tensors, network)
    fitting = (
        value.numel()
        for name, value in network.items()
        if prefix + name in tensors and tensors[prefix + name].shape == value.shape
    )
    return sum(fitting), size


def _prefix(tensors: Weights, network: Mapping[str, Tensor]) -> str:
    """What stands before most names of the network's weights, each of the same shape; the earliest of equals."""
    votes: dict[str, int] = {}
    for name, value in tensors.items():
        start = 0
        for _ in range(_PREFIX_PARTS):
            own = network.get(name[start:])
            if own is not None and own.shape == value.shape:
                votes[name[:start]] = votes.get(name[:start], 0) + 1
            start = name.find(".", start) + 1
            if not start:
                break
    return max(votes, key=lambda prefix: votes[prefix], default="")


def _few(names: Sequence[str], most: int = 4) -> str:
    """Some of the names, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(_word, names[:most])) + more


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
    shapes = (tensor.get("shape") for tensor in tensors.values() if isinstance(tensor, dict))
    if any(isinstance(shape, list) and len(shape) > MAX_DIMENSIONS for shape in shapes):
        why = f"One of them has more than {MAX_DIMENSIONS} dimensions."
        raise refuse(path, "a safetensors file of impossible tensors", why, "Save the model's own weights alone.")


def _described(header: bytes) -> Mapping[str, Any]:
    """What a header says of each tensor; nothing where it is no JSON, which its own reader says better."""
    try:
        content = json.loads(header)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


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


def _tensor_sets(content: Any) -> Iterator[tuple[str, Weights]]:
    """Place and tensors of each mapping that holds any, the usual places first; none is entered twice."""
    waiting: list[tuple[str, Any]] = [("", content)]
    seen: set[int] = set()
    for _ in range(_DEPTH):
        deeper: list[tuple[str, Any]] = []
        for place, held in waiting:
            if not isinstance(held, Mapping) or id(held) in seen:
                continue
            seen.add(id(held))
            named = {name: value for name, value in held.items() if isinstance(name, str)}
            if tensors := {name: value for name, value in named.items() if isinstance(value, Tensor)}:
                yield place, tensors
            usual = [name for name in _NESTED if name in named]
            order = dict.fromkeys([*usual, *named])
            deeper += [(f"{place}.{name}".lstrip("."), named[name]) for name in order]
        waiting = deeper


def _unprefixed(weights: Weights) -> Weights:
    """The same under names without the prefixes that all of them share."""
    while prefix := next(
        (candidate for candidate in _PREFIXES if all(name.startswith(candidate) for name in weights)), ""
    ):
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
