"""DeepLabv3 on MobileNetV2: Chen et al., arXiv 1706.05587, section 3.3; Sandler et al., arXiv 1801.04381, section 6.3.

Output stride 16, atrous rates 6, 12 and 18 on the last feature map but one (320 channels), 21 classes.
"""

from __future__ import annotations

from collections.abc import Mapping

from support.architectures.classifiers.mobilenet_v2 import features
from support.architectures.graph import Graph
from support.architectures.modules import concat, dimension, global_mean, numbered, relu

RATES = (6, 12, 18)
WIDTH = 256
CLASSES = 21


def write(g: Graph) -> Mapping[str, str]:
    """Logits of 21 classes for every pixel of the image."""
    image = g.image()
    x = features(g, image, output_stride=16, prefix="backbone.")
    branches = [numbered(g, x, "classifier.0.convs.0", WIDTH, 1, relu)]
    for index, rate in enumerate(RATES, 1):
        branches.append(numbered(g, x, f"classifier.0.convs.{index}", WIDTH, 3, relu, dilation=rate))
    pooled = global_mean(g, x, "classifier.0.convs.4.0")
    pooled = numbered(g, pooled, "classifier.0.convs.4.1", WIDTH, 1, relu)
    branches.append(_resized(g, pooled, x, "classifier.0.convs.4"))
    x = numbered(g, concat(g, branches, "classifier.0"), "classifier.0.project", WIDTH, 1, relu)
    return {"output": _resized(g, g.conv(x, "classifier.1", CLASSES, bias=True), image, "")}


def _resized(g: Graph, x: str, like: str, module: str) -> str:
    """Bilinear, to the rows and columns of ``like``, which are read off it: Shape, Slice, Concat, Resize."""
    sides = [dimension(g, like, axis, module) for axis in (2, 3)]
    shape = g.op("Shape", [x], module, (4,))
    axes = [g.constant([value], module) for value in (0, 2, 0)]
    kept = g.op("Slice", [shape, *axes], module, (2,))
    sizes = g.op("Concat", [kept, *sides], module, (4,), axis=0)
    return g.op(
        "Resize",
        [x, "", "", sizes],
        module,
        (*g.shapes[x][:2], *g.shapes[like][2:]),
        coordinate_transformation_mode="pytorch_half_pixel",
        cubic_coeff_a=-0.75,
        mode="linear",
        nearest_mode="floor",
    )
