"""What joins tensors, changes their form, or ends a network."""

from __future__ import annotations

import math

import numpy as np
from onnx import helper

from support.campaign.sketch import Sketch
from support.campaign.steps.elementwise import activation


def _alike(sketch: Sketch, x: str, axes: slice) -> list[str]:
    """Tensors whose shape agrees with that of ``x`` in these axes."""
    shape = sketch.shapes[x]
    return [
        name
        for name in sketch.watched()
        if len(sketch.shapes[name]) == len(shape) and sketch.shapes[name][axes] == shape[axes]
    ]


def total(sketch: Sketch, x: str) -> str | None:
    """Add or Sum with tensors of the same shape, itself included."""
    known = _alike(sketch, x, slice(None))
    if len(known) == 1 or sketch.chance(0.5):
        known.append(_same_size(sketch, x))
    others = [sketch.pick(known[-4:]) for _ in range(sketch.pick([1, 1, 1, 2, 3]))]
    inputs = [x, *others] if sketch.chance(0.5) else [*others, x]
    op = "Add" if len(inputs) == 2 and sketch.chance(0.7) else "Sum"
    return sketch.node(op, inputs, sketch.shapes[x])


def product(sketch: Sketch, x: str) -> str | None:
    """Mul by a tensor of the same shape, or by a gate of one value per channel."""
    shape = sketch.shapes[x]
    if len(shape) == 3 and not sketch.exact and sketch.chance(0.6):
        pooled = sketch.node("GlobalAveragePool", [x], (shape[0], 1, 1))
        gate = sketch.node("Sigmoid", [_pointwise(sketch, pooled, shape[0])], (shape[0], 1, 1))
        return sketch.node("Mul", sketch.pick([[x, gate], [gate, x]]), shape)
    known = _alike(sketch, x, slice(None))
    other = sketch.pick(known) if len(known) > 1 and sketch.chance(0.5) else _same_size(sketch, x)
    return sketch.node("Mul", [x, other], shape)


def concat(sketch: Sketch, x: str) -> str | None:
    """Concat along the channels of two to four tensors, the same one twice among them."""
    known = _alike(sketch, x, slice(1, None))
    others = [sketch.pick(known[-5:]) for _ in range(sketch.integer(1, 3))]
    inputs = [x, *others] if sketch.chance(0.5) else [*others, x]
    channels = sum(sketch.shapes[name][0] for name in inputs)
    if channels > 80:
        return None
    rank = len(sketch.shapes[x])
    axis = -rank if sketch.opset >= 11 and sketch.chance(0.3) else 1
    return sketch.node("Concat", inputs, (channels, *sketch.shapes[x][1:]), axis=axis)


