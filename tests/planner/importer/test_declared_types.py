"""Inputs and outputs keep the types that the model declares, and axes of length 1 mean what ONNX says."""

from __future__ import annotations

import itertools

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from dynamap.backends.program.host import integer_inputs
from dynamap.backends.quantise import quantise
from dynamap.cost.errors import InputError
from dynamap.planner.importer import import_model
from dynamap.planner.network.element_types import ElementType
from dynamap.planner.network.network import Quantisation

node = helper.make_node
INTEGERS = {"int8": (TensorProto.INT8, np.int8), "uint8": (TensorProto.UINT8, np.uint8)}
FLOATS = {"float16": TensorProto.FLOAT16, "float64": TensorProto.DOUBLE, "float32": TensorProto.FLOAT}


def qlinear_model(model_of, values, name):
    """QLinearConv from integers to integers of one type."""
    kind, zero = INTEGERS[name]
    nodes = [node("QLinearConv", ["x", "xs", "xz", "wi", "ws", "wz", "ys", "yz", "b"], ["y"], pads=[1] * 4)]
    constants = {
        "wi": values(5, 4, 3, 3, scale=40).astype(np.int8),
        "ws": np.linspace(0.002, 0.005, 5, dtype=np.float32),
        "wz": np.zeros(5, np.int8),
        "b": np.int32([900, -800, 30, 4000, 0]),
        "xs": np.float32(0.02),
        "xz": zero(17),
        "ys": np.float32(0.05),
        "yz": zero(90),
    }
    return model_of(nodes, constants, kind=kind, output_kind=kind)


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_in_and_integers_out(name, model_of, values, original):
    """onnxruntime gets the same integers, and gives the same."""
    quantised = original(qlinear_model(model_of, values, name), 0)
    assert quantised.network.types == {"x": ElementType(name), "y": ElementType(name)}


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_are_stored_as_they_are_given(name, model_of, values):
    """No scale is applied to them: int8 as it is, uint8 minus 128, the ends of the type included."""
    quantised = quantise(import_model(qlinear_model(model_of, values, name), "case", ""))
    limits = np.iinfo(name)
    image = np.resize(np.arange(limits.min, limits.max + 1), (1, 4, 6, 7))
    stored = integer_inputs(quantised, {"x": image.astype(name)})["x"]
    np.testing.assert_array_equal(stored, image[0] - (0 if name == "int8" else 128))


@pytest.mark.parametrize(
    ("name", "image", "message"),
    [
        ("uint8", np.zeros((1, 4, 6, 7), np.float32), "type uint8: give integers"),
        ("int8", np.full((1, 4, 6, 7), 128), "takes -128 to 127"),
        ("uint8", np.full((1, 4, 6, 7), -1), "takes 0 to 255"),
    ],
)
def test_what_is_no_integer_of_the_type_is_refused(name, image, message, model_of, values):
    quantised = quantise(import_model(qlinear_model(model_of, values, name), "case", ""))
    with pytest.raises(InputError, match=message):
        integer_inputs(quantised, {"x": image})


def test_integers_for_an_input_of_real_values_are_refused(model_of, values):
    """Also where the model quantises the input at once: onnxruntime would refuse them."""
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["i"]),
        node("DequantizeLinear", ["i", "s", "z"], ["d"]),
        node("Conv", ["d", "w"], ["y"]),
    ]
    known = {"w": values(4, 4, 1, 1), "s": np.float32(0.1), "z": np.uint8(3)}
    quantised = quantise(import_model(model_of(nodes, known), "case", ""))
    with pytest.raises(InputError, match="the type is uint8; give float32 values"):
        integer_inputs(quantised, {"x": np.zeros((1, 4, 6, 7), np.uint8)})


@pytest.mark.parametrize("name", INTEGERS)
def test_the_scale_of_an_input_is_found_behind_what_selects(name, model_of, values, original):
    """MaxPool, Concat and views of integers come before the DequantizeLinear that knows their scale."""
    kind, zero = INTEGERS[name]
    nodes = [
        node("MaxPool", ["x"], ["p"], kernel_shape=[3, 3], pads=[1] * 4),
        node("Concat", ["p", "x"], ["j"], axis=-3),
        node("Reshape", ["j", "flat"], ["f"]),
        node("Identity", ["f"], ["f1"]),
        node("DequantizeLinear", ["f1", "s", "z"], ["d"]),
        node("Gemm", ["d", "w"], ["y"]),
    ]
    known = {"flat": np.int64([1, -1]), "s": np.float32(0.03), "z": zero(7), "w": values(8 * 42, 5, scale=0.1)}
    quantised = original(model_of(nodes, known, kind=kind), 0.02)
    assert quantised.network.quantisation["x"] == Quantisation(float(np.float32(0.03)), 7, name == "int8")


