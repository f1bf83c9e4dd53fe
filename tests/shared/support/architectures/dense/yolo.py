"""A detector of the kind of YOLOv8n: C2f, SPPF, a head without anchors whose boxes are expectations.

Table of layers and sizes: Jocher et al., Ultralytics YOLOv8, docs.ultralytics.com/models/yolov8. The head: Li et al.,
Generalized Focal Loss, arXiv 2006.04388 (16 bins per side of a box); SPPF: He et al., arXiv 1406.4729, in rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from support.architectures.graph import Graph
from support.architectures.modules import add, concat, conv_norm, max_pool, silu, transposed, upsampled, viewed

WIDTHS = (16, 32, 64, 128, 256)
BINS = 16
CLASSES = 80
STRIDES = (8, 16, 32)


def write(g: Graph) -> Mapping[str, str]:
    """N x 84 x places: the middle and size of a box in pixels, and a score for each of 80 classes."""
    boxes, scores = _detections(g)
    return {"output0": concat(g, [boxes, scores], "model.22")}


def write_with_nms(g: Graph) -> Mapping[str, str]:
    """The kept boxes as rows of image, class, place, as exporters add NonMaxSuppression."""
    boxes, scores = _detections(g)
    corners = transposed(g, boxes, [0, 2, 1], "nms")
    limits = [g.constant(100, "nms"), g.constant(0.45, "nms", np.float32), g.constant(0.25, "nms", np.float32)]
    kept = g.op("NonMaxSuppression", [corners, scores, *limits], "nms", (-1, 3), center_point_box=1)
    selected = g.op("Cast", [kept], "nms", to=1)
    return {"selected": selected, "scores": scores, "boxes": corners}


def _detections(g: Graph) -> tuple[str, str]:
    return _head(g, _neck(g, *_backbone(g, g.image())))


def _backbone(g: Graph, x: str) -> tuple[str, str, str]:
    """Features at strides 8, 16 and 32."""
    x = _conv(g, x, "model.0", WIDTHS[0], 3, 2)
    levels = []
    for index, (width, repeats) in enumerate(zip(WIDTHS[1:], (1, 2, 2, 1), strict=True)):
        x = _conv(g, x, f"model.{2 * index + 1}", width, 3, 2)
        x = _c2f(g, x, f"model.{2 * index + 2}", width, repeats, shortcut=True)
        levels.append(x)
    return levels[1], levels[2], _sppf(g, levels[3], "model.9")


def _neck(g: Graph, fine: str, middle: str, coarse: str) -> list[str]:
    """Down and up again (Liu et al., PANet, arXiv 1803.01534)."""
    x = concat(g, [upsampled(g, coarse, "model.10", 2), middle], "model.11")
    inner = _c2f(g, x, "model.12", WIDTHS[3], 1)
    x = concat(g, [upsampled(g, inner, "model.13", 2), fine], "model.14")
    small = _c2f(g, x, "model.15", WIDTHS[2], 1)
    x = concat(g, [_conv(g, small, "model.16", WIDTHS[2], 3, 2), inner], "model.17")
    medium = _c2f(g, x, "model.18", WIDTHS[3], 1)
    x = concat(g, [_conv(g, medium, "model.19", WIDTHS[3], 3, 2), coarse], "model.20")
    return [small, medium, _c2f(g, x, "model.21", WIDTHS[4], 1)]


def _head(g: Graph, levels: Sequence[str]) -> tuple[str, str]:
    """Boxes N x 4 x places, scores N x 80 x places."""
    outputs = []
    for index, x in enumerate(levels):
        branches = [
            _branch(g, x, f"model.22.cv2.{index}", 64, 4 * BINS),
            _branch(g, x, f"model.22.cv3.{index}", CLASSES, CLASSES),
        ]
        x = concat(g, branches, "model.22")
        batch, channels, rows, columns = g.shapes[x]
        outputs.append(viewed(g, x, [batch, channels, -1], (batch, channels, rows * columns), "model.22"))
    sides, scores = g.split(concat(g, outputs, "model.22", axis=2), [4 * BINS, CLASSES], "model.22")
    return _boxes(g, _expectation(g, sides, "model.22.dfl"), levels), g.op("Sigmoid", [scores], "model.22")


def _expectation(g: Graph, x: str, module: str) -> str:
    """Softmax over the bins, times their numbers: a convolution with the weights 0 to 15."""
    batch, _, places = g.shapes[x]
    x = viewed(g, x, [batch, 4, BINS, places], (batch, 4, BINS, places), module)
    x = g.op("Softmax", [transposed(g, x, [0, 2, 1, 3], module)], module, axis=1)
    weights = g.parameter(f"{module}.conv.weight", np.arange(BINS).reshape(1, BINS, 1, 1))
    x = g.op("Conv", [x, weights], f"{module}.conv", (batch, 1, 4, places), kernel_shape=[1, 1])
    return viewed(g, x, [batch, 4, places], (batch, 4, places), module)


def _boxes(g: Graph, sides: str, levels: Sequence[str]) -> str:
    """From the four distances to middle and size, in pixels."""
    module, batch, places = "model.22", *g.shapes[sides][::2]
    anchors, strides = [], []
    for level, stride in zip(levels, STRIDES, strict=True):
        rows, columns = g.shapes[level][2:]
        y, x = np.meshgrid(np.arange(rows) + 0.5, np.arange(columns) + 0.5, indexing="ij")
        anchors.append(np.stack([x.ravel(), y.ravel()]))
        strides.append(np.full(rows * columns, stride))
    points = g.constant(np.concatenate(anchors, 1)[None], module, np.float32)
    half = (batch, 2, places)
    corners = []
    for first, kind in ((0, "Sub"), (2, "Add")):
        bounds = [g.constant([value], module) for value in (first, first + 2, 1, 1)]
        part = g.op("Slice", [sides, *bounds], module, half)
        corners.append(g.op(kind, [points, part], module, half))
    low, high = corners
    middle = g.op("Div", [g.op("Add", [low, high], module), g.constant(2, module, np.float32)], module)
    boxes = concat(g, [middle, g.op("Sub", [high, low], module)], module)
    return g.op("Mul", [boxes, g.constant(np.concatenate(strides)[None], module, np.float32)], module)


def _branch(g: Graph, x: str, module: str, inner: int, channels: int) -> str:
    for index in range(2):
        x = _conv(g, x, f"{module}.{index}", inner, 3)
    return g.conv(x, f"{module}.2", channels, bias=True)


def _conv(g: Graph, x: str, module: str, channels: int, kernel: int = 1, stride: int = 1) -> str:
    names = (f"{module}.conv", f"{module}.bn", f"{module}.act")
    return conv_norm(g, x, names, channels, kernel, silu, stride=stride)


def _c2f(g: Graph, x: str, module: str, channels: int, repeats: int, shortcut: bool = False) -> str:
    """Half passes, half goes through bottlenecks one after another, and all of them are joined."""
    half = channels // 2
    parts = g.split(_conv(g, x, f"{module}.cv1", channels), [half, half], module)
    for index in range(repeats):
        inner = _conv(g, parts[-1], f"{module}.m.{index}.cv1", half, 3)
        inner = _conv(g, inner, f"{module}.m.{index}.cv2", half, 3)
        parts.append(add(g, parts[-1], inner, f"{module}.m.{index}") if shortcut else inner)
    return _conv(g, concat(g, parts, module), f"{module}.cv2", channels)


def _sppf(g: Graph, x: str, module: str) -> str:
    """Maxima of 5 x 5 three times in a row, joined."""
    channels = g.shapes[x][1]
    parts = [_conv(g, x, f"{module}.cv1", channels // 2)]
    for _ in range(3):
        parts.append(max_pool(g, parts[-1], f"{module}.m", 5, 1, 2))
    return _conv(g, concat(g, parts, module), f"{module}.cv2", channels)
