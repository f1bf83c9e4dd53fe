"""Scale and zero point at the inputs of a node, and layers that store their output by them."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from dynamap.planner.importer.drafts import LayerDraft, Unsupported, Value
from dynamap.planner.importer.fates import Fate
from dynamap.planner.importer.graph import Node
from dynamap.planner.importer.lowering import Lowering
from dynamap.planner.network.network import Quantisation

_BITS = "quantise activations to int8 or uint8, one scale per tensor"
_DTYPES = {0: None, TensorProto.UINT8: False, TensorProto.INT8: True}


def quantisation_at(lowering: Lowering, node: Node, scale_at: int, zero_at: int, signed: bool) -> Quantisation:
    """Scale and zero point at two inputs; ``signed`` is the type where no zero point tells it.

    Raises:
        Unsupported: they are not one scale and one zero point of 8 bits.
    """
    scale = positive_scale(lowering, node, scale_at)
    zero_point = 0
    if node.has(zero_at):
        array = lowering.array(node, zero_at)
        if array is None or array.size != 1 or array.dtype not in (np.int8, np.uint8):
            kind = "missing" if array is None else f"{array.dtype} of shape {list(array.shape)}"
            raise Unsupported(f"its zero point is {kind}", _BITS)
        zero_point, signed = int(array.reshape(())), array.dtype == np.int8
    return Quantisation(float(scale), zero_point, bool(signed))


def written_by(lowering: Lowering, node: Node) -> Quantisation:
    """What a QuantizeLinear says of the integers that it writes.

    Raises:
        Unsupported: as `quantisation_at`, or its type has not 8 bits.
    """
    kind = node.integer("output_dtype", 0)
    if kind not in _DTYPES:
        name = TensorProto.DataType.Name(kind) if kind in TensorProto.DataType.values() else str(kind)
        raise Unsupported(f"it writes values of type {name}", _BITS)
    return quantisation_at(lowering, node, 1, 2, bool(_DTYPES[kind]))


def positive_scale(lowering: Lowering, node: Node, position: int) -> np.float32:
    """The scale at an input.

    Raises:
        Unsupported: it is not one positive number.
    """
    array = lowering.parameter(node, position, "scales")
    if array.size != 1 or float(array.reshape(())) < np.finfo(np.float32).tiny:
        raise Unsupported(f"its scale {node.inputs[position]!r} is not one positive number", _BITS)
    return np.float32(array.reshape(()))


def store_output(lowering: Lowering, node: Node, draft: LayerDraft, quantisation: Quantisation) -> None:
    """The first output of ``node``, which is that of ``draft``, holds integers by ``quantisation``."""
    draft.output.quantisation = quantisation
    bound = lowering.values[node.outputs[0]]
    assert isinstance(bound, Value)
    lowering.bind(node.outputs[0], Value(bound.tensor, bound.shape, integer=quantisation))
    lowering.verdict(node, Fate.HOST if draft.is_host else Fate.OVERLAY, draft)
