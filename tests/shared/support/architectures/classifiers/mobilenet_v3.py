"""MobileNetV3-Large: Howard et al., ICCV 2019, arXiv 1905.02244, table 1."""

from __future__ import annotations

from collections.abc import Mapping

from support.architectures.graph import Graph
from support.architectures.modules import (
    add,
    divisible,
    flatten,
    global_mean,
    hard_swish,
    none,
    numbered,
    relu,
    squeeze_excite,
)

BLOCKS = (
    (3, 16, 16, False, relu, 1),
    (3, 64, 24, False, relu, 2),
    (3, 72, 24, False, relu, 1),
    (5, 72, 40, True, relu, 2),
    (5, 120, 40, True, relu, 1),
    (5, 120, 40, True, relu, 1),
    (3, 240, 80, False, hard_swish, 2),
    (3, 200, 80, False, hard_swish, 1),
    (3, 184, 80, False, hard_swish, 1),
    (3, 184, 80, False, hard_swish, 1),
    (3, 480, 112, True, hard_swish, 1),
    (3, 672, 112, True, hard_swish, 1),
    (5, 672, 160, True, hard_swish, 2),
    (5, 960, 160, True, hard_swish, 1),
    (5, 960, 160, True, hard_swish, 1),
)
"""Kernel, expanded channels, output channels, squeeze-and-excite, activation, stride."""


def write(g: Graph) -> Mapping[str, str]:
    """Logits of 1,000 classes."""
    x = features(g, g.image())[-1]
    x = flatten(g, global_mean(g, x, "avgpool"))
    x = hard_swish(g, g.linear(x, "classifier.0", 1280), "classifier.1")
    return {"output": g.linear(x, "classifier.3", 1000)}


def features(g: Graph, x: str, width: float = 1.0) -> list[str]:
    """What the network has at each quarter of the image on: the last tensor of strides 4, 8 and 16, and the last."""
    levels = []
    x = numbered(g, x, "features.0", divisible(16 * width), 3, hard_swish, stride=2)
    for index, (kernel, expanded, channels, squeezed, act, stride) in enumerate(BLOCKS, 1):
        if stride == 2 and index > 2:
            levels.append(x)
        module = f"features.{index}"
        wide, step, inner = divisible(expanded * width), 0, x
        if wide != g.shapes[x][1]:
            inner, step = numbered(g, inner, f"{module}.block.0", wide, 1, act), 1
        inner = numbered(g, inner, f"{module}.block.{step}", wide, kernel, act, stride=stride, groups=wide)
        if squeezed:
            step += 1
            inner = squeeze_excite(g, inner, f"{module}.block.{step}", divisible(wide // 4))
        inner = numbered(g, inner, f"{module}.block.{step + 1}", divisible(channels * width), 1, none)
        x = add(g, x, inner, module) if g.shapes[x] == g.shapes[inner] else inner
    levels.append(numbered(g, x, "features.16", divisible(960 * width), 1, hard_swish))
    return levels