@pytest.mark.parametrize("name", INTEGERS)
def test_an_input_of_integers_that_is_read_by_two_scales(name, model_of, values, original):
    """One reader dequantises, the other casts: the same integers are other real values."""
    kind, zero = INTEGERS[name]
    nodes = [
        node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        node("Conv", ["f", "w"], ["y"]),
        node("DequantizeLinear", ["x", "s", "z"], ["d"]),
        node("Conv", ["d", "w"], ["z1"]),
    ]
    known = {"w": values(4, 4, 1, 1), "s": np.float32(0.03), "z": zero(100)}
    original(model_of(nodes, known, kind=kind, outputs=("y", "z1")), 0.02)


def test_bytes_of_an_image_are_cast_and_normalised(model_of, values, original):
    """As image models begin: Cast, minus a mean, times a factor."""
    nodes = [
        node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        node("Sub", ["f", "mean"], ["g"]),
        node("Mul", ["g", "factor"], ["h"]),
        node("Conv", ["h", "w"], ["y"], pads=[1] * 4),
    ]
    mean = np.float32([100, 110, 120, 130]).reshape(4, 1, 1)
    known = {"mean": mean, "factor": np.float32(1 / 58), "w": values(6, 4, 3, 3)}
    original(model_of(nodes, known, kind=TensorProto.UINT8), 0.03)


def test_an_output_as_integers_and_as_real_values(model_of, values, original):
    """The integers are an output, and so are the real values that they stand for; and those before, unsaturated."""
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("QuantizeLinear", ["c", "s", "z"], ["y"]),
        node("DequantizeLinear", ["y", "s", "z"], ["d"]),
    ]
    known = {"w": values(4, 4, 1, 1, scale=0.5), "s": np.float32(0.02), "z": np.uint8(0)}
    model = model_of(nodes, known, outputs=("y", "d"))
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.UINT8
    quantised = original(model, 0.02)
    assert [layer.output for layer in quantised.network.layers] == ["y", "d"]


@pytest.mark.parametrize("way", ["itself", "Identity", "Flatten", "integers"])
def test_an_input_is_an_output(way, model_of, values, original):
    """Under its own name, under another, in another shape; and its integers, which are not rounded."""
    read = [node("Conv", ["x", "w"], ["y"])]
    if way == "integers":
        read = [node("DequantizeLinear", ["x", "s", "z"], ["d"]), node("Conv", ["d", "w"], ["y"])]
    copies = [] if way == "itself" else [node("Identity" if way == "integers" else way, ["x"], ["c"])]
    known = {"w": values(4, 4, 1, 1), "s": np.float32(0.03), "z": np.uint8(100)}
    kind = TensorProto.UINT8 if way == "integers" else TensorProto.FLOAT
    model = model_of([*read, *copies], known, kind=kind, outputs=("y", "c" if copies else "x"))
    model.graph.output[1].type.tensor_type.elem_type = kind
    original(model, 0.02)


def test_integers_of_a_view_and_of_the_host_are_outputs(model_of, values, original):
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("QuantizeLinear", ["c", "s", "z"], ["i"]),
        node("Flatten", ["i"], ["y"]),
        node("DequantizeLinear", ["i", "s", "z"], ["d"]),
        node("Softmax", ["d"], ["p"], axis=1),
        node("QuantizeLinear", ["p", "t", "z"], ["q"]),
    ]
    known = {
        "w": values(4, 4, 1, 1, scale=0.5),
        "s": np.float32(0.02),
        "t": np.float32(1 / 100),
        "z": np.int8(-100),
    }
    model = model_of(nodes, known, outputs=("y", "q"), output_kind=TensorProto.INT8)
    original(model, 0)


@pytest.mark.parametrize("name", FLOATS)
def test_floats_of_another_width(name, model_of, values, original):
    """Written as they are declared, behind casts from one width to another as well."""
    kind = FLOATS[name]
    nodes = [
        node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        node("Conv", ["f", "w"], ["c"]),
        node("Relu", ["c"], ["r"]),
        node("Cast", ["r"], ["y"], to=kind),
    ]
    model = model_of(nodes, {"w": values(4, 4, 1, 1)}, kind=kind, output_kind=kind)
    quantised = original(model, 0.02)
    assert quantised.network.type_of("x") is quantised.network.type_of("y") is ElementType(name)


def test_weights_and_activations_of_double_precision(model_of, values, original):
    """onnxruntime has no Conv of double precision, but products of matrices."""
    nodes = [node("Flatten", ["x"], ["f"]), node("MatMul", ["f", "w"], ["y"])]
    weights = values(168, 5).astype(np.float64)
    original(model_of(nodes, {"w": weights}, kind=TensorProto.DOUBLE, output_kind=TensorProto.DOUBLE), 0.02)


@pytest.mark.parametrize("declared", [TensorProto.FLOAT, TensorProto.INT8, TensorProto.INT64])
def test_an_output_of_another_type_than_declared_is_refused(declared, model_of, values):
    model = qlinear_model(model_of, values, "uint8")
    model.graph.output[0].type.tensor_type.elem_type = declared
    with pytest.raises(InputError, match=r"declared as .*, but its layers give uint8 integers"):
        import_model(model, "case", "")


