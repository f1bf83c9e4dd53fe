"""Hand-made ONNX models, and the comparison of a model with its folded network in onnxruntime."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from dynamap.backends.evidence.comparison.qdq import to_qdq
from dynamap.backends.program.host import declared_outputs, integer_inputs, random_inputs, real_outputs
from dynamap.backends.quantise import QuantisedNetwork, quantise
from dynamap.backends.quantise.reference import execute
from dynamap.planner.importer import import_model
from dynamap.planner.mapping.memory import host_reads
from dynamap.planner.network.network import HostLayer, Network
from dynamap.planner.network.onnx_export import to_onnx

Arrays = Mapping[str, np.ndarray]


def make_model(
    nodes: Sequence[NodeProto],
    constants: Arrays | None = None,
    shape: Sequence[int | str | None] = (1, 4, 6, 7),
    opset: int = 13,
    outputs: Sequence[str] = ("y",),
    kind: int = TensorProto.FLOAT,
    output_kind: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    """A model with the input 'x', written as an exporter would: IR 8, constants as initialisers."""
    graph = helper.make_graph(
        nodes,
        "case",
        [helper.make_tensor_value_info("x", kind, list(shape))],
        [helper.make_tensor_value_info(name, output_kind, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def run_model(model: onnx.ModelProto, x: np.ndarray, names: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """All outputs and the tensors ``names`` of ``model`` for ``x``, without the runtime's own folding.

    Large weights are handed over in memory, since serialising 575 MB of them takes seconds.
    """
    light = onnx.ModelProto(ir_version=model.ir_version)
    light.opset_import.extend(model.opset_import)
    light.functions.extend(model.functions)
    light.graph.name = "watched"
    light.graph.node.extend(model.graph.node)
    light.graph.input.extend(model.graph.input)
    light.graph.output.extend(model.graph.output)
    wanted = list(dict.fromkeys([*(output.name for output in model.graph.output), *names]))
    light.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in wanted[len(model.graph.output) :])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    large: dict[str, onnxruntime.OrtValue] = {}
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) < 1 << 20:
            light.graph.initializer.append(tensor)
            continue
        stub = light.graph.initializer.add(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
        stub.data_location = TensorProto.EXTERNAL
        stub.external_data.add(key="location", value="memory")
        large[tensor.name] = onnxruntime.OrtValue.ortvalue_from_numpy(numpy_helper.to_array(tensor))
    options.add_external_initializers(list(large), list(large.values()))
    session = onnxruntime.InferenceSession(light.SerializeToString(), options)
    return dict(zip(wanted, session.run(wanted, {session.get_inputs()[0].name: x}), strict=True))


def as_declared(image: np.ndarray, rank: int) -> np.ndarray:
    """N x C x H x W as the model declares its input: N x C for vectors, N x C x L for rows."""
    return image.reshape((*image.shape[:2], -1) if rank == 3 else image.shape[:rank])


def assert_same(
    model: onnx.ModelProto, seed: int = 1, tolerance: float = 2e-5, *, written_out: bool = False
) -> Network:
    """Import ``model``, run it and the folded network, and compare every tensor that both have.

    The tolerance is relative to the largest element of a tensor: folding reorders roundings only.
    ``written_out``: the model has functions, whose inner tensors have no name in its graph.
    """
    network = import_model(model, "case", "")
    (name,) = network.inputs
    shape = network.tensors[name]
    rank = len(next(value for value in model.graph.input if value.name == name).type.tensor_type.shape.dim)
    x = np.random.default_rng(seed).standard_normal((1, *shape.as_list()), dtype=np.float32)
    made = {output for node in model.graph.node for output in node.output}
    names = [layer.output for layer in network.layers]
    invented = [name for name in names if name not in made]
    own = all(
        name.endswith(" (C x H x W)") or " (step " in name or made.issuperset(name.split("+")) for name in invented
    )
    assert written_out or own, "every tensor keeps its ONNX name"
    names = [name for name in names if name in made]
    expected = run_model(model, as_declared(x, rank), names)
    found = run_model(to_onnx(network), x, names)
    for name in dict.fromkeys([*names, *network.outputs]):
        left, right = expected[name].astype(np.float64).ravel(), found[name].astype(np.float64).ravel()
        assert left.shape == right.shape, f"{name}: {expected[name].shape} against {found[name].shape}"
        assert np.isfinite(left).all(), f"{name} is not finite, the case proves nothing"
        limit = tolerance * max(np.abs(left).max(), 1e-6)
        assert np.abs(left - right).max() <= limit, f"{name} differs by {np.abs(left - right).max()}"
        if not any(isinstance(layer, HostLayer) and layer.op == "flatten" for layer in network.layers):
            assert network.tensors[name].elements == left.size
    return network


def assert_like_original(
    model: onnx.ModelProto, explained: float, *, copied: Sequence[str] = (), seed: int = 3
) -> QuantisedNetwork:
    """Compare the quantised network with ``model`` itself in onnxruntime, by the reference executor and as exported.

    Types and shapes are the same.
    ``explained`` is the part of an output's range that quantisation may take; integers may differ by one. Copies of the
    tensors ``copied`` are as coarse as these: two steps of 1/256 of their range may come to that.
    """
    network = import_model(model, "case", "")
    quantised = quantise(network, seed=seed, samples=1)
    images = random_inputs(network, seed)
    (name,) = network.inputs
    (declared,) = (value for value in model.graph.input if value.name == name)
    rank = len(declared.type.tensor_type.shape.dim)
    image = as_declared(images[name][None], rank)
    expected = run_model(model, image, copied)
    coarse = sum(np.ptp(expected[tensor]) / 128 for tensor in copied)
    stored = execute(quantised, integer_inputs(quantised, images))
    real = {tensor: stored[tensor] for tensor in host_reads(network)}
    found = declared_outputs(network, real_outputs(quantised, real))
    exported = run_model(to_qdq(quantised), image)
    for output in network.outputs:
        for how, result in (("executed", found[output]), ("exported", exported[output])):
            assert result.dtype == expected[output].dtype, f"{output}, {how}: {result.dtype}"
            assert result.shape == expected[output].shape, f"{output}, {how}: {result.shape}"
            left, right = expected[output].astype(np.float64).ravel(), result.astype(np.float64).ravel()
            assert np.isfinite(left).all(), f"{output} is not finite, the case proves nothing"
            limit = 1.0 if expected[output].dtype.kind in "iu" else explained * np.ptp(left) + coarse
            gap = np.abs(left - right).max()
            assert gap <= limit, f"{output}, {how}: differs by {gap}, range {left.min()} .. {left.max()}"
    return quantised


def seeded(*shape: int, seed: int = 0, scale: float = 1.0) -> np.ndarray:
    """Normal values of the given shape, float32."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape, dtype=np.float32) * np.float32(scale)


@pytest.fixture
def same() -> Callable[..., Network]:
    return assert_same


@pytest.fixture
def original() -> Callable[..., QuantisedNetwork]:
    return assert_like_original


@pytest.fixture
def model_of() -> Callable[..., onnx.ModelProto]:
    return make_model


@pytest.fixture
def values() -> Callable[..., np.ndarray]:
    return seeded


@pytest.fixture
def run() -> Callable[..., dict[str, np.ndarray]]:
    return run_model
