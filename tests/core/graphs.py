"""An ONNX graph for the small images of the tests."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save_model


def quarter_graph(path, n=None, softmax=False):
    """An ONNX graph that averages each quarter, doubles it, and answers the brightest: right on every image."""
    pool = helper.make_node("AveragePool", ["images"], ["pooled"], kernel_shape=[8, 8], strides=[8, 8])
    flat = helper.make_node("Flatten", ["pooled"], ["quarters"])
    last = helper.make_node("Gemm", ["quarters", "w", "b"], ["scores"])
    nodes = [pool, flat, last] + ([helper.make_node("Softmax", ["scores"], ["shares"])] if softmax else [])
    output = helper.make_tensor_value_info("shares" if softmax else "scores", TensorProto.FLOAT, [n or "n", 4])
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, [n or "n", 1, 16, 16])
    constants = [
        numpy_helper.from_array(20 * np.eye(4, dtype=np.float32), "w"),
        numpy_helper.from_array(np.zeros(4, np.float32), "b"),
    ]
    graph = helper.make_graph(nodes, "quarters", [image], [output], constants)
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path
