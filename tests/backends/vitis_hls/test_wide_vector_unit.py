"""The vector unit on memories that check their ports, with words of 256 bytes: the 128 lanes of a cycle run from one
pixel into the next, and several inputs of a concatenation meet in them."""

from __future__ import annotations

import numpy as np
import pytest

from dynamap.backends.conformance.checking import check
from dynamap.backends.conformance.networks import network_of
from dynamap.backends.conformance.plans import SMALL, integer_image, plan_on
from dynamap.backends.quantise import quantise
from dynamap.backends.vitis_hls.csim import CHECKED, CSimulationExecutor
from dynamap.cost.geometry import TensorShape, Window
from dynamap.planner.network.network import (
    Activation,
    ActivationKind,
    Add,
    Concat,
    Conv,
    Layer,
    Lrn,
    Mul,
    Pool,
    PoolKind,
    Resize,
)

LEAKY = Activation(ActivationKind.LEAKY_RELU, 0.125)


@pytest.fixture(scope="module")
def executor() -> CSimulationExecutor:
    """One for all cases, so that the kernel is built once, and for few: it is not worth optimising."""
    return CSimulationExecutor(("-O0", *CHECKED[1:]))


def keeps_the_rules(
    executor: CSimulationExecutor, shape: TensorShape, layers: list[Layer], shapes: dict[str, TensorShape]
) -> bool:
    network = network_of(shape, layers, shapes, layers[-1].output)
    plan = plan_on(network, (8, 8), SMALL, "u200")
    assert plan.overlay.word_bytes == 256
    return check(executor, plan, quantise(network, samples=1), integer_image(network, 1))


def depthwise(name: str, source: str, output: str, channels: int, window: Window) -> Conv:
    generator = np.random.default_rng(channels)
    weights = generator.standard_normal((channels, 1, *window.kernel), dtype=np.float32)
    bias = generator.standard_normal(channels, dtype=np.float32)
    return Conv(name, (source,), output, window, weights, bias, groups=channels)


@pytest.mark.parametrize("channels", [16, 40, 168, 200, 336])
def test_depthwise_and_elementwise(executor: CSimulationExecutor, channels: int) -> None:
    """1, 3, 11, 13 and 21 units of 16 channels: several pixels in a cycle, one and a part, or a part."""
    shape = TensorShape(channels, 5, 6)
    layers: list[Layer] = [
        depthwise("three", "input", "a", channels, Window((3, 3), pads=(1, 1, 1, 1))),
        depthwise("one", "a", "b", channels, Window((1, 1))),
        Pool("factor", ("a",), "factor", PoolKind.AVERAGE, Window((5, 6))),
        Add("sum", ("a", "b"), "c", LEAKY),
        Mul("product", ("c", "b"), "d"),
        Mul("scaled", ("d", "factor"), "e"),
        Add("last", ("e", "input"), "f"),
    ]
    shapes = dict.fromkeys("abcdef", shape) | {"factor": TensorShape(channels, 1, 1)}
    assert keeps_the_rules(executor, shape, layers, shapes)


def test_depthwise_of_more_taps_than_are_kept(executor: CSimulationExecutor) -> None:
    """17 x 17 taps of 11 units, whose lanes run into the next pixel."""
    shape = TensorShape(168, 4, 6)
    layers: list[Layer] = [depthwise("large", "input", "a", 168, Window((17, 17), pads=(8, 8, 8, 8)))]
    assert keeps_the_rules(executor, shape, layers, {"a": shape})


@pytest.mark.parametrize("channels", [5, 24, 40, 200])
def test_normalisation_over_windows_of_every_size(executor: CSimulationExecutor, channels: int) -> None:
    """From a channel alone to more than there are: at the ends of a unit a window reaches into the next one."""
    shape = TensorShape(channels, 4, 5)
    sizes = (1, 2, 3, 5, 7, 8)
    names = ["input", *(f"of{size}" for size in sizes)]
    layers: list[Layer] = [
        Lrn(f"lrn{size}", (names[i],), names[i + 1], size, 0.5, 0.75, 1.0) for i, size in enumerate(sizes)
    ]
    assert keeps_the_rules(executor, shape, layers, dict.fromkeys(names[1:], shape))


def test_concatenation_of_many_inputs(executor: CSimulationExecutor) -> None:
    """Ten inputs of 1 to 40 channels: a unit has parts of three, a cycle of nine, and each has its own scale."""
    shape = TensorShape(1, 5, 6)
    counts = (1, 2, 3, 40, 16, 5, 7, 1, 33, 20)
    generator = np.random.default_rng(2)
    layers: list[Layer] = []
    shapes: dict[str, TensorShape] = {}
    for i, count in enumerate(counts):
        weights = (i + 1) * generator.standard_normal((count, 1, 1, 1), dtype=np.float32)
        bias = generator.standard_normal(count, dtype=np.float32)
        layers.append(Conv(f"conv{i}", ("input",), f"part{i}", Window((1, 1)), weights, bias))
        shapes[f"part{i}"] = TensorShape(count, 5, 6)
    layers.append(Concat("concat", tuple(f"part{i}" for i in range(len(counts))), "joined"))
    layers.append(Resize("resize", ("joined",), "large", 2, 3))
    shapes |= {"joined": TensorShape(sum(counts), 5, 6), "large": TensorShape(sum(counts), 10, 18)}
    assert keeps_the_rules(executor, shape, layers, shapes)


@pytest.mark.parametrize("channels", [20, 300])
@pytest.mark.parametrize("kind", [PoolKind.MAX, PoolKind.AVERAGE])
def test_pooling(executor: CSimulationExecutor, channels: int, kind: PoolKind) -> None:
    """Windows that overlap, lie apart, are dilated, or are all of a row."""
    windows = [
        Window((3, 3), pads=(1, 1, 1, 1)),
        Window((2, 2), (2, 2)),
        Window((5, 5), pads=(2, 2, 2, 2)),
        Window((3, 3), pads=(2, 2, 2, 2), dilation=(2, 2)),
        Window((1, 4), pads=(0, 3, 0, 3)),
        Window((7, 11)),
    ]
    shape = TensorShape(channels, 14, 18)
    layers: list[Layer] = []
    shapes: dict[str, TensorShape] = {}
    source, at = "input", shape
    for i, window in enumerate(windows):
        rows, columns = (
            (size + window.pads[d] + window.pads[d + 2] - window.extent[d]) // window.stride[d] + 1
            for d, size in enumerate((at.height, at.width))
        )
        output, at = f"pool{i}", TensorShape(channels, rows, columns)
        layers.append(Pool(f"of{i}", (source,), output, kind, window))
        shapes[output], source = at, output
    assert keeps_the_rules(executor, shape, layers, shapes)
