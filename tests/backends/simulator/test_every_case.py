"""Simulator = closed form for every case that a convolution may choose, not only for the cheapest.

Random convolutions on random overlays; of all feasible cases (algorithm, dataflow, formats, blocking) a sample is
written into the plan, compiled and simulated. What a plan would never choose must be timed right too, or the
choice itself would be wrong.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamap.backends.program.specification import Flag
from dynamap.backends.simulator import COUNTERS, simulate_plan
from dynamap.backends.simulator.blank import blank_program
from dynamap.cost.device import load_device
from dynamap.cost.errors import InfeasibleError
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.network import (
    Activate,
    Activation,
    ActivationKind,
    Add,
    Concat,
    Layer,
    Lrn,
    Mul,
    Network,
    Pool,
    PoolKind,
    Resize,
)
from dynamap.planner.plan.plan import Plan
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request
from support.every_case import convolutions, one_layer, some_cases

SAMPLE = 14
BOARDS = (("pynq-z2", (5, 7)), ("zcu104", (8, 8)), ("u50", (33, 6)), ("arria10-gx1150", (4, 40)))


def require_same(plan: Plan, network: Network) -> None:
    for planned, layer in zip(plan.layers, simulate_plan(plan, network).layers, strict=True):
        said = {counter: getattr(planned, counter) for counter in COUNTERS}
        assert said == {counter: getattr(layer, counter) for counter in COUNTERS}, planned


@given(convolutions(), st.sampled_from(BOARDS), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
def test_every_case_of_a_convolution(network: Network, on: tuple[str, tuple[int, int]], random) -> None:  # type: ignore[no-untyped-def]
    device, array = on
    plan = plan_network(network, device, Request(array=array))
    require_same(plan, network)
    for changed in some_cases(plan, network, load_device(device), random, SAMPLE):
        require_same(changed, network)


@given(
    st.sampled_from(["max", "average", "add", "mul", "scale", "resize", "depthwise", "lrn", "activation", "concat"]),
    st.integers(1, 70),
    st.integers(3, 40),
    st.integers(3, 40),
    st.sampled_from([1, 2, 3, 5]),
    st.sampled_from([1, 2]),
    st.sampled_from(BOARDS),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_vector_layers(
    op: str, channels: int, height: int, width: int, kernel: int, stride: int, on: tuple[str, tuple[int, int]]
) -> None:
    height, width = max(height, kernel), max(width, kernel)
    source = TensorShape(channels, height, width)
    leaky = Activation(ActivationKind.LEAKY_RELU, 0.125) if height % 2 else None
    window = Window((kernel, kernel), (stride, stride))
    windowed = TensorShape(channels, *window.output_size(height, width))
    tensors = {"x": source, "y": source}
    inputs: tuple[str, ...] = ("x",)
    layer: Layer
    if op in ("max", "average"):
        kind = PoolKind.MAX if op == "max" else PoolKind.AVERAGE
        layer, tensors["y"] = Pool("l", ("x",), "y", kind, window), windowed
    elif op == "add":
        layer, inputs = Add("l", ("x", "x2", "x3"), "y", leaky), ("x", "x2", "x3")
        tensors |= {"x2": source, "x3": source}
    elif op in ("mul", "scale"):
        layer, inputs = Mul("l", ("x", "x2"), "y", leaky), ("x", "x2")
        tensors["x2"] = source if op == "mul" else TensorShape(channels, 1, 1)
    elif op == "resize":
        layer = Resize("l", ("x",), "y", kernel, stride)
        tensors["y"] = TensorShape(channels, height * kernel, width * stride)
    elif op == "lrn":
        layer = Lrn("l", ("x",), "y", 5, 1e-4, 0.75, 1.0)
    elif op == "activation":
        layer = Activate("l", ("x",), "y", Activation(ActivationKind.SIGMOID))
    elif op == "concat":
        layer, inputs = Concat("l", ("x", "x2"), "y"), ("x", "x2")
        tensors |= {"x2": TensorShape(kernel, height, width), "y": TensorShape(channels + kernel, height, width)}
    else:
        network = one_layer(source, channels, window, channels)
        layer, tensors = network.layers[0], dict(network.tensors)
    network = Network("one", "0" * 64, (layer,), tensors, inputs, ("y",))
    try:
        plan = plan_network(network, on[0], Request(array=on[1]))
    except InfeasibleError as refused:
        assert "fit" in str(refused) or "runs" in str(refused)
        return
    require_same(plan, network)


ACTIVATIONS = {
    kind: Activation(kind, 0.125, 0.75, slopes=(0.25,) * 16 if kind is ActivationKind.PRELU else ())
    for kind in ActivationKind
    if kind is not ActivationKind.FUNCTION
}


@pytest.mark.parametrize("kind", ACTIVATIONS)
@pytest.mark.parametrize("op", ["conv", "depthwise", "add", "mul", "average", "activation"])
def test_activations(op: str, kind: ActivationKind) -> None:
    """A table is loaded before the layer that looks up in it, whichever engine runs it."""
    source, window = TensorShape(16, 9, 9), Window((3, 3), (1, 1), (1, 1, 1, 1))
    activation = ACTIVATIONS[kind]
    layer: Layer = {
        "conv": one_layer(source, 16, window).layers[0],
        "depthwise": one_layer(source, 16, window, 16).layers[0],
        "add": Add("l", ("x", "x"), "y"),
        "mul": Mul("l", ("x", "x"), "y"),
        "average": Pool("l", ("x",), "y", PoolKind.AVERAGE, window),
        "activation": Activate("l", ("x",), "y", activation),
    }[op]
    layer = replace(layer, activation=activation)  # type: ignore[call-arg]
    network = Network("one", "0" * 64, (layer,), {"x": source, "y": source}, ("x",), ("y",))
    plan = plan_network(network, "zcu104", Request(array=(8, 8)))
    require_same(plan, network)
    bent = {ActivationKind.RELU, ActivationKind.CLIP, ActivationKind.LEAKY_RELU, ActivationKind.PRELU}
    multiplied = {ActivationKind.PRELU} if op == "activation" else bent
    commands = blank_program(plan, network).commands
    assert any(Flag.LOOKUP in command.flags for command in commands) == (kind not in multiplied)


@st.composite
def pools(draw: st.DrawFn) -> Network:
    kernel = (draw(st.integers(1, 8)), draw(st.integers(1, 8)))
    stride = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    dilation = draw(st.sampled_from([(1, 1), (1, 1), (1, 1), (2, 1), (1, 2), (2, 3)]))
    pads = tuple(draw(st.integers(0, k - 1)) for k in kernel * 2)
    extent = Window(kernel, dilation=dilation).extent
    source = TensorShape(draw(st.integers(1, 300)), draw(st.integers(extent[0], 40)), draw(st.integers(extent[1], 40)))
    if draw(st.booleans()):
        kernel, stride, dilation, pads = (source.height, source.width), (1, 1), (1, 1), (0, 0, 0, 0)
    elif draw(st.booleans()):  # rows that are longer than those that are kept
        source = TensorShape(draw(st.integers(1, 40)), extent[0], draw(st.integers(100, 1500)))
        kernel = (kernel[0], draw(st.sampled_from([kernel[1], 20, 90])) if dilation[1] == 1 else kernel[1])
    window = Window(kernel, stride, (pads[0], pads[1], pads[2], pads[3]), dilation)
    kind = draw(st.sampled_from(list(PoolKind)))
    tensors = {"x": source, "y": TensorShape(source.channels, *window.output_size(source.height, source.width))}
    return Network("one", "0" * 64, (Pool("l", ("x",), "y", kind, window),), tensors, ("x",), ("y",))


@given(pools(), st.sampled_from(BOARDS))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_pooling_layers(network: Network, on: tuple[str, tuple[int, int]]) -> None:
    plan = plan_network(network, on[0], Request(array=on[1]))
    require_same(plan, network)
