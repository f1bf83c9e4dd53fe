"""MobileNetV2: Sandler et al., CVPR 2018, arXiv 1801.04381, table 2."""

from __future__ import annotations

from collections.abc import Mapping

from support.architectures.graph import Graph
from support.architectures.modules import add, flatten, global_mean, numbered, relu6

STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, output channels, blocks, stride of the first block."""


def write(g: Graph) -> Mapping[str, str]:
    """Logits of 1,000 classes."""
    x = features(g, g.image())
    x = numbered(g, x, "features.18", 1280, 1, relu6)
    x = flatten(g, global_mean(g, x, ""))
    return {"output": g.linear(x, "classifier.1", 1000)}


def features(g: Graph, x: str, output_stride: int = 32, prefix: str = "") -> str:
    """All blocks. Past ``output_stride`` a stride becomes a dilation of what follows (arXiv 1706.05587, figure 3)."""
    x = numbered(g, x, f"{prefix}features.0", 32, 3, relu6, stride=2)
    reached, dilation, index = 2, 1, 1
    for expansion, channels, blocks, first_stride in STAGES:
        for block in range(blocks):
            stride, own = (first_stride if block == 0 else 1), dilation
            if reached * stride > output_stride:
                dilation, stride = dilation * stride, 1
            reached *= stride
            x = _block(g, x, f"{prefix}features.{index}", channels, (expansion, stride, own))
            index += 1
    return x


def _block(g: Graph, x: str, module: str, channels: int, how: tuple[int, int, int]) -> str:
    """The inverted residual of figure 3; ``how``: expansion, stride, dilation."""
    expansion, stride, dilation = how
    depth = g.shapes[x][1]
    inner, step = x, 0
    if expansion > 1:
        inner = numbered(g, inner, f"{module}.conv.0", depth * expansion, 1, relu6)
        step = 1
    inner = numbered(
        g,
        inner,
        f"{module}.conv.{step}",
        depth * expansion,
        3,
        relu6,
        stride=stride,
        groups=depth * expansion,
        dilation=dilation,
    )
    inner = g.conv(inner, f"{module}.conv.{step + 1}", channels)
    inner = g.batch_norm(inner, f"{module}.conv.{step + 2}")
    return add(g, x, inner, module) if stride == 1 and depth == channels else inner