def test_real_values_that_are_declared_as_integers_are_refused(model_of, values):
    model = model_of([node("Conv", ["x", "w"], ["y"])], {"w": values(4, 4, 1, 1)}, output_kind=TensorProto.UINT8)
    with pytest.raises(InputError, match="declared as UINT8, but its layers give real values"):
        import_model(model, "case", "")


WIDTHS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16)


@pytest.mark.parametrize("declared", WIDTHS)
@pytest.mark.parametrize("cast", [None, *WIDTHS])
def test_a_float_of_another_width_than_declared_is_refused_as_runtimes_do(declared, cast, model_of, values):
    """onnxruntime reads the file where the types agree (bfloat16 it may have no kernel for), and only there."""
    nodes = [node("Conv", ["x", "w"], ["a" if cast else "y"])]
    if cast:
        nodes.append(node("Cast", ["a"], ["y"], to=cast))
    model = model_of(nodes, {"w": values(4, 4, 1, 1)}, output_kind=declared)
    same = declared == (cast or TensorProto.FLOAT)
    if same:
        import_model(model, "case", "")
    else:
        with pytest.raises(InputError, match=r"declared as .*, but its layers give b?float.* values"):
            import_model(model, "case", "")
    try:
        ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    except Exception as error:
        assert not same or "NOT_IMPLEMENTED" in str(error)
    else:
        assert same


SHAPES = {"vector": (1, 6), "map": (1, 6, 5, 4), "column": (1, 6, 5, 1), "one channel": (1, 1, 5, 4), "one": (1, 1)}


def softmax_cases():
    for (name, shape), op, opset in itertools.product(SHAPES.items(), ("Softmax", "LogSoftmax"), (11, 13)):
        for axis in range(-len(shape), len(shape)):
            yield pytest.param(shape, op, opset, axis, id=f"{name}-{op}-{opset}-{axis}")


@pytest.mark.parametrize(("shape", "op", "opset", "axis"), list(softmax_cases()))
def test_softmax_over_every_axis(shape, op, opset, axis, model_of, values, original):
    """Also over an axis of length 1, where it gives ones, and before opset 13, where all axes behind count too."""
    channels = shape[1]
    nodes = [node("Conv", ["x", "w"], ["c"])]
    if len(shape) == 2:
        nodes += [node("GlobalAveragePool", ["c"], ["g"]), node("Flatten", ["g"], ["f"])]
    nodes.append(node(op, ["f" if len(shape) == 2 else "c"], ["y"], axis=axis))
    size = shape[2:] if len(shape) == 4 else (3, 3)
    model = model_of(nodes, {"w": values(channels, 4, 1, 1)}, shape=(1, 4, *size), opset=opset)
    original(model, 0.04 if op == "Softmax" else 0.03)


@pytest.mark.parametrize(
    ("form", "axis"), [((1, 6, -1), 1), ((1, 6, -1), 2), ((1, -1, 4), 1), ((1, -1), 1), ((6, -1), 0)]
)
def test_softmax_of_a_view(form, axis, model_of, values, original):
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("Reshape", ["c", "form"], ["f"]),
        node("Softmax", ["f"], ["s"], axis=axis),
        node("Reshape", ["s", "back"], ["y"]),
    ]
    constants = {"w": values(6, 4, 1, 1), "form": np.int64(form), "back": np.int64([1, 6, 5, 4])}
    original(model_of(nodes, constants, shape=(1, 4, 5, 4)), 0.04)


@pytest.mark.parametrize("opset", [11, 13])
@pytest.mark.parametrize("axis", [1, 2, 3, -1, -3])
def test_qlinear_softmax(axis, opset, model_of, values, original):
    """Integers before and behind it; the axis is that of Softmax in the opset that the node names."""
    nodes = [
        node("MaxPool", ["x"], ["p"], kernel_shape=[2, 2]),
        node("QLinearSoftmax", ["p", "s", "z", "t", "z"], ["y"], axis=axis, opset=opset, domain="com.microsoft"),
    ]
    known = {"s": np.float32(0.02), "t": np.float32(1 / 255), "z": np.uint8(0)}
    original(model_of(nodes, known, kind=TensorProto.UINT8, output_kind=TensorProto.UINT8), 0)


def test_exported_integers_keep_their_types(model_of, values):
    from dynamap.backends.evidence.comparison.qdq import to_qdq

    exported = to_qdq(quantise(import_model(qlinear_model(model_of, values, "uint8"), "case", "")))
    onnx.checker.check_model(exported, full_check=True)
    again = import_model(exported, "again", "")
    assert again.types == {"x": ElementType.UINT8, "y": ElementType.UINT8}
    assert again.integers_of("x") == Quantisation(float(np.float32(0.02)), 17, False)
