"""ResNeXt-50 (32 x 4d): Xie et al., CVPR 2017, arXiv 1611.05431, table 1."""

from __future__ import annotations

from collections.abc import Mapping

from support.architectures.graph import Graph
from support.architectures.modules import add, conv_norm, flatten, global_mean, max_pool, none, relu

BLOCKS = (3, 4, 6, 3)
GROUPS = 32


def write(g: Graph) -> Mapping[str, str]:
    """Logits of 1,000 classes."""
    x = conv_norm(g, g.image(), ("conv1", "bn1", "relu"), 64, 7, relu, stride=2)
    x = max_pool(g, x, "maxpool", 3, 2, 1)
    for stage, blocks in enumerate(BLOCKS):
        for block in range(blocks):
            x = _block(g, x, f"layer{stage + 1}.{block}", 128 << stage, 2 if stage and block == 0 else 1)
    x = flatten(g, global_mean(g, x, "avgpool"))
    return {"output": g.linear(x, "fc", 1000)}


def _block(g: Graph, x: str, module: str, width: int, stride: int) -> str:
    """The block of figure 3 (c): ``width`` channels in 32 groups, twice as many at its end."""

    def names(index: int) -> tuple[str, str, str]:
        return f"{module}.conv{index}", f"{module}.bn{index}", f"{module}.relu"

    inner = conv_norm(g, x, names(1), width, 1, relu)
    inner = conv_norm(g, inner, names(2), width, 3, relu, stride=stride, groups=GROUPS)
    inner = conv_norm(g, inner, names(3), 2 * width, 1, none)
    if g.shapes[x] != g.shapes[inner]:
        down = (f"{module}.downsample.0", f"{module}.downsample.1", "")
        x = conv_norm(g, x, down, 2 * width, 1, none, stride=stride)
    return relu(g, add(g, inner, x, module), f"{module}.relu")
