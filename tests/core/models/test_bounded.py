"""Graphs that ask for more than a model does are refused before anything of them is run."""

import numpy as np
import onnx
import pytest

from benchmarks.hostile import pickles
from core.errors import UserError
from core.models.graphs import import_graph


@pytest.mark.parametrize("make", pickles.GRAPHS)
def test_it_is_refused_in_words(tmp_path, make):
    with pytest.raises(UserError, match=r"was not opened: it is an ONNX graph (with a|for images of)"):
        import_graph(make(tmp_path / "w"), 3)


def test_a_graph_whose_shapes_nobody_can_infer_is_refused_in_words(tmp_path):
    image = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 1, 8, 8])
    answer = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["n", 3])
    weights = [onnx.numpy_helper.from_array(np.ones((64, 3), np.float32), "w")]
    nodes = [onnx.helper.make_node("Flatten", ["x"], ["f"]), onnx.helper.make_node("MatMul", ["f", "w"], ["y"])]
    graph = onnx.helper.make_graph(nodes, "g", [image], [answer], weights)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("ai.onnx.ml", 3)])
    (tmp_path / "w.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(UserError, match="cannot be run"):
        import_graph(tmp_path / "w.onnx", 3)
