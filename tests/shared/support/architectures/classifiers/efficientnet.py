"""EfficientNet-B0: Tan and Le, ICML 2019, arXiv 1905.11946, table 1."""

from __future__ import annotations

from collections.abc import Mapping

from support.architectures.graph import Graph
from support.architectures.modules import add, flatten, global_mean, none, numbered, sigmoid, silu, squeeze_excite

STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
"""Expansion, kernel, stride of the first block, output channels, blocks."""


def write(g: Graph) -> Mapping[str, str]:
    """Logits of 1,000 classes."""
    x = numbered(g, g.image(), "features.0", 32, 3, silu, stride=2)
    for stage, (expansion, kernel, first_stride, channels, blocks) in enumerate(STAGES, 1):
        for block in range(blocks):
            module = f"features.{stage}.{block}"
            x = _block(g, x, module, channels, (expansion, kernel, first_stride if block == 0 else 1))
    x = numbered(g, x, "features.8", 1280, 1, silu)
    x = flatten(g, global_mean(g, x, "avgpool"))
    return {"output": g.linear(x, "classifier.1", 1000)}


def _block(g: Graph, x: str, module: str, channels: int, how: tuple[int, int, int]) -> str:
    """Expand, depthwise, squeeze to a quarter of the block's input, project; ``how``: expansion, kernel, stride."""
    expansion, kernel, stride = how
    depth = g.shapes[x][1]
    wide, step, inner = depth * expansion, 0, x
    if expansion > 1:
        inner, step = numbered(g, inner, f"{module}.block.0", wide, 1, silu), 1
    inner = numbered(g, inner, f"{module}.block.{step}", wide, kernel, silu, stride=stride, groups=wide)
    inner = squeeze_excite(g, inner, f"{module}.block.{step + 1}", depth // 4, silu, sigmoid)
    inner = numbered(g, inner, f"{module}.block.{step + 2}", channels, 1, none)
    return add(g, inner, x, module) if g.shapes[x] == g.shapes[inner] else inner
