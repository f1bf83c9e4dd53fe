"""RegNetY-400MF: Radosavovic et al., CVPR 2020, arXiv 2003.13678, figure 16 and section 3.3 (the Y block)."""

from __future__ import annotations

from collections.abc import Mapping

from support.architectures.graph import Graph
from support.architectures.modules import add, flatten, global_mean, none, numbered, relu, sigmoid, squeeze_excite

DEPTHS = (1, 3, 6, 6)
WIDTHS = (48, 104, 208, 440)
GROUP_WIDTH = 8


def write(g: Graph) -> Mapping[str, str]:
    """Logits of 1,000 classes."""
    x = numbered(g, g.image(), "stem", 32, 3, relu, stride=2)
    for stage, (depth, width) in enumerate(zip(DEPTHS, WIDTHS, strict=True), 1):
        for block in range(depth):
            x = _block(g, x, f"trunk_output.block{stage}.block{stage}-{block}", width, 2 if block == 0 else 1)
    x = flatten(g, global_mean(g, x, "avgpool"))
    return {"output": g.linear(x, "fc", 1000)}


def _block(g: Graph, x: str, module: str, width: int, stride: int) -> str:
    """1 x 1, 3 x 3 in groups, squeeze to a quarter of the block's input, 1 x 1; a projection where sizes change."""
    depth = g.shapes[x][1]
    inner = numbered(g, x, f"{module}.f.a", width, 1, relu)
    inner = numbered(g, inner, f"{module}.f.b", width, 3, relu, stride=stride, groups=width // GROUP_WIDTH)
    inner = squeeze_excite(g, inner, f"{module}.f.se", depth // 4, relu, sigmoid)
    inner = numbered(g, inner, f"{module}.f.c", width, 1, none)
    if g.shapes[x] != g.shapes[inner]:
        x = numbered(g, x, f"{module}.proj", width, 1, none, stride=stride)
    return relu(g, add(g, x, inner, module), f"{module}.activation")