def resize(sketch: Sketch, x: str) -> str | None:
    """Nearest-neighbour enlargement by integers, as each opset writes it."""
    channels, height, width = sketch.shapes[x]
    rows, columns = sketch.pick([(2, 2), (1, 2), (3, 1), (2, 3)])
    shape = (channels, height * rows, width * columns)
    if max(shape[1:]) > 24:
        return None
    scales = np.array([1, 1, rows, columns], np.float32)
    if sketch.opset < 9:
        return sketch.node("Upsample", [x], shape, mode="nearest", scales=scales.tolist())
    if sketch.opset < 10:
        return sketch.node("Upsample", [x, sketch.constant(scales, "scales")], shape, mode="nearest")
    if sketch.opset < 11:
        return sketch.node("Resize", [x, sketch.constant(scales, "scales")], shape, mode="nearest")
    attributes = {"mode": "nearest"} | sketch.pick(
        [
            {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
            {"coordinate_transformation_mode": "half_pixel"},
            {},
        ]
    )
    roi = "" if sketch.opset >= 13 else sketch.constant(np.zeros(0, np.float32), "roi")
    if sketch.chance(0.5):
        return sketch.node("Resize", [x, roi, sketch.constant(scales, "scales")], shape, **attributes)
    empty = "" if sketch.opset >= 13 else sketch.constant(np.zeros(0, np.float32), "none")
    sizes = sketch.constant(np.array([1, *shape], np.int64), "sizes")
    return sketch.node("Resize", [x, roi, empty, sizes], shape, **attributes)


def shuffle(sketch: Sketch, x: str) -> str | None:
    """A channel shuffle: Reshape, Transpose, Reshape."""
    channels, height, width = sketch.shapes[x]
    groups = [g for g in range(2, channels) if channels % g == 0]
    if not groups:
        return None
    g = sketch.pick(groups)
    split = sketch.constant(np.array([1, g, channels // g, height, width], np.int64), "split")
    first = sketch.node("Reshape", [x, split], (g, channels // g, height, width))
    second = sketch.node("Transpose", [first], (channels // g, g, height, width), perm=[0, 2, 1, 3, 4])
    last = [1, -1, height, width] if sketch.chance(0.5) else [1, channels, height, width]
    return sketch.node(
        "Reshape", [second, sketch.constant(np.array(last, np.int64), "join")], (channels, height, width)
    )


def there_and_back(sketch: Sketch, x: str) -> str | None:
    """A view that is left again: flat, or with an axis more."""
    shape = sketch.shapes[x]
    if sketch.chance(0.5):
        flat = sketch.node("Reshape", [x, sketch.constant(np.array([1, -1], np.int64))], (math.prod(shape),))
        return sketch.node("Reshape", [flat, sketch.constant(np.array([1, *shape], np.int64))], shape)
    axis = sketch.integer(1, 4)
    longer = (*shape[: axis - 1], 1, *shape[axis - 1 :])
    if sketch.opset < 13:
        more = sketch.node("Unsqueeze", [x], longer, axes=[axis])
        return sketch.node("Squeeze", [more], shape, axes=[axis])
    more = sketch.node("Unsqueeze", [x, sketch.constant(np.array([axis], np.int64))], longer)
    return sketch.node("Squeeze", [more, sketch.constant(np.array([axis], np.int64))], shape)


def head(sketch: Sketch, x: str) -> str:
    """The end of a classifier: a vector, fully connected layers, perhaps probabilities; or those of each pixel."""
    if sketch.chance(0.2) and not sketch.exact:
        return sketch.node("Softmax", [x], sketch.shapes[x], axis=sketch.pick([1, 1, 2, 3]))
    shape = sketch.shapes[x]
    if math.prod(shape) > 600:
        area = shape[1] * shape[2]
        op = "GlobalMaxPool" if sketch.exact and area & (area - 1) else "GlobalAveragePool"
        x = sketch.node(op, [x], (shape[0], 1, 1))
    size = math.prod(sketch.shapes[x])
    height, width = sketch.shapes[x][1:]
    if height * width > 1 and sketch.chance(0.25) and not (sketch.exact and height * width & (height * width - 1)):
        size = sketch.shapes[x][0]
        if sketch.opset < 18:
            vector = sketch.node("ReduceMean", [x], (size,), axes=[2, 3], keepdims=0)
        else:
            axes = sketch.constant(np.array([2, 3], np.int64), "axes")
            vector = sketch.node("ReduceMean", [x, axes], (size,), keepdims=0)
    elif sketch.chance(0.3) and sketch.opset >= 11:
        vector = sketch.node("Reshape", [x, _computed_shape(sketch, x)], (size,))
    elif sketch.chance(0.5):
        vector = sketch.node("Flatten", [x], (size,), **({"axis": 1} if sketch.chance(0.5) else {}))
    else:
        vector = sketch.node("Reshape", [x, sketch.constant(np.array([1, -1], np.int64))], (size,))
    for _ in range(sketch.integer(1, 2)):
        vector = _connected(sketch, vector)
        if sketch.chance(0.5):
            vector = activation(sketch, vector) or vector
    if sketch.chance(0.4) and not sketch.exact:
        return sketch.node(sketch.pick(["Softmax", "Softmax", "LogSoftmax"]), [vector], sketch.shapes[vector], axis=1)
    return vector


def _computed_shape(sketch: Sketch, x: str) -> str:
    """(batch, -1), as exporters of dynamic graphs write it: the batch is taken from the shape of ``x``."""
    whole = _plain(sketch, "Shape", [x])
    index = sketch.constant(np.array([0], np.int64), "index")
    batch = _plain(sketch, "Gather", [whole, index], axis=0)
    return _plain(sketch, "Concat", [batch, sketch.constant(np.array([-1], np.int64), "rest")], axis=0)


def _plain(sketch: Sketch, op: str, inputs: list[str], **attributes: object) -> str:
    """A node that computes with shapes: no activation."""
    output = sketch.name(op.lower())
    sketch.shaping.append(output)
    sketch.nodes.append(helper.make_node(op, inputs, [output], **attributes))
    return output


def _connected(sketch: Sketch, x: str) -> str:
    """Gemm in its forms, or MatMul and perhaps an Add."""
    (inputs,) = sketch.shapes[x]
    outputs = sketch.integer(1, 20)
    scale = 1 / math.sqrt(inputs)
    if sketch.chance(0.3):
        y = sketch.node(
            "MatMul", [x, sketch.constant(sketch.floats(inputs, outputs, scale=scale), "weight")], (outputs,)
        )
        if sketch.exact or sketch.chance(0.4):
            return y
        return sketch.node("Add", [y, sketch.constant(sketch.floats(outputs), "bias")], (outputs,))
    attributes: dict[str, object] = {}
    shape = (inputs, outputs)
    if sketch.chance(0.6):
        attributes["transB"] = 1
        shape = (outputs, inputs)
    if not sketch.exact and sketch.chance(0.3):
        attributes |= {"alpha": 0.5, "beta": 2.0}
    names = [x, sketch.constant(sketch.floats(*shape, scale=scale), "weight")]
    if sketch.opset < 11 or sketch.chance(0.7):
        names.append(sketch.constant(sketch.floats(outputs, scale=0.5), "bias"))
    return sketch.node("Gemm", names, (outputs,), **attributes)


def _same_size(sketch: Sketch, x: str) -> str:
    """A convolution of ``x`` that keeps its shape; of a vector, itself."""
    shape = sketch.shapes[x]
    return _pointwise(sketch, x, shape[0]) if len(shape) == 3 else x


def _pointwise(sketch: Sketch, x: str, outputs: int) -> str:
    channels, height, width = sketch.shapes[x]
    weights = sketch.constant(sketch.floats(outputs, channels, 1, 1, scale=1 / math.sqrt(channels)), "weight")
    return sketch.node("Conv", [x, weights], (outputs, height, width))
