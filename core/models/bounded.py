"""Whether an ONNX graph asks for no more than a model does. A few bytes can describe gigabytes, or an endless loop."""

from collections.abc import Iterator
from math import prod
from pathlib import Path

from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto, shape_inference

from core.models.weight_files import refuse

MAX_VALUES = 2**28  # numbers in one intermediate result of a single image: a gigabyte; ResNets stay below a million
MAX_SIDE = 4096  # pixels of the images that a graph takes
MAX_CHANNELS = 16  # of these images; no image here has more than three
_LOOPS = ("Loop", "Scan", "SequenceMap")


def check_bounded(path: Path, model: ModelProto) -> None:
    """Refuse a graph that loops, or whose intermediate results are known to be too large.

    What depends on the images is only known when they are there; the limits of a worker hold for that.

    Raises:
        UserError: with the reason.
    """
    for node in _nodes(model.graph):
        if node.op_type in _LOOPS:
            why = f"Its operator {node.op_type} may go round without end, and classifiers need none."
            raise refuse(path, "an ONNX graph with a loop", why, "Export it without loops, or save its weights.")
    for value in _inferred(model):
        sides = [side.dim_value if side.HasField("dim_value") else 1 for side in value.type.tensor_type.shape.dim]
        if prod(sides) > MAX_VALUES:
            why = f"{value.name[:80]} would hold {prod(sides):,} numbers; at most {MAX_VALUES:,} are let through."
            raise refuse(path, "an ONNX graph with a giant in it", why, "Save the weights of the model instead.")


def require_input(path: Path, edge: int, channels: int) -> None:
    """Raise UserError for a graph that takes images as no data set has them."""
    if not (0 < edge <= MAX_SIDE and 0 < channels <= MAX_CHANNELS):
        raise refuse(
            path,
            f"an ONNX graph for images of {edge:,} pixels a side and {channels:,} channels",
            f"Up to {MAX_SIDE:,} pixels and {MAX_CHANNELS} channels are tried.",
            "Export it for smaller images.",
        )


def _nodes(graph: GraphProto) -> Iterator[NodeProto]:
    """All nodes, those in branches included."""
    waiting = [graph]
    while waiting:
        for node in waiting.pop().node:
            yield node
            for attribute in node.attribute:
                waiting += [attribute.g] if attribute.HasField("g") else attribute.graphs


def _inferred(model: ModelProto) -> Iterator[ValueInfoProto]:
    """What is known of the shapes of intermediate results; nothing where the graph makes no sense."""
    try:
        inferred = shape_inference.infer_shapes(model, data_prop=True)
    except (shape_inference.InferenceError, ValueError, RuntimeError, MemoryError):
        return iter(())
    return iter((*inferred.graph.value_info, *inferred.graph.output))
