"""Fixed strategies, the two-step procedure and the physical limit, against other ways to get the same numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dynamap.cost.algorithms import Algorithm, Dataflow
from dynamap.cost.device import load_device
from dynamap.cost.errors import InfeasibleError
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.mapping.overlay_costs import LayerCosts, Restriction
from dynamap.planner.mapping.storage import find_storages
from dynamap.planner.network.network import Add, Conv, HostLayer, Layer, Network
from dynamap.planner.planning import plan_network
from dynamap.planner.request.request import Request
from dynamap.planner.request.space import target
from dynamap.planner.studies.baselines import (
    JOINT,
    STRATEGIES,
    TWO_STEP,
    fixed_restrictions,
    physical_limits,
    plan_baseline,
)

IM2COL, KN2ROW, WINOGRAD = Algorithm.IM2COL, Algorithm.KN2ROW, Algorithm.WINOGRAD
SMALL = Request(multipliers=6)
PYNQ = load_device("pynq-z2")
DEVICE = replace(PYNQ, resources=replace(PYNQ.resources, lut=200_000))
"""With logic for Winograd's transforms."""


def _conv(name: str, source: str, channels: int, out: int, kernel: int, **more: object) -> Conv:
    groups = int(str(more.pop("groups", 1)))
    window = Window((kernel, kernel), pads=(kernel // 2,) * 4, **more)  # type: ignore[arg-type]
    weights = np.zeros((out, channels // groups, kernel, kernel), np.float32)
    return Conv(name, (source,), name, window, weights, np.zeros(out, np.float32), groups)


def _network() -> Network:
    """3 x 3 from 16 to 32 channels, depthwise 3 x 3, strided 3 x 3 to 24, 1 x 1, a sum, softmax on the host."""
    layers: tuple[Layer, ...] = (
        _conv("a", "x", 16, 32, 3),
        _conv("dw", "a", 32, 32, 3, groups=32),
        _conv("strided", "dw", 32, 24, 3, stride=(2, 2)),
        _conv("point", "strided", 24, 24, 1),
        Add("sum", ("strided", "point"), "sum"),
        _conv("last", "sum", 24, 8, 5),
        HostLayer("softmax", ("last",), "softmax", "Softmax"),
    )
    tensors = {
        "x": TensorShape(16, 12, 12),
        "a": TensorShape(32, 12, 12),
        "dw": TensorShape(32, 12, 12),
        "strided": TensorShape(24, 6, 6),
        "point": TensorShape(24, 6, 6),
        "sum": TensorShape(24, 6, 6),
        "last": TensorShape(8, 6, 6),
        "softmax": TensorShape(8, 6, 6),
    }
    return Network("small", "0" * 64, layers, tensors, ("x",), ("softmax",))


@pytest.fixture(scope="module")
def joint_cycles() -> int:
    return plan_baseline(_network(), DEVICE, JOINT, SMALL).cycles


def test_fixed_restrictions() -> None:
    """kn2row and Winograd need stride 1 and more than one tap; the vector unit's layer has nothing to choose."""
    everywhere = {"a", "strided", "point", "last"}
    strategies = fixed_restrictions(_network())
    assert set(strategies) == set(STRATEGIES) - {JOINT, TWO_STEP}
    for strategy, preferred in (("im2col", IM2COL), ("kn2row", KN2ROW), ("winograd", WINOGRAD)):
        assert strategies[strategy] == {
            name: Restriction((preferred if name in ("a", "last") else IM2COL,)) for name in everywhere
        }
    for dataflow in Dataflow:
        assert strategies[dataflow.value] == dict.fromkeys(everywhere, Restriction(dataflows=(dataflow,)))


def test_the_same_by_way_of_a_request(joint_cycles: int) -> None:
    """Strategies that --algorithms, --dataflows and --pin can express give what ``plan_network`` gives for those."""
    network = _network()
    pins = {"a": (WINOGRAD, None), "last": (WINOGRAD, None), "strided": (IM2COL, None), "point": (IM2COL, None)}
    expressed = {
        JOINT: SMALL,
        "im2col": Request(multipliers=6, algorithms=(IM2COL,)),
        "ns": Request(multipliers=6, dataflows=(Dataflow.NS,)),
        "ws": Request(multipliers=6, dataflows=(Dataflow.WS,)),
        "winograd": Request(multipliers=6, pins=pins),
    }
    for strategy, request in expressed.items():
        baseline, plan = plan_baseline(network, DEVICE, strategy, SMALL), plan_network(network, DEVICE, request)
        assert (baseline.rows, baseline.columns) == (plan.overlay.rows, plan.overlay.columns)
        assert baseline.cycles == plan.solver.objective and baseline.latency_ms == plan.latency_ms
        assert baseline.proven and baseline.cycles >= joint_cycles


def test_two_step_sizes_by_the_sum_of_layer_minima(joint_cycles: int) -> None:
    """Step one by brute force: every array and its buffers, the least cycles of every layer added up."""
    network = _network()
    _, machine, candidates = target(DEVICE, SMALL, network)
    storages = find_storages(network)
    costs = LayerCosts(network, storages, machine, {})
    sums = []
    for rows, columns in zip(candidates.rows.tolist(), candidates.columns.tolist(), strict=True):
        one = np.array([rows]), np.array([columns])
        for buffers in candidates.buffers_for(rows, columns):
            minima = costs.exact(buffers, *one)[0].min(axis=(1, 2))
            sums.append((int(minima @ costs.multiplicity), rows * columns, rows, columns))
    _, _, rows, columns = min(sums)
    found = plan_baseline(network, DEVICE, TWO_STEP, SMALL)
    assert (found.rows, found.columns) == (rows, columns)
    mapped = plan_network(network, DEVICE, Request(multipliers=6, array=(rows, columns)))
    assert found.cycles == mapped.solver.objective >= joint_cycles


def test_a_given_array_is_kept() -> None:
    found = plan_baseline(_network(), DEVICE, "kn2row", Request(array=(3, 5)))
    assert (found.rows, found.columns) == (3, 5)
    with pytest.raises(InfeasibleError, match="leaves 10 to the array"):
        plan_baseline(_network(), DEVICE, "kn2row", Request(array=(3, 5), multipliers=10))


def test_physical_limits_by_hand(joint_cycles: int) -> None:
    """Multiplier cycles on a DSP48E2 (two direct products at once, Winograd's single), 12 x 12 and 6 x 6 outputs.

    a: direct 144 * 9 * 16 * 32 / 2 = 331,776; F(2,3) 36 tiles * 16 * 512 = 294,912; F(4,3) 9 * 36 * 512 = 165,888.
    dw: direct 144 * 9 * 32 / 2 = 20,736; F(4,3) 9 * 36 * 32 = 10,368. strided: 36 * 9 * 32 * 24 / 2 = 124,416.
    point: 36 * 24 * 24 / 2 = 10,368. last: direct 36 * 25 * 24 * 8 / 2 = 86,400; F(2,3) 9 tiles * 4 rounds * 16 * 192
    = 110,592; F(4,3) 4 tiles * 4 * 36 * 192 = 110,592. In all 165,888 + 10,368 + 124,416 + 10,368 + 86,400 = 397,440.
    Bytes: x 2,304, weights 4,608 + 288 + 6,912 + 576 + 4,800 = 17,184, output 288: 19,776.
    """
    board = load_device("zcu104")
    limits = physical_limits(_network(), board)
    assert limits.compute_ms == pytest.approx(397_440 / board.resources.multipliers / board.clock_khz, abs=1e-6)
    assert limits.bandwidth_ms == pytest.approx(19_776 / board.bandwidth_bytes_per_ms, abs=1e-6)
    unpacked = physical_limits(_network(), board, Request(packing=False))
    direct = 165_888 + 10_368 + 2 * 124_416 + 2 * 10_368 + 110_592  # Winograd now wins the last layer too
    assert unpacked.compute_ms == pytest.approx(direct / board.resources.multipliers / board.clock_khz, abs=1e-6)
    limits = physical_limits(_network(), DEVICE)
    assert max(limits.compute_ms, limits.bandwidth_ms) <= joint_cycles / DEVICE.clock_khz
