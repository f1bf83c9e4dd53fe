"""Random graphs that are quantised at random edges: what saturates is what the model stores, and nothing else.

The oracle is onnxruntime on the original without its roundings: QuantizeLinear is a Clip to what its type can hold, and
DequantizeLinear nothing. It must equal the float network whose stored tensors saturate, to float32's precision, so
that no tolerance can hide a scale on the wrong edge.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from dynamap.backends.host.layers import run_host_layer
from dynamap.backends.quantise.calibrating import float_executor
from dynamap.backends.quantise.calibrating.calibration import representable
from dynamap.planner.importer import import_model
from dynamap.planner.network.functions import STORE, Step
from dynamap.planner.network.network import HostLayer, activation_of
from dynamap.planner.network.scales import spread_scales
from support.random_blocks import CHANNELS, COLUMNS, CONSTANTS, FIXED, KINDS, ROWS, blocks

node = helper.make_node
SCHEMES = (
    (0.012, np.uint8(0)),
    (0.02, np.int8(-128)),
    (0.03, np.uint8(128)),
    (0.01, np.int8(10)),
    (0.02, np.uint8(255)),
    (0.04, np.int8(-60)),
)
KNOWN = {f"scale{index}": np.float32(scale) for index, (scale, _) in enumerate(SCHEMES)} | {
    f"zero{index}": zero for index, (_, zero) in enumerate(SCHEMES)
}


def stored(source, output, scheme, form):
    """``source`` by integers to ``output``: directly, over a view, a maximum of one value or a second name."""
    names = [f"scale{scheme}", f"zero{scheme}"]
    integers = f"{output}.i"
    nodes = [node("QuantizeLinear", [source, *names], [integers])]
    if form == "view":
        nodes.append(node("Reshape", [integers, "flat"], [f"{integers}.flat"]))
        nodes.append(node("Reshape", [f"{integers}.flat", "join"], [f"{integers}.v"]))
        integers = f"{integers}.v"
    if form == "maximum":
        nodes.append(node("MaxPool", [integers], [f"{integers}.m"], kernel_shape=[1, 1]))
        integers = f"{integers}.m"
    nodes.append(node("DequantizeLinear", [integers, *names], [output]))
    if form == "identity":
        nodes.insert(0, node("Identity", [source], [f"{output}.s"]))
        nodes[1].input[0] = f"{output}.s"
    return nodes


@st.composite
def graphs(draw):
    """Steps as (kind, operands, and for each operand None or how it is stored); operands count back from the newest."""
    form = st.sampled_from(["direct", "view", "maximum", "identity"])
    edge = st.one_of(st.none(), st.tuples(st.integers(0, len(SCHEMES) - 1), form))
    step = st.tuples(st.sampled_from(KINDS), st.integers(0, 3), st.integers(0, 3), edge, edge)
    steps = draw(st.lists(step, min_size=2, max_size=9))
    return steps, draw(st.integers(0, len(steps))), draw(edge)


def nodes_of(graph):
    """The nodes of a drawn graph and its two outputs."""
    steps, extra, last = graph
    tensors, nodes = ["x"], []

    def operand(back, edge, out):
        source = tensors[max(len(tensors) - 1 - back, 0)]
        if edge is None:
            return source
        nodes.extend(stored(source, out, *edge))
        return out

    for index, (kind, first, second, left, right) in enumerate([("conv1", 0, 0, None, None), *steps]):
        out = f"t{index}"
        a, b = operand(first, left, f"{out}.a"), operand(second, right, f"{out}.b")
        nodes += blocks(a, b, out)[kind]
        tensors.append(out)
    end = operand(0, last, "end")
    nodes += blocks(end, "x", "y")["conv3"]
    return nodes, (tensors[1 + extra], "y")


def without_rounding(model):
    """The model with a Clip for each QuantizeLinear, and nothing for each DequantizeLinear."""
    real = onnx.ModelProto()
    real.CopyFrom(model)
    del real.graph.node[:]
    for one in model.graph.node:
        if one.op_type == "QuantizeLinear":
            scale, zero = (KNOWN[name] for name in one.input[1:])
            limits = np.iinfo(zero.dtype)
            for name, end in (("low", limits.min), ("high", limits.max)):
                bound = np.float32((end - int(zero)) * np.float64(scale))
                real.graph.initializer.append(numpy_helper.from_array(bound, f"{one.output[0]}.{name}"))
            bounds = [f"{one.output[0]}.low", f"{one.output[0]}.high"]
            real.graph.node.append(node("Clip", [one.input[0], *bounds], one.output))
        elif one.op_type == "DequantizeLinear":
            real.graph.node.append(node("Identity", one.input[:1], one.output))
        else:
            real.graph.node.append(one)
    return real


def unrounded(network):
    """The network, whose functions of one value saturate where the model stores values between, without rounding."""

    def clipped(step):
        if step.op != STORE:
            return step
        scale, zero_point, *ends = step.attributes
        return Step("Clip", (*step.operands, *((end - zero_point) * scale for end in ends)))

    layers = []
    for layer in network.layers:
        activation = activation_of(layer)
        if activation is not None and activation.steps:
            steps = tuple(map(clipped, activation.steps))
            layer = dataclasses.replace(layer, activation=dataclasses.replace(activation, steps=steps))
        layers.append(layer)
    return dataclasses.replace(network, layers=tuple(layers))


def saturated(network, image):
    """The outputs of the float network whose stored tensors saturate."""
    limits = {name: representable(known) for name, known in spread_scales(network).items()}
    values = {name: np.clip(image[0], *limits.get(name, (-np.inf, np.inf))) for name in network.inputs}
    values |= {layer.output: result for layer, _, result in float_executor.run(network, values, limits)}
    for layer in network.layers:
        if isinstance(layer, HostLayer):
            values[layer.output] = run_host_layer(layer, [values[name] for name in layer.inputs])
    return {name: values[name] for name in network.outputs}


FIXTURES = [HealthCheck.function_scoped_fixture]


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=FIXTURES)
@given(graphs())
def test_random_graphs_saturate_where_the_model_stores(model_of, values, run, graph):
    check(model_of, values, run, graph)


@pytest.mark.full
@settings(max_examples=3000, deadline=None, derandomize=True, suppress_health_check=FIXTURES)
@given(graphs())
def test_many_random_graphs_saturate_where_the_model_stores(model_of, values, run, graph):
    check(model_of, values, run, graph)


def check(model_of, values, run, graph):
    nodes, outputs = nodes_of(graph)
    constants = {name: values(*shape, scale=0.4) for name, shape in CONSTANTS.items()}
    shape = (1, CHANNELS, ROWS, COLUMNS)
    model = model_of(nodes, {**constants, **FIXED, **KNOWN}, shape=shape, opset=13, outputs=outputs)
    image = values(*shape, seed=5)
    expected = run(without_rounding(model), image)
    found = saturated(unrounded(import_model(model, "case", "")), image)
    for name in outputs:
        left, right = expected[name].astype(np.float64).ravel(), found[name].astype(np.float64).ravel()
        gap = np.abs(left - right).max()
        assert gap <= 1e-4 * max(np.abs(left).max(), 1.0), f"{name} differs by {gap}"
