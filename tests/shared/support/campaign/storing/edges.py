"""QuantizeLinear and DequantizeLinear at edges of a float graph: at random ones, or at all of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import NodeProto, helper

from support.campaign.sketch import Sketch
from support.campaign.storing.schemes import WEIGHTED, Range, Scheme, channel_axis, copy_of, integer_weights, scheme_of

SELECTING = ("Identity", "MaxPool", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Resize", "Upsample")
"""Operators that may work on the integers, between QuantizeLinear and DequantizeLinear."""


class EdgeQuantiser:
    """Rewrites the nodes of a sketch one after the other."""

    def __init__(self, sketch: Sketch, ranges: Mapping[str, Range], *, everywhere: bool) -> None:
        self.sketch, self.ranges, self.everywhere = sketch, ranges, everywhere
        self.nodes: list[NodeProto] = []
        self._tensors = set(sketch.watched())
        self._shared: dict[str, tuple[str, str, Scheme]] = {}  # by tensor: its integers, its real values, its scheme
        self._weights: dict[str, tuple[str, np.ndarray, int | None]] = {}  # by name: real values, scales, their axis
        self._choices: dict[str, str] = {}
        self._wide_maxima = sketch.opset >= 12

    def rewrite(self, outputs: list[str]) -> list[str]:
        """Give the sketch its new nodes; the names of the outputs afterwards."""
        for node in self.sketch.nodes:
            self._node(node)
        ends = [self._read(name, "shared" if self.everywhere else None)[0] for name in outputs]
        self.sketch.nodes = self.nodes
        return ends

    def _node(self, node: NodeProto) -> None:
        inputs = list(node.input)
        scheme: Scheme | None = None
        if self._selects_integers(node):
            integers, _, scheme = self._pair(inputs[0])
            between = f"{node.output[0]} as integers"
            self.nodes.append(copy_of(node, [integers, *inputs[1:]], [between]))
            self.nodes.append(helper.make_node("DequantizeLinear", [between, *scheme.inputs], list(node.output)))
            return
        for position, name in enumerate(inputs):
            if name in self._tensors:
                inputs[position], found = self._read(name)
                scheme = found if position == 0 else scheme
        if node.op_type in WEIGHTED and (self.everywhere or self.sketch.chance(0.6)):
            self._quantise_weights(node, inputs, scheme)
        self.nodes.append(copy_of(node, inputs))

    def _selects_integers(self, node: NodeProto) -> bool:
        selecting = node.op_type in SELECTING and (node.op_type != "MaxPool" or self._wide_maxima)
        return selecting and self._choice(node.input[0]) == "shared" and self.sketch.chance(0.3)

    def _choice(self, name: str) -> str:
        """How a tensor is read: as it is, through one pair for all, or through a pair of each edge's own."""
        if name not in self._choices:
            drawn = self.sketch.pick(["real", "real", "shared", "shared", "shared", "edge"])
            self._choices[name] = "shared" if self.everywhere else drawn
        return self._choices[name]

    def _read(self, name: str, choice: str | None = None) -> tuple[str, Scheme | None]:
        choice = choice or self._choice(name)
        if choice == "real" or (choice == "edge" and self.sketch.chance(0.4)):
            return name, None
        if choice == "edge":
            _, real, scheme = self._make(name)
        else:
            _, real, scheme = self._pair(name)
        return real, scheme

    def _pair(self, name: str) -> tuple[str, str, Scheme]:
        if name not in self._shared:
            self._shared[name] = self._make(name)
        return self._shared[name]

    def _make(self, name: str) -> tuple[str, str, Scheme]:
        scheme = scheme_of(self.sketch, self.ranges[name])
        integers, real = self.sketch.name("quantized"), ""
        self.sketch.shapes[integers] = self.sketch.shapes[name]
        real = self.sketch.name("dequantized")
        self.sketch.shapes[real] = self.sketch.shapes[name]
        self.nodes.append(helper.make_node("QuantizeLinear", [name, *scheme.inputs], [integers]))
        self.nodes.append(helper.make_node("DequantizeLinear", [integers, *scheme.inputs], [real]))
        return integers, real, scheme

    def _quantise_weights(self, node: NodeProto, inputs: list[str], scheme: Scheme | None) -> None:
        """Integers for weights, shared as they are, and an int32 bias where the scale of the input is known."""
        sketch = self.sketch
        if inputs[1] not in self._weights:
            self._weights[inputs[1]] = self._weights_of(node, inputs[1])
        inputs[1], scales, axis = self._weights[inputs[1]]
        attributes = {attribute.name for attribute in node.attribute}
        if len(inputs) > 2 and inputs[2] and scheme is not None and "alpha" not in attributes:
            units = np.float32(scheme.scale) * scales
            bias = np.rint(sketch.constants[inputs[2]] / units).astype(np.int32)
            inputs[2] = self._dequantised(bias, units, None if axis is None else 0)

    def _weights_of(self, node: NodeProto, name: str) -> tuple[str, np.ndarray, int | None]:
        sketch = self.sketch
        array = sketch.constants[name]
        channels = channel_axis(node)
        axis = channels if sketch.opset >= 13 and sketch.chance(0.6) else None
        integers, scales = integer_weights(array, axis, exact=sketch.exact)
        centre = 0
        if sketch.chance(0.2):
            integers, centre = (integers.astype(np.int16) + 128).astype(np.uint8), 128
        elif not sketch.exact and sketch.chance(0.4):  # the overlay has no zero points of weights: it rounds anew
            centre = sketch.pick([-3, 5])
        return self._dequantised(integers, scales, axis, centre), scales, axis

    def _dequantised(self, integers: np.ndarray, scales: np.ndarray, axis: int | None, centre: int = 0) -> str:
        sketch = self.sketch
        names = [sketch.constant(integers, "integers"), sketch.constant(np.asarray(scales, np.float32), "scales")]
        if centre or sketch.chance(0.5) or (integers.dtype == np.int8 and sketch.opset < 13):
            names.append(sketch.constant(np.full(np.shape(scales), centre, integers.dtype), "zeros"))
        real = sketch.name("weights")
        sketch.shapes[real] = integers.shape
        attributes = {} if axis is None else {"axis": axis}
        self.nodes.append(helper.make_node("DequantizeLinear", names, [real], **attributes))
        return real
