"""Quant of QONNX on an activation: QuantizeLinear, Clip to its bits, and DequantizeLinear in one node."""

from __future__ import annotations

import dataclasses

import numpy as np

from dynamap.planner.importer.constants.qonnx import range_of
from dynamap.planner.importer.drafts import Constant, Unsupported
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.importer.operators.activation import clip
from dynamap.planner.importer.operators.quant import dequantize_linear, quantize_linear
from dynamap.planner.network.network import Quantisation


def quant(lowering: Lowering, node: Node) -> None:
    """Stored by one scale and zero point, as 8 bits; fewer bits are a clip."""
    first, second = (f"{node.outputs[0]} ({what})" for what in ("integers", "clipped"))
    stored, (lowest, highest) = quant_of(lowering, node)
    scale, zero_point = f"{first} scale", f"{first} zero point"
    kind = np.int8 if stored.signed else np.uint8
    lowering.constants[scale] = Constant(np.asarray(stored.scale, np.float32))
    lowering.constants[zero_point] = Constant(np.asarray(stored.zero_point, kind))
    bounds = [f"{first} lowest", f"{first} highest"]
    for name, bound in zip(bounds, (lowest, highest), strict=True):
        lowering.constants[name] = Constant(np.asarray(bound, kind))

    def as_standard(op: str, inputs: tuple[str, ...], output: str) -> Node:
        return dataclasses.replace(node, op=op, domain="", inputs=inputs, outputs=(output,), attributes={})

    quantize_linear(lowering, as_standard("QuantizeLinear", (node.inputs[0], scale, zero_point), first))
    clip(lowering, as_standard("Clip", (first, *bounds), second))
    dequantize_linear(lowering, as_standard("DequantizeLinear", (second, scale, zero_point), node.outputs[0]))


def quant_of(lowering: Lowering, node: Node) -> tuple[Quantisation, tuple[int, int]]:
    """How a Quant stores an activation, and the lowest and highest of its integers.

    Raises:
        Unsupported: it has more than one scale, more than 8 bits, or rounds otherwise than to the nearest.
    """
    scale = lowering.parameter(node, 1, "scale")
    zero_point, bits = lowering.parameter(node, 2, "zero point"), lowering.parameter(node, 3, "bit width")
    lowest, highest = range_of(node, bits)
    signed = bool(node.integer("signed", 1))
    fits = scale.size == zero_point.size == 1 and lowest >= -128 and highest <= (127 if signed else 255)
    if not fits or node.text("rounding_mode", "ROUND").upper() != "ROUND":
        raise Unsupported(
            f"it stores an activation by {scale.size} scales as {lowest} .. {highest}, rounding_mode "
            f"{node.text('rounding_mode', 'ROUND')}",
            "quantise activations per tensor, to 8 bits or fewer, rounding to the nearest",
        )
    zero, step = float(zero_point.reshape(())), float(scale.reshape(()))
    if zero != int(zero) or step < np.finfo(np.float32).tiny:
        raise Unsupported(f"its scale is {step} and its zero point {zero}", "export the model again")
    return Quantisation(step, int(zero), signed), (lowest, highest)
