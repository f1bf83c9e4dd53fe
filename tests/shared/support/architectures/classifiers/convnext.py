"""ConvNeXt-T: Liu et al., CVPR 2022, arXiv 2201.03545, figure 4 and table 9."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from support.architectures.graph import Graph
from support.architectures.modules import add, flatten, global_mean, transposed

DEPTHS = (3, 3, 9, 3)
WIDTHS = (96, 192, 384, 768)


def write(g: Graph) -> Mapping[str, str]:
    """Logits of 1,000 classes."""
    x = g.conv(g.image(), "features.0.0", WIDTHS[0], 4, stride=4, pad=0, bias=True)
    x = _norm_of_channels(g, x, "features.0.1")
    for stage, (depth, width) in enumerate(zip(DEPTHS, WIDTHS, strict=True)):
        if stage:
            x = _norm_of_channels(g, x, f"features.{2 * stage}.0")
            x = g.conv(x, f"features.{2 * stage}.1", width, 2, stride=2, pad=0, bias=True)
        for block in range(depth):
            x = _block(g, x, f"features.{2 * stage + 1}.{block}")
    x = _norm_of_channels(g, global_mean(g, x, "avgpool"), "classifier.0")
    return {"output": g.linear(flatten(g, x, "classifier.1"), "classifier.2", 1000)}


def _block(g: Graph, x: str, module: str) -> str:
    """7 x 7 depthwise; then with channels last: norm, four times the channels, GELU, back; a scale per channel."""
    width = g.shapes[x][1]
    inner = g.conv(x, f"{module}.block.0", width, 7, groups=width, bias=True)
    inner = transposed(g, inner, [0, 2, 3, 1], f"{module}.block.1")
    inner = g.layer_norm(inner, f"{module}.block.2")
    inner = _gelu(g, g.linear(inner, f"{module}.block.3", 4 * width), f"{module}.block.4")
    inner = g.linear(inner, f"{module}.block.5", width)
    inner = transposed(g, inner, [0, 3, 1, 2], f"{module}.block.6")
    scale = g.parameter(f"{module}.layer_scale", np.linspace(0.1, 0.4, width).reshape(width, 1, 1))
    inner = g.op("Mul", [scale, inner], module, g.shapes[x])
    return add(g, inner, x, module)


def _norm_of_channels(g: Graph, x: str, module: str) -> str:
    """LayerNormalization over the channels, which are last for it."""
    last = transposed(g, x, [0, 2, 3, 1], module)
    return transposed(g, g.layer_norm(last, module), [0, 3, 1, 2], module)


def _gelu(g: Graph, x: str, module: str) -> str:
    """x / 2 times 1 + erf(x / sqrt 2), as five nodes."""
    inner = g.op("Div", [x, g.constant(np.sqrt(2), module, np.float32)], module)
    inner = g.op("Add", [g.op("Erf", [inner], module), g.constant(1, module, np.float32)], module)
    return g.op("Mul", [g.op("Mul", [x, inner], module), g.constant(0.5, module, np.float32)], module)
