"""A corpus of broken models: each gives one InputError that names the file and says what to do."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, external_data_helper, helper, numpy_helper

from dynamap.cost.errors import InputError
from dynamap.planner.importer import check_model, import_model, load_model
from dynamap.planner.network.onnx_export import to_onnx

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
node = helper.make_node


def simple(model_of, values, **changes):
    """Conv, BatchNormalization, Relu, global average, Gemm."""
    nodes = [
        node("Conv", ["x", "w"], ["c"], name="conv", pads=[1, 1, 1, 1], strides=[2, 1]),
        node("BatchNormalization", ["c", "s", "b", "m", "v"], ["n"], name="norm", epsilon=0.01),
        node("LeakyRelu", ["n"], ["r"], name="leaky", alpha=0.2),
        node("MaxPool", ["r"], ["p"], name="pool", kernel_shape=[2, 3], ceil_mode=1),
        node("Flatten", ["p"], ["f"], name="flat"),
        node("Gemm", ["f", "u", "k"], ["y"], name="fc", transB=1),
    ]
    constants = {
        "w": values(3, 4, 3, 3),
        "s": values(3),
        "b": values(3, seed=1),
        "m": values(3, seed=2),
        "v": np.abs(values(3, seed=3)) + np.float32(0.1),
        "u": values(2, 30),
        "k": values(2),
    }
    constants.update(changes)
    return model_of(nodes, constants)


def refused(model, *parts):
    """``model`` is refused in one message that contains ``parts``."""
    with pytest.raises(InputError) as caught:
        import_model(model, "case.onnx", "")
    for part in ("case.onnx", *parts):
        assert part in str(caught.value)
    return str(caught.value)


# ---- files ----


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        (b"", "empty"),
        (b"these are no bytes of an ONNX model", "not an ONNX model|no ONNX graph"),
        (b"\x08\x07", "no ONNX graph"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not an ONNX model|no ONNX graph"),
    ],
)
def test_files_that_are_no_models(content, message, tmp_path):
    path = tmp_path / "broken.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        load_model(path)
    assert str(path) in str(caught.value)
    with pytest.raises(InputError, match=message):
        check_model(path)


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(InputError, match="not a file"):
        load_model(tmp_path)


def test_truncated_files(tmp_path):
    data = (LIGHT / "light_squeezenet.onnx").read_bytes()
    path = tmp_path / "cut.onnx"
    for size in [*range(1, 40), *range(40, len(data), 211), len(data) - 1]:
        path.write_bytes(data[:size])
        with pytest.raises(InputError, match=re.escape("cut.onnx")):
            load_model(path)


def test_flipped_bits_are_refused_or_mean_the_same_to_onnxruntime(model_of, values, run, tmp_path):
    """One bit of every byte of a small model: never another error, never another result."""
    data = simple(model_of, values).SerializeToString()
    x = values(1, 4, 6, 7)
    outcomes = {"refused": 0, "same": 0, "onnxruntime refuses": 0}
    for position in range(len(data)):
        broken = bytearray(data)
        broken[position] ^= 1 << (position % 8)
        path = tmp_path / "flipped.onnx"
        path.write_bytes(broken)
        try:
            network = load_model(path)
        except InputError:
            outcomes["refused"] += 1
            continue
        model = onnx.load_model_from_string(bytes(broken))
        folded = run(to_onnx(network), x.reshape(1, *network.tensors[network.inputs[0]].as_list()))
        try:
            original = run(model, x)
        except Exception as error:  # onnxruntime has an exception class for each of its statuses
            assert type(error).__module__.startswith("onnxruntime")
            outcomes["onnxruntime refuses"] += 1
            continue
        for name in network.outputs:
            left, right = original[name].ravel(), folded[name].ravel()
            scale = float(np.abs(left[np.isfinite(left)]).max(initial=0.0))
            np.testing.assert_allclose(right, left, rtol=1e-4, atol=1e-4 * scale, err_msg=f"byte {position}")
        outcomes["same"] += 1
    assert outcomes["refused"] > 50 and outcomes["same"] > 50


def test_flipped_bits_of_a_real_graph_never_crash_the_import(tmp_path):
    data = (LIGHT / "light_squeezenet.onnx").read_bytes()
    path = tmp_path / "flipped.onnx"
    refusals = 0
    for position in range(0, len(data), 97):
        broken = bytearray(data)
        broken[position] ^= 1 << (position % 8)
        path.write_bytes(broken)
        try:
            load_model(path)
        except InputError as error:
            refusals += 1
            assert "flipped" in str(error)
    assert refusals > 20


# ---- external data ----


def external(model_of, values, folder, location="weights.bin"):
    """A model whose weights lie in ``location``, written by the onnx package."""
    model = simple(model_of, values)
    path = folder / "model.onnx"
    onnx.save(
        model,
        path,
        save_as_external_data=True,
        location=location,
        size_threshold=0,
        convert_attribute=False,
    )
    return path


def relocate(path, **entries):
    """Change the external data entries of the first external tensor."""
    model = onnx.load(path, load_external_data=False)
    tensor = next(t for t in model.graph.initializer if external_data_helper.uses_external_data(t))
    for entry in tensor.external_data:
        if entry.key in entries:
            entry.value = entries[entry.key]
    path.write_bytes(model.SerializeToString())


def test_external_data_is_read_and_enters_the_digest(model_of, values, tmp_path):
    path = external(model_of, values, tmp_path)
    network = load_model(path)
    inside = import_model(simple(model_of, values), "model", "")
    for first, second in zip(network.layers, inside.layers, strict=True):
        if hasattr(first, "weights"):
            np.testing.assert_array_equal(first.weights, second.weights)
    both = path.read_bytes() + (tmp_path / "weights.bin").read_bytes()
    assert network.sha256 == hashlib.sha256(both).hexdigest()


@pytest.mark.parametrize("location", ["/etc/hostname", "../weights.bin", "a/../../weights.bin", "C:\\weights.bin"])
def test_external_data_outside_the_folder_is_refused(location, model_of, values, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    path = external(model_of, values, folder)
    (tmp_path / "weights.bin").write_bytes((folder / "weights.bin").read_bytes())
    relocate(path, location=location)
    with pytest.raises(InputError, match="outside the model's folder"):
        load_model(path)


def test_external_data_behind_a_link_is_refused(model_of, values, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    path = external(model_of, values, folder)
    (folder / "weights.bin").rename(tmp_path / "elsewhere.bin")
    (folder / "weights.bin").symlink_to(tmp_path / "elsewhere.bin")
    with pytest.raises(InputError, match="link that leads out"):
        load_model(path)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"offset": "100000"}, "truncated or belongs"),
        ({"offset": "-4"}, "not a number of bytes"),
        ({"offset": "9" * 5000}, "not a number of bytes"),
        ({"offset": "\u0664"}, "not a number of bytes"),
        ({"length": "8"}, "truncated or belongs"),
        ({"length": "-8"}, "not a number of bytes"),
        ({"length": "many"}, "not a number of bytes"),
        ({"location": "weights\0.bin"}, "no name of a file"),
        ({"location": "w" * 5000}, "no name of a file"),
        ({"location": "."}, "a folder or a special file"),
        ({"location": "weights.bin/x"}, "missing"),
        ({"location": "other.bin"}, "missing"),
        ({"location": ""}, "without a location"),
    ],
)
def test_wrong_external_data(entries, message, model_of, values, tmp_path):
    path = external(model_of, values, tmp_path)
    relocate(path, **entries)
    with pytest.raises(InputError, match=message):
        load_model(path)


def test_external_data_that_would_never_end_is_not_opened(model_of, values, tmp_path):
    """A pipe without a writer blocks whoever opens it."""
    path = external(model_of, values, tmp_path)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for location, message in (("pipe", "a folder or a special file"), ("zero", "link that leads out")):
        relocate(path, location=location)
        with pytest.raises(InputError, match=message):
            load_model(path)


def test_empty_and_cut_external_data(model_of, values, tmp_path):
    path = external(model_of, values, tmp_path)
    data = (tmp_path / "weights.bin").read_bytes()
    (tmp_path / "weights.bin").write_bytes(data[:100])
    with pytest.raises(InputError, match="truncated"):
        load_model(path)
    (tmp_path / "weights.bin").write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        load_model(path)


def test_external_data_of_a_model_in_memory(model_of, values, tmp_path):
    path = external(model_of, values, tmp_path)
    model = onnx.load(path, load_external_data=False)
    refused(model, "load the model from its file")


# ---- graphs ----


def test_opsets_outside_the_range(model_of, values):
    model = simple(model_of, values)
    for version in (1, 6, 29, 99):
        model.opset_import[0].version = version
        refused(model, f"opset {version}", "opsets 7 to 28 are", "export the model for one of these")
    del model.opset_import[:]
    refused(model, "names no opset")


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 4, 0, 7), "dimension of 0"),
        ((0, 4, 6, 7), "dimension of 0"),
        ((1, 4, "height", 7), "'height'"),
        ((1, None, 6, 7), "'unknown'"),
        ((1, 4, 6, 7, 8), "5 dimensions"),
    ],
)
def test_shapes_of_the_input(shape, message, model_of, values):
    refused(model_of([node("Relu", ["x"], ["y"])], shape=shape), "'x'", message)


def test_inputs_of_other_types_and_numbers(model_of, values):
    tokens = model_of([node("Relu", ["x"], ["y"])], kind=TensorProto.INT64)
    refused(tokens, "INT64", "image of floats")
    two = model_of([node("Add", ["x", "x2"], ["y"])])
    two.graph.input.append(helper.make_tensor_value_info("x2", TensorProto.FLOAT, [1, 4, 6, 7]))
    refused(two, "exactly one input", "'x2'")
    none = model_of([node("Constant", [], ["y"], value_float=1.0)])
    del none.graph.input[:]
    refused(none, "exactly one input")


def test_an_unused_input_is_only_noted(model_of, values):
    model = simple(model_of, values)
    model.graph.input.append(helper.make_tensor_value_info("training", TensorProto.BOOL, []))
    assert import_model(model, "case", "").notices == ("the input 'training' is not used",)


def test_initialisers_that_are_listed_as_inputs_are_no_inputs(model_of, values):
    model = simple(model_of, values)
    for tensor in model.graph.initializer:
        model.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)))
    assert import_model(model, "case", "").inputs == ("x",)


@pytest.mark.parametrize("name", ["w", "s", "b", "m", "v", "u", "k"])
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
def test_parameters_that_are_not_finite(name, poison, model_of, values):
    good = simple(model_of, values)
    tensor = next(tensor for tensor in good.graph.initializer if tensor.name == name)
    array = numpy_helper.to_array(tensor).copy()
    array.flat[-1] = poison
    message = refused(simple(model_of, values, **{name: array}), "NaN or infinite", repr(name))
    assert message.count("\n") == 1  # one node, named once


def test_parameters_that_overflow_float32(model_of, values):
    nodes = [node("Conv", ["x", "w"], ["y"])]
    model = model_of(nodes, {"w": np.full((1, 4, 1, 1), 1e300)}, kind=TensorProto.DOUBLE)
    refused(model, "NaN or infinite")


def test_large_finite_weights_are_no_false_alarm(model_of, values):
    """Their sum overflows float32, they do not."""
    weights = np.full((2, 4, 3, 3), 3e38, np.float32)
    network = import_model(model_of([node("Conv", ["x", "w"], ["y"])], {"w": weights}), "case", "")
    assert np.isfinite(network.layers[0].weights).all()


def test_a_variance_that_is_not_positive(model_of, values):
    refused(simple(model_of, values, v=np.float32([1, -2, 1])), "'norm'", "variance is not positive")


def test_graphs_that_do_not_hold_together(model_of, values):
    twice = model_of([node("Relu", ["x"], ["y"]), node("Tanh", ["x"], ["y"])])
    refused(twice, "'y' is produced twice")
    nothing = model_of([node("Add", ["x", "ghost"], ["y"], name="sum")])
    refused(nothing, "'sum'", "'ghost'", "nothing produces")
    cycle = model_of(
        [node("Add", ["x", "b"], ["a"], name="sum"), node("Relu", ["a"], ["b"]), node("Tanh", ["b"], ["y"])]
    )
    refused(cycle, "cycle", "'sum'")
    silent = model_of([node("Relu", ["x"], ["r"])])
    refused(silent, "nothing produces the output 'y'")
    constant = model_of([node("Relu", ["x"], ["r"]), node("Constant", [], ["y"], value_float=1.0)], outputs=("r", "y"))
    refused(constant, "'y' is a constant")
    shapes_only = model_of([node("Flatten", ["x"], ["y"])])
    refused(shapes_only, "no node of the model is a layer")


def test_a_declared_output_shape_that_is_wrong(model_of, values):
    model = simple(model_of, values)
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3]))
    refused(model, "'y'", "[1, 3]", "[1, 2]")
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2]))
    assert import_model(model, "case", "").outputs == ("y",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"w": np.zeros((3, 5, 3, 3), np.float32)}, "do not fit 4 input channels"),
        ({"w": np.zeros((3, 4, 3), np.float32)}, "3 dimensions"),
        ({"w": np.zeros((0, 4, 3, 3), np.float32)}, "shape"),
        ({"s": np.zeros(4, np.float32)}, "do not fit 3 channels"),
        ({"u": np.zeros((2, 31), np.float32)}, "31 inputs"),
        ({"k": np.zeros(3, np.float32)}, "broadcast"),
        ({"w": np.zeros((3, 4, 9, 9), np.float32)}, "larger input image"),
        ({"w": np.zeros((3, 4, 3, 3), bool)}, "type bool"),
    ],
)
def test_parameters_that_do_not_fit(change, message, model_of, values):
    refused(simple(model_of, values, **change), message)


def test_initialisers_whose_data_do_not_fit_their_shape(model_of, values):
    model = simple(model_of, values)
    model.graph.initializer[0].dims[0] = 7
    refused(model, "'w'", "damaged")
    model.graph.initializer[0].dims[0] = -3
    refused(model, "'w'", "negative dimension")
    model.graph.initializer[0].dims[0] = 1 << 40
    refused(model, "'w'", "damaged")


def test_attributes_that_the_operator_does_not_have(model_of, values):
    model = simple(model_of, values)
    model.graph.node[0].attribute.append(helper.make_attribute("stridez", [2, 2]))
    refused(model, "'conv'", "'stridez'")
    model = simple(model_of, values)
    model.graph.node[0].attribute[0].CopyFrom(helper.make_attribute("strides", 2.0))
    refused(model, "'conv'", "'strides'")


def test_sparse_initialisers(model_of, values):
    model = simple(model_of, values)
    model.graph.sparse_initializer.add()
    refused(model, "sparse")


def test_local_functions_are_inlined(model_of, values):
    body = [node("Relu", ["a"], ["t"]), node("Tanh", ["t"], ["b"])]
    model = model_of([node("Pair", ["x"], ["y"], domain="local")])
    opset = [helper.make_opsetid("", 13)]
    model.functions.append(helper.make_function("local", "Pair", ["a"], ["b"], body, opset))
    model.opset_import.append(helper.make_opsetid("local", 1))
    assert len(import_model(model, "case", "").layers) == 2


def test_absurd_sizes_are_refused_at_once(model_of):
    """What a damaged number can ask for: none of these may take time or memory."""
    scales = np.asarray([1, 1, 1e6, 1], np.float32)
    refused(model_of([node("Resize", ["x", "", "n"], ["y"])], {"n": scales}), "per channel")
    huge = np.asarray([0, 0, 1 << 40, 0, 0, 0, 0, 0], np.int64)
    refused(model_of([node("Pad", ["x", "n"], ["y"])], {"n": huge}), "per channel")
    pool = node("MaxPool", ["x"], ["y"], kernel_shape=[1 << 40, 1], pads=[(1 << 40) - 1, 0, (1 << 40) - 1, 0])
    refused(model_of([pool]), "per channel")
    refused(model_of([node("Relu", ["x"], ["y"])], shape=(1, 1 << 40, 1, 1)), "too large")
    refused(model_of([node("Relu", ["x"], ["y"])], shape=(1, 1, 1 << 20, 1)), "too large")
    shape = np.asarray([1 << 20, 1 << 20, 1, 1], np.int64)
    nodes = [node("ConstantOfShape", ["n"], ["w"]), node("Conv", ["x", "w"], ["y"])]
    refused(model_of(nodes, {"n": shape}), "too large")


def test_a_text_that_is_not_utf_8(model_of, values):
    """Also where the node would be the host's: onnxruntime could not even say what is wrong with it."""
    model = simple(model_of, values)
    model.graph.node.append(node("Resize", ["r", "", "", "sizes"], ["z"], name="grow", mode=b"\xff\xfe"))
    refused(model, "'mode' of the node 'grow' is not UTF-8", "export it again")
