"""An ONNX graph reaches no file and no code but its own, wherever in it the attempt lies."""

import numpy as np
import pytest
from onnx import GraphProto, ModelProto, SparseTensorProto, TensorProto, TrainingInfoProto, helper, numpy_helper

from core.errors import UserError
from core.models.graphs import Graph, import_graph

SHAPE = (16, 4)


def reaching(where):
    """A tensor whose numbers are to be read from the file `where`."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=SHAPE, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=where)
    return tensor


def sparse(where):
    found = SparseTensorProto(dims=SHAPE, values=reaching(where))
    found.values.dims[:] = [2]
    found.indices.CopyFrom(numpy_helper.from_array(np.array([0, 5]), "i"))
    return found


def constant(where, **attributes):
    return helper.make_node("Constant", [], ["w"], **(attributes or {"value": reaching(where)}))


def body(where):
    """A graph without inputs that answers the tensor."""
    return helper.make_graph([constant(where)], "b", [], [helper.make_tensor_value_info("w", TensorProto.FLOAT, SHAPE)])


def choice(inner):
    """A node whose two branches are that graph."""
    return helper.make_node("If", ["yes"], ["w"], then_branch=inner, else_branch=inner)


def model_of(*nodes, initializer=(), **more):
    """A model that flattens 4 × 4 images and multiplies them with `w`, which `nodes` or initializers have to give."""
    images = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 4, 4])
    logits = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])
    given = [numpy_helper.from_array(np.array(True), "yes"), *initializer]
    work = [helper.make_node("Flatten", ["x"], ["f"]), *nodes, helper.make_node("MatMul", ["f", "w"], ["y"])]
    graph = helper.make_graph(work, "g", [images], [logits], given)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9, **more)


def with_sparse_initializer(where):
    model = model_of()
    model.graph.sparse_initializer.append(sparse(where))
    return model


def with_training(where):
    model = model_of(initializer=[weights()])
    model.training_info.append(TrainingInfoProto(initialization=body(where)))
    return model


def with_function(where):
    opset = [helper.make_opsetid("", 17)]
    function = helper.make_function("own", "Weights", [], ["w"], [constant(where)], opset)
    model = model_of(helper.make_node("Weights", [], ["w"], domain="own"), functions=[function])
    model.opset_import.add(domain="own", version=1)
    return model


def in_a_list(kind):
    """A node with an attribute that holds a list of such things, which no operator of today reads."""

    def build(where):
        node = helper.make_node("Identity", ["w"], ["unused"])
        one = {"tensors": reaching, "sparse_tensors": sparse, "graphs": body}[kind](where)
        attribute = node.attribute.add(name="list", type=kind.upper())
        getattr(attribute, kind).append(one)
        return model_of(node, initializer=[weights()])

    return build


def in_a_loop(where):
    """A loop that is gone through once."""
    loop = body(where)
    loop.node.append(helper.make_node("Identity", ["go"], ["on"]))
    for name, kind, shape in (
        ("i", TensorProto.INT64, []),
        ("go", TensorProto.BOOL, []),
        ("v", TensorProto.FLOAT, SHAPE),
    ):
        loop.input.append(helper.make_tensor_value_info(name, kind, shape))
    loop.output.insert(0, helper.make_tensor_value_info("on", TensorProto.BOOL, []))
    start = numpy_helper.from_array(np.zeros(SHAPE, np.float32), "start")
    once = numpy_helper.from_array(np.array(1), "once")
    node = helper.make_node("Loop", ["once", "yes", "start"], ["w"], body=loop)
    return model_of(node, initializer=[start, once])


def weights():
    return numpy_helper.from_array(np.eye(*SHAPE, dtype=np.float32), "w")


def nested(where, levels=8):
    inner = body(where)
    for _ in range(levels):
        inner = helper.make_graph([choice(inner)], "b", [], inner.output)
    return model_of(choice(inner))


PLACES = {
    "initializer": lambda where: model_of(initializer=[reaching(where)]),
    "sparse initializer": with_sparse_initializer,
    "constant": lambda where: model_of(constant(where)),
    "sparse constant": lambda where: model_of(constant(where, sparse_value=sparse(where))),
    "tensors": in_a_list("tensors"),
    "sparse tensors": in_a_list("sparse_tensors"),
    "graphs": in_a_list("graphs"),
    "branch": lambda where: model_of(choice(body(where))),
    "branch in branches": nested,
    "loop": in_a_loop,
}


def imported(path, model):
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    return import_graph(path, 4)


@pytest.fixture
def secret(tmp_path, monkeypatch):
    """A file in the current folder that looks like weights."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_bytes(np.arange(64, dtype=np.float32).tobytes())
    return "secret"


