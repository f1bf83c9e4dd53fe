"""Random convolutions, and plans with every case that one may take, not only the cheapest."""

from __future__ import annotations

import random as sampling
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from dynamap.cost.algorithms import WinogradTile
from dynamap.cost.device import Device
from dynamap.cost.geometry import TensorShape, Window
from dynamap.cost.overlay.fitting.target import machine_of
from dynamap.cost.overlay.machine import Buffers
from dynamap.cost.overlay.options import ALGORITHMS, DATAFLOWS, FORMATS
from dynamap.cost.overlay.timing import INFEASIBLE, Times
from dynamap.planner.mapping.overlay_costs import LayerCosts
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.models.placeholders import placeholder
from dynamap.planner.network.network import Conv, Network
from dynamap.planner.plan.layers import MODES, Blocking, Choice
from dynamap.planner.plan.plan import Plan


def one_layer(source: TensorShape, out_channels: int, window: Window, groups: int = 1) -> Network:
    height, width = window.output_size(source.height, source.width)
    conv = Conv(
        name="c",
        inputs=("x",),
        output="y",
        window=window,
        weights=placeholder((out_channels, source.channels // groups, *window.kernel)),
        bias=placeholder((out_channels,)),
        groups=groups,
    )
    tensors = {"x": source, "y": TensorShape(out_channels, height, width)}
    return Network("one", "0" * 64, (conv,), tensors, ("x",), ("y",))


@st.composite
def convolutions(draw: st.DrawFn) -> Network:
    kernel = draw(st.sampled_from([(1, 1), (3, 3), (1, 7), (5, 1), (2, 2), (5, 5)]))
    stride = draw(st.sampled_from([(1, 1), (1, 1), (1, 1), (2, 2), (1, 3)]))
    dilation = draw(st.sampled_from([(1, 1), (1, 1), (1, 1), (2, 1), (1, 2)]))
    pads = tuple(draw(st.integers(0, k - 1)) for k in kernel * 2)
    height = draw(st.integers(kernel[0] * dilation[0], 30))
    width = draw(st.integers(kernel[1] * dilation[1], 30))
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    channels = groups * draw(st.one_of(st.integers(1, 40), st.sampled_from([16, 64, 160])))
    outputs = groups * draw(st.one_of(st.integers(1, 40), st.sampled_from([16, 96, 320])))
    window = Window(kernel, stride, (pads[0], pads[1], pads[2], pads[3]), dilation)
    return one_layer(TensorShape(channels, height, width), outputs, window, groups)


def with_case(plan: Plan, costs: LayerCosts, number: int, times: Times, position: int) -> Plan:
    """The plan with case ``number`` of its only layer, and what the closed form says of it."""
    cases, variants = costs.cases, costs.variants
    variant = cases.variant[number]
    layer = replace(
        plan.layers[0],
        choice=Choice(
            ALGORITHMS[variants.algorithm[variant]],
            WinogradTile(tile) if (tile := int(variants.tile[variant])) else None,
            DATAFLOWS[cases.dataflow[number]],
        ),
        blocking=Blocking(
            MODES[cases.mode[number]],
            int(cases.rows[number]),
            int(times.channels[position]),
            int(times.units[position]),
        ),
        input_format=FORMATS[cases.format_in[number]],
        output_format=FORMATS[cases.format_out[number]],
        compute_cycles=int(times.compute[position]),
        load_cycles=int(times.load[position]),
        store_cycles=int(times.store[position]),
        cycles=int(times.cycles[position]),
        bytes_read=int(times.bytes_read[position]),
        bytes_written=int(times.bytes_written[position]),
    )
    return replace(plan, layers=(layer,))


def some_cases(plan: Plan, network: Network, board: Device, random: sampling.Random, count: int) -> Iterator[Plan]:
    """The plan of a single convolution with so many of the cases that fit its overlay, or all."""
    costs = LayerCosts(network, find_storages(network), machine_of(board), {})
    overlay = plan.overlay
    case, times = costs.all_times(np.array([0]), Buffers.of(overlay), overlay.rows, overlay.columns)[0]
    feasible = np.flatnonzero(times.cycles < INFEASIBLE).tolist()
    for position in random.sample(feasible, min(count, len(feasible))):
        yield with_case(plan, costs, int(case[position]), times, position)
