"""ONNX graphs: models that bring their own architecture, to be inspected but not trained."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import onnxruntime
import torch
from onnx import ModelProto, TensorProto, helper, load_from_string
from torch import Tensor, nn

from core.devices import best_device
from core.errors import UserError
from core.models.bounded import check_bounded, require_input
from core.models.enclosed import check_enclosed
from core.models.weight_files import MOST_BYTES, kind_of, refuse

_LINEAR = ("Gemm", "MatMul")
_SOFTMAX = ("Softmax", "LogSoftmax")
_MOST = 2 * 2**30  # what one ONNX file can hold
# `check_enclosed` has looked at the content as ONNX: onnxruntime shall not take it for a format of its own because of a
# few bytes. And should anything be left that names a file, it is to be looked for where nothing can be.
_ENCLOSED = {
    "session.load_model_format": "ONNX",
    "session.model_external_initializers_file_folder_path": os.devnull,
}
_ON_CPU = "CPUExecutionProvider"
_ON_CUDA = "CUDAExecutionProvider"
# Names that no graph has by itself.
LOGITS = "assay_logits"
FEATURES = "assay_features"


class Head(nn.Module):
    """Where the activations are taken: its first input is what the graph's last linear layer gets."""

    is_head = True

    def forward(self, *outputs: Tensor) -> Tensor:
        """The logits, the last of both; whoever listens to the inputs sees the features before them."""
        return outputs[-1]


class Graph(nn.Module):
    """An ONNX graph as a model in eval mode: floats (n, c, h, w) to logits (n, k), without gradients.

    Args:
        content: a graph prepared by `import_graph`.
        device: where it is computed, if onnxruntime can; None for the best device there is.
    """

    differentiable = False

    def __init__(self, content: bytes, device: torch.device | None = None) -> None:
        super().__init__()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        for name, value in _ENCLOSED.items():
            options.add_session_config_entry(name, value)
        self._device = device or best_device()
        able = providers(self._device, onnxruntime.get_available_providers())
        self._session = onnxruntime.InferenceSession(content, options, providers=able)
        self._input = self._session.get_inputs()[0]
        self._outputs = [output.name for output in self._session.get_outputs()]
        self.head = Head()

    @property
    def note(self) -> str:
        """Where it is computed, if that is not the device that was wanted; else ""."""
        if self._device.type == "cpu" or _ON_CUDA in self._session.get_providers():
            return ""
        return "It is computed on the CPU: this onnxruntime has no use for the device. onnxruntime-gpu has, on CUDA."

    @property
    def channels(self) -> int:
        """How many channels it takes; 3 where the graph leaves it open."""
        channels = self._input.shape[1]
        return channels if isinstance(channels, int) else 3

    @property
    def size(self) -> int | None:
        """The edge in pixels that it takes; None where the graph leaves it open."""
        edge = self._input.shape[2]
        return edge if isinstance(edge, int) else None

    def forward(self, batch: Tensor) -> Tensor:
        """The graph's logits, (n, k) float32."""
        images = batch.detach().float().cpu().numpy()
        at_once = self._input.shape[0] if isinstance(self._input.shape[0], int) else max(len(images), 1)
        parts = [self._run(images[start : start + at_once], at_once) for start in range(0, len(images), at_once)]
        values = {
            name: torch.from_numpy(np.concatenate([part[name] for part in parts])).to(batch.device)
            for name in self._outputs
        }
        logits: Tensor = self.head(values.get(FEATURES, values[LOGITS]), values[LOGITS])
        return logits

    def _run(self, images: Any, at_once: int) -> dict[str, Any]:
        """The outputs of a few images; a graph for a fixed number of images gets them filled up to that."""
        n = len(images)
        filled = np.concatenate([images, np.zeros((at_once - n, *images.shape[1:]), images.dtype)])
        answers = self._session.run(self._outputs, {self._input.name: np.ascontiguousarray(filled)})
        return {name: values[:n] for name, values in zip(self._outputs, answers, strict=True)}

    def __deepcopy__(self, _: Any) -> "Graph":
        return self  # nothing in it ever changes


