"""ShuffleNetV2 1x: Ma et al., ECCV 2018, arXiv 1807.11164, table 5 and figure 3 (c, d)."""

from __future__ import annotations

from collections.abc import Mapping

from support.architectures.graph import Graph
from support.architectures.modules import (
    Activation,
    concat,
    conv_norm,
    dimension,
    max_pool,
    none,
    numbered,
    relu,
    transposed,
    viewed,
)

STAGES = ((4, 116), (8, 232), (4, 464))
"""Blocks, output channels."""


def write(g: Graph) -> Mapping[str, str]:
    """Logits of 1,000 classes."""
    x = numbered(g, g.image(), "conv1", 24, 3, relu, stride=2)
    x = max_pool(g, x, "maxpool", 3, 2, 1)
    for stage, (blocks, channels) in enumerate(STAGES, 2):
        for block in range(blocks):
            x = _block(g, x, f"stage{stage}.{block}", channels, block == 0)
    x = numbered(g, x, "conv5", 1024, 1, relu)
    x = g.op("ReduceMean", [x], "", g.shapes[x][:2], axes=[2, 3], keepdims=0)
    return {"output": g.linear(x, "fc", 1000)}


def _block(g: Graph, x: str, module: str, channels: int, first: bool) -> str:
    """Half of the channels pass, half are worked on; the first block of a stage works on all, twice, with stride 2."""
    half = channels // 2
    if first:
        left = _conv(g, x, f"{module}.branch1.0", half, none, depthwise=True, stride=2)
        left = _conv(g, left, f"{module}.branch1.2", half, relu)
        right = x
    else:
        left, right = g.split(x, [half, half], module)
    right = _conv(g, right, f"{module}.branch2.0", half, relu)
    right = _conv(g, right, f"{module}.branch2.3", half, none, depthwise=True, stride=2 if first else 1)
    right = _conv(g, right, f"{module}.branch2.5", half, relu)
    return _shuffled(g, concat(g, [left, right], module), module)


def _conv(
    g: Graph, x: str, module: str, channels: int, act: Activation, depthwise: bool = False, stride: int = 1
) -> str:
    """1 x 1 to ``channels``, or 3 x 3 of each channel."""
    branch, _, index = module.rpartition(".")
    names = [f"{branch}.{int(index) + step}" for step in range(3)]
    if depthwise:
        depth = g.shapes[x][1]
        return conv_norm(g, x, names, depth, 3, act, groups=depth, stride=stride)
    return conv_norm(g, x, names, channels, 1, act)


def _shuffled(g: Graph, x: str, module: str) -> str:
    """The channels of two halves in turn, with the sizes read off the tensor as torch's exporter writes it."""
    batch, channels, rows, columns = g.shapes[x]
    half = channels // 2
    sizes = [dimension(g, x, axis, module) for axis in (0, 2, 3)]
    x = viewed(g, x, [sizes[0], 2, half, *sizes[1:]], (batch, 2, half, rows, columns), module)
    x = transposed(g, x, [0, 2, 1, 3, 4], module)
    return viewed(g, x, [sizes[0], -1, *sizes[1:]], (batch, channels, rows, columns), module)
