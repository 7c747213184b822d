"""Whether an ONNX model holds all that it needs: nothing in it may name a file, or code of somebody's own.

Tensors lie in many places: initializers, attributes of nodes, bodies of loops, sparse tensors. So every message is
looked at, whatever field it lies in, and none is known by its place.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from onnx import ModelProto, NodeProto, TensorProto

from core.models.weight_files import refuse

DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
_INLINE = "Inline them, model = onnx.inliner.inline_local_functions(model), and save it again."


def check_enclosed(path: Path, model: ModelProto) -> None:
    """Drop what is of no known field, which nobody could look at, and refuse what reaches out of the model.

    Raises:
        UserError: a tensor whose data lie elsewhere, an operator that is not ONNX's own, functions, or training.
    """
    model.DiscardUnknownFields()
    if model.functions:
        why = "What its own functions do cannot be checked."
        raise refuse(path, "an ONNX graph with functions of its own", why, _INLINE)
    if model.training_info:
        why = "A graph is only inspected here."
        raise refuse(path, "an ONNX graph with a training of its own", why, "Export it for inference.")
    for message in _messages(model):
        if isinstance(message, TensorProto) and (
            message.data_location == TensorProto.EXTERNAL or len(message.external_data)
        ):
            why = "Its weights lie in other files, and no file may name others to be read."
            raise refuse(path, "an ONNX graph in several files", why, "Export it into a single file.")
        if isinstance(message, NodeProto) and message.domain not in DOMAINS:
            why = f"Its operator {message.op_type[:80]} is of {message.domain[:80]}, not of ONNX itself."
            raise refuse(path, "an ONNX graph with operators of its own", why, "Export it with ONNX's operators alone.")


def _messages(model: Message) -> Iterator[Message]:
    """The model and every message in it, however deep."""
    waiting = [model]
    while waiting:
        message = waiting.pop()
        yield message
        for name in _fields(message.DESCRIPTOR):
            value = getattr(message, name)
            if not isinstance(value, Message):
                waiting.extend(value)
            elif message.HasField(name):
                waiting.append(value)


@cache
def _fields(kind: Descriptor) -> tuple[str, ...]:
    """The fields of a kind of message that hold messages, one or several."""
    return tuple(field.name for field in kind.fields if field.message_type is not None)
