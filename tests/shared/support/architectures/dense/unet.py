"""U-Net: Ronneberger et al., MICCAI 2015, arXiv 1505.04597, figure 1.

Padded and batch-normalised, as it is used today.
"""

from __future__ import annotations

from collections.abc import Mapping

from support.architectures.graph import Graph
from support.architectures.modules import concat, conv_norm, max_pool, relu

WIDTHS = (64, 128, 256, 512, 1024)


def write(g: Graph) -> Mapping[str, str]:
    """A map of 2 classes, as large as the image."""
    x = _double(g, g.image(), "inc", WIDTHS[0])
    kept = [x]
    for level, width in enumerate(WIDTHS[1:], 1):
        x = max_pool(g, x, f"down{level}.maxpool_conv.0", 2, 2, 0)
        x = _double(g, x, f"down{level}.maxpool_conv.1", width)
        kept.append(x)
    for level, width in enumerate(reversed(WIDTHS[:-1]), 1):
        x = g.conv_transpose(x, f"up{level}.up", width)
        x = concat(g, [kept[-1 - level], x], f"up{level}")
        x = _double(g, x, f"up{level}.conv", width)
    return {"output": g.conv(x, "outc.conv", 2, bias=True)}


def _double(g: Graph, x: str, module: str, width: int) -> str:
    """Two times 3 x 3, normalised, Relu."""
    for first in (0, 3):
        names = [f"{module}.double_conv.{first + step}" for step in range(3)]
        x = conv_norm(g, x, names, width, 3, relu)
    return x
