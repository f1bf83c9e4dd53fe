"""The text detector of PP-OCR: Du et al., arXiv 2009.09941, section 2.1; the head: Liao et al., DB, arXiv 1911.08947.

MobileNetV3-Large of half the width with squeeze-and-excite, a pyramid of 96 channels, and two transposed convolutions
to a map of probabilities.
"""

from __future__ import annotations

from collections.abc import Mapping

from support.architectures.classifiers.mobilenet_v3 import features
from support.architectures.graph import Graph
from support.architectures.modules import add, concat, conv_norm, relu, sigmoid, upsampled

WIDTH = 0.5
INNER = 96


def write(g: Graph) -> Mapping[str, str]:
    """The probability of text at every pixel."""
    levels = features(g, g.image(), WIDTH)
    laterals = [g.conv(x, f"neck.in{index}_conv", INNER) for index, x in enumerate(levels, 2)]
    x = laterals[-1]
    merged = [x]
    for lateral in reversed(laterals[:-1]):
        x = add(g, lateral, upsampled(g, x, "neck", 2), "neck")
        merged.append(x)
    smooth = []
    for index, x in zip((5, 4, 3, 2), merged, strict=True):
        x = g.conv(x, f"neck.p{index}_conv", INNER // 4, 3)
        smooth.append(x if index == 2 else upsampled(g, x, "neck", 1 << (index - 2)))
    return {"maps": sigmoid(g, _head(g, concat(g, smooth, "neck")), "head")}


def _head(g: Graph, x: str) -> str:
    """3 x 3, then twice the rows and columns, and again."""
    module = "head.binarize"
    x = conv_norm(g, x, (f"{module}.conv1", f"{module}.conv_bn1", f"{module}.relu1"), INNER // 4, 3, relu)
    x = g.batch_norm(g.conv_transpose(x, f"{module}.conv2", INNER // 4), f"{module}.conv_bn2")
    return g.conv_transpose(relu(g, x, f"{module}.relu2"), f"{module}.conv3", 1)
