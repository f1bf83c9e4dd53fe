"""Programs for the kernel in RTL: networks of convolutions whose decisions are those that it can do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx
from onnx import NodeProto, helper, numpy_helper

from dynamap.backends.conformance.plans import TINY, integer_image, plan_on, redecided
from dynamap.backends.contract import Int8Array, LayerRun
from dynamap.backends.executors import NumpyExecutor
from dynamap.backends.program import Program
from dynamap.backends.program.lowering.compile import compile_program
from dynamap.backends.quantise import QuantisedNetwork, quantise
from dynamap.backends.vitis_rtl.executor import RtlExecutor
from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.device import Device
from dynamap.cost.overlay.machine import Buffers
from dynamap.planner.importer import import_model
from dynamap.planner.plan.layers import OnArray, PlannedLayer
from dynamap.planner.plan.plan import Plan
from dynamap.planner.request.request import Request

ARRAY = (16, 8)
DEVICE = "zcu104"


@dataclass(frozen=True)
class Convolution:
    """A convolution of so many output channels, and the activation behind it; ``kernel``: a square's side, or both."""

    channels: int
    kernel: int | tuple[int, int] = 1
    stride: int = 1
    activation: str = "Relu"

    @property
    def taps(self) -> tuple[int, int]:
        """Rows and columns of the kernel."""
        return self.kernel if isinstance(self.kernel, tuple) else (self.kernel, self.kernel)


def chain(
    shape: tuple[int, int, int], layers: Sequence[Convolution], *, tail: Sequence[NodeProto] = ()
) -> onnx.ModelProto:
    """A network of convolutions c0, c1, ... one behind the other; ``tail``: nodes from 'a' to 'y' behind them."""
    random = np.random.default_rng(7)
    nodes, weights, channels, name = [], [], shape[0], "x"
    for number, layer in enumerate(layers):
        size = (layer.channels, channels, *layer.taps)
        weights.append(numpy_helper.from_array(random.normal(0, 0.3, size).astype(np.float32), f"w{number}"))
        weights.append(numpy_helper.from_array(random.normal(0, 0.2, size[:1]).astype(np.float32), f"b{number}"))
        last = number == len(layers) - 1
        output = "y" if last and not tail else "a" if last else f"t{number}"
        sums = f"s{number}" if layer.activation else output
        pads = [taps // 2 for taps in layer.taps] * 2
        strides = [layer.stride] * 2
        conv = helper.make_node(
            "Conv", [name, f"w{number}", f"b{number}"], [sums], f"c{number}", pads=pads, strides=strides
        )
        nodes.append(conv)
        if layer.activation:
            nodes.append(helper.make_node(layer.activation, [sums], [output], f"act{number}"))
        name, channels = output, layer.channels
    graph = helper.make_graph(
        [*nodes, *tail],
        "chain",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, *shape])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def nested(channels: int) -> list[NodeProto]:
    """A tail of a `chain`: the convolution 'long' of 1 x 4, which is for Winograd's F(5,4)."""
    weights = np.random.default_rng(8).normal(0, 0.3, (channels, channels, 1, 4)).astype(np.float32)
    return [
        helper.make_node("Constant", [], ["taps"], value=numpy_helper.from_array(weights)),
        helper.make_node("Conv", ["a", "taps"], ["y"], "long", pads=[0, 1, 0, 2]),
    ]


@dataclass(frozen=True)
class Case:
    """A plan, what it computes with, its program and an image."""

    plan: Plan
    quantised: QuantisedNetwork
    program: Program
    image: dict[str, Int8Array]


def case_of(
    model: onnx.ModelProto,
    *,
    array: tuple[int, int] = ARRAY,
    formats: str | None = "c16",
    device: str | Device = DEVICE,
    buffers: Buffers = TINY,
) -> Case:
    """The case of a model: im2col with weights that stay, and all tensors in one format where it is given.

    In hwc a block makes all channels, for which the buffers must have room.
    """
    network = import_model(model, "chain", "")
    request = Request(algorithms=(Algorithm.IM2COL,), dataflows=(Dataflow.WS,))
    plan = plan_on(network, array, buffers, device, request)
    if formats is not None:
        made = [_whole(layer) if formats == "hwc" else layer for layer in plan.layers]
        layers = [redecided(layer, input_format=formats, output_format=formats) for layer in made]
        plan = replace(plan, layers=tuple(layers))
    quantised = quantise(network, seed=3, samples=1)
    return Case(plan, quantised, compile_program(plan, quantised), integer_image(network, 5))


def _whole(layer: PlannedLayer) -> PlannedLayer:
    """With all channels in a block, as hwc asks for."""
    if not isinstance(layer, OnArray):
        return layer
    return redecided(layer, blocking=replace(layer.blocking, channels=layer.shape.output[0]))


def check_run(case: Case, executor: RtlExecutor, options: tuple[str, ...] = (), *, timed: bool = True) -> None:
    """Every tensor is the emulator's; all cycles are those of the closed form, all bytes the emulator's.

    Where a memory stalls and has other latencies, passes take other times, though they may end as planned.
    """
    expected = {run.name: run for run in NumpyExecutor().run(case.program, case.image)}
    runs = list(executor.run_with(case.program, case.image, options))
    assert [run.name for run in runs] == list(expected)
    for run in runs:
        np.testing.assert_array_equal(run.values, expected[run.name].values, run.name)
        assert run.counters == expected[run.name].counters
        assert run.cycles is not None
        assert run.cycles.measured == run.cycles.expected or not timed, run.name
    if not timed:
        still = executor.run_with(case.program, case.image)
        assert _busy(runs) != _busy(still)


def _busy(runs: Iterable[LayerRun]) -> int:
    """Cycles of all layers in which not all was done."""
    return sum(run.cycles.measured - run.cycles.waited for run in runs if run.cycles is not None)