@pytest.mark.parametrize("place", PLACES)
def test_no_tensor_names_a_file_wherever_it_lies(tmp_path, secret, place):
    with pytest.raises(UserError, match="no file may name others to be read"):
        imported(tmp_path / "model.onnx", PLACES[place](secret))


def test_a_tensor_that_only_lists_where_its_data_are_is_refused_too(tmp_path, secret):
    listed = reaching(secret)
    listed.data_location = TensorProto.DEFAULT
    with pytest.raises(UserError, match="no file may name others to be read"):
        imported(tmp_path / "model.onnx", model_of(helper.make_node("Constant", [], ["w"], value=listed)))


@pytest.mark.parametrize(
    ("build", "words"), [(with_function, "functions of its own"), (with_training, "a training of its own")]
)
def test_functions_and_training_are_refused(tmp_path, secret, build, words):
    with pytest.raises(UserError, match=words):
        imported(tmp_path / "model.onnx", build(secret))


@pytest.mark.parametrize("inside", [False, True])
def test_operators_that_are_not_of_onnx_are_refused(tmp_path, inside):
    node = helper.make_node("EPContext", [], ["w"], domain="com.microsoft")
    output = helper.make_tensor_value_info("w", TensorProto.FLOAT, SHAPE)
    model = model_of(choice(helper.make_graph([node], "b", [], [output])) if inside else node)
    with pytest.raises(UserError, match=r"operator EPContext is of com\.microsoft, not of ONNX itself"):
        imported(tmp_path / "model.onnx", model)


def test_what_is_of_no_known_field_is_dropped(tmp_path):
    plain = model_of(initializer=[weights()])
    more = plain.SerializeToString() + GraphProto(doc_string="hidden").SerializeToString().replace(b"R", b"\xa2\x06", 1)
    assert ModelProto.FromString(more).SerializeToString() == more  # kept, and seen by no one who reads the fields
    content, _ = imported(tmp_path / "model.onnx", more)
    assert b"hidden" not in content
    assert content == imported(tmp_path / "model.onnx", plain)[0]


def test_a_graph_is_read_as_onnx_whatever_its_first_bytes_are(tmp_path):
    content, _ = imported(tmp_path / "model.onnx", model_of(initializer=[weights()], producer_name="ORTM"))
    assert content[4:8] == b"ORTM"  # by which onnxruntime would know a format of its own


@pytest.mark.usefixtures("on_cpu")
def test_branches_and_loops_that_are_whole_are_run(tmp_path):
    constant = helper.make_node("Constant", [], ["w"], value=weights())
    inner = helper.make_graph([constant], "b", [], [helper.make_tensor_value_info("w", TensorProto.FLOAT, SHAPE)])
    assert imported(tmp_path / "model.onnx", model_of(choice(inner)))[1] == []


@pytest.mark.parametrize("place", ["initializer", "constant", "branch"])
def test_a_graph_of_earlier_times_finds_no_file_either(secret, place):
    with pytest.raises(Exception, match="/dev/null/secret"):
        Graph(PLACES[place](secret).SerializeToString())