def providers(device: torch.device, offered: Collection[str]) -> list[Any]:
    """What onnxruntime is to compute with on the device, best first; the CPU takes what nothing else can.

    Args:
        device: where.
        offered: what this onnxruntime was built with.

    >>> providers(torch.device("cuda:1"), ["CUDAExecutionProvider", "CPUExecutionProvider"])
    [('CUDAExecutionProvider', {'device_id': 1}), 'CPUExecutionProvider']
    """
    if device.type == "cuda" and _ON_CUDA in offered:
        return [(_ON_CUDA, {"device_id": device.index or 0}), _ON_CPU]
    return [_ON_CPU]


def onnx(*_: object) -> NoReturn:
    """Nothing: a graph cannot be built, only read.

    Raises:
        UserError: always.
    """
    raise UserError(
        "An ONNX graph can be inspected, but not trained.",
        "It holds no architecture that could learn.",
        "Choose an architecture, and load its weights or train it afresh.",
    )


def import_graph(path: Path, n_classes: int) -> tuple[bytes, list[str]]:
    """The graph in `path` with its logits and what its last linear layer gets as outputs, and notes in words.

    Args:
        path: an `.onnx` file of at most 2 GiB with everything inside.
        n_classes: k, which it has to tell apart.

    Raises:
        UserError: no such file, one that reaches out of itself, or one that takes no images or tells no classes.
    """
    if kind_of(path) != "onnx" or path.stat().st_size > min(_MOST, MOST_BYTES):
        raise refuse(path, "no ONNX graph", "A file ending in .onnx, of at most 2 GiB, is needed.", "Export it again.")
    model = _parsed(path)
    notes = _name_outputs(path, model)
    content = model.SerializeToString()
    try:
        graph = Graph(content)
        notes += [graph.note] if graph.note else []
        edge, channels = graph.size or 224, graph.channels
        require_input(path, edge, channels)
        answered = graph(torch.zeros(1, channels, edge, edge)).shape
    except UserError:
        raise
    except Exception as error:  # onnxruntime has a class of its own for each way in which a graph can be wrong
        reason = str(error).splitlines()[0][:300]
        raise UserError(
            f"{path.name} cannot be run.", f"onnxruntime says: {reason}", "It has to take images, (n, c, h, w)."
        ) from error
    if tuple(answered) != (1, n_classes):
        raise UserError(
            f"{path.name} does not tell {n_classes} classes apart.",
            f"For one image it answers {tuple(answered)} numbers.",
            "Choose a data set with the classes that it was trained for, or load its weights and train on.",
        )
    return content, notes


def _parsed(path: Path) -> ModelProto:
    try:
        model = load_from_string(path.read_bytes())
    except Exception as error:  # protobuf raises a class of its own
        raise refuse(path, "no ONNX graph", "It cannot be decoded.", "Export it again.") from error
    check_enclosed(path, model)
    check_bounded(path, model)
    if not model.graph.output or not model.graph.node:
        raise refuse(path, "an empty ONNX graph", "It computes nothing.", "Export it again.")
    return model


def _name_outputs(path: Path, model: ModelProto) -> list[str]:
    """Let the graph answer logits and features, whatever it answered before; returns what is worth saying."""
    graph, notes = model.graph, []
    makers = {name: node for node in graph.node for name in node.output}
    logits = graph.output[0].name
    if logits not in makers:
        raise refuse(path, "an ONNX graph that computes nothing", "Its output is its input.", "Export it again.")
    if makers[logits].op_type in _SOFTMAX:
        logits = makers[logits].input[0]
        notes.append("Its last Softmax is passed over: what comes before it are the logits.")
    constants = {constant.name for constant in graph.initializer}
    last = next((node for node in reversed(graph.node) if node.op_type in _LINEAR), None)
    features = "" if last is None else next((name for name in last.input if name not in constants), "")
    if not features:
        notes.append("It has no last linear layer: its logits are taken as activations.")
    _answer(model, {LOGITS: logits, **({FEATURES: features} if features else {})})
    return notes


def _answer(model: ModelProto, names: dict[str, str]) -> None:
    graph = model.graph
    del graph.output[:]
    for ours, theirs in names.items():
        graph.node.append(helper.make_node("Identity", [theirs], [ours]))
        graph.output.append(helper.make_tensor_value_info(ours, TensorProto.FLOAT, None))
