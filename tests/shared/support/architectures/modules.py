"""Modules that many networks share, with the nodes that torch's exporter writes for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from support.architectures.graph import Graph

Activation = Callable[[Graph, str, str], str]
"""Of a graph, a tensor and a module; gives the activated tensor."""


def relu(g: Graph, tensor: str, module: str) -> str:
    return g.op("Relu", [tensor], module)


def relu6(g: Graph, tensor: str, module: str) -> str:
    bounds = [g.constant(bound, module, np.float32) for bound in (0, 6)]
    return g.op("Clip", [tensor, *bounds], module)


def hard_swish(g: Graph, tensor: str, module: str) -> str:
    return g.op("HardSwish", [tensor], module)


def hard_sigmoid(g: Graph, tensor: str, module: str) -> str:
    return g.op("HardSigmoid", [tensor], module, alpha=1 / 6)


def sigmoid(g: Graph, tensor: str, module: str) -> str:
    return g.op("Sigmoid", [tensor], module)


def silu(g: Graph, tensor: str, module: str) -> str:
    return g.op("Mul", [tensor, g.op("Sigmoid", [tensor], module)], module)


def none(g: Graph, tensor: str, module: str) -> str:
    return tensor


def conv_norm(
    g: Graph, tensor: str, modules: Sequence[str], channels: int, kernel: int, act: Activation, **how: int
) -> str:
    """Conv, BatchNormalization and an activation, in three ``modules``."""
    conv, norm, activation = modules
    return act(g, g.batch_norm(g.conv(tensor, conv, channels, kernel, **how), norm), activation)


def numbered(g: Graph, tensor: str, module: str, channels: int, kernel: int, act: Activation, **how: int) -> str:
    """`conv_norm` as the modules 0, 1 and 2 of ``module``."""
    return conv_norm(g, tensor, [f"{module}.{i}" for i in range(3)], channels, kernel, act, **how)


def squeeze_excite(
    g: Graph, tensor: str, module: str, squeezed: int, inner: Activation = relu, gate: Activation = hard_sigmoid
) -> str:
    """Mean, 1 x 1, activation, 1 x 1, gate, product (Hu et al., CVPR 2018, arXiv 1709.01507)."""
    channels = g.shapes[tensor][1]
    mean = global_mean(g, tensor, f"{module}.avgpool")
    inner_value = inner(g, g.conv(mean, f"{module}.fc1", squeezed, bias=True), f"{module}.activation")
    scale = gate(g, g.conv(inner_value, f"{module}.fc2", channels, bias=True), f"{module}.scale_activation")
    return g.op("Mul", [scale, tensor], module, g.shapes[tensor])


def global_mean(g: Graph, tensor: str, module: str) -> str:
    return g.op("GlobalAveragePool", [tensor], module, (*g.shapes[tensor][:2], 1, 1))


def flatten(g: Graph, tensor: str, module: str = "") -> str:
    batch, *rest = g.shapes[tensor]
    return g.op("Flatten", [tensor], module, (batch, int(np.prod(rest))), axis=1)


def max_pool(g: Graph, tensor: str, module: str, kernel: int, stride: int, pad: int) -> str:
    batch, channels, *sides = g.shapes[tensor]
    shape = (batch, channels, *((side + 2 * pad - kernel) // stride + 1 for side in sides))
    return g.op(
        "MaxPool",
        [tensor],
        module,
        shape,
        ceil_mode=0,
        kernel_shape=[kernel] * 2,
        pads=[pad] * 4,
        strides=[stride] * 2,
    )


def concat(g: Graph, tensors: Sequence[str], module: str, axis: int = 1) -> str:
    shape = list(g.shapes[tensors[0]])
    shape[axis] = sum(g.shapes[tensor][axis] for tensor in tensors)
    return g.op("Concat", tensors, module, tuple(shape), axis=axis)


def add(g: Graph, left: str, right: str, module: str) -> str:
    return g.op("Add", [left, right], module)


def upsampled(g: Graph, tensor: str, module: str, factor: int) -> str:
    """Nearest neighbours, by a constant factor."""
    batch, channels, rows, columns = g.shapes[tensor]
    scales = g.constant([1, 1, factor, factor], module, np.float32)
    return g.op(
        "Resize",
        [tensor, "", scales],
        module,
        (batch, channels, factor * rows, factor * columns),
        coordinate_transformation_mode="asymmetric",
        mode="nearest",
        nearest_mode="floor",
    )


def dimension(g: Graph, tensor: str, axis: int, module: str) -> str:
    """``tensor.shape[axis]`` as it is exported of an input of open dimensions: Shape, Gather, Unsqueeze."""
    shape = g.op("Shape", [tensor], module, (len(g.shapes[tensor]),))
    gathered = g.op("Gather", [shape, g.constant(axis, module)], module, (), axis=0)
    return g.op("Unsqueeze", [gathered, g.constant([0], module)], module, (1,))


def viewed(g: Graph, tensor: str, dimensions: Sequence[str | int], shape: Sequence[int], module: str) -> str:
    """Reshape to ``dimensions``, numbers or tensors of one; the result has ``shape``."""
    parts = [g.constant([part], module) if isinstance(part, int) else part for part in dimensions]
    target = g.op("Concat", parts, module, (len(parts),), axis=0)
    return g.op("Reshape", [tensor, target], module, tuple(shape))


def transposed(g: Graph, tensor: str, order: Sequence[int], module: str) -> str:
    shape = g.shapes[tensor]
    return g.op("Transpose", [tensor], module, tuple(shape[axis] for axis in order), perm=list(order))


def divisible(channels: float, by: int = 8) -> int:
    """The next multiple of ``by`` that is not under 90 % (Sandler et al., arXiv 1801.04381, of width multipliers)."""
    rounded = max(by, int(channels + by / 2) // by * by)
    return rounded + by if rounded < 0.9 * channels else rounded
